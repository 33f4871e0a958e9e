/** Which part of the streams this agent reads, when several share the work (`strategy: parallel`). */
import type { Cryptography } from "../../crypto/cryptography.ts";
import { utf8 } from "../../foundation/bytes.ts";

export interface Share {
  readonly phase: "all" | "shard" | "compose";
  /** Counted from 0. */
  readonly index: number;
  readonly of: number;
  holds(stream: string, cryptography: Cryptography): boolean;
}

export const everything: Share = { phase: "all", index: 0, of: 1, holds: () => true };

/** Composing reads nothing itself: what no shard has read is missing. */
export const composing: Share = { phase: "compose", index: 255, of: 1, holds: () => false };

export function oneOfSeveral(index: number, of: number): Share {
  return { phase: "shard", index, of, holds: (stream, cryptography) => hashOf(stream, cryptography) % of === index };
}

/** Two hex digits, as object names have them. */
export function shardOf({ index }: Share): string {
  return index.toString(16).padStart(2, "0");
}

function hashOf(stream: string, cryptography: Cryptography): number {
  const digest = cryptography.newSha256();
  digest.update(utf8(stream));
  const bytes = digest.digest();
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}
