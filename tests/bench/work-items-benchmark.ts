/** Very many work items: backed up, unchanged, and one of them restored. */
import { basic } from "../support/simulator.ts";
import type { AzuriteContainer } from "../support/azurite.ts";
import type { NamedThing } from "./azure-devops-process.ts";
import { startReadMeter } from "./read-meter.ts";
import { figure, type Row } from "./results.ts";
import { storedIn } from "./storage.ts";
import { workplace, type Benchmark, type BenchOptions, type Workplace } from "./workplace.ts";

const fullCount = 100_000;
const batchSize = 200;
const feedPageSize = 1000;
/** Requests of a base beside feed and batches: where the links feed stands, recycle bin. */
const fixedRequests = 10;

export const workItemsBenchmark: Benchmark = {
  name: "work-items",
  about: `${fullCount} work items: base, unchanged, one restored, a plan for all`,
  async run(options) {
    const count = Math.max(1, Math.round(fullCount * options.scale));
    await using place = await workplace(options);
    options.say("  making the work items");
    const project = await place.azureDevOps.addProject("Backlog");
    const { first, last } = await place.azureDevOps.addWorkItems({ projectId: project.id, count });
    const scene: Scene = { place, project, container: await place.newContainer(), options };
    const rows = [...(await baseRows(scene, count)), ...(await unchangedRows(scene))];
    rows.push(...(await restoreRows(scene, Math.floor((first + last) / 2))));
    return [...rows, ...(await previewRows(scene)), ...(await verifyRows(scene))];
  },
};

interface Scene {
  readonly place: Workplace;
  readonly project: NamedThing;
  readonly container: AzuriteContainer;
  readonly options: BenchOptions;
}

const include = { include: "work-items" };

async function baseRows({ place, project, container, options }: Scene, count: number): Promise<readonly Row[]> {
  options.say("  base backup");
  await place.azureDevOps.takeRequests(undefined);
  const run = await place.task("BackupProject", { project, container, more: include });
  const requests = workItemRequests(await place.azureDevOps.takeRequests(undefined));
  const of = (path: string): number => requests.filter((line) => line.includes(path)).length;
  const batches = of("/wit/workitemsbatch");
  const feed = of("/wit/reporting/workitemrevisions");
  const revisions = await place.azureDevOps.countRevisions(undefined);
  const onePass = Math.ceil(revisions / feedPageSize) + 1;
  const stored = await storedIn(place.azurite, container);
  const segment = Math.max(...stored.values());
  return [
    figure("work-items-base", [run.seconds, "s"]),
    figure("work-items-base-cpu", [run.cpuSeconds ?? 0, "s"]),
    figure("work-items-base-feed-requests", [feed, "requests"], onePass),
    figure("work-items-base-batch-requests", [batches, "requests"], Math.ceil(count / batchSize)),
    figure("work-items-base-other-requests", [requests.length - batches - feed, "requests"], fixedRequests),
    figure("work-items-base-memory", [run.peakMegabytes ?? 0, "MB"], 250),
    figure("work-items-base-segment", [segment, "B"]),
    figure("work-items-base-bytes", [[...stored.values()].reduce((sum, bytes) => sum + bytes, 0), "B"]),
  ];
}

async function unchangedRows({ place, project, container, options }: Scene): Promise<readonly Row[]> {
  options.say("  unchanged");
  const run = await place.task("BackupProject", { project, container, more: include });
  const requests = workItemRequests(await place.azureDevOps.takeRequests(undefined));
  return [
    figure("work-items-unchanged", [requests.length, "requests"], 10),
    figure("work-items-unchanged-time", [run.seconds, "s"]),
    figure("work-items-unchanged-memory", [run.peakMegabytes ?? 0, "MB"], 250),
  ];
}

function workItemRequests(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.includes("_apis/wit/"));
}

/** An item of the middle is deleted, restored, and looked at. */
async function restoreRows({ place, project, container, options }: Scene, id: number): Promise<readonly Row[]> {
  options.say("  one item deleted and restored");
  const address = `${place.organizationUrl}/_apis/wit/workitems/${id}?api-version=7.1`;
  const call = (method: string): Promise<Response> =>
    fetch(address, { method, headers: { authorization: basic(place.token) } });
  if (!(await call("DELETE")).ok) throw new Error(`work item ${id} could not be deleted`);
  const meter = await startReadMeter(place.azurite.endpoint);
  try {
    const through = { url: meter.through(container.url), sas: container.sas };
    const more = { items: `work-items/${id}`, recoveryKey: place.keys.recoveryKey };
    const run = await place.task("RestoreItem", { project, container: through, more });
    if (!(await call("GET")).ok) throw new Error(`work item ${id} is not there after its restore`);
    const [segment] = [...(await storedIn(place.azurite, container))].sort(([, a], [, b]) => b - a);
    const all = [...meter.bytes.values()].reduce((sum, bytes) => sum + bytes, 0);
    const ofSegment = meter.bytes.get(segment?.[0] ?? "") ?? 0;
    return [
      figure("restore-one-item", [ofSegment, "B"], 512 * 1024),
      figure("restore-one-item-read-in-all", [all, "B"]),
      figure("restore-one-item-time", [run.seconds, "s"]),
      figure("restore-one-item-memory", [run.peakMegabytes ?? 0, "MB"], 250),
    ];
  } finally {
    meter.stop();
  }
}

/** The plan for all of them, each compared with what is there. */
async function previewRows({ place, project, container, options }: Scene): Promise<readonly Row[]> {
  options.say("  preview of restoring everything");
  const more = { items: "work-items/*", recoveryKey: place.keys.recoveryKey, previewOnly: "true" };
  const run = await place.task("RestoreItem", { project, container, more: { ...more, conflictPolicy: "overwrite" } });
  return [
    figure("restore-all-preview-time", [run.seconds, "s"]),
    figure("restore-all-preview-memory", [run.peakMegabytes ?? 0, "MB"], 250),
  ];
}

/** Everything opened and looked at. */
async function verifyRows({ place, project, container, options }: Scene): Promise<readonly Row[]> {
  options.say("  verification of the content");
  const more = { level: "content", recoveryKey: place.keys.recoveryKey };
  const run = await place.task("VerifyBackup", { project, container, more });
  return [
    figure("work-items-verify-time", [run.seconds, "s"]),
    figure("work-items-verify-memory", [run.peakMegabytes ?? 0, "MB"], 250),
  ];
}
