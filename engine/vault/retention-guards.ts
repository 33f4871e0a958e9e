/** What speaks against carrying a retention plan out (format.md §3.8): each must be allowed by a person, by name. */
import { counted } from "../foundation/text.ts";
import type { UnreadablePart } from "./closure.ts";
import { entriesOf } from "./log.ts";
import type { Log } from "./log.ts";
import type { SnapshotPlan } from "./retention-rules.ts";
import { newestSnapshot } from "./snapshots.ts";

export const guardCodes = ["many-snapshots", "many-bytes", "anomaly", "incident", "damage", "clock"] as const;
export type GuardCode = (typeof guardCodes)[number];

export interface Guard {
  readonly code: GuardCode;
  /** What was found, as a sentence without a full stop. */
  readonly message: string;
}

export interface GuardFacts {
  readonly log: Log;
  readonly snapshots: SnapshotPlan;
  /** Indexes and states of kept snapshots that cannot be read. */
  readonly unreadable: readonly UnreadablePart[];
  /** Stored bytes that would go, and that are there (without what was retired before). */
  readonly bytes: number;
  readonly storedBytes: number;
  readonly serviceNow: Date;
  readonly agentNow: Date;
}

const maxSnapshotShare = 0.3;
const maxByteShare = 0.5;
const maxSkewMs = 3_600_000;

export function guardsOf(facts: GuardFacts): readonly Guard[] {
  return [manySnapshots(facts), manyBytes(facts), anomaly(facts), incident(facts), damage(facts), clock(facts)].filter(
    (guard) => guard !== undefined,
  );
}

function manySnapshots({ snapshots: { keep, retire } }: GuardFacts): Guard | undefined {
  const all = keep.length + retire.length;
  if (retire.length <= all * maxSnapshotShare) return undefined;
  return { code: "many-snapshots", message: `${retire.length} of ${counted(all, "snapshot")} would go at once` };
}

function manyBytes({ bytes, storedBytes }: GuardFacts): Guard | undefined {
  if (bytes <= storedBytes * maxByteShare) return undefined;
  return {
    code: "many-bytes",
    message: `${Math.round((100 * bytes) / storedBytes)} % of all stored bytes would go at once`,
  };
}

/** A wave of deletions at the source must not become the only thing that is kept. */
function anomaly({ log }: GuardFacts): Guard | undefined {
  const newest = newestSnapshot(log)?.entry;
  const codes = newest?.snapshot.anomaly.map(({ code }) => code) ?? [];
  if (newest === undefined || codes.length === 0) return undefined;
  return { code: "anomaly", message: `The newest snapshot ${newest.by.run} shows ${codes.join(", ")}` };
}

/** An incident counts until somebody has let retention go on after it. */
function incident({ log }: GuardFacts): Guard | undefined {
  const lastRetired = entriesOf(log, "retire").at(-1)?.entry.seq ?? -1;
  const found = entriesOf(log, "incident").find(({ entry }) => entry.seq > lastRetired)?.entry;
  if (found === undefined) return undefined;
  return { code: "incident", message: `Log entry ${found.seq} reports the incident ${found.incident.code}` };
}

/** What a lost state would name may be retired then, though a snapshot that is kept needs it. */
function damage({ unreadable }: GuardFacts): Guard | undefined {
  const [first] = unreadable;
  if (first === undefined) return undefined;
  const what = first.stream === undefined ? "an index" : `the state of ${first.stream}`;
  const others = unreadable.length === 1 ? "" : ` and ${counted(unreadable.length - 1, "other object")}`;
  return { code: "damage", message: `Kept snapshots are damaged: ${what} (${first.ref.o})${others} cannot be read` };
}

function clock({ serviceNow, agentNow }: GuardFacts): Guard | undefined {
  const skewMs = Math.abs(serviceNow.getTime() - agentNow.getTime());
  if (skewMs <= maxSkewMs) return undefined;
  const minutes = Math.round(skewMs / 60_000);
  return { code: "clock", message: `The clocks of this agent and of the storage differ by ${minutes} minutes` };
}
