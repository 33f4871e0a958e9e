/** Variable groups of the library over REST (distributedtask/variablegroups). Values of secrets are never sent. */
import type { JsonObject } from "../../foundation/json.ts";
import type { AzureDevOps } from "../azure-devops.ts";
import { requiredNumber, requiredObject, requiredText } from "../reading/fields.ts";
import { itemsIn, pagesByHeader } from "../reading/paging.ts";

export interface VariableGroup {
  readonly id: string;
  readonly name: string;
  readonly raw: JsonObject;
}

const path = ["distributedtask", "variablegroups"];
const pageSize = 200;

/** All groups that the identity may see, those shared with the project included, by ascending id. */
export async function* listVariableGroups(azureDevOps: AzureDevOps, project: string): AsyncGenerator<VariableGroup> {
  const query = { $top: pageSize, queryOrder: "idAscending" };
  for await (const raw of itemsIn(pagesByHeader(azureDevOps, { area: "distributedtask", project, path, query })))
    yield groupFrom(raw);
}

export async function getVariableGroup(azureDevOps: AzureDevOps, project: string, id: string): Promise<VariableGroup> {
  const { body } = await azureDevOps.call({ area: "distributedtask", project, path: [...path, id] });
  return groupFrom(requiredObject(body, `variable group ${id}`));
}

/** `body` names the projects that the group is in; there is no project in the address. */
export async function createVariableGroup(azureDevOps: AzureDevOps, body: JsonObject): Promise<VariableGroup> {
  const answer = await azureDevOps.call({ area: "distributedtask", method: "POST", path, body });
  return groupFrom(requiredObject(answer.body, "the new variable group"));
}

/** Replaces the group. A secret without a value keeps the one it has. */
export async function updateVariableGroup(azureDevOps: AzureDevOps, id: string, body: JsonObject): Promise<void> {
  const request = { area: "distributedtask", method: "PUT", path: [...path, id], isRepeatable: true } as const;
  await azureDevOps.call({ ...request, body });
}

function groupFrom(raw: JsonObject): VariableGroup {
  const what = "variable group";
  return { id: String(requiredNumber(raw, "id", what)), name: requiredText(raw, "name", what), raw };
}
