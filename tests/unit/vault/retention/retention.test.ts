import { describe, expect, it } from "vitest";
import { checkpointWriter } from "../../../../engine/vault/snapshots/checkpoints.ts";
import { checkpointPrefix, dataName } from "../../../../engine/vault/format/layout.ts";
import { recordIncident } from "../../../../engine/vault/log/incident.ts";
import { writeLines } from "../../../../engine/vault/objects/line-objects.ts";
import { deleteRetired, retire } from "../../../../engine/vault/retention/apply.ts";
import type { DeleteFacts, RetireFacts } from "../../../../engine/vault/retention/apply.ts";
import { guardCodes } from "../../../../engine/vault/retention/guards.ts";
import { retentionPlanner } from "../../../../engine/vault/retention/plan.ts";
import { parseRetention } from "../../../../engine/vault/retention/rules.ts";
import { keptSnapshots } from "../../../../engine/vault/snapshots/snapshots.ts";
import { faultyStore } from "../../../support/faulty-store.ts";
import { aCommitVault, runId } from "../snapshots/commit-vault.ts";
import type { CommitVault } from "../snapshots/commit-vault.ts";
import { asOwner, cryptography, testClock, vaultId } from "../log/log-vault.ts";

const day = 86_400_000;
const keepOne = parseRetention("last=1");

interface Aged extends CommitVault {
  readonly objectsOf: readonly (readonly string[])[];
}

/** Snapshots on the streams `a` (changes each time) and `b` (never), ten days apart; the newest is ten days old. */
async function withSnapshots(count: number): Promise<Aged> {
  const vault = await aCommitVault();
  const objectsOf: (readonly string[])[] = [];
  for (let n = 1; n <= count; n += 1) {
    const run = await vault.begin(runId(n));
    const b = n === 1 ? await run.store("b") : run.keep("b");
    await run.commit([await run.store("a", "base"), b]);
    objectsOf.push((await vault.newest()).objects);
    vault.clock.time += 10 * day;
  }
  return { ...vault, objectsOf };
}

async function retiring(vault: CommitVault, overrides: Partial<RetireFacts> = {}): Promise<RetireFacts> {
  const owner = await vault.begin(runId(80));
  return {
    access: vault.access,
    clock: vault.clock,
    rules: keepOne ?? { last: 1, daily: 0, weekly: 0, monthly: 0, yearly: 0 },
    append: vault.facts({ ...asOwner(vault.keys), by: { tool: "0.1.0", build: "b", run: runId(80) } }),
    sealed: owner.sealed,
    log: await vault.read(),
    allow: new Set(["many-snapshots", "many-bytes"] as const),
    ...overrides,
  };
}

function deleting(vault: CommitVault, overrides: Partial<DeleteFacts> = {}): DeleteFacts {
  return {
    log: { store: vault.store, cryptography, vault: vaultId },
    access: vault.access,
    store: vault.store,
    onOverlap: async () => undefined,
    ...overrides,
  };
}

function has(vault: CommitVault, path: string): boolean {
  return vault.store.objects.has(dataName(vaultId, path));
}

async function expectIntact(vault: CommitVault): Promise<void> {
  for (const path of (await vault.newest()).objects) expect(has(vault, path)).toBe(true);
}

