/**
 * What somebody can do to a restore who may create and read objects in the container and holds no key: plant journals,
 * garbage, copies of what is there. Nothing of it may be carried out, believed, or in the way.
 */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { makeKeySet, parseIdentities, type KeySet } from "../../engine/crypto/keys.ts";
import { utf8 } from "../../engine/foundation/bytes.ts";
import type { JsonObject } from "../../engine/foundation/json.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { hashOf } from "../../engine/operations/restore/plan-restore.ts";
import type { RestoreRequest } from "../../engine/operations/restore/request.ts";
import type { RestoreResult } from "../../engine/operations/results.ts";
import { planSummary } from "../../engine/reports/summary.ts";
import type { Step } from "../../engine/kinds/kind.ts";
import type { DeletingStore } from "../../engine/store/object-store.ts";
import { journalKey } from "../../engine/vault/journal/journal-objects.ts";
import { openJournal, type JournalHeader } from "../../engine/vault/journal/restore-journal.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { faultyStore } from "../support/faulty-store.ts";
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
/** Another recovery key of the same vault. */
let breakGlass: KeySet;
let backups: MemoryStore;
let store: MemoryStore;
let targets = 0;

beforeAll(async () => {
  azure = await simulator();
  small = await smallProject(azure);
  keys = await makeKeySet(nodeCryptography());
  backups = memoryStore();
  breakGlass = await makeKeySet(nodeCryptography());
  const recoveryRecipients = [keys.recoveryRecipient, breakGlass.recoveryRecipient];
  await withEngine((engine) => engine.backUp(small.project, { recoveryRecipients }), backups);
});

beforeEach(() => {
  store = memoryStore();
  for (const [name, bytes] of backups.objects) store.overwrite(name, bytes);
});

afterAll(async () => {
  await small.remove();
  await azure.stop();
});

async function withEngine<Result>(
  work: (engine: Engine) => Promise<Result>,
  over: DeletingStore = store,
): Promise<Result> {
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
  { over = store, ...changes }: Partial<RestoreRequest> & { readonly over?: DeletingStore } = {},
): Promise<Restored> {
  return withEngine(async (engine) => {
    const into = { targetProject: { id: target.id, name: target.name } };
    const result = await engine.restore(small.project, items, { ...into, ...changes });
    return { ...result, messages: engine.messages };
  }, over);
}

function titlesIn(project: ProjectRecord): readonly string[] {
  return viewOf(azure, project).workItems.map(({ title }) => title);
}

/** Names of all that restores have stored, in the order in which they were stored. */
function restoreObjects(): readonly string[] {
  return [...store.objects.keys()].filter((name) => name.startsWith(`${small.project.id}/restores/`));
}

/** The store, minutes later by the service's clock. */
function later(minutes: number): MemoryStore {
  return { ...store, serviceTime: async () => new Date(Date.now() + minutes * 60_000) };
}

