/** Packs built by hand, to hold what git itself would not write. */
import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";

export type PackedObject =
  | { readonly type: "commit" | "tree" | "blob" | "tag"; readonly content: Uint8Array }
  /** `base`: hex id, or how many objects before this one it stands. */
  | { readonly type: "delta"; readonly base: string | number; readonly delta: Uint8Array };

const typeNumbers = { commit: 1, tree: 2, blob: 3, tag: 4 } as const;

export function blobId(content: Uint8Array): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}

export function aPack(objects: readonly PackedObject[], more: { readonly count?: number } = {}): Buffer {
  const header = Buffer.alloc(12);
  header.write("PACK", "latin1");
  header.writeUInt32BE(2, 4);
  header.writeUInt32BE(more.count ?? objects.length, 8);
  const parts: Buffer[] = [header];
  const offsets: number[] = [];
  let length = header.length;
  for (const [index, object] of objects.entries()) {
    offsets.push(length);
    const baseOffset = object.type === "delta" && typeof object.base === "number" ? offsets[index - object.base] : 0;
    const packed = packedObject(object, length - (baseOffset ?? 0));
    parts.push(packed);
    length += packed.length;
  }
  const body = Buffer.concat(parts);
  return withTrailer(body);
}

export function withTrailer(body: Buffer): Buffer {
  return Buffer.concat([body, createHash("sha1").update(body).digest()]);
}

function packedObject(object: PackedObject, distance: number): Buffer {
  if (object.type !== "delta") {
    return Buffer.concat([objectHeader(typeNumbers[object.type], object.content.length), deflateSync(object.content)]);
  }
  const isById = typeof object.base === "string";
  const base = typeof object.base === "string" ? Buffer.from(object.base, "hex") : distanceBytes(distance);
  return Buffer.concat([objectHeader(isById ? 7 : 6, object.delta.length), base, deflateSync(object.delta)]);
}

function objectHeader(type: number, size: number): Buffer {
  const bytes: number[] = [(type << 4) | (size & 15)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1]! |= 0x80;
    bytes.push(rest & 0x7f);
  }
  return Buffer.from(bytes);
}

function distanceBytes(distance: number): Buffer {
  const bytes = [distance & 0x7f];
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest -= 1;
    bytes.unshift(0x80 | (rest & 0x7f));
  }
  return Buffer.from(bytes);
}

/** A delta that keeps the first `copied` bytes of the base and adds literal text. */
export function aDelta(baseSize: number, copied: number, literal: Uint8Array): Buffer {
  const inserts: Buffer[] = [];
  for (let offset = 0; offset < literal.length; offset += 127) {
    const part = literal.subarray(offset, offset + 127);
    inserts.push(Buffer.from([part.length]), Buffer.from(part));
  }
  const copy = copied === 0 ? Buffer.alloc(0) : Buffer.from([0x91, 0, copied & 0xff]);
  return Buffer.concat([sizeBytes(baseSize), sizeBytes(copied + literal.length), copy, ...inserts]);
}

function sizeBytes(size: number): Buffer {
  const bytes: number[] = [];
  for (let rest = size; ;) {
    const low = rest & 0x7f;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
    if (rest === 0) return Buffer.from(bytes);
  }
}

export function lfsPointerText(oid: string, size: number): string {
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`;
}

/** The bytes in pieces of the given size. */
export async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < bytes.length; offset += size) yield Buffer.from(bytes.subarray(offset, offset + size));
}
