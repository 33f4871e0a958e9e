/** Reads the request, backs up project after project, publishes what each gave. */
import { describeError } from "../../engine/foundation/errors.ts";
import { counted, bytesForPeople } from "../../engine/foundation/text.ts";
import { registry } from "../../engine/kinds/registry.ts";
import type { ProjectRef } from "../../engine/kinds/kind.ts";
import { backUpProject } from "../../engine/operations/backup/back-up-project.ts";
import type { BackupRequest } from "../../engine/operations/backup/session.ts";
import type { BackupResult } from "../../engine/operations/results.ts";
import { alarmLine } from "../../engine/insight/told-alarms.ts";
import { snapshotAttachment } from "../../engine/reports/attachments.ts";
import { isFullyBackedUp } from "../../engine/reports/coverage.ts";
import { backupSummary } from "../../engine/reports/summary.ts";
import { coverageLine } from "../../engine/vault/format/coverage-words.ts";
import { formatHead } from "../../engine/vault/format/head-pin.ts";
import type { Head } from "../../engine/vault/format/log-entry.ts";
import type { Agent } from "../shared/agent.ts";
import { ownOrganization } from "../shared/azure-devops.ts";
import { eachProject, failureMessage } from "../shared/each-project.ts";
import { jobProjectOf, unseenProjects } from "../shared/job-limits.ts";
import { headPins } from "../shared/head-pins.ts";
import { projectsNamed } from "../shared/projects.ts";
import { publishAttachment, publishSummary } from "../shared/publish.ts";
import type { TaskOutcome, TaskRun } from "../shared/run-task.ts";
import { toolsOf } from "../shared/tools.ts";
import { readSettings, type Settings } from "./settings.ts";

export async function backUp(run: TaskRun): Promise<TaskOutcome> {
  const { agent, reporter } = run;
  const tools = toolsOf(run);
  try {
    const settings = await readSettings(agent, tools);
    const azureDevOps = await tools.connect(ownOrganization(agent));
    const projects = await projectsNamed(azureDevOps, "projects", settings.projects);
    const jobProject = jobProjectOf(agent, azureDevOps);
    const unseen = settings.projects.includes("*") ? await unseenProjects(azureDevOps, jobProject) : undefined;
    if (unseen !== undefined) reporter.warn(unseen);
    const pins = await headPins(
      projects.map(({ id }) => id),
      { agent, azureDevOps, reporter },
    );
    const results: BackupResult[] = [];
    const on = async (project: ProjectRef): Promise<void> => {
      reporter.info(`Backing up project ${project.name}`);
      const { parallelism } = tools;
      const request = requestFor(project, { settings, pin: pins.get(project.id), parallelism, jobProject });
      const result = await backUpProject(request, { ...run, ...tools, azureDevOps });
      if (result === undefined) return;
      publish(run, result);
      results.push(result);
    };
    const failed = await eachProject(projects, run, { nameOf: ({ name }) => name, on });
    const outcome = outcomeOf(results, settings, { agent, asked: projects.length, isUnsure: unseen !== undefined });
    return failed.length === 0 ? outcome : { result: "Failed", message: failureMessage(failed, projects.length) };
  } finally {
    await tools.close();
  }
}

function requestFor(
  project: ProjectRef,
  {
    settings,
    ...given
  }: {
    readonly settings: Settings;
    readonly pin: Head | undefined;
    readonly parallelism: number;
    readonly jobProject: string | undefined;
  },
): BackupRequest {
  return { ...settings, ...given, project, kinds: registry };
}

function publish({ agent, reporter }: TaskRun, result: BackupResult): void {
  publishSummary(agent, `Backup of ${result.project.name}`, backupSummary(result));
  publishAttachment(agent, snapshotAttachment(result));
  const { sum } = result;
  agent.print(
    `Snapshot ${result.snapshot} of ${result.project.name} is ${result.status}: ${counted(sum.changed, "stream")} of ${sum.streams} changed, ${bytesForPeople(sum.newBytes)} stored`,
  );
  if (result.readmeSha256 !== undefined) agent.print(`SHA-256 of the vault's README.txt: ${result.readmeSha256}`);
  if (!result.signerPinned) agent.print(`Pin these keys as input signer: ${result.signer}`);
  if (!result.headPinned) agent.print(`Pin this head as input vaultHead: ${formatHead(result.head)}`);
  if (result.coverage !== undefined) agent.print(`Coverage: ${coverageLine(result.coverage)}`);
  for (const alarm of result.alarms) reporter.warn(alarmLine(alarm));
  for (const gap of result.gaps) reporter.warn(describeGap(gap));
  for (const gap of result.notCovered) reporter.warn(describeGap({ ...gap, message: `Not covered: ${gap.message}` }));
  for (const line of warningLines(result.findings)) reporter.warn(line);
}

