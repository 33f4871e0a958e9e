/** Task groups of a project over REST (distributedtask/taskgroups): which there are, by id and name. */
import type { AzureDevOps } from "../azure-devops.ts";
import { requiredText } from "../reading/fields.ts";
import { itemsIn, pagesByHeader } from "../reading/paging.ts";

export interface TaskGroup {
  readonly id: string;
  readonly name: string;
}

/** Those that the identity may see; of several versions each names the same id. */
export async function listTaskGroups(azureDevOps: AzureDevOps, project: string): Promise<readonly TaskGroup[]> {
  const request = { area: "distributedtask", project, path: ["distributedtask", "taskgroups"] } as const;
  const groups: TaskGroup[] = [];
  for await (const raw of itemsIn(pagesByHeader(azureDevOps, request)))
    groups.push({ id: requiredText(raw, "id", "task group"), name: requiredText(raw, "name", "task group") });
  return groups;
}
