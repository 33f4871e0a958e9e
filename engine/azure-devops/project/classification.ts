/** Areas and iterations (learn.microsoft.com/rest/api/azure/devops/wit/classification-nodes). */
import { hasCode } from "../../foundation/errors.ts";
import { arrayAt, isObject } from "../../foundation/json.ts";
import type { JsonObject } from "../../foundation/json.ts";
import type { ApiRequest, AzureDevOps } from "../azure-devops.ts";
import { flagOf, requiredNumber, requiredObject, requiredText } from "../reading/fields.ts";
import { isNotFound } from "../reading/paging.ts";
import { truncated } from "../reading/truncated.ts";

export type TreeGroup = "areas" | "iterations";

export interface ClassificationNode {
  /** Integer id; `identifier` is the GUID that ACLs and team settings use. */
  readonly id: number;
  readonly identifier: string;
  readonly name: string;
  /** As work items name it: `Shop\Web\Checkout`; the root is the project's name. */
  readonly path: string;
  /** The node as the service sent it, without its children. */
  readonly raw: JsonObject;
}

export interface NodeContent {
  readonly name: string;
  /** `startDate` and `finishDate` of iterations. */
  readonly attributes?: JsonObject;
}

const depth = 100;

/** The whole tree, parents before children, in the service's order. */
export async function readTree(
  azureDevOps: AzureDevOps,
  project: string,
  group: TreeGroup,
): Promise<readonly ClassificationNode[]> {
  const nodes: ClassificationNode[] = [];
  await addTree(
    { azureDevOps, project, group, nodes },
    await readNode(azureDevOps, nodeRequest(project, group, [])),
    [],
  );
  return nodes;
}

/**
 * Creates one node below `parent` (names from the root's children on; empty for the root). A node that is there already
 * is found, not an error.
 */
export async function createNode(
  azureDevOps: AzureDevOps,
  project: string,
  {
    group,
    parent,
    node,
  }: { readonly group: TreeGroup; readonly parent: readonly string[]; readonly node: NodeContent },
): Promise<{ readonly created: boolean; readonly id: number; readonly identifier: string }> {
  try {
    const request = { ...nodeRequest(project, group, parent), method: "POST" as const, body: { ...node } };
    return { created: true, ...idsOf(await readNode(azureDevOps, request), node.name) };
  } catch (error) {
    // How the service refuses a second one is known only roughly: what counts is whether the node is there.
    if (!hasCode(error, "ADO_CONFLICT", "ADO_REQUEST")) throw error;
    const existing = await findNode(azureDevOps, nodeRequest(project, group, [...parent, node.name]));
    if (existing === undefined) throw error;
    return { created: false, ...idsOf(existing, node.name) };
  }
}

/** Changes name or dates of the node at `path` (names from the root's children on). */
export async function updateNode(
  azureDevOps: AzureDevOps,
  project: string,
  {
    group,
    path,
    node,
  }: { readonly group: TreeGroup; readonly path: readonly string[]; readonly node: Partial<NodeContent> },
): Promise<void> {
  await azureDevOps.call({ ...nodeRequest(project, group, path), method: "PATCH", body: { ...node } });
}

function nodeRequest(project: string, group: TreeGroup, path: readonly string[]): ApiRequest {
  const structureGroup = group === "areas" ? "Areas" : "Iterations";
  return { area: "wit", project, path: ["wit", "classificationnodes", structureGroup, ...path] };
}

async function readNode(azureDevOps: AzureDevOps, request: ApiRequest): Promise<JsonObject> {
  const isReading = request.method === undefined;
  const { body } = await azureDevOps.call(isReading ? { ...request, query: { $depth: depth } } : request);
  return requiredObject(body, request.path.join("/"));
}

async function findNode(azureDevOps: AzureDevOps, request: ApiRequest): Promise<JsonObject | undefined> {
  try {
    return await readNode(azureDevOps, request);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

interface Walk {
  readonly azureDevOps: AzureDevOps;
  readonly project: string;
  readonly group: TreeGroup;
  readonly nodes: ClassificationNode[];
}

/** `above` are the names over this node, the root's included. */
async function addTree(walk: Walk, raw: JsonObject, above: readonly string[]): Promise<void> {
  const node = nodeFrom(raw, [...above, requiredText(raw, "name", "node")]);
  walk.nodes.push(node);
  const path = [...above, node.name];
  for (const child of await childrenOf(walk, raw, path)) {
    if (!isObject(child)) throw truncated(node.path, "a child is not an object");
    await addTree(walk, child, path);
  }
}

/** A node may have children the answer left out: those are read with a request of their own. */
async function childrenOf(
  { azureDevOps, project, group }: Walk,
  raw: JsonObject,
  path: readonly string[],
): Promise<readonly unknown[]> {
  const children = arrayAt(raw, "children");
  if (children !== undefined || !flagOf(raw, "hasChildren")) return children ?? [];
  const again = await readNode(azureDevOps, nodeRequest(project, group, path.slice(1)));
  const found = arrayAt(again, "children");
  if (found === undefined) throw truncated(path.join("\\"), "its children are missing");
  return found;
}

function nodeFrom(raw: JsonObject, names: readonly string[]): ClassificationNode {
  const path = names.join("\\");
  const own = Object.fromEntries(Object.entries(raw).filter(([key]) => key !== "children"));
  return { ...idsOf(raw, path), name: requiredText(raw, "name", path), path, raw: own };
}

function idsOf(raw: JsonObject, what: string): { readonly id: number; readonly identifier: string } {
  return { id: requiredNumber(raw, "id", what), identifier: requiredText(raw, "identifier", what) };
}
