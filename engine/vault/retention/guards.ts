/** What speaks against carrying a retention plan out (docs/format.md 5): each must be allowed by a person, by name. */
import { openAlarms } from "../format/alarms.ts";
import { counted } from "../../foundation/text.ts";
import type { UnreadablePart } from "../snapshots/closure.ts";
import { entriesOf } from "../format/logged-entry.ts";
import type { Log } from "../log/log.ts";
import { beyondFlow, type Retirement } from "./flow.ts";
import { minAgeDays, type RetentionRules, type SnapshotFacts, type SnapshotPlan } from "./rules.ts";

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
  readonly rules: RetentionRules;
  /** Snapshots that were retired in the last days, and when by which entries; oldest first. */
  readonly lately: { readonly snapshots: readonly SnapshotFacts[]; readonly retirements: readonly Retirement[] };
  /** Indexes and states of kept snapshots that cannot be read. */
  readonly unreadable: readonly UnreadablePart[];
  /** Stored bytes older than 7 days that would go, and that are there (without what was retired before). */
  readonly bytes: number;
  readonly storedBytes: number;
  readonly serviceNow: Date;
  readonly agentNow: Date;
}

const dayMs = 86_400_000;
const maxSnapshotShare = 0.3;
const maxByteShare = 0.5;
const maxSkewMs = 3_600_000;

export function guardsOf(facts: GuardFacts): readonly Guard[] {
  return [manySnapshots(facts), manyBytes(facts), anomaly(facts), incident(facts), damage(facts), clock(facts)].filter(
    (guard) => guard !== undefined,
  );
}

/**
 * Measured over what is older than 7 days, so that nobody makes the share small by adding snapshots; what went in the
 * last days counts as going now, and what only time takes away counts as staying.
 */
function manySnapshots({ snapshots: { keep, retire }, rules, lately, serviceNow }: GuardFacts): Guard | undefined {
  const isOld = ({ createdAt }: SnapshotFacts): boolean =>
    serviceNow.getTime() - Date.parse(createdAt) >= minAgeDays * dayMs;
  const snapshots = [...keep, ...retire, ...lately.snapshots].sort((a, b) => a.seq - b.seq);
  const planned = { at: serviceNow, snapshots: retire.map(({ seq }) => seq) };
  const going = beyondFlow({ snapshots, rules, retirements: [...lately.retirements, planned] });
  const all = snapshots.filter(isOld).length;
  const gone = going.flatMap((one) => one.snapshots).length;
  if ((going.at(-1)?.snapshots.length ?? 0) === 0 || gone <= all * maxSnapshotShare) return undefined;
  const earlier = lately.snapshots.length === 0 ? "" : ", counting those of the last days";
  return {
    code: "many-snapshots",
    message: `${gone} of ${counted(all, "snapshot")} older than ${minAgeDays} days would go at once${earlier}`,
  };
}

function manyBytes({ bytes, storedBytes }: GuardFacts): Guard | undefined {
  if (bytes <= storedBytes * maxByteShare) return undefined;
  return {
    code: "many-bytes",
    message: `${Math.round((100 * bytes) / storedBytes)} % of all stored bytes older than ${minAgeDays} days would go at once`,
  };
}

/** A wave of deletions at the source must not become the only thing that is kept: quiet nights after it end nothing. */
function anomaly({ log }: GuardFacts): Guard | undefined {
  const open = openAlarms(log);
  const last = open.at(-1);
  if (last === undefined) return undefined;
  const codes = [...new Set(open.filter(({ seq }) => seq === last.seq).map(({ anomaly: { code } }) => code))];
  const others = new Set(open.map(({ seq }) => seq)).size - 1;
  const more = others === 0 ? "" : `, and ${counted(others, "earlier snapshot")} more`;
  return {
    code: "anomaly",
    message: `Snapshot ${last.run} shows ${codes.join(", ")}${more}, and nobody with the owner key has acknowledged it (npm run vault -- acknowledge ${last.seq})`,
  };
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
