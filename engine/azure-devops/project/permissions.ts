/**
 * What the caller itself may do, as the security service evaluates it
 * (learn.microsoft.com/rest/api/azure/devops/security/permissions).
 */
import { arrayAt } from "../../foundation/json.ts";
import type { AzureDevOps } from "../azure-devops.ts";
import { requiredObject } from "../reading/fields.ts";

/** Security namespace "Git Repositories" and its bit GenericRead (Azure DevOps documentation). */
const gitRepositories = "2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87";
const genericRead = "2";

/** Whether the caller has Read on all Git repositories of a project; repositories may still deny it one by one. */
export async function mayReadRepositories(azureDevOps: AzureDevOps, projectId: string): Promise<boolean> {
  const { body } = await azureDevOps.call({
    area: "security",
    path: ["permissions", gitRepositories, genericRead],
    query: { tokens: `repoV2/${projectId}` },
  });
  const answers = arrayAt(requiredObject(body, "permissions"), "value") ?? [];
  return answers[0] === true;
}
