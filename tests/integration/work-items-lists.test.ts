/** Lists of work items as the service gives them on a bad day: a recycle bin that it does not list, feeds without tokens. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeKeySet, parseIdentities, type KeySet } from "../../engine/crypto/keys.ts";
import { collect } from "../../engine/foundation/concurrency.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { BackupResult } from "../../engine/operations/results.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { newestSnapshot } from "../../engine/vault/snapshots/snapshots.ts";
import { openSnapshot } from "../../engine/vault/snapshots/snapshot-reader.ts";
import type { Exchange } from "../simulator/http/faults.ts";
import type { WitHost } from "../simulator/boards/host.ts";
import { engineOver } from "../support/backup-engine.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { Wit } from "../simulator/boards/builder.ts";

vi.setConfig({ testTimeout: 60_000 });

const cryptography = nodeCryptography();
let azure: TestSimulator;
let project: { readonly id: string; readonly name: string };
let wit: Wit;
let keys: KeySet;
let store: MemoryStore;

beforeEach(async () => {
  azure = await simulator();
  wit = new Wit(azure.state);
  project = azure.state.addProject({ name: "Backlog" });
  keys = await makeKeySet(cryptography);
  store = memoryStore();
});

afterEach(() => azure.stop());

describe("a recycle bin with more items than the service lists", () => {
  it("is backed up all the same: at first, after a mass deletion, and when nothing has changed", async () => {
    behave({ recycleBinLimit: 2 });
    const items = Array.from({ length: 8 }, (_, index) =>
      wit.create("Backlog", { fields: { "System.Title": `Step ${index}` } }),
    );
    for (const item of items.slice(0, 3)) wit.remove(item);

    expect(await backUp()).toMatchObject({ status: "complete", gaps: [] });
    expect(await states()).toEqual([true, true, true, false, false, false, false, false]);

    for (const item of items.slice(3, 6)) wit.remove(item);
    expect(await backUp()).toMatchObject({ status: "complete", gaps: [], findings: [] });
    expect(await states()).toEqual([true, true, true, true, true, true, false, false]);

    const before = singleReads();
    expect(await backUp()).toMatchObject({ status: "complete", gaps: [], sum: { changed: 0 } });
    expect(singleReads()).toBe(before);
  });

  it("gives items back that somebody takes out, and does not hold what was destroyed for deleted", async () => {
    behave({ recycleBinLimit: 2 });
    const items = Array.from({ length: 6 }, (_, index) =>
      wit.create("Backlog", { fields: { "System.Title": `Step ${index}` } }),
    );
    for (const item of items.slice(0, 4)) wit.remove(item);
    await backUp();

    wit.restore(items[0]!);
    wit.destroy(items[5]!);
    const result = await backUp();

    expect(result).toMatchObject({ status: "complete", gaps: [] });
    expect(result.findings).toMatchObject([{ code: "WORK_ITEMS_INVISIBLE" }]);
    expect(await states()).toEqual([false, true, true, true, false, false]);
  });
});

describe.each(["missing", "null"] as const)("feeds whose token in the body is %s", (feedTokens) => {
  it("are read to their end, and gone on with the next time", async () => {
    behave({ feedTokens });
    const items = Array.from({ length: 5 }, (_, index) =>
      wit.create("Backlog", { fields: { "System.Title": `Step ${index}` } }),
    );
    expect(await backUp()).toMatchObject({ status: "complete", gaps: [], findings: [] });

    wit.edit(items[1]!, { "System.Title": "Another step" });
    const asked = questionsToFeeds();
    expect(await backUp()).toMatchObject({ status: "complete", gaps: [], findings: [] });

    expect(asked.length).toBeGreaterThan(1);
    expect(asked.filter((query) => !query.has("continuationToken"))).toEqual([]);
    expect(await states()).toHaveLength(5);
    expect(await backUp()).toMatchObject({ status: "complete", sum: { changed: 0 } });
  });
});

/** Filled while the simulator is asked. */
function questionsToFeeds(): readonly URLSearchParams[] {
  const asked: URLSearchParams[] = [];
  const when = ({ path, query }: Exchange): boolean => {
    if (path.includes("/wit/reporting/")) asked.push(new URLSearchParams(query));
    return false;
  };
  azure.faults.add({ kind: "status", status: 500, when, times: Infinity });
  return asked;
}

function singleReads(): number {
  return azure.traffic.lines.filter((line) => /GET .*\/wit\/recyclebin\/\d+/i.test(line)).length;
}

function behave(switches: Partial<WitHost>): void {
  Object.assign(azure.state, switches);
}

async function backUp(): Promise<BackupResult> {
  const engine = await engineOver(azure, { store, keys });
  try {
    return await engine.backUp(project, { include: ["work-items"] });
  } finally {
    await engine.close();
  }
}

/** Of each stored work item, in the order of their numbers: whether it is stored as deleted. */
async function states(): Promise<readonly boolean[]> {
  const snapshot = newestSnapshot(await readLog({ store, cryptography, vault: project.id }));
  if (snapshot === undefined) throw new Error("there is no snapshot");
  const access = { store, cryptography, vault: project.id, identities: parseIdentities(keys.recoveryKey) };
  const reader = openSnapshot({ access, entry: snapshot.entry, takenAt: snapshot.entry.srv });
  const stream = await reader.stream("work-items");
  const records = stream === undefined ? [] : await collect(stream.records());
  return records.map(({ value }) => value.deleted === true);
}