describe("retention", () => {
  it("retires old snapshots and only what nothing kept needs; deletes it after the grace time", async () => {
    const vault = await withSnapshots(3);

    const result = await retire(await retiring(vault));

    expect(result).toMatchObject({ outcome: "retired", refusedBy: [] });
    expect(keptSnapshots(result.log).map(({ entry }) => entry.seq)).toEqual([3]);
    const gone = [...(vault.objectsOf[0] ?? []), ...(vault.objectsOf[1] ?? [])].filter(
      (path) => !vault.objectsOf[2]?.includes(path),
    );
    expect(result.plan.objects).toEqual(expect.arrayContaining(gone));
    expect(await deleteRetired(deleting(vault))).toMatchObject({ objects: 0 });

    vault.clock.time += 8 * day;
    const deleted = await deleteRetired(deleting(vault));

    expect(deleted).toMatchObject({ objects: result.plan.objects.length, bytes: result.plan.bytes, locked: 0 });
    expect(gone.some((path) => has(vault, path))).toBe(false);
    await expectIntact(vault);
    expect(await deleteRetired(deleting(vault))).toMatchObject({ objects: 0 });
  });

  it("never retires its own lists, nor the same object twice", async () => {
    const vault = await withSnapshots(3);
    const first = await retire(await retiring(vault));
    vault.clock.time += 8 * day;
    await deleteRetired(deleting(vault));

    const second = await retire(await retiring(vault));

    expect(first.outcome).toBe("retired");
    expect(second.outcome).toBe("nothing");
  });

  it("gives up runs that have died, but not those that may still be at work", async () => {
    const vault = await withSnapshots(1);
    const dead = await vault.begin(runId(50));
    await dead.store("a");
    vault.clock.time += 8 * day;
    const alive = await vault.begin(runId(51));
    const draft = await alive.store("a");

    const result = await retire(await retiring(vault));

    expect(result.plan.runs).toEqual([runId(50)]);
    expect(await alive.commit([draft, alive.keep("b")])).toMatchObject({ outcome: "committed" });
    vault.clock.time += 8 * day;
    await deleteRetired(deleting(vault));
    expect([...vault.store.objects.keys()].some((name) => name.includes(runId(50)))).toBe(false);
    await expectIntact(vault);
  });

  it("keeps what a living run has adopted of a dead one", async () => {
    const vault = await withSnapshots(1);
    const dead = await vault.begin(runId(50));
    const adopted = await dead.store("a");
    await dead.store("b");
    const run = await vault.begin(runId(51));
    await run.commit([adopted, run.keep("b")]);
    vault.clock.time += 8 * day;

    const result = await retire(await retiring(vault));

    expect(result.plan.runs).toEqual([]);
    expect(result.plan.objects.some((path) => path.startsWith(runId(50)))).toBe(true);
    vault.clock.time += 8 * day;
    await deleteRetired(deleting(vault));
    await expectIntact(vault);
  });

  it("plans anew when a backup commits in between", async () => {
    const vault = await withSnapshots(3);
    const facts = await retiring(vault);
    const backup = await vault.begin(runId(51));
    await backup.commit([await backup.store("a"), backup.keep("b")]);

    const result = await retire(facts);

    expect(keptSnapshots(result.log).map(({ entry }) => entry.seq)).toEqual([4]);
    vault.clock.time += 8 * day;
    await deleteRetired(deleting(vault));
    await expectIntact(vault);
  });

  it("skips locked objects and takes them next time (case 22)", async () => {
    const vault = await withSnapshots(2);
    await retire(await retiring(vault));
    vault.clock.time += 8 * day;
    const [first = ""] = vault.objectsOf[0] ?? [];
    vault.store.locked.add(dataName(vaultId, first));

    expect(await deleteRetired(deleting(vault))).toMatchObject({ locked: 1 });
    vault.store.locked.clear();
    expect(await deleteRetired(deleting(vault))).toMatchObject({ objects: 1, locked: 0 });
  });

  it("deletes checkpoints of runs that have committed or died", async () => {
    const vault = await withSnapshots(1);
    const run = await vault.begin(runId(51));
    const facts = {
      store: vault.store,
      access: vault.access,
      signing: vault.keys.agent,
      sealed: run.sealed,
      run: run.run,
    };
    const draft = await run.store("a");
    await (await checkpointWriter({ ...facts, shard: "00" })).write([{ ...draft, note: {} }]);
    await run.commit([draft, run.keep("b")]);
    const checkpoints = (): number =>
      [...vault.store.objects.keys()].filter((name) => name.startsWith(checkpointPrefix(vaultId, run.run))).length;
    await deleteRetired(deleting(vault));
    expect(checkpoints()).toBe(1);
    vault.clock.time += 8 * day;

    expect(await deleteRetired(deleting(vault))).toMatchObject({ checkpoints: 1 });
    expect(checkpoints()).toBe(0);
  });

  it("needs the owner key", async () => {
    const vault = await withSnapshots(2);

    await expect(retire(await retiring(vault, { append: vault.facts() }))).rejects.toMatchObject({
      code: "SIGNER_NOT_ALLOWED",
    });
  });
});

