/**
 * What somebody can do to a restore who may create and read objects in the container and holds no key: plant journals,
 * garbage, copies of what is there. Nothing of it may be carried out, believed, or in the way.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { makeKeySet, type KeySet } from "../../engine/crypto/keys.ts";
import { utf8 } from "../../engine/foundation/bytes.ts";
import type { JsonObject } from "../../engine/foundation/json.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { RestoreRequest } from "../../engine/operations/restore-items.ts";
import type { RestoreResult } from "../../engine/operations/results.ts";
import type { ProjectRecord } from "../simulator/project-store.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { refsOf } from "../support/git-repositories.ts";
import { packed, plantJournal, type Forger } from "../support/journal-forger.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { viewOf } from "../support/project-view.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let azure: TestSimulator;
let small: SmallProject;
let keys: KeySet;
let backups: MemoryStore;
let store: MemoryStore;
let targets = 0;

beforeAll(async () => {
  azure = await simulator();
  small = await smallProject(azure);
  keys = await makeKeySet(nodeCryptography());
  backups = memoryStore();
  await withEngine((engine) => engine.backUp(small.project), backups);
});

beforeEach(() => {
  store = memoryStore();
  for (const [name, bytes] of backups.objects) store.overwrite(name, bytes);
});

afterAll(async () => {
  await small.remove();
  await azure.stop();
});

async function withEngine<Result>(work: (engine: Engine) => Promise<Result>, over = store): Promise<Result> {
  const engine = await engineOver(azure, { store: over, keys });
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

function newTarget(): ProjectRecord {
  targets += 1;
  return azure.state.addProject({ name: `Attacked ${targets}`, defaultRepository: false });
}

interface Restored extends RestoreResult {
  readonly messages: readonly string[];
}

function restore(
  target: ProjectRecord,
  items: readonly string[] = ["*"],
  changes: Partial<RestoreRequest> = {},
): Promise<Restored> {
  return withEngine(async (engine) => {
    const into = { targetProject: { id: target.id, name: target.name } };
    const result = await engine.restore(small.project, items, { ...into, ...changes });
    return { ...result, messages: engine.messages };
  });
}

function forger(): Forger {
  return { store, vault: small.project.id, recipient: keys.recoveryRecipient };
}

/** The first object of a journal, as the program would write it for this plan with these steps. */
function headerOf(preview: RestoreResult, steps: readonly object[]): JsonObject {
  const { plan } = preview;
  const place = ({ organizationUrl, project }: typeof plan.target | typeof plan.source): JsonObject => ({
    organizationUrl,
    projectName: project.name,
    projectId: project.id,
  });
  const { steps: _, ...facts } = plan;
  const stored = { ...(JSON.parse(JSON.stringify(facts)) as JsonObject), steps: packed(steps) };
  return { header: { target: place(plan.target), source: place(plan.source), plan: stored } };
}

const gitStep = { kind: "git-repositories", phase: "fill", action: "update", changes: [], name: "Web" };

