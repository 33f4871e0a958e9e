/** Reads the request, backs up project after project, publishes what each gave. */
import { describeError } from "../../engine/foundation/errors.ts";
import { counted, bytesForPeople } from "../../engine/foundation/text.ts";
import { registry } from "../../engine/kinds/registry.ts";
import type { ProjectRef } from "../../engine/kinds/kind.ts";
import { backUpProject } from "../../engine/operations/back-up-project.ts";
import type { BackupRequest } from "../../engine/operations/back-up-session.ts";
import type { BackupResult } from "../../engine/operations/results.ts";
import { snapshotAttachment } from "../../engine/reports/attachments.ts";
import { backupSummary } from "../../engine/reports/summary.ts";
import { formatHead } from "../../engine/vault/head-pin.ts";
import type { Head } from "../../engine/vault/log-entry.ts";
import type { Agent } from "../shared/agent.ts";
import { ownOrganization } from "../shared/azure-devops.ts";
import { eachProject, failureMessage } from "../shared/each-project.ts";
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
    const pins = await headPins(
      projects.map(({ id }) => id),
      { agent, azureDevOps, reporter },
    );
    const results: BackupResult[] = [];
    const on = async (project: ProjectRef): Promise<void> => {
      reporter.info(`Backing up project ${project.name}`);
      const request = requestFor(project, { settings, pin: pins.get(project.id), parallelism: tools.parallelism });
      const result = await backUpProject(request, { ...run, ...tools, azureDevOps });
      if (result === undefined) return;
      publish(run, result);
      results.push(result);
    };
    const failed = await eachProject(projects, run, { nameOf: ({ name }) => name, on });
    const outcome = outcomeOf(results, settings, { agent, asked: projects.length });
    return failed.length === 0 ? outcome : { result: "Failed", message: failureMessage(failed, projects.length) };
  } finally {
    await tools.close();
  }
}

function requestFor(
  project: ProjectRef,
  given: { readonly settings: Settings; readonly pin: Head | undefined; readonly parallelism: number },
): BackupRequest {
  return { ...given.settings, project, kinds: registry, pin: given.pin, parallelism: given.parallelism };
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
  for (const gap of result.gaps) reporter.warn(describeGap(gap));
}

function describeGap({ message, cure }: BackupResult["gaps"][number]): string {
  return describeError(new Error(message.includes(cure) ? message : `${message}. ${cure}`));
}

function outcomeOf(
  results: readonly BackupResult[],
  { failOnPartial, share }: Settings,
  { agent, asked }: { readonly agent: Agent; readonly asked: number },
): TaskOutcome {
  if (share.phase === "shard")
    return { result: "Succeeded", message: "This agent's share is read; the composing job makes the snapshot" };
  setOutputs(results, asked, agent);
  const partial = results.filter(({ status }) => status === "partial");
  const overdue = results.flatMap((result) => result.overdue);
  if (overdue.length > 0)
    return {
      result: "Failed",
      message: `Not backed up for longer than maxStaleDays: ${overdue.slice(0, 5).join(", ")}`,
    };
  if (partial.length === 0)
    return { result: "Succeeded", message: `${counted(results.length, "project")} backed up completely` };
  const message = `The backup of ${partial.map(({ project }) => project.name).join(", ")} is partial: ${counted(
    partial.reduce((sum, { gaps }) => sum + gaps.length, 0),
    "gap",
  )}`;
  return { result: failOnPartial ? "Failed" : "SucceededWithIssues", message };
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
