/** Ids and times that are the same for the same seed, and dates as the service writes them. */
import { createHash } from "node:crypto";
import type { Clock } from "../../engine/foundation/clock.ts";

export interface Sequence {
  /** A random-looking GUID. */
  newId(): string;
  /** 43 letters and digits for tokens. */
  newText(): string;
}

export function sequenceOf(seed: string): Sequence {
  let count = 0;
  const digest = (): Buffer =>
    createHash("sha256")
      .update(`${seed}/${(count += 1)}`)
      .digest();
  return {
    newId: () => {
      const hex = digest().toString("hex");
      return [
        hex.slice(0, 8),
        hex.slice(8, 12),
        `4${hex.slice(13, 16)}`,
        `a${hex.slice(17, 20)}`,
        hex.slice(20, 32),
      ].join("-");
    },
    newText: () => digest().toString("base64").replace(/[+/=]/g, "x"),
  };
}

/** Seven fractional digits, each time later than the one before, however fast they are asked for. */
export function timestampsOf(clock: Clock): () => string {
  let last = 0n;
  return () => {
    const now = BigInt(clock.now().getTime()) * 10_000n;
    last = now > last ? now : last + 1n;
    return ticksText(last);
  };
}

function ticksText(ticks: bigint): string {
  const seconds = new Date(Number(ticks / 10_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(ticks % 10_000_000n).padStart(7, "0")}Z`;
}
