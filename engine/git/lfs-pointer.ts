import type { LfsPointer } from "./git-access.ts";

/** Pointers are smaller than this (git-lfs, spec.md). */
export const maxPointerBytes = 1024;

/** Every pointer begins with it. */
export const firstLine = "version https://git-lfs.github.com/spec/v1\n";
const shape =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:ext-.*\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,15})\n?$/;

/** The pointer a blob holds; undefined for any other content. */
export function lfsPointerIn(blob: Uint8Array): LfsPointer | undefined {
  if (blob.length >= maxPointerBytes || blob.length < firstLine.length) return undefined;
  const bytes = Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength);
  if (bytes.toString("latin1", 0, firstLine.length) !== firstLine) return undefined;
  const [, oid, size] = shape.exec(bytes.toString("utf8")) ?? [];
  return oid === undefined || size === undefined ? undefined : { oid, size: Number(size) };
}
