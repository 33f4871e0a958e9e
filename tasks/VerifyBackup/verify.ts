/** Verifies the vaults of the projects, publishes reports and test results. */
import { parseAgentKey, parseIdentities, type AgentKeys } from "../../engine/crypto/keys.ts";
import { bytesForPeople, counted } from "../../engine/foundation/text.ts";
import { registry } from "../../engine/kinds/registry.ts";
import { findVault } from "../../engine/operations/find-vault.ts";
import { recordVerification } from "../../engine/operations/record-verification.ts";
import type { VerifyResult } from "../../engine/operations/results.ts";
import { verifyBackup, type VerifyRequest } from "../../engine/operations/verify-backup.ts";
import { verifyAttachment } from "../../engine/reports/attachments.ts";
import { verifyHtml } from "../../engine/reports/html.ts";
import { verifyJunit } from "../../engine/reports/junit.ts";
import { verifySummary } from "../../engine/reports/summary.ts";
import { parseSigners } from "../../engine/crypto/keys.ts";
import type { Agent } from "../shared/agent.ts";
import { ownOrganization } from "../shared/azure-devops.ts";
import { headPins } from "../shared/head-pins.ts";
import { badInput, lines, oneOf, wholeNumber } from "../shared/inputs.ts";
import { findProject } from "../shared/projects.ts";
import { publishAttachment, publishPage, publishSummary, publishTestResults } from "../shared/publish.ts";
import type { TaskOutcome, TaskRun } from "../shared/run-task.ts";
import { toolVersion } from "../shared/tool-version.ts";
import { toolsOf, type Tools } from "../shared/tools.ts";

type Settings = Omit<VerifyRequest, "vault" | "pin" | "kinds" | "parallelism"> & {
  readonly projects: readonly string[];
  readonly agentKeys: AgentKeys | undefined;
};

export async function verify(run: TaskRun): Promise<TaskOutcome> {
  const { agent, reporter } = run;
  const tools = toolsOf(run);
  try {
    const settings = await readSettings(agent, tools);
    const azureDevOps = await tools.connect(ownOrganization(agent));
    const results: VerifyResult[] = [];
    for (const name of settings.projects) {
      const id = (await findProject(azureDevOps, name))?.id ?? name;
      const { vault } = await findVault(id, { ...tools, identities: settings.identities });
      const pins = await headPins([vault], { agent, azureDevOps, reporter });
      const request = { ...settings, vault, pin: pins.get(vault), kinds: registry, parallelism: tools.parallelism };
      const result = await verifyBackup(request, { ...run, ...tools });
      if (settings.agentKeys !== undefined)
        await recordVerification(result, {
          ...tools,
          clock: run.clock,
          agentKeys: settings.agentKeys,
          by: byOf(agent),
        });
      publish(agent, result);
      results.push(result);
    }
    return outcomeOf(agent, results);
  } finally {
    await tools.close();
  }
}

async function readSettings(agent: Agent, { cryptography }: Tools): Promise<Settings> {
  const level = oneOf(agent, "level", ["stored", "catalogue", "content"]);
  const recoveryKey = agent.secret("recoveryKey");
  const viewerKey = agent.secret("viewerKey");
  const agentKey = agent.secret("agentKey");
  if (level === "content" && recoveryKey === undefined)
    throw badInput(
      "recoveryKey",
      "is empty",
      "Level content opens what is stored: map the recovery key from a secret variable, or use level stored.",
    );
  if (recoveryKey === undefined && viewerKey === undefined && agentKey === undefined)
    throw badInput(
      "viewerKey",
      "is empty, and so are agentKey and recoveryKey",
      "Map one of them from a secret variable: the catalogue has to be read.",
    );
  const agentKeys = agentKey === undefined ? undefined : await parseAgentKey(agentKey, cryptography);
  const own = agent.variable("System.TeamProject");
  const projects = lines(agent, "projects");
  const signer = agent.input("signer");
  const hours = agent.input("maxAgeHours");
  return {
    projects: projects.length > 0 ? projects : own === undefined ? [] : [own],
    snapshot: agent.input("snapshot") ?? "latest",
    level,
    sample: agent.input("sample") ?? "100%",
    identities: [
      ...(recoveryKey === undefined ? [] : parseIdentities(recoveryKey)),
      ...(viewerKey === undefined ? [] : parseIdentities(viewerKey, "viewerKey")),
      ...(agentKeys === undefined ? [] : [agentKeys.catalogueIdentity]),
    ],
    pinnedSigners: signer === undefined ? [] : parseSigners(signer),
    maxAgeHours:
      hours === undefined ? undefined : wholeNumber(agent, "maxAgeHours", { fallback: 0, least: 1, most: 87_600 }),
    agentKeys,
  };
}

function byOf(agent: Agent): { readonly tool: string; readonly build: string } {
  return { tool: toolVersion, build: agent.variable("Build.BuildNumber") ?? "manual" };
}

function publish(agent: Agent, result: VerifyResult): void {
  publishSummary(agent, "Verification", verifySummary(result));
  publishAttachment(agent, verifyAttachment(result));
  publishPage(agent, "verification.html", verifyHtml(result));
  publishTestResults(agent, `Backup verification (${result.level})`, verifyJunit(result));
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
  const objects = results.reduce((sum, { checkedObjects }) => sum + checkedObjects, 0);
  const bytes = results.reduce((sum, { checkedBytes }) => sum + checkedBytes, 0);
  return { result: "Succeeded", message: `Intact: ${counted(objects, "object")} with ${bytesForPeople(bytes)} read` };
}
