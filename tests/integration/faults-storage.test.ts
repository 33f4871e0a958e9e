/**
 * Faults of the storage during backups (docs/fault-plan.md, cases 1 to 18, 29, 30, 40): over HTTP through the proxy in front
 * of Azurite, and in memory where only the order of things counts.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { makeKeySet, type KeySet } from "../../engine/crypto/keys.ts";
import type { Clock } from "../../engine/foundation/clock.ts";
import { BackupError } from "../../engine/foundation/errors.ts";
import { md5 } from "../../engine/native/md5.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { BackupRequest } from "../../engine/operations/backup/session.ts";
import type { BackupResult } from "../../engine/operations/results.ts";
import { azureBlobStore } from "../../engine/store/azure-blob-store.ts";
import type { DeletingStore } from "../../engine/store/object-store.ts";
import { dataPrefix, logName, logPrefix } from "../../engine/vault/format/layout.ts";
import { entriesOf } from "../../engine/vault/format/logged-entry.ts";
import { startStorageProxy, type StorageProxy, type StorageRequest } from "../simulator/storage/storage-proxy.ts";
import { startAzurite, type Azurite, type AzuriteContainer } from "../support/azurite.ts";
import { engineOver } from "../support/backup-engine.ts";
import { hastyClock } from "../support/hasty-clock.ts";
import { faultyStore, type StoreFaults } from "../support/faulty-store.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { healthy, look, newestContent } from "../support/oracle.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let azure: TestSimulator;
let small: SmallProject;
let keys: KeySet;
/** What an undisturbed first backup stores. */
let expected: unknown;

beforeAll(async () => {
  azure = await simulator();
  small = await smallProject(azure);
  keys = await makeKeySet(nodeCryptography());
  const store = memoryStore();
  await backUp(store);
  expected = newestContent(await healthy({ store, keys, vault: small.project.id }));
});

afterAll(async () => {
  await small.remove();
  await azure.stop();
});

async function backUp(
  store: DeletingStore,
  changes: Partial<BackupRequest> & { readonly clock?: Clock } = {},
): Promise<BackupResult> {
  const { clock = hastyClock, ...request } = changes;
  const engine = await engineOver(azure, { store, keys, clock });
  try {
    return await engine.backUp(small.project, request);
  } finally {
    await engine.close();
  }
}

async function expectWhole(store: DeletingStore, snapshots = 1): Promise<void> {
  const sight = await healthy({ store, keys, vault: small.project.id });
  expect(sight.snapshots).toHaveLength(snapshots);
  expect(sight.snapshots.at(-1)?.status).toBe("complete");
  expect(newestContent(sight)).toEqual(expected);
}

