/** Verifies the vaults of the projects, publishes reports and test results. */
import { bytesForPeople, counted } from "../../engine/foundation/text.ts";
import { registry } from "../../engine/kinds/registry.ts";
import { findVault } from "../../engine/operations/find-vault.ts";
import { recordVerification } from "../../engine/operations/verify/record-verification.ts";
import type { VerifyResult } from "../../engine/operations/results.ts";
import { alarmsDiffer, openAlarm } from "../../engine/operations/verify/judge-again.ts";
import { verifyBackup } from "../../engine/operations/verify/verify-backup.ts";
import { verifyAttachment } from "../../engine/reports/attachments.ts";
import { verifyHtml } from "../../engine/reports/html.ts";
import { immutabilityText } from "../../engine/reports/immutability.ts";
import { verifyJunit } from "../../engine/reports/junit.ts";
import { verifySummary } from "../../engine/reports/summary.ts";
import type { Agent } from "../shared/agent.ts";
import { ownOrganization } from "../shared/azure-devops.ts";
import { eachProject, failureMessage } from "../shared/each-project.ts";
import { headPins } from "../shared/head-pins.ts";
import { findProject } from "../shared/projects.ts";
import { publishAttachment, publishPage, publishSummary, publishTestResults } from "../shared/publish.ts";
import type { TaskOutcome, TaskRun } from "../shared/run-task.ts";
import { toolVersion } from "../shared/tool-version.ts";
import { toolsOf } from "../shared/tools.ts";
import { readSettings } from "./settings.ts";

export async function verify(run: TaskRun): Promise<TaskOutcome> {
  const { agent, reporter } = run;
  const tools = toolsOf(run);
  try {
    const settings = await readSettings(agent, tools);
    const azureDevOps = await tools.connect(ownOrganization(agent));
    const results: VerifyResult[] = [];
    const on = async (name: string): Promise<void> => {
      const id = (await findProject(azureDevOps, name))?.id ?? name;
      const { vault } = await findVault(id, { ...tools, ...settings });
      const pins = await headPins([vault], { agent, azureDevOps, reporter });
      const request = {
        ...settings,
        agentSigner: settings.agentKeys?.signer,
        macKey: settings.agentKeys?.macKey,
        vault,
        pin: pins.get(vault),
        kinds: registry,
        parallelism: tools.parallelism,
      };
      const result = await verifyBackup(request, { ...run, ...tools });
      if (settings.agentKeys !== undefined)
        await recordVerification(result, {
          ...tools,
          clock: run.clock,
          agentKeys: settings.agentKeys,
          by: byOf(agent),
        });
      publish(agent, result);
      warnOfAlarms(run, result);
      results.push(result);
    };
    const failed = await eachProject(settings.projects, run, { nameOf: (name) => name, on });
    const outcome = outcomeOf(agent, results);
    if (failed.length === 0) return outcome;
    const message = failureMessage(failed, settings.projects.length);
    return { result: "Failed", message: outcome.result === "Failed" ? `${message}. ${outcome.message}` : message };
  } finally {
    await tools.close();
  }
}

function warnOfAlarms({ reporter }: TaskRun, { log }: VerifyResult): void {
  for (const { code, message } of log) {
    if (code === openAlarm || code === alarmsDiffer) reporter.warn(message);
  }
}

function byOf(agent: Agent): { readonly tool: string; readonly build: string } {
  return { tool: toolVersion, build: agent.variable("Build.BuildNumber") ?? "manual" };
}

function publish(agent: Agent, result: VerifyResult): void {
  publishSummary(agent, "Verification", verifySummary(result));
  publishAttachment(agent, verifyAttachment(result));
  publishPage(agent, `verification-${result.vault}.html`, verifyHtml(result));
  publishTestResults(agent, `Backup verification (${result.level})`, verifyJunit(result));
  agent.print(immutabilityText(result));
  for (const finding of [...result.log, ...result.streams.flatMap(({ findings }) => findings)]
    .filter(({ severity }) => severity === "damage")
    .slice(0, 50)) {
    agent.print(`Damage in ${finding.stream}: ${finding.message}`);
  }
}

function outcomeOf(agent: Agent, results: readonly VerifyResult[]): TaskOutcome {
  const damaged = results.reduce((sum, result) => sum + result.damaged, 0);
  const logDamage = results.flatMap(({ log }) => log).filter(({ severity }) => severity === "damage");
  const isWhole = damaged === 0 && logDamage.length === 0;
  const tooOld = results.filter((result) => result.tooOld);
  agent.setOutput("VerifyStatus", isWhole ? "intact" : "damaged");
  agent.setOutput("VerifyDamaged", String(damaged));
  if (!isWhole) {
    const names = results
      .flatMap(({ streams }) => streams)
      .filter(({ findings }) => findings.some(({ severity }) => severity === "damage"))
      .map(({ stream, name }) => name ?? stream);
    const what = [...names.slice(0, 5), ...logDamage.slice(0, 2).map(({ message }) => message)].join(", ");
    return { result: "Failed", message: `The backup is damaged: ${what}` };
  }
  if (tooOld.length > 0)
    return {
      result: "Failed",
      message: `The newest complete snapshot is older than maxAgeHours: ${tooOld.map(({ newestCompleteAt }) => newestCompleteAt ?? "there is none").join(", ")}`,
    };
  const contradicted = results.flatMap(({ log }) => log).filter(({ code }) => code === alarmsDiffer);
  if (contradicted.length > 0)
    return {
      result: "SucceededWithIssues",
      message: `Intact, but alarms and figures contradict each other in ${counted(contradicted.length, "snapshot")}`,
    };
  const objects = results.reduce((sum, { checkedObjects }) => sum + checkedObjects, 0);
  const bytes = results.reduce((sum, { checkedBytes }) => sum + checkedBytes, 0);
  return { result: "Succeeded", message: `Intact: ${counted(objects, "object")} with ${bytesForPeople(bytes)} read` };
}
