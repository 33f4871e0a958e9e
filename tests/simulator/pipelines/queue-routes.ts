/** Agent queues of projects over REST. */
import { SimError, type Route } from "../service.ts";
import { listAnswer } from "../http/paging.ts";
import type { SimulatorState } from "../state.ts";
import { pipelineProject } from "./pipeline-routes.ts";
import { queueBody, queueStore } from "./queue-store.ts";

export function queueRoutes(state: SimulatorState): readonly Route[] {
  const queues = state.part(queueStore);
  const route = { method: "GET", version: "7.1", scope: "vso.agentpools" } as const;
  const template = "{project}/_apis/distributedtask/queues";
  return [
    {
      ...route,
      template,
      handle: (request) => {
        const name = request.query.get("queueName")?.toLowerCase();
        const all = queues.of(pipelineProject(state, request).id);
        return listAnswer(all.filter((one) => name === undefined || one.name.toLowerCase() === name).map(queueBody));
      },
    },
    {
      ...route,
      template: `${template}/{queueId}`,
      handle: (request) => {
        const { queueId = "" } = request.params;
        const found = queues.of(pipelineProject(state, request).id).find(({ id }) => String(id) === queueId);
        if (found !== undefined) return { body: queueBody(found) };
        throw new SimError(404, "TaskAgentQueueNotFoundException", `Agent queue ${queueId} was not found.`);
      },
    },
  ];
}
