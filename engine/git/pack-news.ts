/**
 * What a pack brings, counted while it passes: how its content deflates, whether the server builds on what it sent
 * before, and the parents of its commits. Counting looks at lengths only; objects are hashed where names matter, in
 * increments, and there in bounded number.
 */
import { createHash } from "node:crypto";

/** Figures of one pack (docs/format.md 3.4); sizes are those of pack entries. */
export interface PackFigures {
  /** Blobs that are no deltas, and those of them that have 1 KiB and more. */
  readonly whole: number;
  readonly largeWhole: number;
  /** Whole blobs of 1 KiB and more that deflate to more than 0.9 of their size. */
  readonly dense: number;
  /** Whole blobs and deltas of 1 KiB and more that deflate to more than 0.7, up to 0.9 of their size. */
  readonly halfDense: number;
  /** A delta whose base certainly lies outside of the pack was seen. */
  readonly isThin: boolean;
}

export const packTypes = { commit: 1, tree: 2, blob: 3, tag: 4, offsetDelta: 6, refDelta: 7 } as const;

const typeNames = new Map<number, string>([
  [packTypes.commit, "commit"],
  [packTypes.tree, "tree"],
  [packTypes.blob, "blob"],
  [packTypes.tag, "tag"],
]);

const countedFromBytes = 1024;
const [denseRatio, halfDenseRatio] = [0.9, 0.7];
const maxCommits = 100_000;
/** Beyond it no other object is hashed: whether the pack is thin then stays open. */
const maxHashedObjects = 2000;
const maxHashedBytes = 16 << 20;

export interface PackNewsOptions {
  readonly hash: "sha1" | "sha256";
  /** Parents and thinness are asked for: only of packs that build on known commits. */
  readonly isIncrement: boolean;
  /** Objects in the pack refer to each other by distance: a base that is named lies outside. */
  readonly usesOffsets: boolean;
}

export class PackNews {
  readonly #options: PackNewsOptions;
  readonly #parents = new Map<string, readonly string[]>();
  readonly #bases = new Set<string>();
  readonly #present = new Set<string>();
  #hashedBytes = 0;
  #isHashedWhole = true;
  #whole = 0;
  #largeWhole = 0;
  #dense = 0;
  #halfDense = 0;

  constructor(options: PackNewsOptions) {
    this.#options = options;
  }

  /** True when such an object is wanted: of a named delta its `base`, of others a `look` at the content. */
  wants(type: number, size: number): boolean {
    if (!this.#options.isIncrement) return false;
    if (type === packTypes.commit) return this.#parents.size < maxCommits;
    if (type === packTypes.refDelta) return this.#bases.size <= maxHashedObjects;
    const isHashable = !this.#options.usesOffsets && (type === packTypes.blob || type === packTypes.tree);
    if (!isHashable || !this.#isHashedWhole) return false;
    this.#hashedBytes += size;
    this.#isHashedWhole = this.#hashedBytes <= maxHashedBytes && this.#present.size < maxHashedObjects;
    return this.#isHashedWhole;
  }

  /** Every object, once: its type in the pack, its size there, and what that deflates to. */
  count(type: number, size: number, deflated: number): void {
    const isBlob = type === packTypes.blob;
    if (isBlob) this.#whole += 1;
    const isCounted = isBlob || type === packTypes.offsetDelta || type === packTypes.refDelta;
    if (!isCounted || size < countedFromBytes) return;
    if (isBlob) this.#largeWhole += 1;
    const ratio = deflated / size;
    if (ratio > denseRatio) this.#dense += isBlob ? 1 : 0;
    else if (ratio > halfDenseRatio) this.#halfDense += 1;
  }

  /** Content of an object that `wants` has asked for. */
  look(type: number, content: Buffer): void {
    const name = createHash(this.#options.hash)
      .update(`${typeNames.get(type) ?? ""} ${content.length}\0`)
      .update(content)
      .digest("hex");
    this.#present.add(name);
    if (type === packTypes.commit) this.#parents.set(name, parentsIn(content));
  }

  /** The named base of a delta. */
  base(name: string): void {
    this.#bases.add(name);
  }

  /** Parents of the commits that came whole, by id. */
  get parents(): ReadonlyMap<string, readonly string[]> {
    return this.#parents;
  }

  figures(): PackFigures {
    return {
      whole: this.#whole,
      largeWhole: this.#largeWhole,
      dense: this.#dense,
      halfDense: this.#halfDense,
      isThin: this.#isThin(),
    };
  }

  /** Bases that are the outcome of deltas cannot be told from those outside: one whole base, and it stays open. */
  #isThin(): boolean {
    if (this.#bases.size === 0) return false;
    if (this.#options.usesOffsets) return true;
    return (
      this.#isHashedWhole &&
      this.#bases.size <= maxHashedObjects &&
      [...this.#bases].every((name) => !this.#present.has(name))
    );
  }
}

/** In the header of a commit, which ends at the first empty line. */
function parentsIn(commit: Buffer): readonly string[] {
  const end = commit.indexOf("\n\n");
  const header = commit.toString("latin1", 0, end < 0 ? commit.length : end);
  return [...header.matchAll(/^parent ([0-9a-f]{40,64})$/gm)].map(([, parent = ""]) => parent);
}

/**
 * Whether a commit is part of another's history, as far as the given commits tell; undefined where the way leads out
 * of them.
 */
export function isAncestor(
  ancestor: string,
  of: string,
  parents: ReadonlyMap<string, readonly string[]>,
): boolean | undefined {
  const waiting = [of];
  const seen = new Set(waiting);
  let leadsOut = false;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next === ancestor) return true;
    const known = parents.get(next);
    leadsOut ||= known === undefined;
    for (const parent of known ?? []) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      waiting.push(parent);
    }
  }
  return leadsOut ? undefined : false;
}
