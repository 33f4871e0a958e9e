/** What the engine owes to every kind, shown with kinds whose things live in memory. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BackupError } from "../../engine/foundation/errors.ts";
import type { RestoreRequest } from "../../engine/operations/restore/request.ts";
import type { RestoreResult } from "../../engine/operations/results.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { memoryKind, type MemoryKind } from "../support/memory-kind.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";

let azure: TestSimulator;
let engine: Engine;
let project: ProjectRecord;
let copy: ProjectRecord;
let groups: MemoryKind;
let pipelines: MemoryKind;

beforeEach(async () => {
  azure = await simulator();
  engine = await engineOver(azure);
  project = azure.state.addProject("Shop");
  copy = azure.state.addProject("Copy");
  groups = memoryKind("groups");
  pipelines = memoryKind("pipelines", "groups");
  groups.source.set("1", { name: "Keys", color: "red" });
  pipelines.source.set("10", { name: "Build", needs: "1" });
  pipelines.source.set("11", { name: "Deploy", needs: "1" });
});

afterEach(async () => {
  await engine.close();
  await azure.stop();
});

describe("what kinds are given", () => {
  const tools = ["azureDevOps", "clock", "git", "once", "parallelism", "reporter", "signal", "temporaryFolder"];

  it("is what the interface names and nothing else: no key, no store", async () => {
    await backUp();
    await restore(["pipelines/10"]);
    await engine.verify(project, { kinds: kinds() });

    const source = [...tools, "jobProject", "options", "project"].sort();
    const members = [
      ...["conflictPolicy", "ids", "isNew", "isSameOrganization", "isSource", "mapping", "project", "restoreId"],
      ...["snapshot", "source", "workItemHistory"],
    ];
    const target = [...tools, ...members].sort();
    expect(membersOf(pipelines, "streams")).toEqual([source]);
    expect(membersOf(pipelines, "backUp")).toEqual([["into", "previous", "source"], source]);
    expect(membersOf(pipelines, "plan")).toEqual([target]);
    expect(membersOf(groups, "plan")).toEqual([target]);
    expect(membersOf(pipelines, "apply")).toEqual([["attempted", "selection", "target"], target]);
    expect(membersOf(pipelines, "verify")).toEqual([["git", "signal", "snapshot", "temporaryFolder"]]);
    const [{ ids }] = pipelines.given.get("plan") as [{ readonly ids: object }];
    expect(Object.keys(ids).sort()).toEqual(["get", "isAwaited", "isMade"]);
  });

  it("reads a list once in a run, however often it is asked for", async () => {
    let readings = 0;
    await backUp();
    pipelines.before = (_, { target }) => void target.once("list", async () => (readings += 1));

    await restore(["pipelines/*"]);
    expect(readings).toBe(1);

    pipelines.target.clear();
    await restore(["pipelines/10"]);
    expect(readings).toBe(2);
  });

  function membersOf({ given }: MemoryKind, what: string): readonly (readonly string[])[] {
    return (given.get(what) ?? []).map((one) => Object.keys(one).sort());
  }
});

describe("a gap in a stream that has not changed", () => {
  it("is a gap in every run, and the snapshots are partial, until it can be read", async () => {
    const gap = { stream: "groups", item: "2", code: "ADO_FORBIDDEN", message: "Group 2 is hidden", cure: "Show it" };
    groups.gaps.push(gap);

    const runs = [await backUp(), await backUp(), await backUp()];
    groups.gaps.pop();
    const last = await backUp();

    expect(runs.map(({ status }) => status)).toEqual(["partial", "partial", "partial"]);
    expect(runs.map(({ gaps }) => gaps)).toEqual([[gap], [gap], [gap]]);
    expect(runs[1]?.kinds.find(({ kind }) => kind === "groups")).toMatchObject({ changedStreams: 0, gaps: 1 });
    expect([last.status, last.gaps]).toEqual(["complete", []]);
  });
});

describe("what is only needed", () => {
  it("is referred to by the id that the target's own has, and is not changed, whatever the policy", async () => {
    groups.target.set("77", { name: "Keys", color: "blue" });
    await backUp();

    const restored = await restore(["pipelines/10"], { conflictPolicy: "overwrite" });

    expect([...restored.steps].map(({ kind, action }) => [kind, action])).toEqual([["pipelines", "create"]]);
    expect(groups.target.get("77")).toEqual({ name: "Keys", color: "blue" });
    expect(thing(pipelines, "Build")).toMatchObject({ needs: "77" });
  });

  it("is made where it is missing, before what needs it", async () => {
    await backUp();

    const restored = await restore(["pipelines/10"]);

    expect([...restored.steps].map(({ kind, neededBy }) => [kind, neededBy])).toEqual([
      ["groups", "pipelines 10"],
      ["pipelines", undefined],
    ]);
    expect(thing(pipelines, "Build")).toMatchObject({ needs: "made-1" });
  });

  it("is awaited while it could not be made: nothing refers to the original instead", async () => {
    await backUp();
    groups.before = () => {
      throw new BackupError({ code: "ADO_REQUEST", message: "refused", hint: "Ask again." });
    };

    const restored = await restore(["pipelines/10"]);

    expect(restored.failed).toBe(1);
    expect(thing(pipelines, "Build")).toMatchObject({ needs: "awaited" });
  });

  it("is set right where it was asked for as well", async () => {
    groups.target.set("77", { name: "Keys", color: "blue" });
    await backUp();

    await restore(["pipelines/10", "groups/1"], { conflictPolicy: "overwrite" });

    expect(groups.target.get("77")).toMatchObject({ color: "red" });
  });
});

describe("a restore that was broken off", () => {
  /** As a token that ends: the run stops. */
  const tokenEnds = (): never => {
    throw new BackupError({ code: "ADO_UNAUTHORIZED", message: "The token has ended", hint: "Give another one." });
  };

  it("goes on with the ids that its plan had found", async () => {
    groups.target.set("77", { name: "Keys", color: "blue" });
    await backUp();
    pipelines.before = tokenEnds;
    await expect(restore(["pipelines/10"])).rejects.toThrow("The token has ended");
    pipelines.before = () => undefined;
    groups.given.clear();

    const restored = await restore(["pipelines/10"]);

    expect([restored.resumed, groups.given.has("plan")]).toEqual([true, false]);
    expect(thing(pipelines, "Build")).toMatchObject({ needs: "77" });
  });

  it("leaves to the next one, whatever that is asked for, the ids of all that it made", async () => {
    await backUp();
    pipelines.before = (step) => {
      if (step.key === "11") tokenEnds();
    };
    await expect(restore(["pipelines/*"])).rejects.toThrow("The token has ended");
    const known: unknown[] = [];
    pipelines.before = (_, { target: { ids } }) =>
      known.push(ids.get("pipelines", "10"), ids.get("pipelines.name", "Build"), ids.get("groups", "1"));

    await restore(["pipelines/11"]);

    expect(known).toEqual(["made-1", "name of made-1", "made-1"]);
  });
});

