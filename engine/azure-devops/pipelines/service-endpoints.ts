/** Service connections of a project over REST (serviceendpoint/endpoints): which there are, by id and name. */
import type { AzureDevOps } from "../azure-devops.ts";
import { requiredText } from "../reading/fields.ts";
import { wholeList } from "../reading/paging.ts";

export interface ServiceEndpoint {
  readonly id: string;
  readonly name: string;
}

/** Those that the identity may see. */
export async function listServiceEndpoints(
  azureDevOps: AzureDevOps,
  project: string,
): Promise<readonly ServiceEndpoint[]> {
  const list = await wholeList(azureDevOps, {
    area: "serviceendpoint",
    project,
    path: ["serviceendpoint", "endpoints"],
  });
  return list.map((raw) => ({
    id: requiredText(raw, "id", "service connection"),
    name: requiredText(raw, "name", "service connection"),
  }));
}
