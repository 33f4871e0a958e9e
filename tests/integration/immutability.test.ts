/** Until when snapshots cannot be deleted: what a verification makes of what the storage tells it, and signs. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { parseAgentKey, parseIdentities } from "../../engine/crypto/keys.ts";
import { systemClock } from "../../engine/foundation/clock.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { gatherObjects } from "../../engine/operations/verify/gather-objects.ts";
import { recordVerification } from "../../engine/operations/verify/record-verification.ts";
import type { VerifyResult } from "../../engine/operations/results.ts";
import type { ObjectInfo, ObjectProtection } from "../../engine/store/object-store.ts";
import { dataName, logName } from "../../engine/vault/format/layout.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { entriesOf } from "../../engine/vault/format/logged-entry.ts";
import { keptSnapshots } from "../../engine/vault/snapshots/snapshots.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { faultyStore } from "../support/faulty-store.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

type Told = VerifyResult["immutability"]["snapshots"][number];

const cryptography = nodeCryptography();
const dayMs = 86_400_000;
const [soon, later, past] = [3, 30, -1].map((days) => new Date(Date.now() + days * dayMs).toISOString()) as [
  string,
  string,
  string,
];

let azure: TestSimulator;
let small: SmallProject;
let store: MemoryStore;
let engine: Engine;
/** Names in the container of what only the first, only the second, and both snapshots need. */
let names: Readonly<Record<"first" | "second" | "both", readonly string[]>>;
let firstSeq: number;
let secondSeq: number;

beforeAll(async () => {
  azure = await simulator();
  small = await smallProject(azure);
  store = memoryStore({ versioned: true });
  engine = await engineOver(azure, { store });
  firstSeq = (await engine.backUp(small.project)).seq;
  small.change();
  secondSeq = (await engine.backUp(small.project)).seq;
  const access = { store, cryptography, vault: small.project.id, identities: parseIdentities(engine.keys.viewerKey) };
  const kept = keptSnapshots(await readLog(access));
  const [first, second] = kept.map(({ entry }) => entry.by.run);
  const objects = [...(await gatherObjects(access, kept, 4)).objects].map(([o, { snapshots }]) => {
    const name = dataName(small.project.id, o);
    return { name, isFirst: snapshots.has(first ?? ""), isSecond: snapshots.has(second ?? "") };
  });
  const named = (isFirst: boolean, isSecond: boolean): readonly string[] =>
    objects.filter((one) => one.isFirst === isFirst && one.isSecond === isSecond).map(({ name }) => name);
  names = { first: named(true, false), second: named(false, true), both: named(true, true) };
});

beforeEach(() => {
  protect(() => locked(later));
  store.protection.container = { hasPolicy: false, isHeld: false, isByVersion: true };
});

afterAll(async () => {
  await engine.close();
  await small.remove();
  await azure.stop();
});

function locked(until: string): ObjectProtection {
  return { policy: { mode: "locked", until }, isHeld: false };
}

function unlocked(until: string): ObjectProtection {
  return { policy: { mode: "unlocked", until }, isHeld: false };
}

function protect(rule: (info: ObjectInfo) => ObjectProtection | undefined): void {
  store.protection.object = rule;
}

/** Everything is locked for long, but for one object. */
function butFor(name: string | undefined, protection: ObjectProtection | undefined): void {
  protect((info) => (info.name === name ? protection : locked(later)));
}

function verify(level: "catalogue" | "stored" = "catalogue"): Promise<VerifyResult> {
  return engine.verify(small.project, { snapshot: "all", level });
}

async function told(): Promise<readonly Told[]> {
  return (await verify()).immutability.snapshots;
}

describe("a verification of a vault in immutable storage", () => {
  it("says until when everything that a snapshot needs is locked: its objects, and the log up to its entry", async () => {
    const shared = names.both.length;

    expect(await told()).toMatchObject([
      {
        snapshot: firstSeq,
        objects: firstSeq + 1 + names.first.length + shared,
        unprotected: 0,
        held: 0,
        until: later,
      },
      { snapshot: secondSeq, objects: secondSeq + 1 + names.second.length + shared, unprotected: 0, until: later },
    ]);
  });

  it("is no better than the first lock to end, of each snapshot for itself", async () => {
    butFor(names.second[0], locked(soon));
    expect((await told()).map(({ until }) => until)).toEqual([later, soon]);

    butFor(names.both[0], locked(soon));
    expect((await told()).map(({ until }) => until)).toEqual([soon, soon]);
  });

  it.each<readonly [string, ObjectProtection, number]>([
    ["has no policy", { isHeld: false }, 0],
    ["has an unlocked one", unlocked(later), 1],
    ["has one that is over", locked(past), 0],
  ])("counts an object against the snapshots that need it when it %s", async (_, protection, loose) => {
    butFor(names.first[0], protection);

    expect(await told()).toMatchObject([
      { snapshot: firstSeq, unprotected: 1, unlocked: loose, until: later },
      { snapshot: secondSeq, unprotected: 0, unlocked: 0 },
    ]);
  });

  it("counts the log too: without its first entry no snapshot is anything", async () => {
    butFor(logName(small.project.id, 0), { isHeld: false });

    expect((await told()).map(({ unprotected }) => unprotected)).toEqual([1, 1]);
  });

  it("takes a legal hold for protection without an end, and says that it is one", async () => {
    protect(() => ({ isHeld: true }));
    const [first] = await told();
    protect(() => ({ isHeld: false }));
    store.protection.container = { hasPolicy: false, isHeld: true, isByVersion: false };

    expect(first).toMatchObject({ unprotected: 0, until: null, held: first?.objects });
    expect((await told())[0]).toEqual(first);
  });

  it("does not take a lock for protection of an object that is missing, damaged, or lies below another version", async () => {
    // No states: what they name has to be known.
    const [missing = "", damaged = "", hidden = ""] = names.both.filter((name) => !name.endsWith(".json.gz.age"));
    const before = new Map(store.objects);
    store.objects.delete(missing);
    store.overwrite(hidden, new Uint8Array(before.get(hidden)!.length));
    const broken = new Uint8Array(before.get(damaged)!);
    broken[5]! ^= 1;
    store.objects.set(damaged, broken);

    const [catalogue, stored] = [await verify("catalogue"), await verify("stored")].map(({ immutability }) =>
      immutability.snapshots.map(({ unprotected }) => unprotected),
    );
    for (const [name, bytes] of before) store.objects.set(name, bytes);

    expect([catalogue, stored]).toEqual([
      [1, 1],
      [3, 3],
    ]);
  });
});

