/**
 * When a stream's chain starts anew. A new base costs a full read of the source; it bounds what
 * a restore has to read, and it heals: whatever was wrong with the chain is gone. The limits of each stream are
 * jittered by its id, so that streams that began on one day do not all start anew on one night.
 */
import { utf8 } from "../../foundation/bytes.ts";
import { runOfObject } from "../format/layout.ts";
import type { Segment } from "../format/ref.ts";
import type { StreamState } from "../format/state.ts";

const dayMs = 86_400_000;

interface ChainLimits {
  /** Deltas on one base. */
  readonly depth: number;
  /** Stored bytes of the deltas, as a share of the base's. */
  readonly deltaShare: number;
  readonly baseAgeDays: number;
}

/** Increments that together take less are never too much, however small their base is. */
const smallDeltaBytes = 1 << 20;

const limitsOfKind: Readonly<Record<"git" | "records", ChainLimits>> = {
  git: { depth: 30, deltaShare: 0.5, baseAgeDays: 90 },
  records: { depth: 60, deltaShare: 1, baseAgeDays: 180 },
};

export interface ChainCircumstances {
  /** By the storage service's clock. */
  readonly now: Date;
  /** Names (`o` of the REF) found missing or of a wrong size. */
  readonly damaged?: ReadonlySet<string>;
  /** Objects written before this time are sealed to keys that a `keys` entry with `rekey` replaced; ISO 8601. */
  readonly rekeyedAt?: string;
  /** Container-wide immutability: no referenced object may grow older than this (lock days minus protected days). */
  readonly maxObjectAgeDays?: number;
}

/**
 * One line on why the stream must be read in full and its chain start anew; undefined when it can be continued.
 * Unless `urgentReason` says the same, it may wait for another run when many streams are due at once.
 */
export function rebaseReason(state: StreamState, circumstances: ChainCircumstances): string | undefined {
  return urgentReason(state, circumstances) ?? grownReason(state, circumstances.now);
}

/** Why the chain cannot be continued: damage, keys that were replaced, a lock that would end too early. */
export function urgentReason(state: StreamState, circumstances: ChainCircumstances): string | undefined {
  const { damaged, rekeyedAt, maxObjectAgeDays, now } = circumstances;
  for (const segment of segmentsOf(state)) {
    if (damaged?.has(segment.o) === true) return `object ${segment.o} of its chain is missing or damaged`;
    const at = writtenAt(segment).getTime();
    if (rekeyedAt !== undefined && at < Date.parse(rekeyedAt)) return "the keys of the vault were replaced";
    if (maxObjectAgeDays !== undefined && now.getTime() - at >= maxObjectAgeDays * dayMs) {
      return `object ${segment.o} would lose its protection before the snapshot does`;
    }
  }
  return undefined;
}

/** Between 0.75 and 1, the same for a stream at all times. */
export function jitterOf(stream: string): number {
  let hash = 0x811c9dc5; // FNV-1a
  for (const byte of utf8(stream)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  hash ^= hash >>> 15; // its low bits are the better ones
  return 0.75 + 0.25 * ((hash & 0xffff) / 0x10000);
}

/** When the run that wrote the object began, by the storage service's clock. */
export function writtenAt({ o }: Pick<Segment, "o">): Date {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z/.exec(runOfObject(o)) ?? [];
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function grownReason(state: StreamState, now: Date): string | undefined {
  // Files are found by their table of contents; how many segments there are costs nothing.
  if (state.kind === "files") return undefined;
  const [base, ...deltas] = state.chain;
  if (base === undefined) return undefined;
  const limits = limitsOfKind[state.kind];
  const jitter = jitterOf(state.s);
  const deltaBytes = deltas.reduce((sum, { n }) => sum + n, 0);
  if (deltas.length >= limits.depth * jitter) return `its chain has ${deltas.length} increments`;
  if (deltaBytes >= Math.max(limits.deltaShare * base.n, smallDeltaBytes)) {
    return `its increments take ${deltaBytes} bytes on a base of ${base.n}`;
  }
  const ageDays = (now.getTime() - writtenAt(base).getTime()) / dayMs;
  return ageDays >= limits.baseAgeDays * jitter ? `its base is ${Math.floor(ageDays)} days old` : undefined;
}

function segmentsOf(state: StreamState): readonly Segment[] {
  if (state.kind === "files") return [...state.chain, ...state.toc];
  return state.kind === "records" ? [...state.chain, ...(state.keys ?? [])] : state.chain;
}
