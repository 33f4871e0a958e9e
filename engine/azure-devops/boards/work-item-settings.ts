/** What work items are made of: types, fields, tags and kinds of links. Untouched; each knows what it needs. */
import type { AzureDevOps, ListOf } from "../azure-devops.ts";
import { wholeList } from "../reading/paging.ts";

export async function workItemTypes(azureDevOps: AzureDevOps, project: string): Promise<ListOf> {
  return wholeList(azureDevOps, { area: "wit", project, path: ["wit", "workitemtypes"] });
}

/** Fields of the organisation, those of extensions included; with a project, only those it uses. */
export async function fields(azureDevOps: AzureDevOps, project?: string): Promise<ListOf> {
  const scope = project === undefined ? {} : { project };
  const query = { $expand: "extensionFields" };
  return wholeList(azureDevOps, { area: "wit", ...scope, path: ["wit", "fields"], query });
}

export async function tags(azureDevOps: AzureDevOps, project: string): Promise<ListOf> {
  return wholeList(azureDevOps, { area: "wit", project, path: ["wit", "tags"] });
}

/** What an ArtifactLink may be called ("Fixed in Commit", …). */
export async function artifactLinkTypes(azureDevOps: AzureDevOps): Promise<ListOf> {
  return wholeList(azureDevOps, { area: "wit", path: ["wit", "artifactlinktypes"] });
}
