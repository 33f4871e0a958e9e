/** Finds the vault and the target, plans, shows the plan, applies it, publishes what came of it. */
import type { AzureDevOps } from "../../engine/azure-devops/azure-devops.ts";
import { withFieldName } from "../../engine/foundation/field-names.ts";
import { withoutSecrets } from "../../engine/foundation/secret-shapes.ts";
import { counted } from "../../engine/foundation/text.ts";
import { outcomesText } from "../../engine/foundation/wording.ts";
import { registry } from "../../engine/kinds/registry.ts";
import { findVault, type FoundVault } from "../../engine/operations/find-vault.ts";
import { restoreItems } from "../../engine/operations/restore/restore-items.ts";
import { type RestoreRequest } from "../../engine/operations/restore/request.ts";
import type { RestorePlan, RestoreResult } from "../../engine/operations/results.ts";
import { planAttachment, planLines, restoreAttachment } from "../../engine/reports/attachments.ts";
import { planHtml } from "../../engine/reports/html.ts";
import { countsOf, differingCount, doneGroups, outcomes, plannedGroups } from "../../engine/reports/items.ts";
import { planSummary, restoreSummary } from "../../engine/reports/summary.ts";
import type { Agent } from "../shared/agent.ts";
import { ownOrganization } from "../shared/azure-devops.ts";
import { headPins } from "../shared/head-pins.ts";
import { badInput } from "../shared/bad-input.ts";
import { findProject } from "../shared/projects.ts";
import { publishAttachment, publishLines, publishPage, publishSummary } from "../shared/publish.ts";
import type { TaskOutcome, TaskRun } from "../shared/run-task.ts";
import { toolsOf, type Tools } from "../shared/tools.ts";
import { archive } from "./archive.ts";
import { readSettings, type Settings } from "./settings.ts";

export async function restore(run: TaskRun): Promise<TaskOutcome> {
  const { agent } = run;
  const settings = readSettings(agent);
  const tools = toolsOf(run);
  try {
    if (settings.destination === "archive") {
      const vault = await findVault(await sourceId(settings, undefined), {
        ...tools,
        identities: settings.recoveryIdentities,
        pinnedSigners: settings.pinnedSigners,
      });
      return await archive(run, { ...settings, vault, tools });
    }
    const azureDevOps = await tools.connect(
      settings.targetOrganizationUrl ?? settings.sourceOrganization ?? ownOrganization(agent),
    );
    const request = await requestFor(run, settings, { tools, azureDevOps });
    const result = await restoreItems(request, {
      ...run,
      ...tools,
      azureDevOps,
      announce: (plan) => announce(agent, plan),
    });
    return publish(agent, result, settings);
  } finally {
    await tools.close();
  }
}

async function requestFor(
  { agent, reporter }: TaskRun,
  settings: Settings,
  { tools, azureDevOps }: { readonly tools: Tools; readonly azureDevOps: AzureDevOps },
): Promise<RestoreRequest> {
  const { recoveryIdentities: identities, pinnedSigners } = settings;
  const container = { store: tools.store, cryptography: tools.cryptography, identities, pinnedSigners };
  const vault = await findVault(await sourceId(settings, azureDevOps), container);
  const pins = await headPins([vault.vault], { agent, azureDevOps, reporter });
  return {
    ...settings,
    vault: vault.vault,
    source: vault,
    targetProject: await targetProject(settings, vault, azureDevOps),
    pin: pins.get(vault.vault),
    kinds: registry,
    parallelism: tools.parallelism,
  };
}

/** The project's GUID when Azure DevOps knows its name; else what was given. A deleted project is found in its vault. */
async function sourceId(
  { sourceProject, sourceOrganization }: Settings,
  azureDevOps: AzureDevOps | undefined,
): Promise<string> {
  if (azureDevOps === undefined || sourceOrganization !== undefined) return sourceProject;
  return (await findProject(azureDevOps, sourceProject))?.id ?? sourceProject;
}

