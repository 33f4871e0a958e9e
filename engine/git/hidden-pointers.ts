/**
 * LFS pointers that a server stored as deltas against other pointers. Git itself never does that (the delta would not
 * be small enough), other servers may. Bases may come later in the pack, so deltas wait until the end.
 */
import { createHash } from "node:crypto";
import { firstLine, lfsPointerIn, maxPointerBytes } from "./lfs-pointer.ts";
import type { LfsPointer } from "./git-access.ts";
import { applyDelta, deltaSizes } from "./pack-delta.ts";

/** Offset in the pack, or object id in hex. */
export type BaseName = number | string;

interface WaitingDelta {
  readonly base: BaseName;
  readonly offset: number;
  readonly delta: Buffer;
}

const smallestPointerBytes = 100;
// A new object id can only come as literal text; copied parts are at least 16 bytes and never half an id.
const literalOid = /[0-9a-f]{24}/;
const maxKept = 50_000;
/** A delta that gives a pointer another size, and leaves its object id as it is, is no longer than this. */
const otherSizeBytes = 40;

/** True for deltas whose result may be a pointer: to another object, or to the same one with another size. */
export function mayHidePointer(delta: Buffer): boolean {
  const { base, result } = deltaSizes(delta);
  const isSmall = (size: number): boolean => size >= smallestPointerBytes && size < maxPointerBytes;
  return isSmall(base) && isSmall(result) && (delta.length <= otherSizeBytes || bringsOid(delta));
}

function bringsOid(delta: Buffer): boolean {
  return literalOid.test(delta.toString("latin1", deltaSizes(delta).offset));
}

/** True when the first instruction takes the object's beginning from the base. */
function copiesBeginning(delta: Buffer): boolean {
  return (delta[deltaSizes(delta).offset] ?? 0) >= 0x80;
}

/** True when what the first instruction inserts is how a pointer begins. */
function insertsBeginning(delta: Buffer): boolean {
  const { offset } = deltaSizes(delta);
  const text = delta.toString("latin1", offset + 1, offset + 1 + (delta[offset] ?? 0));
  return firstLine.startsWith(text) || text.startsWith(firstLine);
}

/** Collects plain pointers as bases and suspicious deltas; bounded in number, what is beyond counts as unresolved. */
export class HiddenPointers {
  readonly #hash: "sha1" | "sha256";
  readonly #bases = new Map<BaseName, Buffer>();
  #waiting: WaitingDelta[] = [];
  #dropped = 0;

  constructor(hash: "sha1" | "sha256") {
    this.#hash = hash;
  }

  addPointer(offset: number, blob: Uint8Array): void {
    if (this.#isFull()) return;
    const content = Buffer.from(blob);
    this.#bases.set(offset, content);
    this.#bases.set(createHash(this.#hash).update(`blob ${content.length}\0`).update(content).digest("hex"), content);
  }

  addDelta(offset: number, base: BaseName, delta: Buffer): void {
    if (this.#waiting.length >= maxKept) this.#dropped += bringsOid(delta) ? 1 : 0;
    else this.#waiting.push({ base, offset, delta: Buffer.from(delta) });
  }

  /**
   * Resolves what has its base here, chains included. Returns the pointers found and how many deltas may be others. In
   * a pack that is not thin every base is here: what copies its beginning from none of the pointers is none.
   */
  resolve(isThin: boolean): { readonly found: readonly LfsPointer[]; readonly unresolved: number } {
    const found: LfsPointer[] = [];
    for (let before = -1; before !== this.#waiting.length;) {
      before = this.#waiting.length;
      this.#waiting = this.#waiting.filter((waiting) => !this.#resolveOne(waiting, found));
    }
    // Without an object id of its own, a delta is a pointer only where its base is one of ours.
    const mayBePointer = ({ delta }: WaitingDelta): boolean =>
      bringsOid(delta) && (copiesBeginning(delta) ? isThin || this.#isFull() : insertsBeginning(delta));
    return { found, unresolved: this.#waiting.filter(mayBePointer).length + this.#dropped };
  }

  /** Some pointers are not known as bases. */
  #isFull(): boolean {
    return this.#bases.size >= 2 * maxKept;
  }

  #resolveOne({ base, offset, delta }: WaitingDelta, found: LfsPointer[]): boolean {
    const content = this.#bases.get(base);
    if (content === undefined) return false;
    const result = applyDelta(content, delta);
    const pointer = result === undefined ? undefined : lfsPointerIn(result);
    if (result === undefined || pointer === undefined) return true;
    this.addPointer(offset, result);
    found.push(pointer);
    return true;
  }
}
