/**
 * How well a project is protected, from what is known of its vault: figures, and findings with what to do about each.
 * Nothing here is read or stored; the same facts give the same answer.
 */
import { counted } from "../foundation/text.ts";
import type { Coverage } from "../vault/format/coverage.ts";
import { chainFindings, type ReportDifference } from "./health-chain.ts";
import { coverageFindings, coverageOfNewest } from "./health-coverage.ts";
import { hoursBetween, hoursForPeople, severities, type HealthFinding, type Severity } from "./health-finding.ts";
import { immutabilityFigure, immutabilityFindings, type ImmutabilityFigure } from "./health-immutability.ts";
import { isLate } from "./late.ts";
import {
  isOpenAlarm,
  isUsable,
  lastGoodSnapshot,
  recoveryPoint,
  type KnownAnomaly,
  type RecoveryPoint,
} from "./recovery-point.ts";
import { alarmKey } from "./told-alarms.ts";
import { anomalyWords } from "./words.ts";
import type { ChainState, Snapshot, StreamLine, Verification } from "./known-vault.ts";

export { severities, type HealthFinding, type Severity } from "./health-finding.ts";
export type { ReportDifference } from "./health-chain.ts";

export interface HealthFacts {
  readonly now: Date;
  readonly rpoHours: number;
  /** Newest first. */
  readonly snapshots: readonly Snapshot[];
  readonly chain: ChainState;
  /** Storage could be read; otherwise everything below is what runs have claimed. */
  readonly origin: "storage" | "runs";
  /** What runs have reported against what storage holds (vault/compare-reports.ts). */
  readonly differences: readonly ReportDifference[];
  /** Streams of the newest snapshot; undefined without the viewer key. */
  readonly streams?: readonly StreamLine[] | undefined;
}

export interface LevelFigure {
  readonly level: Verification["level"];
  /** Newest verification of this level of any snapshot; undefined when there was none. */
  readonly newest: Verification | undefined;
  readonly ageHours: number | undefined;
}

export interface StaleStream {
  readonly stream: string;
  readonly name: string;
  readonly status: "stale" | "missing";
  /** When it was read last; empty when that is not known. */
  readonly asOf: string;
  readonly ageHours: number | undefined;
  /** Code of the gap. */
  readonly code: string;
}

export interface HealthReport {
  /** Worst first. */
  readonly findings: readonly HealthFinding[];
  /** False while the log is being read: what is not known yet is then not called missing, and `worst` says little. */
  readonly isWhole: boolean;
  readonly worst: Severity;
  readonly lastGood: { readonly snapshot: Snapshot; readonly ageHours: number } | undefined;
  /** Catalogue, stored, content, drill. */
  readonly levels: readonly LevelFigure[];
  /** Measured in the last drill. */
  readonly rtoSeconds: number | undefined;
  readonly recovery: RecoveryPoint<Snapshot> | undefined;
  /** Longest unread first; undefined without the viewer key. */
  readonly staleStreams: readonly StaleStream[] | undefined;
  readonly storage: StorageFigures | undefined;
  /** Of the newest snapshot that can be restored; undefined where it was not counted. */
  readonly coverage: Coverage | undefined;
  readonly immutability: ImmutabilityFigure;
}

export interface StorageFigures {
  readonly totalBytes: number;
  /** Stored by the snapshots of the last thirty days. */
  readonly recentBytes: number;
  /** Oldest first: one point per snapshot. */
  readonly points: readonly { readonly at: string; readonly totalBytes: number; readonly newBytes: number }[];
}

const levels: readonly Verification["level"][] = ["catalogue", "stored", "content", "drill"];
const recentHours = 30 * 24;
/** Verifications are weekly in the pipelines of Set up; half a week more is no alarm. */
const verifyHours = 11 * 24;
const drillHours = 100 * 24;

export function assessHealth(facts: HealthFacts): HealthReport {
  const lastGood = ageOf(lastGoodSnapshot(facts.snapshots), facts.now);
  const figures = levels.map((level) => levelFigure(level, facts));
  const staleStreams = facts.streams === undefined ? undefined : staleStreamsOf(facts.streams, facts.now);
  const recovery = recoveryPoint(facts.snapshots);
  const isWhole = facts.chain.state !== "checking";
  const found = [
    ...chainFindings(facts),
    ...(isWhole ? ageFindings(facts, lastGood?.ageHours) : []),
    ...anomalyFindings(facts, recovery),
    ...damageFindings(facts),
    ...partialFindings(facts),
    ...coverageFindings(facts),
    ...(isWhole ? verificationFindings(facts, figures) : []),
    ...immutabilityFindings(facts),
  ];
  const findings = found.toSorted(
    (one, other) => severities.indexOf(one.severity) - severities.indexOf(other.severity),
  );
  return {
    findings,
    isWhole,
    worst: findings[0]?.severity ?? "good",
    lastGood,
    levels: figures,
    rtoSeconds: figures.at(-1)?.newest?.rtoSeconds,
    recovery,
    staleStreams,
    storage: storageFigures(facts),
    coverage: coverageOfNewest(facts.snapshots),
    immutability: immutabilityFigure(facts),
  };
}