describe("over HTTP", () => {
  let azurite: Azurite;
  let proxy: StorageProxy;
  let container: AzuriteContainer;

  beforeAll(async () => {
    azurite = await startAzurite();
    proxy = await startStorageProxy({ target: azurite.endpoint });
  });
  afterAll(async () => {
    await proxy.stop();
    await azurite.stop();
  });
  beforeEach(async () => {
    container = await azurite.createContainer();
    Object.assign(proxy.faults, {
      status: undefined,
      full: undefined,
      sasExpiresAtRequest: undefined,
      loseResponses: undefined,
      truncateReads: undefined,
      flipReads: undefined,
      flipWrites: undefined,
      clockSkewMs: undefined,
    });
  });

  function store(sas = container.sas): DeletingStore {
    return azureBlobStore({
      containerUrl: proxy.through(container.url),
      sas,
      md5,
      clock: hastyClock,
      random: Math.random,
      retry: { attempts: 6, firstDelayMs: 500, maxDelayMs: 5000 },
    });
  }

  const isWrite = ({ kind }: StorageRequest): boolean => kind === "put" || kind === "block" || kind === "commit";

  it("answers that are lost after their effect leave nothing twice", async () => {
    const lost = new Set<string>();
    const isFirst = (request: StorageRequest): boolean => {
      if (!isWrite(request) || lost.has(request.name)) return false;
      lost.add(request.name);
      return true;
    };
    proxy.faults.loseResponses = { only: isFirst, times: 1000 };
    const result = await backUp(store());
    expect(result.status).toBe("complete");
    expect(lost.size).toBeGreaterThan(20);
    proxy.faults.loseResponses = undefined;
    await expectWhole(store());
    const { log } = await look({ store: store(), keys, vault: small.project.id });
    expect(log.entries.map(({ entry }) => entry.kind)).toEqual(["genesis", "snapshot"]);
  });

  it("a storm of 503 is waited out", async () => {
    proxy.faults.status = { status: 503, share: 0.3 };
    expect((await backUp(store())).status).toBe("complete");
    proxy.faults.status = undefined;
    await expectWhole(store());
  });

  it("a service that stays down ends the run in time, with nothing half visible", async () => {
    await backUp(store());
    proxy.faults.status = { status: 503, only: isWrite };
    await expect(backUp(store())).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    proxy.faults.status = undefined;
    await expectWhole(store());
  });

  it("bytes spoilt on their way are sent and read again", async () => {
    proxy.faults.flipWrites = { times: 3, only: ({ name }) => name.includes("/data/") };
    await backUp(store());
    proxy.faults.truncateReads = { times: 4 };
    proxy.faults.flipReads = { times: 3, only: ({ name }) => name.includes("/data/") };
    const second = await backUp(store());
    expect(second).toMatchObject({ status: "complete", gaps: [] });
    await expectWhole(store(), 2);
  });

  it.each([0.2, 0.4, 0.6, 0.8, 0.95])(
    "a SAS that expires after %s of the requests fails the run; a new SAS finishes it without sending all again",
    async (share) => {
      proxy.resetCounts();
      await backUp(store());
      const { requests, bytesWritten } = { ...proxy.counts };
      container = await azurite.createContainer();
      const started = proxy.log.length;
      let seen = 0;
      proxy.faults.forbid = {
        code: "AuthenticationFailed",
        only: () => (seen += 1) > Math.floor(requests * share),
      };
      expect(started).toBeGreaterThan(0);
      proxy.resetCounts();
      await expect(backUp(store(), { build: "one" })).rejects.toMatchObject({ code: "STORE_FORBIDDEN" });
      proxy.faults.forbid = undefined;
      const sas = azurite.containerSas(container.name);
      expect((await backUp(store(sas), { build: "one" })).status).toBe("complete");
      expect(proxy.counts.bytesWritten).toBeLessThan(2 * bytesWritten);
      await expectWhole(store());
    },
  );

  it("an account that is full fails the run, and nothing is deleted to make room", async () => {
    await backUp(store());
    const before = proxy.counts.byKind.delete;
    proxy.faults.full = {};
    await expect(backUp(store())).rejects.toMatchObject({ code: "STORE_FULL" });
    proxy.faults.full = undefined;
    expect(proxy.counts.byKind.delete).toBe(before);
    await expectWhole(store());
    expect((await backUp(store())).status).toBe("complete");
  });

  it("a clock that is hours off is noted, whichever of the two it is", async () => {
    proxy.faults.clockSkewMs = 3 * 3_600_000;
    const ahead = await backUp(store());
    expect(ahead.anomalies).toContainEqual({ code: "clock-skew", n: expect.any(Number) as number });
    proxy.faults.clockSkewMs = undefined;
    const lost: Clock = { ...hastyClock, now: () => new Date(Date.now() + 17 * 365 * 86_400_000) };
    const wrong = await backUp(store(), { clock: lost });
    expect(wrong).toMatchObject({ status: "complete" });
    expect(wrong.anomalies.map(({ code }) => code)).toContain("clock-skew");
    await expectWhole(store(), 2);
  });
});