describe("retention fails closed", () => {
  it("when a listing does not end well (case 7)", async () => {
    const vault = await withSnapshots(3);
    const before = [...vault.store.objects.keys()];
    const store = faultyStore(vault.store, { failListing: { page: 2, pageSize: 3, prefix: `${vaultId}/data/` } });

    await expect(retire(await retiring(vault, { access: { ...vault.access, store } }))).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
    expect([...vault.store.objects.keys()]).toEqual(before);
  });

  it("when the log is not the one that is known", async () => {
    const vault = await withSnapshots(3);
    const pin = { seq: 9, sha256: "0".repeat(64) };

    await expect(retire(await retiring(vault, { log: await vault.read({ pin }) }))).rejects.toMatchObject({
      code: "LOG_ROLLBACK",
    });
    await expect(deleteRetired(deleting(vault, { log: vault.facts({ pin }) }))).rejects.toMatchObject({
      code: "LOG_ROLLBACK",
    });
  });

  it("when something that was retired turns out to be needed: an incident, and nothing is deleted", async () => {
    const vault = await withSnapshots(1);
    const owner = await vault.begin(runId(80));
    const [needed = ""] = (await vault.newest()).objects;
    const objects = await writeLines(owner.sealed, [needed]);
    await vault.append({ kind: "retire", retire: { snapshots: [], objects, runs: [] } }, asOwner(vault.keys));
    vault.clock.time += 8 * day;
    const before = vault.store.objects.size;
    const onOverlap = async (paths: readonly string[]): Promise<void> => {
      await recordIncident(vault.facts(), await vault.read(), {
        code: "RETENTION_OVERLAP",
        objects: paths,
        snapshots: [],
      });
    };

    await expect(deleteRetired(deleting(vault, { onOverlap }))).rejects.toMatchObject({ code: "RETENTION_OVERLAP" });

    expect(vault.store.objects.size).toBe(before + 1);
    expect((await vault.read()).entries.at(-1)?.entry).toMatchObject({
      incident: { code: "RETENTION_OVERLAP", objects: [needed] },
    });
  });
});

