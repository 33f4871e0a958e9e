import { describe, expect, it } from "vitest";
import { webCryptography } from "../../../../engine/crypto/web-cryptography.ts";
import { utf8 } from "../../../../engine/foundation/bytes.ts";
import { logName } from "../../../../engine/vault/format/layout.ts";
import { appendEntry } from "../../../../engine/vault/log/append.ts";
import { readLog } from "../../../../engine/vault/log/log.ts";
import type { Head } from "../../../../engine/vault/format/log-entry.ts";
import { signText } from "../../../../engine/vault/format/signed-text.ts";
import { faultyStore } from "../../../support/faulty-store.ts";
import {
  aLogVault,
  anIncidentBody,
  aRef,
  aSnapshotBody,
  asOwner,
  cryptography,
  genesisBody,
  vaultId,
} from "./log-vault.ts";
import type { LogVault } from "./log-vault.ts";

function codes(log: { readonly problems: readonly { readonly code: string }[] }): string[] {
  return log.problems.map(({ code }) => code);
}

function bytesAt(vault: LogVault, seq: number): Uint8Array {
  const bytes = vault.store.objects.get(logName(vaultId, seq));
  if (bytes === undefined) throw new Error(`no entry ${seq}`);
  return bytes;
}

async function headOf(vault: LogVault): Promise<Head> {
  const { head } = await vault.read();
  if (head === undefined) throw new Error("no head");
  return head;
}

describe("the log", () => {
  it("reads back what was appended, in order, with the service's times", async () => {
    const vault = await aLogVault();
    await vault.append(aSnapshotBody());
    await vault.append(anIncidentBody());

    const log = await vault.read();

    expect(log.entries.map(({ entry }) => [entry.seq, entry.kind])).toEqual([
      [0, "genesis"],
      [1, "snapshot"],
      [2, "incident"],
    ]);
    expect(log.entries[1]?.entry.prev).toBe(`sha256:${log.entries[0]?.sha256}`);
    expect(log.problems).toEqual([]);
    expect(log.signerTrust).toBe("first-use");
    expect(log.next).toEqual({ seq: 3, void: [] });
    expect(Date.parse(log.entries[2]?.createdAt ?? "")).toBeGreaterThan(Date.parse(log.entries[1]?.createdAt ?? ""));
  });

  it("is the same log in a browser", async () => {
    const vault = await aLogVault();
    await vault.append(aSnapshotBody());

    const log = await vault.read({ cryptography: webCryptography() });

    expect(log).toEqual(await vault.read());
  });

  it("is empty, without trust in anything, where there is nothing", async () => {
    const vault = await aLogVault();
    vault.store.objects.clear();

    const log = await vault.read();

    expect(log).toMatchObject({ entries: [], listsEmpty: true, next: { seq: 0, void: [] }, genesis: undefined });
  });

  it("reads only what is new when it knows an earlier result", async () => {
    const faulty: { store?: ReturnType<typeof faultyStore> } = {};
    const vault = await aLogVault({ through: (store) => (faulty.store = faultyStore(store)) });
    for (let n = 0; n < 5; n += 1) await vault.append(aSnapshotBody());
    const known = await vault.read();
    await vault.append(aSnapshotBody());
    const before = faulty.store?.reads.length ?? 0;

    const log = await readLog(vault.facts(), known);

    expect(log.entries).toHaveLength(7);
    expect((faulty.store?.reads.length ?? 0) - before).toBe(1);
  });

  it("verifies a thousand entries in a few seconds", async () => {
    const vault = await aLogVault();
    const facts = vault.facts();
    let log = await vault.read();
    for (let n = 0; n < 1000; n += 1) ({ log } = await appendEntry(facts, log, async () => aSnapshotBody()));
    const start = performance.now();

    expect((await vault.read()).entries).toHaveLength(1001);

    expect(performance.now() - start).toBeLessThan(3000);
  });
});