function ageOf(
  snapshot: Snapshot | undefined,
  now: Date,
): { readonly snapshot: Snapshot; readonly ageHours: number } | undefined {
  return snapshot === undefined ? undefined : { snapshot, ageHours: hoursBetween(snapshot.at, now) ?? Infinity };
}

function ageFindings({ rpoHours, snapshots }: HealthFacts, ageHours: number | undefined): readonly HealthFinding[] {
  const remedy = "Look at the newest runs of the backup pipeline, cure what they name, and back up now.";
  if (snapshots.length === 0)
    return [
      {
        id: "no-snapshot",
        severity: "critical",
        title: "There is no backup yet",
        detail: "The vault holds no snapshot.",
        remedy: "Run the backup pipeline.",
      },
    ];
  if (ageHours === undefined)
    return [
      {
        id: "no-complete-snapshot",
        severity: "critical",
        title: "No snapshot is complete",
        detail: "In every snapshot that is kept, something could not be read or was found damaged.",
        remedy,
      },
    ];
  if (!isLate(ageHours, rpoHours)) return [];
  return [
    {
      id: "rpo",
      severity: ageHours > 3 * rpoHours ? "critical" : "warning",
      title: "The last good backup is too old",
      detail: `It is ${hoursForPeople(ageHours)} old; at most ${hoursForPeople(rpoHours)} are agreed.`,
      remedy,
    },
  ];
}

/** One finding for each code and kind: what was seen last, since when, and where to go back to. */
function anomalyFindings(
  { snapshots }: HealthFacts,
  recovery: RecoveryPoint<Snapshot> | undefined,
): readonly HealthFinding[] {
  const point = recovery?.before === undefined ? undefined : recovery.snapshot;
  const groups = new Map<string, { readonly snapshot: Snapshot; readonly anomaly: KnownAnomaly; count: number }>();
  for (const snapshot of snapshots) {
    for (const anomaly of snapshot.anomalies.filter(isOpenAlarm)) {
      const key = alarmKey(anomaly);
      const known = groups.get(key);
      if (known === undefined) groups.set(key, { snapshot, anomaly, count: 1 });
      else if (known.snapshot !== snapshot) known.count += 1;
    }
  }
  return [...groups].map(([key, group]) => anomalyFinding(key, { ...group, point }));
}

function anomalyFinding(
  key: string,
  {
    snapshot,
    anomaly,
    count,
    point,
  }: {
    readonly snapshot: Snapshot;
    readonly anomaly: KnownAnomaly;
    readonly count: number;
    readonly point: Snapshot | undefined;
  },
): HealthFinding {
  const { title, detail, remedy } = anomalyWords(anomaly, { point });
  const seen = `${counted(count, "snapshot")}, the newest of ${snapshot.at}`;
  const none = point === undefined ? " No snapshot from before it is kept." : "";
  return {
    id: `anomaly-${key}`,
    severity: "critical",
    title,
    detail: `Seen by ${detail === "" ? seen : `${seen}; ${detail}`}.`,
    remedy: `${remedy}${none}`,
  };
}

function damageFindings({ snapshots }: HealthFacts): readonly HealthFinding[] {
  const damaged = snapshots.filter(({ isDamaged, isRetired }) => isDamaged && !isRetired);
  const [newest] = damaged;
  if (newest === undefined) return [];
  const isLatest = newest === snapshots[0];
  return [
    {
      id: "damage",
      severity: "critical",
      title: `${counted(damaged.length, "snapshot")} found damaged`,
      detail: `Objects in storage are missing or not what was signed; the newest damaged snapshot is of ${newest.at}.`,
      remedy: `Bring the objects back from blob versions or soft delete and verify again.${isLatest ? " The next backup stores anew what it finds broken." : ""}`,
    },
  ];
}

