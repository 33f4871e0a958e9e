/**
 * Definitions of pipelines, YAML and classic. Read by revision: only what was saved since is fetched. A new one is made
 * disabled and without triggers, after its repository has its content, so that no push starts it; its last step gives it
 * its final form. Queues are known by their names. Deleted ones lie in a recycle bin and come back with their ids.
 */
import {
  buildDefinitionsById,
  createBuildDefinition,
  createBuildFolder,
  getBuildDefinition,
  listBuildDefinitions,
  listBuildFolders,
  undeleteBuildDefinition,
  updateBuildDefinition,
  type BuildDefinition,
} from "../../azure-devops/pipelines/build-definitions.ts";
import { listQueues } from "../../azure-devops/pipelines/queues.ts";
import { listServiceEndpoints } from "../../azure-devops/pipelines/service-endpoints.ts";
import { listTaskGroups } from "../../azure-devops/pipelines/task-groups.ts";
import { collect } from "../../foundation/concurrency.ts";
import { arrayAt, isObject, objectAt, stringAt, type JsonObject, type JsonValue } from "../../foundation/json.ts";
import { secretVariables, type Place } from "../documents/declaration.ts";
import { documentKind } from "../documents/document-kind.ts";

export const buildDefinitions = documentKind({
  name: "build-definitions",
  title: "Build definitions",
  one: "build definition",
  phase: "fill",
  permissions: {
    backUp: [{ scope: "vso.build", permission: "View build pipeline" }],
    restore: [
      { scope: "vso.build_execute", permission: "Create build pipeline; Edit build pipeline" },
      { scope: "vso.agentpools", permission: "User of the agent queues" },
    ],
  },
  list: async function* ({ azureDevOps, project }) {
    for await (const { id, revision, raw } of listBuildDefinitions(azureDevOps, project.id)) {
      const name = fullNameOf(raw);
      const whole = async (): Promise<JsonObject> => (await getBuildDefinition(azureDevOps, project.id, id)).raw;
      yield { id, name, raw: whole, version: { revision, name, queueStatus: raw.queueStatus ?? null } };
    }
  },
  read: async ({ azureDevOps, project }, id) => (await getBuildDefinition(azureDevOps, project.id, id)).raw,
  content: contentOf,
  nameOf: fullNameOf,
  references: [
    { at: "repository.id", kind: "git-repositories", when: isInAzureRepos },
    { at: "variableGroups[].id", kind: "variable-groups" },
    { at: "queue.id", kind: "agent-queues" },
    { at: "repository.properties.connectedServiceId", kind: "service-endpoints" },
    { at: "process.phases[].target.queue.id", kind: "agent-queues" },
    { at: "triggers[].definition.id", kind: "build-definitions", isOptional: true },
    { at: "process.phases[].steps[].taskGroup.id", kind: "task-groups" },
    { at: "draftOf.id", kind: "build-definitions" },
  ],
  foreign: [
    {
      kind: "agent-queues",
      one: "agent queue",
      list: ({ azureDevOps, project }) => listQueues(azureDevOps, project.id),
      isInNew: (name) => name === "Azure Pipelines",
    },
    {
      kind: "service-endpoints",
      one: "service connection",
      list: ({ azureDevOps, project }) => listServiceEndpoints(azureDevOps, project.id),
    },
    {
      kind: "task-groups",
      one: "task group",
      list: ({ azureDevOps, project }) => listTaskGroups(azureDevOps, project.id),
    },
  ],
  secrets: secretVariables,
  named: (content, fullName) => {
    const segments = fullName.split("\\");
    return { ...content, name: segments.at(-1) ?? fullName, path: `\\${segments.slice(0, -1).join("\\")}` };
  },
  paused: (content) => ({ ...content, triggers: [], queueStatus: "disabled" }),
  create: async (place, content) => {
    await makeFolder(content, place);
    return (await createBuildDefinition(place.azureDevOps, place.project.id, sentForm(content))).id;
  },
  update: async (place, id, content) => {
    const { azureDevOps, project } = place;
    await makeFolder(content, place);
    const { revision } = await getBuildDefinition(azureDevOps, project.id, id);
    const body = { ...sentForm(content), id: Number(id), revision };
    await updateBuildDefinition(azureDevOps, project.id, { id, body });
  },
  deleted: async ({ azureDevOps, project }, ids) => {
    const known = await collect(buildDefinitionsById(azureDevOps, project.id, ids));
    const listed = new Set((await collect(listBuildDefinitions(azureDevOps, project.id))).map(({ id }) => id));
    return known.flatMap(({ id }: BuildDefinition) => (listed.has(id) || !ids.includes(id) ? [] : [id]));
  },
  undelete: ({ azureDevOps, project }, id) => undeleteBuildDefinition(azureDevOps, project.id, id),
});