describe("a kind that is never written back", () => {
  it("is left out of a restore of everything, which says so in one line", async () => {
    await backUp();

    const { plan, failed } = await restore(["*"], { kinds: [groups.kind, pipelines.keptOnly] });

    expect(failed).toBe(0);
    expect([...plan.steps].map(({ kind }) => kind)).toEqual(["groups"]);
    expect(plan.notes).toEqual(["Things of pipelines are kept and exported, never written back"]);
  });

  it("cannot be restored by itself; the error says what can be done", async () => {
    await backUp();

    const refused = restore(["pipelines/10"], { kinds: [groups.kind, pipelines.keptOnly] });

    await expect(refused).rejects.toMatchObject({ code: "SELECTION_EMPTY", hint: expect.stringContaining("archive") });
  });
});

function kinds(): readonly MemoryKind["kind"][] {
  return [groups.kind, pipelines.kind];
}

function backUp(): ReturnType<Engine["backUp"]> {
  return engine.backUp(project, { kinds: kinds() });
}

function restore(selectors: readonly string[], changes: Partial<RestoreRequest> = {}): Promise<RestoreResult> {
  const targetProject = { id: copy.id, name: copy.name };
  return engine.restore(project, selectors, { kinds: kinds(), targetProject, ...changes });
}

function thing({ target }: MemoryKind, name: string): unknown {
  return [...target.values()].find((one) => one.name === name);
}
