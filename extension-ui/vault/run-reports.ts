/** What runs of the backup and verify pipelines have reported about a vault: claims, not proof. */
import { mapConcurrent } from "../../engine/foundation/concurrency.ts";
import { arrayAt, numberAt, objectAt, parseObject, stringAt, type JsonObject } from "../../engine/foundation/json.ts";
import { coverageKeys, type Coverage } from "../../engine/vault/format/coverage.ts";
import type { Anomaly, SnapshotSum } from "../../engine/vault/format/log-entry.ts";
import { containerPolicies } from "../../engine/vault/format/immutability.ts";
import { parseReportedSnapshot, snapshotAttachmentType } from "../../engine/vault/format/reported-snapshot.ts";
import type { ReportedSnapshot } from "../../engine/vault/format/reported-snapshot.ts";
import {
  seenObjects,
  seenOfOthers,
  type ObjectFigures,
  type SeenImmutability,
} from "../../engine/insight/immutability.ts";
import type { Pipelines, Run } from "../model/project-services.ts";
import { shownText } from "../model/shown-text.ts";
import type { Snapshot, Verification } from "../model/vault-source.ts";

export type RunReader = Pick<Pipelines, "runs" | "attachments">;

export interface RunsFacts {
  /** The project's GUID, lower case. */
  readonly vault: string;
  readonly pipelines: RunReader;
  readonly backupPipelineId?: number | undefined;
  readonly verifyPipelineId?: number | undefined;
}

export interface RunReport {
  readonly run: Run;
  readonly reported: ReportedSnapshot;
}

export interface ReportedVerification {
  /** Run ids of the snapshots that were verified. */
  readonly snapshots: readonly string[];
  readonly verification: Verification;
  /** What was told of them, by run id, and of those of which nothing was told by itself. */
  readonly immutability: ReadonlyMap<string, SeenImmutability>;
  readonly others: SeenImmutability | undefined;
}

export interface RunsRead<Report> {
  readonly reports: readonly Report[];
  readonly isLast: boolean;
}

const newestRuns = 200;
const runsAtATime = 6;
const runsPerStep = 24;
const maxListed = 100;
const maxStreams = 5;

/** Snapshots of this vault that the newest runs report, newest run first; comes in steps, the last one whole. */
export function snapshotReports(facts: RunsFacts, signal: AbortSignal): AsyncGenerator<RunsRead<RunReport>> {
  const { vault } = facts;
  return reportsOf(facts, { pipelineId: facts.backupPipelineId, type: snapshotAttachmentType, signal }, (run, json) => {
    const reported = parseReportedSnapshot(json);
    return reported?.vault === vault ? { run, reported } : undefined;
  });
}

/** Verifications of this vault, likewise. */
export function verificationReports(
  facts: RunsFacts,
  signal: AbortSignal,
): AsyncGenerator<RunsRead<ReportedVerification>> {
  const { vault } = facts;
  const wanted = { pipelineId: facts.verifyPipelineId, type: "devops-backup.verification", signal };
  return reportsOf(facts, wanted, (run, json) => parseReportedVerification(json, { vault, run }));
}

interface Wanted {
  readonly pipelineId: number | undefined;
  readonly type: string;
  readonly signal: AbortSignal;
}

async function* reportsOf<Report>(
  { pipelines }: RunsFacts,
  { pipelineId, type, signal }: Wanted,
  parse: (run: Run, json: string) => Report | undefined,
): AsyncGenerator<RunsRead<Report>> {
  signal.throwIfAborted();
  const runs = pipelineId === undefined ? [] : await pipelines.runs([pipelineId], newestRuns);
  const reports: Report[] = [];
  let read = 0;
  const attached = mapConcurrent(runs, runsAtATime, async (run) => {
    signal.throwIfAborted();
    return { run, texts: await pipelines.attachments(run.id, type) };
  });
  for await (const { run, texts } of attached) {
    for (const json of texts.slice(0, maxListed)) {
      const report = parse(run, json);
      if (report !== undefined) reports.push(report);
    }
    read += 1;
    if (read % runsPerStep === 0 && read < runs.length) yield { reports: [...reports], isLast: false };
  }
  yield { reports, isLast: true };
}

/** The snapshot as its run tells of it; undefined when its figures do not have their form. */
export function snapshotOfReport(
  { run, reported }: RunReport,
  verifications: readonly Verification[],
): Snapshot | undefined {
  const { snapshot, seq, status, facts } = reported;
  const sum = sumOf(objectAt(facts, "sum") ?? {});
  if (sum === undefined) return undefined;
  const at = run.finishedAt ?? timeOfRunId(snapshot) ?? run.queuedAt;
  const known = { isRetired: false, isDamaged: false, build: "", runId: run.id };
  return { id: snapshot, seq, at, status, sum, anomalies: anomaliesOf(facts), verifications, ...known };
}

/** `20261122T180544Z-7f3a9c1e` → `2026-11-22T18:05:44Z`. */
function timeOfRunId(id: string): string | undefined {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(id) ?? [];
  if (y === undefined || mo === undefined || d === undefined) return undefined;
  return `${y}-${mo}-${d}T${h ?? ""}:${mi ?? ""}:${s ?? ""}Z`;
}