async function targetProject(
  settings: Settings,
  vault: FoundVault,
  azureDevOps: AzureDevOps,
): Promise<RestoreRequest["targetProject"]> {
  const named = settings.targetProject;
  const found = await findProject(azureDevOps, named ?? vault.project.id);
  if (found !== undefined) return found;
  const name = named ?? vault.project.name;
  if (settings.createProject) return { id: undefined, name: newProjectName(name) };
  throw badInput(
    "targetProject",
    `${named === undefined ? "is the source project" : `names "${named}"`}, which does not exist in ${azureDevOps.organization.url}`,
    "Set createProject to true to have it created, or name a project that exists.",
  );
}

/** Told before the plan: the name goes into everything that is planned (Microsoft Learn, naming restrictions). */
function newProjectName(name: string): string {
  if (name.length <= 64 && !/[\p{Cc}\\/:*?"<>|;#${},+=[\]]|^[_.]|\.$/u.test(name)) return name;
  throw badInput(
    "targetProject",
    `is "${withoutSecrets(name).slice(0, 100)}", which Azure DevOps takes for no project's name`,
    'Use at most 64 characters, none of \\ / : * ? " < > | ; # $ { } , + = [ ], no _ or . in front, no . at the end.',
  );
}

/** In the log; more of them nobody reads there. */
const [shownSteps, shownChanges] = [200, 20];

function announce(agent: Agent, plan: RestorePlan): void {
  const groups = plannedGroups(plan.steps);
  publishSummary(agent, "Restore plan", planSummary(plan, groups));
  publishAttachment(agent, planAttachment(plan, groups));
  const all = planLines(plan);
  if (all !== undefined) publishLines(agent, "devops-backup.plan-steps", all);
  publishPage(agent, `plan-${plan.hash.slice(0, 12)}.html`, planHtml(plan, groups));
  agent.setOutput("RestorePlanHash", plan.hash);
  agent.print(
    `Plan ${plan.hash}: ${counted(plan.steps.length, "step")} from snapshot ${plan.snapshot} into ${plan.target.project.name}`,
  );
  let printed = 0;
  for (const step of plan.steps) {
    if (printed === shownSteps) break;
    printed += 1;
    agent.print(`  ${step.action} ${step.kind} ${step.name}${step.reason === undefined ? "" : ` (${step.reason})`}`);
    for (const change of step.changes.slice(0, shownChanges)) agent.print(`    ${withFieldName(change)}`);
    if (step.changes.length > shownChanges) agent.print(`    and ${step.changes.length - shownChanges} more`);
  }
  if (plan.steps.length > printed)
    agent.print(
      `  and ${counted(plan.steps.length - printed, "more step")}; all stand in the attached ${all?.name ?? "plan"}`,
    );
}

function publish(agent: Agent, result: RestoreResult, { previewOnly }: Settings): TaskOutcome {
  const outputs = {
    RestoreCreated: result.created,
    RestoreUpdated: result.updated,
    RestoreSkipped: result.skipped,
    RestoreFailed: result.failed,
  };
  for (const [name, value] of Object.entries(outputs)) agent.setOutput(name, String(value));
  if (previewOnly)
    return {
      result: "Succeeded",
      message: `Preview only: nothing was changed; apply it with planHash ${result.plan.hash}${leftAlone(result)}`,
    };
  publishSummary(agent, "Restore", restoreSummary(result));
  publishAttachment(agent, restoreAttachment(result));
  const figures = outcomesText(countsOf(doneGroups(result.steps), outcomes));
  if (result.failed === 0) return { result: "Succeeded", message: `Restored: ${figures}` };
  return {
    result: result.created + result.updated > 0 ? "SucceededWithIssues" : "Failed",
    message: `Restored in part: ${figures}; run it again to go on`,
  };
}

/** A plan must not look as if there were nothing to do when a policy leaves things alone. */
function leftAlone({ plan }: RestoreResult): string {
  const differing = differingCount(plan.steps);
  return differing === 0 ? "" : `; ${counted(differing, "item")} that differ from the snapshot are left alone`;
}
