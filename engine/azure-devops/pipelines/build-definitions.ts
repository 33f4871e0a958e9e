/** Definitions of pipelines over REST (build/definitions, build/folders). Values of secret variables are never sent. */
import type { JsonObject } from "../../foundation/json.ts";
import { hasCode } from "../../foundation/errors.ts";
import type { AzureDevOps } from "../azure-devops.ts";
import { requiredNumber, requiredObject, requiredText } from "../reading/fields.ts";
import { itemsIn, pagesByHeader, wholeList } from "../reading/paging.ts";

export interface BuildDefinition {
  readonly id: string;
  readonly name: string;
  /** `\` or `\Folder\Below`. */
  readonly path: string;
  /** Counts the changes that were saved. */
  readonly revision: number;
  /** Of a list: less than all of it. */
  readonly raw: JsonObject;
}

const pathOf = (id: string): readonly string[] => ["build", "definitions", id];
const list = ["build", "definitions"];
const pageSize = 1000;

/** Ids in one request: their list stands in its address. */
const idsAtOnce = 100;

/** All definitions that the identity may see, drafts included, each as the list shows it. */
export function listBuildDefinitions(azureDevOps: AzureDevOps, project: string): AsyncGenerator<BuildDefinition> {
  return definitionsOf(azureDevOps, project, { $top: pageSize });
}

/** Those of the ids that the service knows, deleted ones included. */
export async function* buildDefinitionsById(
  azureDevOps: AzureDevOps,
  project: string,
  ids: readonly string[],
): AsyncGenerator<BuildDefinition> {
  for (let start = 0; start < ids.length; start += idsAtOnce)
    yield* definitionsOf(azureDevOps, project, { definitionIds: ids.slice(start, start + idsAtOnce).join(",") });
}

async function* definitionsOf(
  azureDevOps: AzureDevOps,
  project: string,
  query: Readonly<Record<string, string | number>>,
): AsyncGenerator<BuildDefinition> {
  const request = { area: "build", project, path: list, query } as const;
  for await (const raw of itemsIn(pagesByHeader(azureDevOps, request))) yield definitionFrom(raw);
}

/** All of it. */
export async function getBuildDefinition(
  azureDevOps: AzureDevOps,
  project: string,
  id: string,
): Promise<BuildDefinition> {
  const { body } = await azureDevOps.call({ area: "build", project, path: pathOf(id) });
  return definitionFrom(requiredObject(body, `build definition ${id}`));
}

export async function createBuildDefinition(
  azureDevOps: AzureDevOps,
  project: string,
  body: JsonObject,
): Promise<BuildDefinition> {
  const answer = await azureDevOps.call({ area: "build", method: "POST", project, path: list, body });
  return definitionFrom(requiredObject(answer.body, "the new build definition"));
}

/** Replaces it. `body` names the revision that it was made from; throws ADO_CONFLICT when there is another by now. */
export async function updateBuildDefinition(
  azureDevOps: AzureDevOps,
  project: string,
  { id, body }: { readonly id: string; readonly body: JsonObject },
): Promise<void> {
  await azureDevOps.call({ area: "build", method: "PUT", project, path: pathOf(id), body });
}

/** Takes it out of the recycle bin, with its id. */
export async function undeleteBuildDefinition(azureDevOps: AzureDevOps, project: string, id: string): Promise<void> {
  const query = { deleted: false };
  await azureDevOps.call({ area: "build", method: "PATCH", project, path: pathOf(id), query, body: {} });
}

/** Paths of the folders, `\` included. */
export async function listBuildFolders(azureDevOps: AzureDevOps, project: string): Promise<readonly string[]> {
  const folders = await wholeList(azureDevOps, { area: "build", project, path: ["build", "folders"] });
  return folders.map((raw) => requiredText(raw, "path", "folder of pipelines"));
}

/** The one above it has to be there. One that somebody else has made meanwhile is as good. */
export async function createBuildFolder(azureDevOps: AzureDevOps, project: string, path: string): Promise<void> {
  const request = { area: "build", method: "PUT", project, path: ["build", "folders"], query: { path } } as const;
  try {
    await azureDevOps.call({ ...request, body: { path } });
  } catch (error) {
    if (!hasCode(error, "ADO_CONFLICT", "ADO_REQUEST")) throw error;
    const now = await listBuildFolders(azureDevOps, project);
    if (!now.some((one) => one.toLowerCase() === path.toLowerCase())) throw error;
  }
}

function definitionFrom(raw: JsonObject): BuildDefinition {
  const name = requiredText(raw, "name", "build definition");
  const what = `build definition ${name}`;
  return {
    id: String(requiredNumber(raw, "id", what)),
    name,
    path: requiredText(raw, "path", what),
    revision: requiredNumber(raw, "revision", what),
    raw,
  };
}
