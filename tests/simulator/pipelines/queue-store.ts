/** Agent pools of the organisation, and the queues by which projects use them: each has ids of its own. */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import type { SimHost } from "../service.ts";

export interface QueueRecord {
  readonly id: number;
  readonly projectId: string;
  readonly name: string;
  readonly pool: { readonly id: number; readonly name: string; readonly isHosted: boolean };
}

export interface QueueStore {
  of(projectId: string): readonly QueueRecord[];
  /** The queue of the hosted pool, which every project has. */
  defaultOf(projectId: string): QueueRecord;
  /** A pool of the organisation; each project there is gets a queue of it unless it is told which ones do. */
  addPool(name: string, projects?: readonly string[]): void;
}

/** A part of the host. */
export function queueStore(host: SimHost): QueueStore {
  const pools: QueueRecord["pool"][] = [{ id: 1, name: "Azure Pipelines", isHosted: true }];
  const queues: QueueRecord[] = [];
  const open = (projectId: string, pool: QueueRecord["pool"]): void => {
    queues.push({ id: queues.length + 1, projectId, name: pool.name, pool });
  };
  host.onProjectCreated(({ id }) => {
    for (const pool of pools.filter(({ isHosted }) => isHosted)) open(id, pool);
  });
  const of = (projectId: string): readonly QueueRecord[] => queues.filter((one) => one.projectId === projectId);
  return {
    of,
    defaultOf: (projectId) => {
      const [first] = of(projectId);
      if (first === undefined) throw new Error("a project without the queue of the hosted pool");
      return first;
    },
    addPool: (name, projects = host.projects().map(({ id }) => id)) => {
      const pool = { id: pools.length + 1, name, isHosted: false };
      pools.push(pool);
      for (const project of projects) open(project, pool);
    },
  };
}

export function queueBody({ id, name, pool, projectId }: QueueRecord): JsonObject {
  return {
    id,
    name,
    projectId,
    pool: { ...pool, scope: projectId, poolType: "automation", size: 1, isLegacy: false, options: "none" },
  };
}