describe("an entry that is appended", () => {
  it("counts as written when the answer was lost although it took effect (case 2)", async () => {
    const vault = await aLogVault();
    const store = faultyStore(vault.store, { failAt: { operation: 1, when: "after" } });

    await vault.append(aSnapshotBody(), { store });

    const log = await vault.read();
    expect(log.entries.map(({ entry }) => entry.kind)).toEqual(["genesis", "snapshot"]);
  });

  it("fails clearly when nothing took effect and nobody else wrote", async () => {
    const vault = await aLogVault();
    const store = faultyStore(vault.store, { failAt: { operation: 1, when: "before" } });

    await expect(vault.append(aSnapshotBody(), { store })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });

    expect((await vault.read()).entries).toHaveLength(1);
  });

  it("is composed anew and takes the next number when another writer was faster (cases 3, 36)", async () => {
    const vault = await aLogVault();
    const early = await vault.read();
    await vault.append(anIncidentBody());
    const seen: number[] = [];

    const { entry } = await appendEntry(vault.facts(), early, async (log) => {
      seen.push(log.next.seq);
      return aSnapshotBody();
    });

    expect(seen).toEqual([1, 2]);
    expect(entry?.entry.seq).toBe(2);
    expect((await vault.read()).problems).toEqual([]);
  });

  it("never loses an entry of two writers at once", async () => {
    const vault = await aLogVault();
    const start = await vault.read();
    const writers = ["a", "b", "c", "d"].map((run) => vault.facts({ by: { tool: "0.1.0", build: "b", run } }));

    await Promise.all(writers.map((facts) => appendEntry(facts, start, async () => aSnapshotBody())));

    const log = await vault.read();
    expect(log.entries.map(({ entry }) => entry.seq)).toEqual([0, 1, 2, 3, 4]);
    expect(new Set(log.entries.slice(1).map(({ entry }) => entry.by.run))).toEqual(new Set(["a", "b", "c", "d"]));
    expect(log.problems).toEqual([]);
  });

  it("is refused to a key whose role does not allow the kind", async () => {
    const vault = await aLogVault();
    const retire = { kind: "retire", retire: { snapshots: [], objects: aRef(), runs: [] } } as const;

    await expect(vault.append(retire)).rejects.toMatchObject({ code: "SIGNER_NOT_ALLOWED" });
    await expect(vault.append(aSnapshotBody(), asOwner(vault.keys))).rejects.toMatchObject({
      code: "SIGNER_NOT_ALLOWED",
    });
    await expect(vault.append(retire, asOwner(vault.keys))).resolves.toBeDefined();
  });

  it("is never written when no reader would accept it", async () => {
    const vault = await aLogVault();
    const { snapshot } = aSnapshotBody();
    const bad = { kind: "snapshot", snapshot: { ...snapshot, sum: { ...snapshot.sum, newBytes: 0.5 } } } as const;

    await expect(vault.append(bad)).rejects.toMatchObject({ code: "LOG_ENTRY_FORM" });

    expect(vault.store.objects.size).toBe(1);
  });

  it("is void when a stolen agent key signs a retirement by other means", async () => {
    const vault = await aLogVault();
    const head = await headOf(vault);
    const forged = {
      ...JSON.parse(new TextDecoder().decode(bytesAt(vault, 0)).split("\n")[0] ?? ""),
      seq: 1,
      prev: `sha256:${head.sha256}`,
      kind: "retire",
      genesis: undefined,
      retire: { snapshots: [0], objects: aRef(), runs: [] },
    };
    await vault.store.create(logName(vaultId, 1), await signText(cryptography, vault.keys.agent.signingSeed, forged));

    const log = await vault.read();

    expect(log.voids).toEqual([{ seq: 1, reason: "its signer may not write an entry of kind retire" }]);
    expect(log.next).toEqual({ seq: 2, void: [1] });
  });
});