describe("guards", () => {
  async function guardsOf(vault: CommitVault, overrides: Partial<RetireFacts> = {}): Promise<string[]> {
    const facts = await retiring(vault, overrides);
    return (await retentionPlanner(facts).plan(await vault.read())).guards.map(({ code }) => code);
  }

  it("refuse to let most snapshots or bytes go at once, until a person allows it", async () => {
    const vault = await withSnapshots(4);

    const refused = await retire(await retiring(vault, { allow: new Set() }));

    expect(refused.outcome).toBe("refused");
    expect(refused.refusedBy.map(({ code }) => code)).toEqual(["many-snapshots", "many-bytes"]);
    expect((await vault.read()).entries.some(({ entry }) => entry.kind === "retire")).toBe(false);
    expect((await retire(await retiring(vault))).outcome).toBe("retired");
  });

  it("measure over what is older than 7 days: nobody makes a share small by adding snapshots", async () => {
    const vault = await withSnapshots(4);
    for (let n = 0; n < 30; n += 1) {
      const run = await vault.begin(runId(51 + n));
      await run.commit([await run.store("a", "base"), run.keep("b")]);
    }

    const { refusedBy } = await retire(await retiring(vault, { allow: new Set() }));

    expect(refusedBy.map(({ code }) => code)).toEqual(["many-snapshots", "many-bytes"]);
    expect(refusedBy[0]?.message).toBe("4 of 4 snapshots older than 7 days would go at once");
  });

  it("count what went in the last days too, so that a little shorter every night is no way around", async () => {
    const vault = await withSnapshots(12);
    const outcomes: string[] = [];
    for (const last of [105, 95, 85, 75, 65, 55]) {
      const rules = parseRetention(`last=${last}`) ?? keepOne;
      outcomes.push((await retire(await retiring(vault, { rules: rules!, allow: new Set(["many-bytes"]) }))).outcome);
      vault.clock.time += day;
    }

    expect(outcomes).toEqual(["retired", "retired", "refused", "refused", "refused", "refused"]);
  });

  it("refuse while any alarm is open, whatever quiet snapshots came after it", async () => {
    const vault = await withSnapshots(2);
    const run = await vault.begin(runId(51));
    await run.commit([run.keep("a"), run.keep("b")], { judge: () => [{ code: "mass-delete", n: 4210 }] });
    expect(await guardsOf(vault)).toContain("anomaly");
    for (let n = 52; n < 55; n += 1) {
      vault.clock.time += 10 * day;
      const quiet = await vault.begin(runId(n));
      await quiet.commit([quiet.keep("a"), quiet.keep("b")]);
    }

    expect(await guardsOf(vault)).toContain("anomaly");
    const acknowledge = { seq: 3, codes: ["mass-delete"], streams: [] };
    await vault.append({ kind: "acknowledge", acknowledge }, asOwner(vault.keys));

    expect(await guardsOf(vault)).not.toContain("anomaly");
  });

  it("keep the newest complete snapshot from before an alarm even when a person lets retention go on", async () => {
    const vault = await withSnapshots(4);
    const run = await vault.begin(runId(51));
    await run.commit([run.keep("a"), run.keep("b")], { judge: () => [{ code: "mass-delete", n: 4210 }] });
    vault.clock.time += 10 * day;
    const quiet = await vault.begin(runId(52));
    await quiet.commit([await quiet.store("a", "base"), quiet.keep("b")]);
    vault.clock.time += 10 * day;

    const result = await retire(await retiring(vault, { allow: new Set(guardCodes) }));

    expect(keptSnapshots(result.log).map(({ entry }) => entry.seq)).toEqual([4, 6]);
  });

  it("refuse for the alarm of a snapshot that is retired", async () => {
    const vault = await withSnapshots(2);
    const run = await vault.begin(runId(51));
    await run.commit([run.keep("a"), run.keep("b")], { judge: () => [{ code: "mass-delete", n: 4210 }] });
    vault.clock.time += 10 * day;
    const quiet = await vault.begin(runId(52));
    await quiet.commit([await quiet.store("a", "base"), quiet.keep("b")]);
    const result = await retire(await retiring(vault, { allow: new Set(guardCodes) }));
    expect(keptSnapshots(result.log).map(({ entry }) => entry.seq)).not.toContain(3);

    expect(await guardsOf(vault)).toContain("anomaly");
  });

  it("refuse after an incident, until somebody let retention go on after it", async () => {
    const vault = await withSnapshots(4);
    await recordIncident(vault.facts(), await vault.read(), { code: "OBJECT_MISSING", objects: [], snapshots: [] });
    expect(await guardsOf(vault)).toContain("incident");

    await retire(await retiring(vault, { allow: new Set(guardCodes) }));

    expect(await guardsOf(vault)).not.toContain("incident");
  });

  it("refuse when a kept snapshot is damaged, since nobody knows what it needs", async () => {
    const vault = await withSnapshots(2);
    const state = (await vault.newest()).index.get("b")?.state?.o ?? "";
    vault.store.objects.delete(dataName(vaultId, state));

    expect(await guardsOf(vault)).toContain("damage");
  });

  it("refuse when the clocks of agent and storage differ by more than an hour (case 30)", async () => {
    const vault = await withSnapshots(2);

    expect(await guardsOf(vault, { clock: testClock("2043-01-01T00:00:00Z") })).toContain("clock");
  });

  it("let a quiet vault be", async () => {
    const vault = await withSnapshots(8);
    const rules = parseRetention("last=75");
    if (rules === undefined) throw new Error("rules expected");

    expect(await guardsOf(vault, { rules })).toEqual([]);
  });
});