describe("what is not told", () => {
  it("stays unknown, and nothing fails by it", async () => {
    protect(() => undefined);
    store.protection.container = undefined;

    expect(await verify()).toMatchObject({ damaged: 0, immutability: { container: "unknown", snapshots: [] } });
  });

  it("of one object only leaves the snapshots that need it unjudged", async () => {
    butFor(names.second[0], undefined);

    expect((await told()).map(({ snapshot }) => snapshot)).toEqual([firstSeq]);
  });

  it("of the container leaves objects without a policy unjudged, as long as it may have one", async () => {
    store.protection.container = undefined;
    protect(() => ({ isHeld: false }));
    expect((await verify()).immutability).toEqual({ container: "unknown", snapshots: [] });

    butFor(names.first[0], { isHeld: false });
    expect((await verify()).immutability).toMatchObject({ container: "none", snapshots: [{ unprotected: 1 }, {}] });
  });

  it("of a container's policy is neither protection nor its absence", async () => {
    store.protection.container = { hasPolicy: true, isHeld: false, isByVersion: false };
    protect(() => ({ isHeld: false }));

    expect((await verify()).immutability).toEqual({ container: "policy", snapshots: [] });
  });

  it.each(["data", "log"])(
    "is everything when a listing of the %s breaks off: there is no result then",
    async (folder) => {
      const prefix = `${small.project.id}/${folder}/`;
      const broken = faultyStore(store);
      let listings = 0;
      const list: MemoryStore["list"] = (...args) => {
        // The log is listed once to be read; it is the listing with locks that breaks off.
        listings += args[1]?.withProtection === true && args[0] === prefix ? 1 : 0;
        broken.faults.failListing = listings === 0 ? undefined : { page: 2, pageSize: 1, prefix };
        return broken.list(...args);
      };
      const breaking = await engineOver(azure, { store: { ...broken, list }, keys: engine.keys });

      const verified = breaking.verify(small.project, { snapshot: "all", level: "catalogue" });

      await expect(verified).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      expect(listings).toBe(1);
      await breaking.close();
    },
  );

  it("is everything of a snapshot whose index cannot be read", async () => {
    const [{ entry }] = keptSnapshots(await readLog({ store, cryptography, vault: small.project.id })) as [
      ReturnType<typeof keptSnapshots>[number],
    ];
    const index = dataName(small.project.id, entry.snapshot.index.o);
    const bytes = store.objects.get(index)!;
    store.objects.delete(index);

    const { immutability } = await verify();
    store.objects.set(index, bytes);

    // The versions that the store keeps still open it; what lies hidden is not protected by any lock that was seen.
    expect(immutability.snapshots.filter(({ unprotected }) => unprotected === 0)).toMatchObject([
      { snapshot: secondSeq },
    ]);
  });
});

describe("the signed entry of a verification", () => {
  it("holds it, of the newest 200 snapshots at most, and the log stays sound", async () => {
    const result = await verify();
    const [told] = result.immutability.snapshots as [Told];
    const many = Array.from({ length: 300 }, (_, snapshot) => ({ ...told, snapshot, id: `run-${snapshot}` }));
    const agentKeys = await parseAgentKey(engine.keys.agentKey, cryptography);
    const facts = { store, cryptography, clock: systemClock, agentKeys, by: { tool: "1", build: "Verify" } };

    await recordVerification(result, facts);
    await recordVerification({ ...result, immutability: { container: "none", snapshots: many } }, facts);

    const log = await readLog({ store, cryptography, vault: small.project.id });
    const [one, other] = entriesOf(log, "verification").map(({ entry }) => entry.verification.immutability);
    expect(log.problems).toEqual([]);
    expect(one).toEqual({
      container: "none",
      snapshots: [figuresOf(told), expect.objectContaining({ snapshot: secondSeq })],
    });
    expect(other?.snapshots.map(({ snapshot }) => snapshot)).toEqual(Array.from({ length: 200 }, (_, n) => n + 100));
  });
});

function figuresOf({ snapshot, objects, unprotected, unlocked, held, until }: Told): Omit<Told, "id"> {
  return { snapshot, objects, unprotected, unlocked, held, until };
}
