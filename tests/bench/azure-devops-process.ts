/** The simulated Azure DevOps in a process of its own: what the bench asks of it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, type Clock } from "../../engine/foundation/clock.ts";
import { startSimulator } from "../simulator/server.ts";
import type { Simulator } from "../simulator/server.ts";
import type { SimProject } from "../simulator/service.ts";
import { Wit } from "../simulator/boards/builder.ts";
import { addLinkedWorkItems, addManyWorkItems } from "../simulator/boards/many.ts";
import { trackingOf } from "../simulator/boards/tracking.ts";
import { offer } from "./child.ts";

export interface NamedThing {
  readonly id: string;
  readonly name: string;
}

const dayMs = 86_400_000;

/** A clock that can be set back: what is made in bulk is not of the last minutes, as it would not be in real life. */
interface PastClock extends Clock {
  backMs: number;
}

function pastClock(): PastClock {
  const clock: PastClock = {
    ...systemClock,
    backMs: dayMs,
    now: () => new Date(systemClock.now().getTime() - clock.backMs),
  };
  return clock;
}

function functionsOf(simulator: Simulator, clock: PastClock) {
  const { state, traffic } = simulator;
  const projectOf = (id: string): SimProject => {
    const project = state.projectOf(id);
    if (project === undefined) throw new Error(`there is no project ${id}`);
    return project;
  };
  return {
    describe: () => ({ organizationUrl: simulator.organizationUrl, token: simulator.token }),
    addProject: (name: string): NamedThing => {
      const { id } = state.addProject(name);
      for (const repository of state.repositories.list(id)) state.repositories.purge(repository);
      return { id, name };
    },
    /** A copy of a bare repository; its folder is told, so that refs can be moved there as pushes would. */
    addRepository: (wanted: { readonly projectId: string; readonly name: string; readonly from: string }) => {
      const { projectId, name, from } = wanted;
      const repository = state.addRepository(projectOf(projectId), { name, from });
      return { id: repository.id, name, folder: state.repositories.folderOf(repository) };
    },
    /** Very many repositories that share the content of one. */
    addRepositories: (wanted: { readonly projectId: string; readonly count: number; readonly from: string }) => {
      const project = projectOf(wanted.projectId);
      for (let index = 0; index < wanted.count; index += 1) {
        const name = `Service ${String(index).padStart(5, "0")}`;
        state.addRepository(project, { name, from: wanted.from, share: true });
      }
    },
    repositoriesOf: (projectId: string): readonly string[] => state.repositories.list(projectId).map(({ id }) => id),
    addWorkItems: (wanted: { readonly projectId: string; readonly count: number }) => {
      const ids = addManyWorkItems(state, projectOf(wanted.projectId), wanted.count);
      clock.backMs = 0;
      return ids;
    },
    /** Each with a link it makes itself; `detailed`: five revisions, of them one a comment, and a file each. */
    addLinkedWorkItems: (wanted: {
      readonly projectId: string;
      readonly count: number;
      readonly detailed: boolean;
    }) => {
      const { projectId, count, detailed } = wanted;
      const project = projectOf(projectId);
      const items = addLinkedWorkItems(state, project, { count, revisions: detailed ? 3 : 1 });
      clock.backMs = 0;
      const wit = new Wit(state);
      for (const item of detailed ? items : []) {
        wit.comment(item, `<div>Said of ${item.id}</div>`);
        wit.attach(item, { name: `notes-${item.id}.txt`, content: `Notes on ${item.id}\n`.repeat(50) });
      }
    },
    countWorkItems: (projectId: string): number => {
      const tracking = trackingOf(state);
      return [...tracking.items.values()].filter((item) => tracking.projectOf(item).id === projectId).length;
    },
    /** Every answer of the REST API comes so much later; 0 for at once. */
    delayAnswers: (delayMs: number) => {
      simulator.faults.clear();
      if (delayMs > 0)
        simulator.faults.add({ kind: "delay", delayMs, times: Infinity, when: ({ path }) => path.includes("_apis/") });
    },
    /** Revisions of all work items: what one pass over the reporting feed delivers. */
    countRevisions: (): number => {
      let revisions = 0;
      for (const item of trackingOf(state).items.values()) revisions += item.revisions.length;
      return revisions;
    },
    /** `METHOD path` of the requests since the last call. */
    takeRequests: (): readonly string[] => {
      const lines = [...traffic.lines];
      traffic.clear();
      return lines;
    },
  };
}

export type AzureDevOpsFunctions = ReturnType<typeof functionsOf>;

/** Runs until its parent goes. */
export async function runAzureDevOps(): Promise<void> {
  const stateFolder = mkdtempSync(join(tmpdir(), "bench-simulator-"));
  process.on("exit", () => rmSync(stateFolder, { recursive: true, force: true }));
  const clock = pastClock();
  const simulator = await startSimulator({ stateFolder, trafficFile: null, stateOptions: { clock } });
  offer(functionsOf(simulator, clock));
}