describe("a log that somebody has tampered with", () => {
  it("is rolled back when it lists empty while a head is known (cases 8, 28)", async () => {
    const vault = await aLogVault();
    const pin = await headOf(vault);
    const store = faultyStore(vault.store, { emptyListings: true });

    const log = await vault.read({ store, pin });

    expect(codes(log)).toEqual(["LOG_ROLLBACK"]);
    expect(log.headPinned).toBe(false);
    await expect(
      appendEntry(vault.facts({ store, pin }), log, async () => genesisBody(vault.keys)),
    ).rejects.toMatchObject({ code: "LOG_ROLLBACK" });
  });

  it("is rolled back when its newest entries are gone (case 16), and is not written to", async () => {
    const vault = await aLogVault();
    await vault.append(aSnapshotBody());
    await vault.append(aSnapshotBody());
    const pin = await headOf(vault);
    vault.store.objects.delete(logName(vaultId, 2));

    const log = await vault.read({ pin });

    expect(codes(log)).toEqual(["LOG_ROLLBACK"]);
    expect(log.entries).toHaveLength(2);
    await expect(vault.append(aSnapshotBody(), { pin })).rejects.toMatchObject({ code: "LOG_ROLLBACK" });
  });

  it("is rolled back when it went behind what the same process has seen", async () => {
    const vault = await aLogVault();
    await vault.append(aSnapshotBody());
    const known = await vault.read();
    vault.store.objects.delete(logName(vaultId, 1));

    expect(codes(await readLog(vault.facts(), known))).toEqual(["LOG_ROLLBACK"]);
  });

  it.each(["removed", "changed"])(
    "breaks where a middle entry was %s; later ones stay readable (case 17)",
    async (how) => {
      const vault = await aLogVault();
      for (let n = 0; n < 4; n += 1) await vault.append(aSnapshotBody());
      if (how === "removed") vault.store.objects.delete(logName(vaultId, 2));
      else vault.store.overwrite(logName(vaultId, 2), utf8("{}\nx\n"));

      const log = await vault.read();

      expect(log.problems.find(({ code }) => code === "LOG_CHAIN_BROKEN")).toMatchObject({
        seq: 2,
        blocksWriting: true,
      });
      expect(log.entries.map(({ entry }) => entry.seq)).toEqual([0, 1, 3, 4]);
      await expect(vault.append(aSnapshotBody())).rejects.toMatchObject({ code: "LOG_CHAIN_BROKEN" });
    },
  );

  it("goes on past garbage at the next number and records it (case 18)", async () => {
    const vault = await aLogVault();
    await vault.store.create(logName(vaultId, 1), utf8("squatting\n"));
    await vault.store.create(logName(vaultId, 2), new Uint8Array(2 << 20));

    await vault.append(aSnapshotBody());

    const log = await vault.read();
    expect(log.entries.at(-1)?.entry).toMatchObject({ seq: 3, void: [1, 2] });
    expect(log.problems.map(({ code, seq, blocksWriting }) => [code, seq, blocksWriting])).toEqual([
      ["LOG_VOID", 1, false],
      ["LOG_VOID", 2, false],
    ]);
  });

  it("stays whole when garbage that an entry has recorded is cleaned away", async () => {
    const vault = await aLogVault();
    await vault.store.create(logName(vaultId, 1), utf8("squatting\n"));
    await vault.append(aSnapshotBody());
    vault.store.objects.delete(logName(vaultId, 1));

    expect((await vault.read()).problems).toEqual([]);
  });

  it("ignores garbage planted far ahead until it gets there", async () => {
    const vault = await aLogVault();
    await vault.store.create(logName(vaultId, 9_999_999_999), utf8("far\n"));
    await vault.store.create(logName(vaultId, 3), utf8("near\n"));

    for (let n = 0; n < 3; n += 1) await vault.append(aSnapshotBody());

    const log = await vault.read();
    expect(log.entries.map(({ entry }) => entry.seq)).toEqual([0, 1, 2, 4]);
    expect(log.problems.every(({ code }) => code === "LOG_VOID")).toBe(true);
  });

  it("takes a replayed entry under another number for garbage", async () => {
    const vault = await aLogVault();
    await vault.append(aSnapshotBody());
    await vault.store.create(logName(vaultId, 2), bytesAt(vault, 1));

    expect((await vault.read()).voids).toEqual([{ seq: 2, reason: "it is a copy of entry 1" }]);
  });

  it("has forked when the entry that is known has other bytes (case 19)", async () => {
    const vault = await aLogVault();
    await vault.append(aSnapshotBody());
    const pin = await headOf(vault);
    vault.store.objects.delete(logName(vaultId, 1));
    await vault.append(anIncidentBody());
    await vault.append(aSnapshotBody());

    const log = await vault.read({ pin });

    expect(codes(log)).toEqual(["LOG_FORK"]);
    expect(log.problems[0]?.message).toContain(`1:${pin.sha256}`);
    expect(log.problems[0]?.message).toContain(`2:${log.head?.sha256}`);
    await expect(vault.append(aSnapshotBody(), { pin })).rejects.toMatchObject({ code: "LOG_FORK" });
  });

  it("is refused when it is the log of another vault", async () => {
    const vault = await aLogVault();
    const other = "11111111-2222-4333-8444-555555555555";
    vault.store.objects.set(logName(other, 0), bytesAt(vault, 0));

    await expect(vault.read({ vault: other })).rejects.toMatchObject({ code: "WRONG_VAULT" });
  });

  it("is refused when its beginning is gone", async () => {
    const vault = await aLogVault();
    await vault.append(aSnapshotBody());
    vault.store.objects.delete(logName(vaultId, 0));

    await expect(vault.read()).rejects.toMatchObject({ code: "GENESIS_INVALID" });
  });

  it("throws, rather than looking empty or short, when a listing does not end well (case 7)", async () => {
    const vault = await aLogVault();
    for (let n = 0; n < 4; n += 1) await vault.append(aSnapshotBody());
    const store = faultyStore(vault.store, { failListing: { page: 2, pageSize: 2 } });

    await expect(vault.read({ store })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });

  it("reads an entry again before calling it damaged (case 11)", async () => {
    const vault = await aLogVault();
    await vault.append(aSnapshotBody());
    await vault.append(aSnapshotBody());
    const store = faultyStore(vault.store, {
      spoilReads: { how: "flip", matching: /0000000001\.json$/, times: 1 },
    });

    expect((await vault.read({ store })).problems).toEqual([]);
  });
});

describe("a log in an account that keeps versions", () => {
  it("uses the first version of an entry that was written over (case 20)", async () => {
    const vault = await aLogVault({ versioned: true });
    for (let n = 0; n < 3; n += 1) await vault.append(aSnapshotBody());
    const whole = await vault.read();
    vault.store.overwrite(logName(vaultId, 0), utf8("x\ny\n"));
    vault.store.overwrite(logName(vaultId, 2), bytesAt(vault, 1));
    vault.store.overwrite(logName(vaultId, 3), utf8("x\ny\n"));

    const log = await vault.read({ pin: whole.head });

    expect(log.entries.map(({ sha256 }) => sha256)).toEqual(whole.entries.map(({ sha256 }) => sha256));
    expect(new Set(codes(log))).toEqual(new Set(["LOG_OVERWRITTEN"]));
  });

  it("keeps to the first of two heads that the same key signed", async () => {
    const vault = await aLogVault({ versioned: true });
    await vault.append(aSnapshotBody());
    const first = await headOf(vault);
    vault.store.objects.delete(logName(vaultId, 1));
    const forked = await aForkAt(vault);
    vault.store.overwrite(logName(vaultId, 1), forked);

    const log = await vault.read();

    expect(log.head).toEqual(first);
    expect(codes(log)).toEqual(["LOG_OVERWRITTEN"]);
  });

  it("finds entries that a delete has hidden (case 21)", async () => {
    const vault = await aLogVault({ versioned: true });
    for (let n = 0; n < 3; n += 1) await vault.append(aSnapshotBody());
    const { head } = await vault.read();
    vault.store.objects.delete(logName(vaultId, 1));
    vault.store.objects.delete(logName(vaultId, 3));

    const log = await vault.read({ pin: head });

    expect(log.head).toEqual(head);
    expect(log.headPinned).toBe(true);
    expect(log.problems.map(({ code, seq }) => [code, seq])).toEqual([
      ["LOG_HIDDEN", 1],
      ["LOG_HIDDEN", 3],
    ]);
    expect(log.next.seq).toBe(4);
  });

  /** Another entry 1 under the same key, as its thief could write it. */
  async function aForkAt(vault: LogVault): Promise<Uint8Array> {
    const copy = await aLogVault();
    copy.store.objects.clear();
    copy.store.objects.set(logName(vaultId, 0), bytesAt(vault, 0));
    await copy.append(anIncidentBody(), { signing: vault.keys.agent });
    return bytesAt(copy, 1);
  }
});

describe("a log with entries of a newer version", () => {
  it("is read as far as it is understood and never written to", async () => {
    const vault = await aLogVault();
    const head = await headOf(vault);
    const entry = {
      ...JSON.parse(new TextDecoder().decode(bytesAt(vault, 0)).split("\n")[0] ?? ""),
      seq: 1,
      prev: `sha256:${head.sha256}`,
      kind: "hologram",
      genesis: undefined,
      hologram: { depth: 3 },
    };
    await vault.store.create(logName(vaultId, 1), await signText(cryptography, vault.keys.agent.signingSeed, entry));

    const log = await vault.read();

    expect(log.problems).toMatchObject([{ code: "LOG_NEWER", seq: 1, blocksWriting: true }]);
    expect(log.head?.seq).toBe(1);
    await expect(vault.append(aSnapshotBody())).rejects.toMatchObject({ code: "LOG_NEWER" });
  });

  it("is refused politely when its beginning asks for a newer reader (case 90)", async () => {
    const vault = await aLogVault();
    vault.store.objects.clear();
    const body = genesisBody(vault.keys) as Extract<ReturnType<typeof genesisBody>, { kind: "genesis" }>;
    const genesis = { ...body.genesis, minReader: 2 } as unknown as typeof body.genesis;

    await expect(vault.append({ kind: "genesis", genesis })).rejects.toMatchObject({ code: "LOG_NEWER" });
  });
});
