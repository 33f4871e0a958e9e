/** Projects, their properties and teams (learn.microsoft.com/rest/api/azure/devops/core). */
import { BackupError } from "../../foundation/errors.ts";
import { numberAt, objectAt, stringAt } from "../../foundation/json.ts";
import type { JsonObject } from "../../foundation/json.ts";
import type { AzureDevOps } from "../azure-devops.ts";
import { requiredObject, requiredText } from "../reading/fields.ts";
import { isNotFound, itemsIn, pagesByHeader, pagesBySkip, wholeList } from "../reading/paging.ts";

export interface Project {
  readonly id: string;
  readonly name: string;
  /** `wellFormed`, `deleting`, `new`, `createPending`, `deleted`, … */
  readonly state: string;
  readonly visibility: string | undefined;
  readonly revision: number | undefined;
  /** Only from getProject. */
  readonly processTemplateId: string | undefined;
  readonly processTemplateName: string | undefined;
  readonly sourceControlType: string | undefined;
  readonly defaultTeamId: string | undefined;
  readonly raw: JsonObject;
}

export interface Team {
  readonly id: string;
  readonly name: string;
  readonly raw: JsonObject;
}

export interface NewProject {
  readonly name: string;
  readonly description: string;
  readonly visibility: "private" | "public";
  readonly sourceControlType: "Git" | "Tfvc";
  /** Left out: the organisation's default process. */
  readonly templateTypeId?: string;
}

/** Well-formed projects the identity may see; `all` states include those being made or deleted. */
export async function* listProjects(
  azureDevOps: AzureDevOps,
  { state = "wellFormed" }: { readonly state?: "wellFormed" | "all" | "deleted" } = {},
): AsyncGenerator<Project> {
  const query = { stateFilter: state, $top: 1000 };
  for await (const project of itemsIn(pagesByHeader(azureDevOps, { area: "core", path: ["projects"], query }))) {
    yield projectFrom(project);
  }
}

/** With capabilities. Throws ADO_NOT_FOUND when it is missing or hidden. */
export async function getProject(azureDevOps: AzureDevOps, idOrName: string): Promise<Project> {
  const query = { includeCapabilities: true };
  const { body } = await azureDevOps.call({ area: "core", path: ["projects", idOrName], query });
  return projectFrom(requiredObject(body, `project ${idOrName}`));
}

/** `[{name, value}]`, most of them the service's own. */
export async function projectProperties(azureDevOps: AzureDevOps, projectId: string): Promise<readonly JsonObject[]> {
  return wholeList(azureDevOps, { area: "core", path: ["projects", projectId, "properties"] });
}

/**
 * Creates a project and waits until it is well-formed. Throws ADO_REQUEST with the service's reason when it does not
 * come about, e.g. because the name is taken.
 */
export async function createProject(azureDevOps: AzureDevOps, project: NewProject): Promise<Project> {
  const templateTypeId = project.templateTypeId ?? (await defaultProcessId(azureDevOps));
  const { body } = await azureDevOps.call({
    area: "core",
    method: "POST",
    path: ["projects"],
    body: {
      name: project.name,
      description: project.description,
      visibility: project.visibility,
      capabilities: {
        versioncontrol: { sourceControlType: project.sourceControlType },
        processTemplate: { templateTypeId },
      },
    },
  });
  await finished(azureDevOps, requiredObject(body, "POST projects"), `project ${project.name} was not created`);
  return wellFormed(azureDevOps, project.name);
}

/** Name, description or visibility; waits until the change is done. */
export async function updateProject(
  azureDevOps: AzureDevOps,
  projectId: string,
  changes: { readonly name?: string; readonly description?: string; readonly visibility?: string },
): Promise<void> {
  await patchProject(azureDevOps, projectId, { ...changes });
}

/** Brings back a deleted project with everything in it; waits until it is well-formed. */
export async function undeleteProject(azureDevOps: AzureDevOps, projectId: string): Promise<Project> {
  await patchProject(azureDevOps, projectId, { state: "wellFormed" });
  return wellFormed(azureDevOps, projectId);
}

