/**
 * Killing a backup before and after every operation that changes the storage (docs/fault-plan.md, case 31), and a restore
 * before and after everything it changes in Azure DevOps or in its journal (case 32, 79): the next run ends where an
 * undisturbed run ends.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { makeKeySet, type KeySet } from "../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { BackupResult, RestoreResult } from "../../engine/operations/results.ts";
import { forEachConcurrent } from "../../engine/foundation/concurrency.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { entriesOf } from "../../engine/vault/format/logged-entry.ts";
import type { Exchange } from "../simulator/http/faults.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { faultyStore, StoreKilled, type FaultPoint, type FaultyStore } from "../support/faulty-store.ts";
import { copyOf, memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { healthy, newestContent } from "../support/oracle.ts";
import { viewOf, type ProjectView } from "../support/project-view.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const cryptography = nodeCryptography();
let azure: TestSimulator;
let small: SmallProject;
let keys: KeySet;

beforeAll(async () => {
  azure = await simulator();
  small = await smallProject(azure);
  keys = await makeKeySet(cryptography);
});

afterAll(async () => {
  await small.remove();
  await azure.stop();
});

async function withEngine<Result>(store: FaultyStore, work: (engine: Engine) => Promise<Result>): Promise<Result> {
  const engine = await engineOver(azure, { store, keys });
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

function backUp(store: FaultyStore, build: string): Promise<BackupResult> {
  return withEngine(store, (engine) => engine.backUp(small.project, { build }));
}

describe("a backup that is killed", () => {
  it("at any change of the storage, first snapshot, ends like an undisturbed one when it runs again", async () => {
    await killEverywhere(undefined);
  });

  it("at any change of the storage, second snapshot, ends like an undisturbed one when it runs again", async () => {
    const first = memoryStore();
    await backUp(faultyStore(first), "first");
    small.change();
    await killEverywhere(first);
  });

  async function killEverywhere(before: MemoryStore | undefined): Promise<void> {
    const undisturbed = copyOf(before);
    const counting = faultyStore(undisturbed);
    const { status } = await backUp(counting, "undisturbed");
    expect(status).toBe("complete");
    const vault = small.project.id;
    const expected = await healthy({ store: undisturbed, keys, vault });
    const points = counting.operations.flatMap((label, index): FaultPoint[] => [
      { operation: index + 1, when: "before" },
      // Between two operations nothing else can be lost: only what follows the entry itself is worth the second look.
      ...(label.includes("/log/") || before !== undefined ? [{ operation: index + 1, when: "after" } as const] : []),
    ]);
    expect(points.length).toBeGreaterThan(30);
    await forEachConcurrent(points, 3, async (point) => {
      const store = copyOf(before);
      const name = `${point.when} ${counting.operations[point.operation - 1] ?? ""}`;
      await expect(backUp(faultyStore(store, { killAt: point }), "killed"), name).rejects.toThrow();
      const isSameBuild = point.operation % 2 === 0;
      const killedLog = await readLog({ store, cryptography, vault });
      const again = await backUp(faultyStore(store), isSameBuild ? "killed" : "another build");
      const seen = await healthy({ store, keys, vault });
      expect(again.status, name).toBe("complete");
      expect(newestContent(seen), name).toEqual(newestContent(expected));
      const hadCommitted = entriesOf(killedLog, "snapshot").length === expected.snapshots.length;
      const extra = hadCommitted && !isSameBuild ? 1 : 0;
      expect(seen.snapshots.length, name).toBe(expected.snapshots.length + extra);
    });
  }
});

/** Everything dies at this change of Azure DevOps, counted from 1, before or after its effect. */
interface Change {
  readonly number: number;
  readonly when: "before" | "after";
}

