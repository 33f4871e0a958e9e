/** Many work items restored into an empty project of a service that takes 40 ms to answer, beside a loop of requests. */
import type { AzuriteContainer } from "../support/azurite.ts";
import type { NamedThing } from "./azure-devops-process.ts";
import { startChild } from "./child.ts";
import { compared, figure, type Row } from "./results.ts";
import type { WorkItemLoopFunctions } from "./work-item-loop-process.ts";
import { workplace, type Benchmark, type BenchOptions, type TaskRun, type Workplace } from "./workplace.ts";

const delayMs = 40;
/** Of both; the task's default. */
const lanes = 8;
const peer = "loop of createWorkItem + updateWorkItem";

export const restoreWorkItemsBenchmark: Benchmark = {
  name: "restore-work-items",
  about: "10000 work items of one revision with a link each, into a new place",
  async run(options) {
    await using place = await workplace(options);
    const scene = await prepare(place, options, { full: 10_000, detailed: false });
    const { run, requests } = await restored(scene);
    const peerValue = await looped(place, scene, options);
    return [
      compared("restore-work-items", [run.seconds, "s"], { peer, peerValue, bar: 0.25 }),
      figure("restore-work-items-requests", [requests / scene.count, "requests an item"], 0.1),
      ...memoryRows("restore-work-items", run),
    ];
  },
};

export const restoreDetailedWorkItemsBenchmark: Benchmark = {
  name: "restore-work-items-detailed",
  about: "2000 work items of five revisions with a link, a comment and a file each",
  async run(options) {
    await using place = await workplace(options);
    const scene = await prepare(place, options, { full: 2000, detailed: true });
    const { run, requests } = await restored(scene);
    const peerValue = await looped(place, scene, options);
    return [
      compared("restore-work-items-detailed", [run.seconds, "s"], { peer: `${peer}, files, comment`, peerValue }),
      figure("restore-work-items-detailed-requests", [requests / scene.count, "requests an item"]),
      ...memoryRows("restore-work-items-detailed", run),
    ];
  },
};

interface Scene {
  readonly place: Workplace;
  readonly project: NamedThing;
  readonly container: AzuriteContainer;
  readonly count: number;
  readonly detailed: boolean;
}

async function prepare(
  place: Workplace,
  options: BenchOptions,
  { full, detailed }: { readonly full: number; readonly detailed: boolean },
): Promise<Scene> {
  const count = Math.max(1, Math.round(full * options.scale));
  options.say("  making the work items and their backup");
  const project = await place.azureDevOps.addProject("Backlog");
  await place.azureDevOps.addLinkedWorkItems({ projectId: project.id, count, detailed });
  const container = await place.newContainer();
  await place.task("BackupProject", { project, container, more: { include: "work-items" } });
  return { place, project, container, count, detailed };
}

async function restored(scene: Scene): Promise<{ readonly run: TaskRun; readonly requests: number }> {
  const { place, project, container, count } = scene;
  const target = await place.azureDevOps.addProject("Restored");
  const more = {
    items: "work-items/*",
    recoveryKey: place.keys.recoveryKey,
    targetProject: target.name,
    parallelism: String(lanes),
  };
  await place.azureDevOps.delayAnswers(delayMs);
  await place.azureDevOps.takeRequests(undefined);
  const run = await place.task("RestoreItem", { project, container, more });
  const requests = (await place.azureDevOps.takeRequests(undefined)).length;
  await place.azureDevOps.delayAnswers(0);
  const made = await place.azureDevOps.countWorkItems(target.id);
  if (made !== count) throw new Error(`${made} of ${count} work items were restored`);
  return { run, requests };
}

/** Seconds; without the start of a process, which ours has. */
async function looped(place: Workplace, { count, detailed }: Scene, options: BenchOptions): Promise<number> {
  options.say(`  ${peer}`);
  const target = await place.azureDevOps.addProject("Looped");
  const child = await startChild<WorkItemLoopFunctions>(options.childScript, "work-item-loop");
  await place.azureDevOps.delayAnswers(delayMs);
  try {
    const { organizationUrl, token } = place;
    return await child.call.writeAll({ organizationUrl, token, project: target.name, count, lanes, detailed });
  } finally {
    await child.stop();
    await place.azureDevOps.delayAnswers(0);
  }
}

function memoryRows(name: string, run: TaskRun): readonly Row[] {
  return [figure(`${name}-memory`, [run.peakMegabytes ?? 0, "MB"], 250)];
}