describe("a restore, between whose preview and whose applying somebody plants a journal", () => {
  it("pushes to no repository but those of its plan", async () => {
    const target = newTarget();
    const victim = azure.state.addRepository(target, { name: "Victim" });
    const before = refsOf(azure.state.repositories.folderOf(victim));
    const selection = ["git-repositories/Web"];
    const preview = await restore(target, selection, { previewOnly: true });
    const stream = `git-repositories/${small.web.record.id}`;
    const key = small.web.record.id;
    const detail = { targetId: victim.id, name: "Victim", overwrite: true };
    const forged = [{ ...gitStep, stream, key, detail }];
    await plantJournal(forger(), preview.restoreId, [headerOf(preview, forged)]);

    const applied = await restore(target, selection, { planHash: preview.plan.hash });

    expect(refsOf(azure.state.repositories.folderOf(victim))).toEqual(before);
    expect(applied).toMatchObject({ resumed: false, failed: 0 });
    expect(Object.keys(viewOf(azure, target).repositories)).toContain("Web");
    expect(applied.messages.join("\n")).toMatch(/do not authenticate/);
  });

  it("believes no results that it has not written", async () => {
    const target = newTarget();
    const preview = await restore(target, ["work-items/*"], { previewOnly: true });
    const results = [...preview.plan.steps].map(({ kind, key }, number) => [
      number,
      { outcome: "created", newId: "1", item: [kind, key] },
    ]);
    await plantJournal(forger(), preview.restoreId, [headerOf(preview, [...preview.plan.steps]), { results }]);

    const applied = await restore(target, ["work-items/*"], { planHash: preview.plan.hash });

    expect(applied).toMatchObject({ resumed: false, failed: 0 });
    expect(viewOf(azure, target).workItems).toHaveLength(3);
  });

  it("writes no item over another one", async () => {
    const target = newTarget();
    const [one, two] = ["One", "Two"].map((title) => small.wit.create(target, { type: "Task", title }));
    const selection = [`work-items/${small.task.id}`];
    const policy = { conflictPolicy: "overwrite" } as const;
    const other = await restore(target, ["work-items/*"], { ...policy, previewOnly: true });
    const item = ["work-items", String(small.task.id)];
    const results = [[0, { outcome: "created", newId: String(two?.id), item }]];
    await plantJournal(forger(), other.restoreId, [headerOf(other, []), { results }, { finished: { summary: {} } }]);

    await restore(target, selection, policy);

    const titles = viewOf(azure, target).workItems.map(({ title }) => title);
    expect(titles).toEqual(expect.arrayContaining(["One", "Two", "Form"]));
    expect(one).toBeDefined();
  });

  it("is not held up by garbage of any name and size, which it names once", async () => {
    const target = newTarget();
    const preview = await restore(target, ["*"], { previewOnly: true });
    const folder = `${small.project.id}/restores/${preview.restoreId}`;
    const huge = new Uint8Array(9 * 1024 * 1024);
    for (const name of ["000000.json", "000001.json", "999999.json", "x", "000000-.json"])
      await store.create(`${folder}/${name}`, utf8(`garbage ${name}`));
    for (let n = 0; n < 8; n += 1)
      await store.create(`${small.project.id}/restores/${"ab".repeat(8)}/00000${n}.json`, huge);
    await store.create(folder, utf8("where the folder would be"));

    const applied = await restore(target, ["*"], { planHash: preview.plan.hash });

    expect(applied.failed).toBe(0);
    expect(applied.messages.filter((line) => line.includes("do not authenticate"))).toHaveLength(1);
    expect(await restore(target)).toMatchObject({ created: 0, failed: 0 });
  });
});

describe("a project that a restore creates", () => {
  it("is public only when the plan said so", async () => {
    const open = await smallProject(azure, "Open");
    open.project.visibility = "public";
    await withEngine((engine) => engine.backUp(open.project));
    const into = { targetProject: { id: undefined, name: "Open again" } };
    const preview = await withEngine((engine) => engine.restore(open.project, ["*"], { ...into, previewOnly: true }));

    const [first] = preview.plan.steps;
    expect(first?.changes.join("\n")).toMatch(/visibility: public/);
    await withEngine((engine) => engine.restore(open.project, ["*"], { ...into, planHash: preview.plan.hash }));
    expect(azure.state.projects().find(({ name }) => name === "Open again")?.visibility).toBe("public");
    await open.remove();
  });
});

describe("two different restores into one target at the same time", () => {
  it("make each item once", async () => {
    const target = newTarget();

    await Promise.all([restore(target, ["*"]), restore(target, ["work-items/*"])]);

    expect(
      viewOf(azure, target)
        .workItems.map(({ title }) => title)
        .sort(),
    ).toEqual(
      viewOf(azure, small.project)
        .workItems.map(({ title }) => title)
        .sort(),
    );
  });
});