const figures = [
  "streams",
  "changed",
  "failed",
  "stale",
  "missing",
  "deleted",
  "skipped",
  "items",
  "newBytes",
  "totalBytes",
] as const satisfies readonly Exclude<keyof SnapshotSum, "coverage">[];

function sumOf(sum: JsonObject): SnapshotSum | undefined {
  const counts = figures.map((key) => [key, countAt(sum, key)] as const);
  if (counts.some(([, count]) => count === undefined)) return undefined;
  const known = Object.fromEntries(counts) as Record<(typeof figures)[number], number>;
  const coverage = coverageIn(objectAt(sum, "coverage") ?? {});
  return coverage === undefined ? known : { ...known, coverage };
}

function coverageIn(told: JsonObject): Coverage | undefined {
  const counts = coverageKeys.map((key) => [key, countAt(told, key)] as const);
  if (counts.some(([, count]) => count === undefined)) return undefined;
  return Object.fromEntries(counts) as Record<(typeof coverageKeys)[number], number>;
}

function anomaliesOf(facts: JsonObject): readonly Anomaly[] {
  const list = (arrayAt(facts, "anomalies") ?? []).slice(0, maxListed);
  return list.flatMap((value) => {
    const anomaly = objectAt({ value }, "value") ?? {};
    const [code, n] = [stringAt(anomaly, "code"), countAt(anomaly, "n")];
    return code === undefined || n === undefined ? [] : [{ code: shownText(code), n, ...anomalyFacts(anomaly) }];
  });
}

function anomalyFacts(anomaly: JsonObject): Partial<Anomaly> {
  const counts = (["of", "level", "hit", "active", "chance"] as const).flatMap((key) => {
    const count = countAt(anomaly, key);
    return count === undefined ? [] : [[key, count] as const];
  });
  const since = stringAt(anomaly, "since") ?? "";
  const streams = (arrayAt(anomaly, "streams") ?? []).filter((stream) => typeof stream === "string");
  return {
    ...Object.fromEntries(counts),
    ...(Number.isNaN(Date.parse(since)) ? {} : { since: shownText(since) }),
    ...(streams.length === 0 ? {} : { streams: streams.slice(0, maxStreams).map(shownText) }),
    ...(anomaly.note === true ? { note: true } : {}),
  };
}

const levels: readonly Verification["level"][] = ["catalogue", "stored", "content", "drill"];

function parseReportedVerification(
  json: string,
  { vault, run }: { readonly vault: string; readonly run: Run },
): ReportedVerification | undefined {
  const facts = parseObject(json);
  if (facts?.form !== "project-backup/verification/v1" || facts.vault !== vault) return undefined;
  const level = levels.find((known) => known === facts.level);
  const [checked, damaged] = [countAt(facts, "checkedObjects"), countAt(facts, "damaged")];
  const rtoSeconds = countAt(facts, "rtoSeconds");
  if (level === undefined || checked === undefined || damaged === undefined) return undefined;
  const at = run.finishedAt ?? run.queuedAt;
  const verification = { level, at, sample: shownText(stringAt(facts, "sample") ?? ""), checked, damaged };
  return {
    snapshots: (arrayAt(facts, "snapshots") ?? []).filter((id) => typeof id === "string"),
    verification: rtoSeconds === undefined ? verification : { ...verification, rtoSeconds },
    ...reportedImmutability(objectAt(facts, "immutability"), at),
  };
}

const maxJudged = 1000;

function reportedImmutability(
  told: JsonObject | undefined,
  seenAt: string,
): Pick<ReportedVerification, "immutability" | "others"> {
  const container = containerPolicies.find((known) => known === told?.container);
  if (told === undefined || container === undefined) return { immutability: new Map(), others: undefined };
  const judged = (arrayAt(told, "snapshots") ?? []).slice(-maxJudged).flatMap((value) => {
    const one = objectAt({ value }, "value") ?? {};
    const [id, figuresOfOne] = [stringAt(one, "id"), objectFigures(one)];
    return id === undefined || figuresOfOne === undefined ? [] : [[id, seenObjects(figuresOfOne, seenAt)] as const];
  });
  return { immutability: new Map(judged), others: seenOfOthers(container, seenAt) };
}

function objectFigures(told: JsonObject): ObjectFigures | undefined {
  const [objects, unprotected] = [countAt(told, "objects"), countAt(told, "unprotected")];
  const [unlocked, held] = [countAt(told, "unlocked"), countAt(told, "held")];
  if (objects === undefined || unprotected === undefined || unlocked === undefined || held === undefined)
    return undefined;
  const until = new Date(stringAt(told, "until") ?? "");
  const isInstant = !Number.isNaN(until.getTime());
  if (!isInstant && told.until !== null) return undefined;
  return { objects, unprotected, unlocked, held, until: isInstant ? until.toISOString() : null };
}

function countAt(object: JsonObject, key: string): number | undefined {
  const count = numberAt(object, key);
  return count !== undefined && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}