function partialFindings({ snapshots }: HealthFacts): readonly HealthFinding[] {
  const newest = snapshots.find(isUsable);
  if (newest?.status !== "partial") return [];
  const { failed, stale, missing } = newest.sum;
  const parts: readonly (readonly [number, string])[] = [
    [failed, "never read"],
    [stale, "not read this time"],
    [missing, "not to be seen any more"],
  ];
  const told = parts.filter(([count]) => count > 0).map(([count, words]) => `${counted(count, "stream")} ${words}`);
  return [
    {
      id: "partial",
      severity: "warning",
      title: "The newest backup is partial",
      detail: told.length === 0 ? "Something could not be read." : `${told.join(", ")}.`,
      remedy: "The run's page names each gap and its cure; what an earlier snapshot holds of it is kept.",
    },
  ];
}

function levelFigure(level: LevelFigure["level"], { snapshots, now }: HealthFacts): LevelFigure {
  const all = snapshots.flatMap(({ verifications }) => verifications.filter((one) => one.level === level));
  const newest = all.toSorted((one, other) => Date.parse(other.at) - Date.parse(one.at))[0];
  return { level, newest, ageHours: newest === undefined ? undefined : hoursBetween(newest.at, now) };
}

function verificationFindings({ snapshots }: HealthFacts, figures: readonly LevelFigure[]): readonly HealthFinding[] {
  if (snapshots.length === 0) return [];
  const failed = figures.filter(({ newest }) => (newest?.damaged ?? 0) > 0);
  const ages = figures.flatMap(({ level, ageHours }) =>
    level === "catalogue" || ageHours === undefined ? [] : [ageHours],
  );
  const age = ages.length === 0 ? undefined : Math.min(...ages);
  return [...failed.map(failedVerification), ...overdueVerification(age), ...overdueDrill(figures.at(-1)?.ageHours)];
}

function failedVerification({ level, newest }: LevelFigure): HealthFinding {
  return {
    id: `verification-${level}`,
    severity: "critical",
    title: `The last verification (${level}) found damage`,
    detail: `${counted(newest?.damaged ?? 0, "object or stream", "objects or streams")} of ${(newest?.checked ?? 0).toLocaleString("en-GB")}, on ${newest?.at ?? ""}.`,
    remedy: "Open the verification's run for the items and snapshots that are concerned.",
  };
}

function overdueVerification(ageHours: number | undefined): readonly HealthFinding[] {
  if (ageHours !== undefined && ageHours <= verifyHours) return [];
  const remedy = "Run the verify pipeline; it should run every week.";
  const title = ageHours === undefined ? "The backups were never verified" : "The last verification is old";
  const detail =
    ageHours === undefined
      ? "Nothing has proven yet that what is stored can be read."
      : `Stored bytes were checked ${hoursForPeople(ageHours)} ago.`;
  return [{ id: "verification-due", severity: "warning", title, detail, remedy }];
}

function overdueDrill(ageHours: number | undefined): readonly HealthFinding[] {
  if (ageHours !== undefined && ageHours <= drillHours) return [];
  return [
    {
      id: "drill-due",
      severity: "note",
      title: ageHours === undefined ? "No restore was rehearsed yet" : "The last rehearsed restore is long ago",
      detail: "Only a rehearsal tells how long a restore takes.",
      remedy: "Restore into a project made for it, and compare.",
    },
  ];
}

function staleStreamsOf(streams: readonly StreamLine[], now: Date): readonly StaleStream[] {
  return streams
    .flatMap(({ s, name, st, asOf, err }) => {
      if (st !== "stale" && st !== "missing") return [];
      const ageHours = asOf === undefined ? undefined : hoursBetween(asOf, now);
      return [{ stream: s, name: name ?? s, status: st, asOf: asOf ?? "", ageHours, code: err ?? "" }];
    })
    .toSorted((one, other) => (other.ageHours ?? Infinity) - (one.ageHours ?? Infinity));
}

function storageFigures({ snapshots, now }: HealthFacts): StorageFigures | undefined {
  const kept = snapshots.filter(({ isRetired }) => !isRetired);
  const [newest] = kept;
  if (newest === undefined) return undefined;
  const recent = kept.filter(({ at }) => (hoursBetween(at, now) ?? Infinity) <= recentHours);
  return {
    totalBytes: newest.sum.totalBytes,
    recentBytes: recent.reduce((sum, snapshot) => sum + snapshot.sum.newBytes, 0),
    points: kept.map(({ at, sum }) => ({ at, totalBytes: sum.totalBytes, newBytes: sum.newBytes })).toReversed(),
  };
}