/** The process dies at the so-manieth change of the storage. */
async function killed(target: ProjectRecord, operation: number): Promise<void> {
  const over = faultyStore(store, { killAt: { operation, when: "after" } });
  await expect(restore(target, ["*"], { over })).rejects.toThrow();
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
  const stored = { ...(JSON.parse(JSON.stringify(plan)) as JsonObject), steps: packed(steps) };
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

describe("the folder in which a restore puts a repository together", () => {
  it("is another one each time: no step names it, and none that was there is taken or removed", async () => {
    const target = newTarget();
    const { id } = small.web.record;

    const left = await withEngine(async (engine) => {
      const names = [id, `git-repositories/${id}`, "", "undefined"].map((name) => `restore-${name}`);
      for (const name of names) {
        await mkdir(join(engine.temporaryFolder, name), { recursive: true });
        await writeFile(join(engine.temporaryFolder, name, "somebody's"), "stays");
      }
      const into = { targetProject: { id: target.id, name: target.name } };
      const result = await engine.restore(small.project, [`git-repositories/${id}`], into);
      expect(result.failed).toBe(0);
      const kept = names.map((name) => readFile(join(engine.temporaryFolder, name, "somebody's"), "utf8"));
      return { kept: await Promise.all(kept), folders: await readdir(engine.temporaryFolder) };
    });

    expect(left.kept).toEqual(left.kept.map(() => "stays"));
    expect(left.folders.filter((name) => !["restore-", `restore-${id}`, "restore-undefined"].includes(name))).toEqual([
      "restore-git-repositories",
    ]);
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

    expect(titlesIn(target)).toEqual(titlesIn(small.project));
  });

  it("go one after the other although one was killed, once it has been silent for long", async () => {
    const target = newTarget();
    await killed(target, 7);

    const next = await restore(target, ["work-items/*"], { over: later(2) });

    expect(next.failed).toBe(0);
    expect(next.messages.join("\n")).toMatch(/was broken off/);
    expect((await restore(target)).failed).toBe(0);
    expect(titlesIn(target)).toEqual(titlesIn(small.project));
  });

  it("of which one comes back from the dead stops that one before it makes anything more", async () => {
    const target = newTarget();
    let wake: () => void = () => undefined;
    const asleep = new Promise<void>((resolve) => (wake = resolve));
    let creations = 0;
    const sleepy: DeletingStore = {
      ...store,
      create: async (name, bytes) => {
        creations += 1;
        if (creations >= 5) await asleep;
        return store.create(name, bytes);
      },
    };
    const first = restore(target, ["*"], { over: sleepy });
    const outcome = first.then(
      () => "done",
      (error: unknown) => error,
    );
    await vi.waitUntil(() => creations >= 5, { timeout: 60_000 });
    expect((await restore(target, ["work-items/*"], { over: later(2) })).failed).toBe(0);
    wake();

    expect(await outcome).toMatchObject({ code: "JOURNAL_BUSY" });
    expect(titlesIn(target)).toEqual(titlesIn(small.project));
  });

  it("need no right but to create and to read", async () => {
    const target = newTarget();
    const over = faultyStore(store);

    await restore(target, ["*"], { over });

    expect(over.operations.length).toBeGreaterThan(5);
    expect(over.operations.filter((operation) => !operation.startsWith("create "))).toEqual([]);
  });
});

describe("a restore whose journal is lost", () => {
  it("in part, at any place, makes nothing twice", async () => {
    const target = newTarget();
    await killed(target, 9);
    const before = restoreObjects().length;
    expect(before).toBeGreaterThan(6);
    for (let cut = restoreObjects().length - 1; cut >= 0; cut -= 2) {
      for (const name of restoreObjects().slice(cut)) store.objects.delete(name);
      const again = await restore(target);
      expect(again.failed, `cut at ${cut}`).toBe(0);
      expect(titlesIn(target), `cut at ${cut}`).toEqual(titlesIn(small.project));
    }
  });

  it("makes nothing twice with another recovery key, and its plan says that it goes by names and origins", async () => {
    const target = newTarget();
    await killed(target, 9);
    const recoveryIdentities = parseIdentities(breakGlass.recoveryKey);

    const preview = await restore(target, ["*"], { recoveryIdentities, previewOnly: true });
    expect(preview.plan.notes?.join("\n")).toMatch(/made with another recovery key.*link to its origin/);
    expect(planSummary(preview.plan)).toContain("another recovery key");
    const again = await restore(target, ["*"], { recoveryIdentities, planHash: preview.plan.hash });

    expect(again).toMatchObject({ resumed: false, failed: 0 });
    expect(titlesIn(target)).toEqual(titlesIn(small.project));
    // Of each key a register and a journal, in folders of their own: neither run writes where the other one looks.
    expect(new Set(restoreObjects().map((name) => name.split("/")[2])).size).toBe(4);
    const third = await restore(target, ["*"], { conflictPolicy: "overwrite", over: later(2) });
    expect(third).toMatchObject({ created: 0, failed: 0 });
    expect(titlesIn(target)).toEqual(titlesIn(small.project));
  });

  it("knows what it made when both recovery keys are given", async () => {
    const target = newTarget();
    const both = parseIdentities(`${keys.recoveryKey},${breakGlass.recoveryKey}`);
    await restore(target, ["*"], { recoveryIdentities: parseIdentities(breakGlass.recoveryKey) });

    const again = await restore(target, ["*"], { recoveryIdentities: both });

    expect(again).toMatchObject({ created: 0, updated: 0, failed: 0 });
    expect(again.plan.notes).toEqual([]);
  });

  it("makes another copy beside an earlier one only when it is asked to", async () => {
    const target = newTarget();
    const one = [`work-items/${small.task.id}`];
    await restore(target, one);
    for (const name of restoreObjects()) store.objects.delete(name);
    const copy = [...small.wit.tracking.items.values()].find(
      (item) => small.wit.tracking.projectOf(item).id === target.id,
    );
    if (copy !== undefined) small.wit.edit(copy, { "System.Title": "Changed" });

    const kept = await restore(target, one);
    expect(kept).toMatchObject({ created: 0, failed: 0 });
    const renamed = await restore(target, one, { conflictPolicy: "rename" });
    expect(renamed).toMatchObject({ created: 1, failed: 0 });
    expect(titlesIn(target)).toEqual(["Changed", "Form"]);
  });
});

describe("a journal that does authenticate", () => {
  const wrongs: Record<string, (step: Step, others: Others) => Step> = {
    "a stream that was not selected": (step, { api }) => ({ ...step, stream: `git-repositories/${api}`, key: api }),
    "the key of another item": (step, { api }) => ({ ...step, key: api }),
    "another kind": (step) => ({ ...step, kind: "work-items" }),
    "a stream that does not exist": (step) => ({ ...step, stream: "git-repositories/../../x", key: "../../x" }),
  };

  interface Others {
    readonly api: string;
  }

  it.each(Object.entries(wrongs))("but names %s is not gone on with", async (_, wrong) => {
    const target = newTarget();
    const selection = ["git-repositories/Web"];
    const preview = await restore(target, selection, { previewOnly: true });
    const steps = [...preview.plan.steps].map((step) => wrong(step, { api: small.api.record.id }));
    await writeJournal(preview, steps);

    const applied = await restore(target, selection);

    expect(applied).toMatchObject({ resumed: false, failed: 0 });
    expect(applied.messages.join("\n")).toMatch(/does not fit any more/);
    expect(Object.keys(viewOf(azure, target).repositories)).toEqual(["Web"]);
  });

  it("but whose steps are not those of its hash is not gone on with", async () => {
    const target = newTarget();
    const preview = await restore(target, ["git-repositories/Web"], { previewOnly: true });
    await writeJournal(preview, [...preview.plan.steps].slice(1), preview.plan.hash);

    expect(await restore(target, ["git-repositories/Web"])).toMatchObject({ resumed: false, failed: 0 });
  });

  it("but names a repository or an item that is not the one writes to none", async () => {
    const target = newTarget();
    const victim = azure.state.addRepository(target, { name: "Victim" });
    const one = small.wit.create(target, { type: "Task", title: "One" });
    const selection = ["git-repositories/Web", `work-items/${small.task.id}`];
    const policy = { conflictPolicy: "overwrite" } as const;
    const preview = await restore(target, selection, { ...policy, previewOnly: true });
    const steps = [...preview.plan.steps].flatMap((step): readonly Step[] => {
      if (step.action === "create") return [];
      const targetId = step.kind === "work-items" ? one.id : victim.id;
      const detail = { ...step.detail, targetId, overwrite: true };
      return step.kind === "areas" ? [step] : [{ ...step, targetId: String(targetId), detail }];
    });
    await writeJournal(preview, steps);

    const applied = await restore(target, selection, policy);

    expect(applied.resumed).toBe(true);
    expect(applied.failed).toBeGreaterThanOrEqual(2);
    expect(refsOf(azure.state.repositories.folderOf(victim))).toEqual([]);
    expect(titlesIn(target)).toEqual(["One"]);
  });

  /** As somebody who holds the recovery key could write it. */
  async function writeJournal(preview: RestoreResult, steps: readonly Step[], hash?: string): Promise<void> {
    const { plan, restoreId } = preview;
    const cryptography = nodeCryptography();
    const key = await journalKey(keys.recoveryKey, cryptography);
    const recipients = [keys.recoveryRecipient];
    const journal = await openJournal({ store, cryptography, vault: small.project.id, key, recipients, restoreId });
    const { source: from, target: into, snapshot, takenAt, conflictPolicy, stale } = plan;
    const facts = { source: from, target: into, snapshot, takenAt, conflictPolicy, stale };
    const own = hash ?? hashOf(facts, steps, cryptography);
    const { target, source } = headerOf(preview, []).header as {
      readonly target: JsonObject;
      readonly source: JsonObject;
    };
    await journal.begin({
      target: target as unknown as JournalHeader["target"],
      source: source as unknown as JournalHeader["source"],
      plan: { hash: own, createsProject: false, steps: packed(steps) },
    });
  }
});