describe("what was stored once", () => {
  let memory: MemoryStore;
  let head: BackupResult["head"];

  beforeEach(async () => {
    memory = memoryStore();
    head = (await backUp(memory)).head;
  });
  afterEach(() => memory.objects.clear());

  it("survives a run that can never write", async () => {
    const before = [...memory.objects.keys()];
    for (const code of ["STORE_FORBIDDEN", "STORE_FULL", "STORE_UNAVAILABLE"] as const) {
      const refusing = faultyStore(memory, { refuseFrom: { operation: 1, code } });
      await expect(backUp(refusing)).rejects.toMatchObject({ code });
    }
    expect([...memory.objects.keys()]).toEqual(before);
    await expectWhole(memory);
  });

  it.each([
    { name: "the log lists empty", faults: { emptyListings: true } },
    { name: "the listing of the log fails", faults: { failListing: { page: 1, pageSize: 1, prefix: "" } } },
    { name: "the listing of the log fails on its second page", faults: { failListing: { page: 2, pageSize: 1 } } },
  ] satisfies { readonly name: string; readonly faults: StoreFaults }[])(
    "is neither begun anew nor forgotten where $name",
    async ({ faults }) => {
      const store = faultyStore(memory, faults);
      await expect(backUp(store, { pin: head })).rejects.toMatchObject({
        code: expect.stringMatching(/LOG_ROLLBACK|STORE_UNAVAILABLE/) as string,
      });
      expect(store.operations).toEqual([]);
      await expectWhole(memory);
    },
  );

  it("is not built upon where an object has gone: the stream is stored anew and the loss is recorded", async () => {
    const { snapshots } = await look({ store: memory, keys, vault: small.project.id });
    const lost = [...memory.objects.keys()].find((name) => name.endsWith("bundle.age")) ?? "";
    memory.objects.delete(lost);
    let recorded = 0;
    for (let run = 0; run < 7 && recorded === 0; run += 1) {
      await backUp(memory);
      const { log } = await look({ store: memory, keys, vault: small.project.id });
      recorded = entriesOf(log, "incident").filter(({ entry }) => entry.incident.code === "OBJECT_MISSING").length;
    }
    expect(recorded).toBe(1);
    const sight = await look({ store: memory, keys, vault: small.project.id });
    const newest = sight.snapshots.at(-1);
    expect(newest?.status).toBe("complete");
    expect(sight.violations.filter((line) => line.startsWith(`snapshot ${newest?.seq ?? 0}:`))).toEqual([]);
    expect(newestContent(sight)).toEqual(expected);
    expect(sight.violations.some((line) => line.startsWith(`snapshot ${snapshots[0]?.seq ?? 0}:`))).toBe(true);
  });

  it("takes no snapshot while it cannot be told whether older objects are there", async () => {
    const cannotSay = new BackupError({ code: "STORE_FORBIDDEN", message: "no right to look", hint: "Grant it." });
    const store: DeletingStore = {
      ...memory,
      info: async (name) => {
        if (name.startsWith(dataPrefix(small.project.id))) throw cannotSay;
        return memory.info(name);
      },
    };
    let refused: unknown;
    let taken = 1;
    for (; refused === undefined && taken < 8; taken += 1) {
      refused = await backUp(store).then(
        () => undefined,
        (error: unknown) => error,
      );
    }
    expect(refused).toBe(cannotSay);
    const { snapshots } = await look({ store: memory, keys, vault: small.project.id });
    expect(snapshots).toHaveLength(taken - 1);
    await backUp(memory);
    await expectWhole(memory, taken);
  });

  it("goes on beside garbage planted as the next entry", async () => {
    const next = logName(small.project.id, head.seq + 1);
    memory.overwrite(next, new TextEncoder().encode("not an entry\n"));
    const result = await backUp(memory);
    expect(result).toMatchObject({ status: "complete", seq: head.seq + 2 });
    const { log, snapshots } = await look({ store: memory, keys, vault: small.project.id });
    expect(log.problems.map(({ code }) => code)).toEqual(["LOG_VOID"]);
    expect(snapshots).toHaveLength(2);
  });

  it("records once as an incident that somebody has planted entries", async () => {
    const incidents = async (): Promise<readonly unknown[]> => {
      const { log } = await look({ store: memory, keys, vault: small.project.id });
      return entriesOf(log, "incident").map(({ entry }) => entry.incident);
    };
    const next = logName(small.project.id, head.seq + 1);
    memory.overwrite(next, new TextEncoder().encode("not an entry\n"));
    await backUp(memory);
    await backUp(memory);
    expect(await incidents()).toEqual([{ code: "LOG_VOID", objects: [next], snapshots: [] }]);
    const { log } = await look({ store: memory, keys, vault: small.project.id });
    const later = logName(small.project.id, (log.head?.seq ?? 0) + 1);
    memory.overwrite(later, new TextEncoder().encode("not an entry either\n"));
    await backUp(memory);
    expect((await incidents()).slice(1)).toEqual([{ code: "LOG_VOID", objects: [later], snapshots: [] }]);
  });

  it("takes no snapshot when its newest entries were removed, as the pinned head tells", async () => {
    await backUp(memory);
    const second = await backUp(memory);
    for (const name of [...memory.objects.keys()]
      .filter((key) => key.startsWith(logPrefix(small.project.id)))
      .slice(-2))
      memory.objects.delete(name);
    const store = faultyStore(memory);
    await expect(backUp(store, { pin: second.head })).rejects.toMatchObject({ code: "LOG_ROLLBACK" });
    expect(store.operations).toEqual([]);
  });

  it("serves two backups that finish at once: two entries, both sound", async () => {
    const [one, two] = await Promise.all([backUp(memory, { build: "a" }), backUp(memory, { build: "b" })]);
    expect(new Set([one.snapshot, two.snapshot]).size).toBe(2);
    await expectWhole(memory, 3);
  });
});

describe("a run with many streams", () => {
  it("does not send again what its checkpoints hold when it was cut off", async () => {
    const project = azure.state.addProject({ name: "Many", defaultRepository: false });
    const from = azure.state.repositories.folderOf(small.web.record);
    for (let index = 0; index < 70; index += 1)
      azure.state.addRepository(project, { name: `Service ${index}`, from, share: true });
    const memory = memoryStore();
    const run = async (store: DeletingStore): Promise<BackupResult> => {
      const engine = await engineOver(azure, { store, keys, clock: hastyClock });
      try {
        return await engine.backUp(
          { id: project.id, name: project.name },
          { build: "one", include: ["git-repositories"] },
        );
      } finally {
        await engine.close();
      }
    };
    const cut = faultyStore(memory, { refuseFrom: { operation: 240, code: "STORE_FORBIDDEN" } });
    await expect(run(cut)).rejects.toMatchObject({ code: "STORE_FORBIDDEN" });
    const resumed = faultyStore(memory);
    expect(await run(resumed)).toMatchObject({ status: "complete" });
    // Fifty streams stand in a checkpoint; each of the twenty others has some four objects.
    expect(resumed.operations.length).toBeLessThan(20 * 4 + 15);
    await healthy({ store: memory, keys, vault: project.id });
  });
});