const setByTheService = new Set(
  ["id", "uri", "url", "revision", "createdDate", "authoredBy", "_links", "project", "drafts", "comment"].concat([
    "latestBuild",
    "latestCompletedBuild",
  ]),
);

/**
 * Without what the service sets, and without what it knows of the repository and of the queue by their ids. A step that
 * runs a task group has it as `taskGroup`, to be told from the ids of tasks, which are the same everywhere.
 */
function contentOf(raw: JsonObject): JsonObject {
  const own = Object.entries(raw).filter(([member]) => !setByTheService.has(member));
  const { repository, queue, draftOf, variableGroups, process, ...rest } = Object.fromEntries(own);
  return {
    ...rest,
    ...(isObject(repository) ? { repository: repositoryOf(repository) } : {}),
    ...(isObject(queue) && queue.id !== undefined ? { queue: { id: queue.id } } : {}),
    ...(isObject(draftOf) && draftOf.id !== undefined ? { draftOf: { id: draftOf.id } } : {}),
    variableGroups: idsAlone(variableGroups),
    ...(isObject(process) ? { process: mappedSteps(process, withTaskGroup) } : {}),
  };
}

function repositoryOf(repository: JsonObject): JsonObject {
  if (stringAt(repository, "type") !== "TfsGit") return repository;
  return Object.fromEntries(Object.entries(repository).filter(([member]) => !["url", "name"].includes(member)));
}

/** What groups are called and hold is theirs. */
function idsAlone(groups: JsonValue | undefined): readonly JsonObject[] {
  const list = Array.isArray(groups) ? (groups as readonly JsonValue[]) : [];
  return list.filter(isObject).flatMap(({ id }) => (id === undefined ? [] : [{ id }]));
}

/** The form that the service takes: the opposite of `withTaskGroup`. */
function sentForm(content: JsonObject): JsonObject {
  const process = objectAt(content, "process");
  return process === undefined ? content : { ...content, process: mappedSteps(process, withTask) };
}

function mappedSteps(process: JsonObject, change: (step: JsonObject) => JsonObject): JsonObject {
  const phases = arrayAt(process, "phases");
  if (phases === undefined) return process;
  const changed = phases.map((phase) => {
    const steps = isObject(phase) ? arrayAt(phase, "steps") : undefined;
    if (!isObject(phase) || steps === undefined) return phase;
    return { ...phase, steps: steps.map((step) => (isObject(step) ? change(step) : step)) };
  });
  return { ...process, phases: changed };
}

function withTaskGroup(step: JsonObject): JsonObject {
  const { task, ...rest } = step;
  if (!isObject(task) || task.definitionType !== "metaTask") return step;
  return { ...rest, taskGroup: task };
}

function withTask(step: JsonObject): JsonObject {
  const { taskGroup, ...rest } = step;
  return taskGroup === undefined ? step : { ...rest, task: taskGroup };
}

function isInAzureRepos(content: JsonObject): boolean {
  return stringAt(objectAt(content, "repository") ?? {}, "type") === "TfsGit";
}

/** `Operations\Nightly`; names are unique in a folder. */
function fullNameOf(raw: JsonObject): string {
  const folder = (stringAt(raw, "path") ?? "\\").slice(1);
  return `${folder === "" ? "" : `${folder}\\`}${stringAt(raw, "name") ?? ""}`;
}

/** With those above it. Several steps may need the same one at the same time. */
async function makeFolder(content: JsonObject, { azureDevOps, project }: Place): Promise<void> {
  const segments = (stringAt(content, "path") ?? "\\").split("\\").filter((segment) => segment !== "");
  if (segments.length === 0) return;
  const present = new Set((await listBuildFolders(azureDevOps, project.id)).map((folder) => folder.toLowerCase()));
  for (const [index] of segments.entries()) {
    const folder = `\\${segments.slice(0, index + 1).join("\\")}`;
    if (!present.has(folder.toLowerCase())) await createBuildFolder(azureDevOps, project.id, folder);
  }
}
