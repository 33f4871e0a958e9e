/** Agent queues of a project over REST (distributedtask/queues): its ways to the organisation's pools, with own ids. */
import type { AzureDevOps } from "../azure-devops.ts";
import { requiredNumber, requiredText } from "../reading/fields.ts";
import { wholeList } from "../reading/paging.ts";

export interface AgentQueue {
  readonly id: string;
  /** Of the queue; the pool's own name unless somebody has changed it. */
  readonly name: string;
}

/** Those that the identity may see. */
export async function listQueues(azureDevOps: AzureDevOps, project: string): Promise<readonly AgentQueue[]> {
  const path = ["distributedtask", "queues"];
  const list = await wholeList(azureDevOps, { area: "distributedtask", project, path });
  return list.map((raw) => ({
    id: String(requiredNumber(raw, "id", "agent queue")),
    name: requiredText(raw, "name", "agent queue"),
  }));
}