describe("a restore that is killed", () => {
  let vault: MemoryStore;

  beforeAll(async () => {
    vault = memoryStore();
    await backUp(faultyStore(vault), "for restores");
  });

  async function restoreInto(
    target: ProjectRecord,
    facts: { readonly store: FaultyStore; readonly signal?: AbortSignal },
  ): Promise<RestoreResult> {
    const engine = await engineOver(azure, { ...facts, keys });
    try {
      return await engine.restore(small.project, ["*"], { targetProject: { id: target.id, name: target.name } });
    } finally {
      await engine.close();
    }
  }

  /** Each target its own project, so that every attempt begins with nothing. */
  function newTarget(name: string): ProjectRecord {
    return azure.state.addProject({ name, defaultRepository: false });
  }

  function comparable(view: ProjectView, { name }: ProjectRecord): unknown {
    return JSON.parse(JSON.stringify(view).replaceAll(name, "(target)"));
  }

  it("at any entry of its journal has the same effect as an undisturbed one when it runs again", async () => {
    const undisturbed = newTarget("Journal");
    const counting = faultyStore(copyOf(vault));
    await restoreInto(undisturbed, { store: counting });
    const expected = comparable(viewOf(azure, undisturbed), undisturbed);
    expect(counting.operations.length).toBeGreaterThan(10);
    // Entries follow one another: what is true after one is true before the next.
    const points = counting.operations.map((label, index) => ({
      operation: index + 1,
      when: index + 1 === counting.operations.length ? ("after" as const) : ("before" as const),
      label,
    }));
    await forEachConcurrent(points, 3, async ({ operation, when, label }) => {
      const target = newTarget(`Journal ${operation} ${when}`);
      const store = copyOf(vault);
      const killed = faultyStore(store, { killAt: { operation, when } });
      await expect(restoreInto(target, { store: killed }), label).rejects.toThrow();
      const again = await restoreInto(target, { store: faultyStore(store) });
      expect(again.failed, label).toBe(0);
      expect(comparable(viewOf(azure, target), target), `${when} ${label}`).toEqual(expected);
    });
  });

  it("at any change of Azure DevOps has the same effect as an undisturbed one when it runs again", async () => {
    const counted: string[] = [];
    const undisturbed = newTarget("Changes");
    const counting = (exchange: Exchange): boolean => {
      if (isChange(exchange)) counted.push(`${exchange.method} ${exchange.path}`);
      return false;
    };
    azure.faults.add({ kind: "resetBefore", when: counting });
    await restoreInto(undisturbed, { store: faultyStore(copyOf(vault)) });
    azure.faults.clear();
    const expected = comparable(viewOf(azure, undisturbed), undisturbed);
    expect(counted.length).toBeGreaterThan(15);
    for (const change of changesToTry(counted)) {
      const target = newTarget(`Changes ${change.number} ${change.when}`);
      const store = copyOf(vault);
      await restoreKilledAt(change, target, faultyStore(store));
      const again = await restoreInto(target, { store: faultyStore(store) });
      const name = `${change.when} ${counted[change.number - 1] ?? ""}`;
      expect(again.failed, name).toBe(0);
      expect(comparable(viewOf(azure, target), target), name).toEqual(expected);
    }
  });

  /** After every change; before the first of each sort. */
  function changesToTry(counted: readonly string[]): readonly Change[] {
    const sorts = counted.map((label) => label.replace(/[0-9a-f-]{32,}|\d+/g, "n"));
    return sorts.flatMap((sort, index): Change[] => [
      ...(sorts.indexOf(sort) === index ? [{ number: index + 1, when: "before" } as const] : []),
      { number: index + 1, when: "after" },
    ]);
  }

  async function restoreKilledAt(change: Change, target: ProjectRecord, store: FaultyStore): Promise<void> {
    const end = new AbortController();
    let changes = 0;
    const dies = (exchange: Exchange): boolean => {
      if (isChange(exchange)) changes += 1;
      if (changes < change.number) return false;
      if (!end.signal.aborted) {
        // A dead process writes nothing more into its journal either.
        store.faults.killAt = { operation: store.operations.length + 1, when: "before" };
        setImmediate(() => end.abort(new StoreKilled()));
      }
      return true;
    };
    azure.faults.add({ kind: change.when === "before" ? "resetBefore" : "resetAfter", when: dies, times: Infinity });
    await expect(restoreInto(target, { store, signal: end.signal })).rejects.toThrow();
    azure.faults.clear();
  }
});

/** Requests that change something; some reads are posted. */
function isChange({ method, path }: Exchange): boolean {
  if (!["POST", "PUT", "PATCH", "DELETE"].includes(method)) return false;
  return !/workitemsbatch|wiql|git-upload-pack|objects\/batch|reporting/i.test(path);
}