export async function* listTeams(azureDevOps: AzureDevOps, projectId: string): AsyncGenerator<Team> {
  const path = ["projects", projectId, "teams"];
  for await (const raw of itemsIn(pagesBySkip(azureDevOps, { area: "core", path }, { pageSize: 500 }))) {
    const what = `team of project ${projectId}`;
    yield { id: requiredText(raw, "id", what), name: requiredText(raw, "name", what), raw };
  }
}

async function patchProject(azureDevOps: AzureDevOps, projectId: string, body: JsonObject): Promise<void> {
  const answer = await azureDevOps.call({ area: "core", method: "PATCH", path: ["projects", projectId], body });
  const operation = requiredObject(answer.body, `PATCH projects/${projectId}`);
  // Answered at once with the project itself when nothing has to be queued.
  if (stringAt(operation, "status") === undefined) return;
  await finished(azureDevOps, operation, `project ${projectId} was not changed`);
}

async function defaultProcessId(azureDevOps: AzureDevOps): Promise<string> {
  const processes = await wholeList(azureDevOps, { area: "core", path: ["process", "processes"] });
  const chosen = processes.find((process) => process.isDefault === true) ?? processes[0] ?? {};
  return requiredText(chosen, "id", "default process");
}

const firstPollMs = 500;
const longestPollMs = 5_000;
const longestWaitMs = 20 * 60_000;

/** Waits for a queued operation of the service. */
async function finished(azureDevOps: AzureDevOps, queued: JsonObject, failure: string): Promise<void> {
  const id = requiredText(queued, "id", "queued operation");
  await polled(azureDevOps, failure, async () => {
    const { body } = await azureDevOps.call({ area: "operations", path: ["operations", id] });
    const operation = requiredObject(body, `operation ${id}`);
    const status = requiredText(operation, "status", `operation ${id}`).toLowerCase();
    if (status === "failed" || status === "cancelled") {
      const reason = stringAt(operation, "detailedMessage") ?? stringAt(operation, "resultMessage") ?? status;
      throw operationFailed(failure, reason);
    }
    return status === "succeeded" ? true : undefined;
  });
}

/** The service shows a new project a moment after the operation has succeeded. */
function wellFormed(azureDevOps: AzureDevOps, idOrName: string): Promise<Project> {
  return polled(azureDevOps, `project ${idOrName} did not become usable`, async () => {
    try {
      const project = await getProject(azureDevOps, idOrName);
      return project.state === "wellFormed" ? project : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  });
}

async function polled<Result>(
  azureDevOps: AzureDevOps,
  failure: string,
  look: () => Promise<Result | undefined>,
): Promise<Result> {
  let pauseMs = firstPollMs;
  for (let waitedMs = 0; waitedMs < longestWaitMs; waitedMs += pauseMs) {
    const result = await look();
    if (result !== undefined) return result;
    await azureDevOps.wait(pauseMs);
    pauseMs = Math.min(longestPollMs, pauseMs * 1.5);
  }
  throw operationFailed(failure, `no end after ${longestWaitMs / 60_000} minutes`);
}

function operationFailed(failure: string, reason: string): BackupError {
  return new BackupError({
    code: "ADO_REQUEST",
    message: `Azure DevOps: ${failure} (${reason})`,
    hint: "Check the name, the process and the permission 'Create new projects', then run again.",
  });
}

function projectFrom(raw: JsonObject): Project {
  const what = "project";
  const capabilities = objectAt(raw, "capabilities") ?? {};
  const template = objectAt(capabilities, "processTemplate") ?? {};
  return {
    id: requiredText(raw, "id", what),
    name: requiredText(raw, "name", what),
    state: requiredText(raw, "state", what),
    visibility: stringAt(raw, "visibility"),
    revision: numberAt(raw, "revision"),
    processTemplateId: stringAt(template, "templateTypeId"),
    processTemplateName: stringAt(template, "templateName"),
    sourceControlType: stringAt(objectAt(capabilities, "versioncontrol") ?? {}, "sourceControlType"),
    defaultTeamId: stringAt(objectAt(raw, "defaultTeam") ?? {}, "id"),
    raw,
  };
}
