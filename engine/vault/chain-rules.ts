/**
 * When a stream's chain starts anew (docs/format.md §5). A new base costs a full read of the source; it bounds what
 * a restore has to read, and it heals: whatever was wrong with the chain is gone. The limits of each stream are
 * jittered by its id, so that streams that began on one day do not all start anew on one night.
 */
import { utf8 } from "../foundation/bytes.ts";
import type { Cryptography } from "../crypto/cryptography.ts";
import { runOfObject } from "./layout.ts";
import type { Segment } from "./ref.ts";
import type { StreamState } from "./state.ts";

const dayMs = 86_400_000;

interface ChainLimits {
  /** Deltas on one base. */
  readonly depth: number;
  /** Stored bytes of the deltas, as a share of the base's. */
  readonly deltaShare: number;
  readonly baseAgeDays: number;
}

const limitsOfKind: Readonly<Record<"git" | "records", ChainLimits>> = {
  git: { depth: 30, deltaShare: 0.5, baseAgeDays: 90 },
  records: { depth: 60, deltaShare: 1, baseAgeDays: 180 },
};

export interface ChainCircumstances {
  readonly cryptography: Cryptography;
  /** By the storage service's clock. */
  readonly now: Date;
  /** Names (`o` of the REF) found missing or of a wrong size. */
  readonly damaged?: ReadonlySet<string>;
  /** Objects written before this time are sealed to keys that a `keys` entry with `rekey` replaced; ISO 8601. */
  readonly rekeyedAt?: string;
  /** Container-wide immutability: no referenced object may grow older than this (lock days minus protected days). */
  readonly maxObjectAgeDays?: number;
}

export interface Rebase {
  /** One line for people. */
  readonly reason: string;
  /** May wait for another run when many are due; never so when something is damaged, locked too short or rekeyed. */
  readonly voluntary: boolean;
}

/** Why the stream must be read in full and its chain start anew; undefined when it can be continued. */
export function rebaseReason(state: StreamState, circumstances: ChainCircumstances): Rebase | undefined {
  const segments = segmentsOf(state);
  const urgent = urgentReason(segments, circumstances);
  if (urgent !== undefined) return { reason: urgent, voluntary: false };
  if (state.kind === "files") return undefined; // files are found by the table of contents; their number costs nothing
  const reason = grownReason(state, circumstances);
  return reason === undefined ? undefined : { reason, voluntary: true };
}

/** Between 0.75 and 1, the same for a stream at all times. */
export function jitterOf(stream: string, cryptography: Cryptography): number {
  const digest = cryptography.newSha256();
  digest.update(utf8(stream));
  const bytes = digest.digest();
  const hash = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0) / 2 ** 32;
  return 0.75 + 0.25 * hash;
}

/** When the run that wrote the object began, by the storage service's clock. */
export function writtenAt({ o }: Pick<Segment, "o">): Date {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z/.exec(runOfObject(o)) ?? [];
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function urgentReason(segments: readonly Segment[], circumstances: ChainCircumstances): string | undefined {
  const { damaged, rekeyedAt, maxObjectAgeDays, now } = circumstances;
  for (const segment of segments) {
    if (damaged?.has(segment.o) === true) return `object ${segment.o} of its chain is missing or damaged`;
    const at = writtenAt(segment).getTime();
    if (rekeyedAt !== undefined && at < Date.parse(rekeyedAt)) return "the keys of the vault were replaced";
    if (maxObjectAgeDays !== undefined && now.getTime() - at >= maxObjectAgeDays * dayMs) {
      return `object ${segment.o} would lose its protection before the snapshot does`;
    }
  }
  return undefined;
}

function grownReason(
  state: Extract<StreamState, { readonly kind: "git" | "records" }>,
  { cryptography, now }: ChainCircumstances,
): string | undefined {
  const [base, ...deltas] = state.chain;
  if (base === undefined) return undefined;
  const limits = limitsOfKind[state.kind];
  const jitter = jitterOf(state.s, cryptography);
  const deltaBytes = deltas.reduce((sum, { n }) => sum + n, 0);
  if (deltas.length >= limits.depth * jitter) return `its chain has ${deltas.length} increments`;
  if (deltaBytes >= limits.deltaShare * base.n) {
    return `its increments take ${deltaBytes} bytes on a base of ${base.n}`;
  }
  const ageDays = (now.getTime() - writtenAt(base).getTime()) / dayMs;
  return ageDays >= limits.baseAgeDays * jitter ? `its base is ${Math.floor(ageDays)} days old` : undefined;
}

function segmentsOf(state: StreamState): readonly Segment[] {
  if (state.kind === "files") return [...state.chain, ...state.toc];
  return state.kind === "records" ? [...state.chain, ...(state.keys ?? [])] : state.chain;
}
