import { describe, expect, it } from "vitest";
import { BackupError } from "../../../../engine/foundation/errors.ts";
import { checkpointWriter, readCheckpoints } from "../../../../engine/vault/snapshots/checkpoints.ts";
import type { CheckpointedDraft } from "../../../../engine/vault/snapshots/checkpoints.ts";
import { commitSnapshot } from "../../../../engine/vault/snapshots/commit.ts";
import { openVault } from "../../../../engine/vault/log/genesis.ts";
import { deleteRetired, retire } from "../../../../engine/vault/retention/apply.ts";
import { guardCodes } from "../../../../engine/vault/retention/guards.ts";
import { chooseRun } from "../../../../engine/vault/snapshots/run.ts";
import type { DeletingStore } from "../../../../engine/store/object-store.ts";
import { faultyStore, StoreKilled } from "../../../support/faulty-store.ts";
import type { FaultPoint } from "../../../support/faulty-store.ts";
import { aCommitVault, runId } from "./commit-vault.ts";
import type { CommitVault } from "./commit-vault.ts";
import { asOwner, organization, vaultId } from "../log/log-vault.ts";

const day = 86_400_000;

/** One backup of the streams `a` and `b`, as an operation does it: open, resume, store, checkpoint, commit. */
async function backUp(vault: CommitVault, build: string, store: DeletingStore): Promise<string> {
  const { agent, owner, set } = vault.keys;
  const facts = vault.facts({ store });
  const origin = { organization, project: { id: vaultId } };
  const recoveryRecipients = [set.recoveryRecipient];
  await openVault({ ...facts, origin, agent, ownerSigner: owner.signer, recoveryRecipients });
  const { run } = await chooseRun({ ...facts, build });
  const access = { ...vault.access, store };
  const begun = await vault.begin(run, store);
  const known = await readCheckpoints(access, run, agent.signer);
  const writer = await checkpointWriter({ store, access, signing: agent, sealed: begun.sealed, run, shard: "00" });
  const drafts: CheckpointedDraft[] = [];
  for (const stream of ["a", "b"]) {
    const draft = known.get(stream) ?? { ...(await begun.store(stream)), note: {} };
    if (!known.has(stream)) await writer.write([draft]);
    drafts.push(draft);
  }
  const committed = await commitSnapshot({
    append: { ...facts, by: { tool: "0.1.0", build, run } },
    access,
    sealed: begun.sealed,
    log: begun.log,
    base: begun.base,
    drafts,
    window: ["2026-11-22T18:00:00Z", "2026-11-22T18:05:00Z"],
    hasGaps: false,
    newBytes: begun.sealed.storedBytes,
    judge: () => [],
    unusable: "rebase",
  });
  expect(committed.outcome).toBe("committed");
  return run;
}

async function expectSound(vault: CommitVault, snapshots: number): Promise<void> {
  const log = await vault.read();
  expect(log.problems).toEqual([]);
  expect(log.entries.filter(({ entry }) => entry.kind === "snapshot")).toHaveLength(snapshots);
  const { index, objects } = await vault.newest();
  expect([...index.keys()]).toEqual(["a", "b"]);
  for (const path of objects) expect(vault.store.objects.has(`${vaultId}/data/${path}`)).toBe(true);
}

async function pointsOf(
  work: (store: DeletingStore, vault: CommitVault) => Promise<unknown>,
  make: () => Promise<CommitVault>,
): Promise<FaultPoint[]> {
  const vault = await make();
  const store = faultyStore(vault.store);
  await work(store, vault);
  return store.operations.flatMap((_, index) => [
    { operation: index + 1, when: "before" as const },
    { operation: index + 1, when: "after" as const },
  ]);
}

async function anEmptyVault(): Promise<CommitVault> {
  const vault = await aCommitVault();
  vault.store.objects.clear();
  return vault;
}

async function withRetirable(): Promise<CommitVault> {
  const vault = await aCommitVault();
  for (const n of [1, 2]) {
    const run = await vault.begin(runId(n));
    await run.commit([await run.store("a", "base"), await run.store("b", "base")]);
    vault.clock.time += 10 * day;
  }
  return vault;
}

async function retain(store: DeletingStore, vault: CommitVault): Promise<void> {
  const owner = await vault.begin(runId(80), store);
  const facts = vault.facts({ store, ...asOwner(vault.keys), by: { tool: "0.1.0", build: "b", run: runId(80) } });
  const access = { ...vault.access, store };
  const rules = { last: 1, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
  const allow = new Set(guardCodes);
  await retire({ access, clock: vault.clock, rules, append: facts, sealed: owner.sealed, log: owner.log, allow });
  vault.clock.time += 8 * day;
  await deleteRetired({ log: facts, access, store, onOverlap: async () => undefined });
}

describe("a backup that is killed before or after any write (case 31)", () => {
  it("comes to the same end when the same build runs again", async () => {
    const points = await pointsOf((store, vault) => backUp(vault, "build 1", store), anEmptyVault);
    expect(points.length).toBeGreaterThan(16);

    for (const killAt of points) {
      const vault = await anEmptyVault();
      await expect(backUp(vault, "build 1", faultyStore(vault.store, { killAt }))).rejects.toThrow(StoreKilled);

      await backUp(vault, "build 1", vault.store);
      await expectSound(vault, 1);
    }
  });

  it("hides nothing and breaks nothing when another build runs next", async () => {
    const points = await pointsOf((store, vault) => backUp(vault, "build 2", store), withRetirable);

    for (const killAt of points) {
      const vault = await withRetirable();
      const before = (await vault.read()).head;
      await backUp(vault, "build 2", faultyStore(vault.store, { killAt })).catch(() => undefined);
      const committed = (await vault.read()).head?.seq === before?.seq ? 0 : 1;

      await backUp(vault, "build 3", vault.store);
      await expectSound(vault, 3 + committed);
    }
  });

  it("ends with an error of the store, and nothing half-visible, when one write fails for good (cases 5, 6)", async () => {
    const points = await pointsOf((store, vault) => backUp(vault, "build 1", store), withRetirable);
    const operations = points.filter(({ when }) => when === "before").map(({ operation }) => operation);

    for (const operation of operations) {
      for (const code of ["STORE_FORBIDDEN", "STORE_FULL"] as const) {
        const vault = await withRetirable();
        const store = faultyStore(vault.store, { refuseFrom: { operation, code } });

        const error: unknown = await backUp(vault, "build 1", store).catch((caught: unknown) => caught);

        expect(error).toBeInstanceOf(BackupError);
        expect(error).toMatchObject({ code });
        await expectSound(vault, 2);
      }
    }
  });
});

describe("retention that is killed before or after any write (case 32)", () => {
  it("comes to the same end when it runs again", async () => {
    const points = await pointsOf(retain, withRetirable);
    expect(points.length).toBeGreaterThan(8);

    for (const killAt of points) {
      const vault = await withRetirable();
      await retain(faultyStore(vault.store, { killAt }), vault).catch((error: unknown) => {
        if (!(error instanceof StoreKilled)) throw error;
      });
      await expectSound(vault, 2);

      await retain(vault.store, vault);
      vault.clock.time += 8 * day;
      await retain(vault.store, vault);
      await expectSound(vault, 2);
      const first = [...vault.store.objects.keys()].filter((name) => name.includes(`/data/${runId(1)}/`));
      expect(first).toEqual([]);
    }
  });
});
