/** What our tasks have attached to a run, read for its report. All of it are claims of that run. */
import { arrayAt, numberAt, objectAt, parseObject, type JsonObject } from "../../../engine/foundation/json.ts";
import { kindTitle } from "../../../engine/foundation/wording.ts";
import { parseReportedSnapshot, snapshotAttachmentType } from "../../../engine/vault/format/reported-snapshot.ts";
import { coverageFindings } from "../../../engine/insight/health-coverage.ts";
import { objectsAt, plainTextAt, plainTextsAt } from "../../model/plain-text.ts";
import type { Pipelines, ProjectServices, Run } from "../../model/project-services.ts";
import { planAttachmentType, planOfRun, type PlanView } from "../../model/restore-plan.ts";
import { resultAttachmentType, resultOfRun, type ResultView } from "../../model/restore-result.ts";
import { modeOf } from "../../model/restore-runs.ts";
import { runProgress, type RunProgress } from "../../model/run-progress.ts";
import type { Snapshot } from "../../model/vault-source.ts";
import { snapshotOfReport } from "../../vault/run-reports.ts";

const verificationAttachmentType = "devops-backup.verification";

export interface RunReport {
  readonly run: Run;
  readonly snapshots: readonly SnapshotReport[];
  readonly verifications: readonly VerificationReport[];
  /** How it went, and what it complained of. */
  readonly progress: RunProgress;
  readonly plan: PlanView | undefined;
  readonly result: ResultView | undefined;
  /** Only of a run that was to make one and succeeded. */
  readonly archive: ArchiveReport | undefined;
}

export interface ArchiveReport {
  /** Of the run's page with its artifacts. */
  readonly pageUrl: string;
  /** Undefined when the artifact is not there (any more). */
  readonly downloadUrl: string | undefined;
}

export interface SnapshotReport {
  readonly project: string;
  readonly snapshot: Snapshot;
  readonly gaps: number;
  readonly findings: number;
  /** What the backup does not cover, with what to do; one line each, nothing when the sum adds up. */
  readonly lacking: readonly string[];
}

export interface VerificationReport {
  readonly vault: string;
  readonly level: string;
  readonly sample: string;
  readonly snapshots: number;
  readonly checkedObjects: number;
  readonly checkedBytes: number;
  readonly damaged: number;
  readonly tooOld: boolean;
  /** One line per damaged stream. */
  readonly damage: readonly string[];
  /** Codes of what is wrong with the log. */
  readonly log: readonly string[];
}

/** Everything that can be read; attachments of another form are passed over. */
export async function readRunReport(id: number, { pipelines, project }: ProjectServices): Promise<RunReport> {
  const [run, steps, snapshots, verifications, plans, results] = await Promise.all([
    pipelines.run(id),
    pipelines.steps(id),
    pipelines.attachments(id, snapshotAttachmentType),
    pipelines.attachments(id, verificationAttachmentType),
    pipelines.attachments(id, planAttachmentType),
    pipelines.attachments(id, resultAttachmentType),
  ]);
  const result = resultOfRun(results, project.organizationUrl);
  return {
    run,
    snapshots: snapshots.flatMap((json) => snapshotReport(json, run) ?? []),
    verifications: verifications.flatMap((json) => verificationReport(json) ?? []),
    progress: runProgress(run, steps),
    plan: planOfRun(plans),
    result: result?.applied === true ? result : undefined,
    archive: await archiveOf(run, pipelines),
  };
}

/** Whether our tasks have reported anything to show. */
export function hasReport(report: RunReport): boolean {
  const { snapshots, verifications, result, archive } = report;
  return (
    snapshots.length + verifications.length > 0 ||
    [result, archive, offeredPlan(report)].some((one) => one !== undefined)
  );
}

/** The plan that people may agree to. That of a run which was to carry one out and did not is none. */
export function offeredPlan({ run, plan, result }: RunReport): PlanView | undefined {
  return result === undefined && isPreview(run) ? plan : undefined;
}

export function isPreview({ parameters }: Run): boolean {
  return modeOf(parameters) === "preview";
}

/** The run was to carry out a plan, and found another one to be due: it has done nothing. */
export function isStalePlan({ run, plan, result }: RunReport): boolean {
  const { planHash = "" } = run.parameters;
  return !isPreview(run) && result === undefined && planHash !== "" && plan !== undefined && plan.hash !== planHash;
}

/** What the archive is called among the artifacts of its run (tasks/RestoreItem/archive.ts). */
const archiveName = "project-backup";

async function archiveOf(run: Run, pipelines: Pipelines): Promise<ArchiveReport | undefined> {
  if (modeOf(run.parameters) !== "archive" || (run.state !== "succeeded" && run.state !== "issues")) return undefined;
  const found = (await pipelines.artifacts(run.id)).find(({ name }) => name === archiveName);
  const pageUrl = `${run.url}&view=artifacts&pathAsName=false&type=publishedArtifacts`;
  return { pageUrl, downloadUrl: found?.downloadUrl };
}

function snapshotReport(json: string, run: Run): SnapshotReport | undefined {
  const reported = parseReportedSnapshot(json);
  const snapshot = reported === undefined ? undefined : snapshotOfReport({ run, reported }, []);
  if (reported === undefined || snapshot === undefined) return undefined;
  const count = (key: string): number => numberAt(reported.facts, key) ?? 0;
  const project = plainTextAt(reported.project, "name");
  const lacking = lackingOf(snapshot, objectAt(reported.facts, "coverage") ?? {});
  return { project, snapshot, gaps: count("gaps"), findings: count("findings"), lacking };
}

function lackingOf(snapshot: Snapshot, told: JsonObject): readonly string[] {
  const [finding] = coverageFindings({ snapshots: [snapshot] });
  if (finding === undefined) return [];
  const kinds = [...plainTextsAt(told, "notRead"), ...plainTextsAt(told, "unsure")].map(kindTitle);
  return [finding.detail, ...(kinds.length === 0 ? [] : [`Kinds concerned: ${kinds.join(", ")}.`]), finding.remedy];
}

function verificationReport(json: string): VerificationReport | undefined {
  const facts = parseObject(json);
  if (facts?.form !== "project-backup/verification/v1") return undefined;
  const count = (key: string): number => numberAt(facts, key) ?? 0;
  return {
    vault: plainTextAt(facts, "vault"),
    level: plainTextAt(facts, "level"),
    sample: plainTextAt(facts, "sample"),
    snapshots: arrayAt(facts, "snapshots")?.length ?? 0,
    checkedObjects: count("checkedObjects"),
    checkedBytes: count("checkedBytes"),
    damaged: count("damaged"),
    tooOld: facts.tooOld === true,
    damage: objectsAt(facts, "damage").map((one) =>
      [plainTextAt(one, "stream"), plainTextsAt(one, "codes").join(", ")].join(": "),
    ),
    log: plainTextsAt(facts, "log"),
  };
}