const namedOfOneCause = 3;

/** Findings that are new, grouped by their cause: some examples and how many more there are. */
function warningLines(findings: BackupResult["findings"]): readonly string[] {
  const groups = new Map<string, BackupResult["findings"][number][]>();
  for (const finding of findings.filter(({ severity }) => severity === "warning"))
    groups.set(finding.code, [...(groups.get(finding.code) ?? []), finding]);
  return [...groups.values()].flatMap((group) => [
    ...group.slice(0, namedOfOneCause).map(({ message }) => message),
    ...(group.length > namedOfOneCause
      ? [`${counted(group.length - namedOfOneCause, "more finding")} of this kind; the summary lists them`]
      : []),
  ]);
}

function describeGap({ message, cure }: BackupResult["gaps"][number]): string {
  return describeError(new Error(message.includes(cure) ? message : `${message}. ${cure}`));
}

function outcomeOf(
  results: readonly BackupResult[],
  settings: Settings,
  { agent, asked, isUnsure }: { readonly agent: Agent; readonly asked: number; readonly isUnsure: boolean },
): TaskOutcome {
  if (settings.share.phase === "shard")
    return { result: "Succeeded", message: "This agent's share is read; the composing job makes the snapshot" };
  setOutputs(results, asked, agent);
  const overdue = results.flatMap((result) => result.overdue);
  if (overdue.length > 0)
    return {
      result: "Failed",
      message: `Not backed up for longer than maxStaleDays: ${overdue.slice(0, 5).join(", ")}`,
    };
  const partial = results.filter(({ status }) => status === "partial");
  const alarming = results.filter(({ alarms }) => alarms.length > 0);
  const issues = [...partialText(partial), ...unsureText(results, isUnsure), ...alarmText(alarming)];
  if (issues.length === 0) return { result: "Succeeded", message: backedUp(results) };
  const isPartial = partial.length > 0 || isUnsure;
  const isFailed = (isPartial && settings.failOnPartial) || (alarming.length > 0 && settings.failOnAlarm);
  return { result: isFailed ? "Failed" : "SucceededWithIssues", message: issues.join("; ") };
}

function unsureText(results: readonly BackupResult[], isUnsure: boolean): readonly string[] {
  return isUnsure ? [`${counted(results.length, "project")} backed up; others may be hidden from this run`] : [];
}

function partialText(partial: readonly BackupResult[]): readonly string[] {
  if (partial.length === 0) return [];
  const gaps = partial.reduce((sum, result) => sum + result.gaps.length, 0);
  return [`The backup of ${namesOf(partial)} is partial: ${counted(gaps, "gap")}`];
}

function alarmText(alarming: readonly BackupResult[]): readonly string[] {
  const titles = alarming.flatMap(({ alarms }) => alarms.map(({ title }) => title));
  const [first] = titles;
  if (first === undefined) return [];
  const more = titles.length === 1 ? "" : `, and ${counted(titles.length - 1, "more alarm")}`;
  return [`Something alarming happened in ${namesOf(alarming)}: ${first}${more}`];
}

function namesOf(results: readonly BackupResult[]): string {
  return results.map(({ project }) => project.name).join(", ");
}

/** "Completely" only where the coverage of every project adds up. */
function backedUp(results: readonly BackupResult[]): string {
  const done = `${counted(results.length, "project")} backed up`;
  const lacking = results.filter((result) => !isFullyBackedUp(result));
  if (lacking.length === 0) return `${done} completely`;
  return `${done}, not everything is covered: ${lacking.map(({ project }) => project.name).join(", ")}`;
}

/** One value for one project, a JSON object by project GUID for several. */
function setOutputs(results: readonly BackupResult[], asked: number, agent: Agent): void {
  const outputs: Readonly<Record<string, (result: BackupResult) => string | number>> = {
    BackupSnapshotId: (result) => result.snapshot,
    BackupStatus: (result) => result.status,
    BackupVaultHead: (result) => formatHead(result.head),
    BackupNewBytes: (result) => result.sum.newBytes,
  };
  const [only] = results;
  for (const [name, of] of Object.entries(outputs)) {
    const value =
      only !== undefined && asked === 1
        ? String(of(only))
        : JSON.stringify(Object.fromEntries(results.map((result) => [result.vault, of(result)])));
    agent.setOutput(name, value);
  }
}
