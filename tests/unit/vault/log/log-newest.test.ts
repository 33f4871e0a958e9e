import { describe, expect, it } from "vitest";
import { parseObject } from "../../../../engine/foundation/json.ts";
import type { ObjectReader } from "../../../../engine/store/object-store.ts";
import { logName, logPageName } from "../../../../engine/vault/format/layout.ts";
import { newestEntries, type NewestEntries, type NewestFacts } from "../../../../engine/vault/log/newest.ts";
import { writeFullPage } from "../../../../engine/vault/log/page.ts";
import { readLog } from "../../../../engine/vault/log/log.ts";
import { signText } from "../../../../engine/vault/format/signed-text.ts";
import { aLogVault, anIncidentBody, asOwner, cryptography, someKeys, vaultId, type LogVault } from "./log-vault.ts";

async function aVaultOf(entries: number): Promise<LogVault> {
  const vault = await aLogVault();
  for (let made = 1; made < entries; made += 1) await vault.append(anIncidentBody());
  return vault;
}

async function newestOf(vault: LogVault, count: number, over: Partial<NewestFacts> = {}): Promise<NewestEntries> {
  return newestEntries({ store: vault.store, cryptography, vault: vaultId, ...over }, count);
}

async function newestSeqs(vault: LogVault, count: number, over?: Partial<NewestFacts>): Promise<readonly number[]> {
  return seqsOf(await newestOf(vault, count, over));
}

function seqsOf({ entries }: NewestEntries): readonly number[] {
  return entries.map(({ entry }) => entry.seq);
}

/** A log of so many entries under one genesis entry, signed one by one as a fast writer would. */
async function aLongVault(entries: number): Promise<LogVault> {
  const vault = await aLogVault();
  const { store, keys } = vault;
  const created = new TextDecoder().decode(store.objects.get(logName(vaultId, 0))).split("\n")[0] ?? "";
  const { at, srv, by, type } = JSON.parse(created) as Record<string, unknown>;
  for (let seq = 1; seq < entries; seq += 1) {
    const entry = { type, vault: vaultId, seq, prev: `sha256:${"0".repeat(64)}`, void: [], at, srv, by };
    const bytes = await signText(cryptography, keys.agent.signingSeed, { ...entry, ...anIncidentBody() });
    await store.create(logName(vaultId, seq), bytes);
  }
  return vault;
}

/** The same with its pages, as writers leave them. */
async function aPagedVault(entries: number): Promise<LogVault> {
  const vault = await aLongVault(entries);
  for (let seq = 0; seq < entries; seq += 1)
    await writeFullPage({ store: vault.store, cryptography, vault: vaultId }, seq);
  return vault;
}

/** The same store; notes what is read. */
function noting(store: ObjectReader, reads: string[]): ObjectReader {
  return {
    ...store,
    read: (name, options) => {
      reads.push(name);
      return store.read(name, options);
    },
  };
}

/** The same store; notes how many names each listing gave. */
function counting(store: ObjectReader, counts: number[]): ObjectReader {
  return {
    ...store,
    async *list(prefix) {
      const at = counts.push(0) - 1;
      for await (const info of store.list(prefix)) {
        counts[at] = (counts[at] ?? 0) + 1;
        yield info;
      }
    },
  };
}

describe("the newest entries of a log", () => {
  it("are those at its end, oldest first, and say who may sign", async () => {
    const vault = await aVaultOf(6);

    const newest = await newestOf(vault, 3);

    expect(newest.entries.map(({ entry }) => entry.seq)).toEqual([3, 4, 5]);
    expect(newest.listed).toBe(6);
    expect(newest.signers).toEqual([vault.keys.agent.signer, vault.keys.owner.signer]);
    expect(await newestSeqs(vault, 10)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("cost no more reads than there are of them, and one for the beginning", async () => {
    const vault = await aVaultOf(8);
    const reads: string[] = [];
    const store = noting(vault.store, reads);

    await newestOf(vault, 3, { store });
    await newestOf(vault, 10, { store });

    const names = [0, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7].map((seq) => logName(vaultId, seq));
    expect(reads).toEqual(names);
  });

  it("leave out what no signer of the vault has signed, what is damaged and what may not be written by its signer", async () => {
    const vault = await aVaultOf(3);
    const stranger = (await someKeys()).agent;
    const line = new TextDecoder().decode(vault.store.objects.get(logName(vaultId, 2))).split("\n")[0] ?? "";
    const copyAt = (seq: number): object => ({ ...parseObject(line), seq });
    await vault.store.create(logName(vaultId, 3), await signText(cryptography, stranger.signingSeed, copyAt(3)));
    await vault.store.create(logName(vaultId, 4), new TextEncoder().encode(`${line}\nnot a signature\n`));
    const { signingSeed } = vault.keys.owner;
    await vault.store.create(logName(vaultId, 5), await signText(cryptography, signingSeed, copyAt(5)));

    expect(await newestSeqs(vault, 5)).toEqual([1, 2]);
  });

  it("are none where the beginning is missing: nobody then says who may sign", async () => {
    const vault = await aVaultOf(4);
    vault.store.objects.delete(logName(vaultId, 0));

    expect(await newestSeqs(vault, 2)).toEqual([]);
  });

  describe("in a log with pages", () => {
    it("are read by the page, and by themselves after the last full one", async () => {
      const vault = await aPagedVault(128);
      const reads: string[] = [];

      const seqs = await newestSeqs(vault, 100, { store: noting(vault.store, reads) });

      expect(seqs).toEqual(Array.from({ length: 100 }, (_, index) => 28 + index));
      const pages = [25, 50, 75, 100].map((first) => logPageName(vaultId, first));
      const entries = [0, 125, 126, 127].map((seq) => logName(vaultId, seq));
      expect([...reads].sort()).toEqual([...pages, ...entries].sort());
    });

    it("are found without listing all of it, also where no number is known", async () => {
      const vault = await aPagedVault(1234);
      const counts: number[] = [];

      const { entries, listed } = await newestOf(vault, 100, { store: counting(vault.store, counts) });

      expect([entries[0]?.entry.seq, entries.length, listed]).toEqual([1134, 100, 1234]);
      expect(Math.max(...counts)).toBeLessThanOrEqual(100);
      expect(counts.length).toBeLessThan(12);
    });

    it("are found although somebody has planted a page far behind the end", async () => {
      const vault = await aPagedVault(130);
      await vault.store.create(logPageName(vaultId, 9_000_000_000), new TextEncoder().encode("planted"));

      expect(await newestSeqs(vault, 3)).toEqual([127, 128, 129]);
    });

    it("are found without listing pages without end, however many somebody has planted", async () => {
      const vault = await aPagedVault(130);
      let listed = 0;
      const store: ObjectReader = {
        ...vault.store,
        async *list(prefix) {
          const isPages = prefix.endsWith("/log-pages/");
          if (!isPages) yield* vault.store.list(prefix);
          for (; isPages && listed < 1_000_000; listed += 1)
            yield { name: logPageName(vaultId, listed), length: 7, createdAt: "2026-11-22T18:05:44Z" };
        },
      };

      expect(await newestSeqs(vault, 3, { store })).toEqual([127, 128, 129]);
      expect(listed).toBeLessThan(20_000);
    });

    it("are told when the entries were created, and not when their copies were", async () => {
      const paged = await aPagedVault(60);
      const { entries } = await newestOf(paged, 40);
      for (let first = 0; first < 60; first += 25) paged.store.objects.delete(logPageName(vaultId, first));

      expect((await newestOf(paged, 40)).entries).toEqual(entries);
    });

    it("are the same where a page is missing, holds something else, other entries, or entries that nobody signed", async () => {
      const vault = await aPagedVault(130);
      const { entries } = await newestOf(vault, 100);
      const page = (first: number): Uint8Array =>
        vault.store.objects.get(logPageName(vaultId, first)) ?? new Uint8Array();
      const replace = (first: number, by: Uint8Array): void =>
        void vault.store.objects.set(logPageName(vaultId, first), by);
      replace(75, page(50));
      replace(50, new TextEncoder().encode("x\n".repeat(50)));
      replace(25, page(25).subarray(0, -1));
      vault.store.objects.delete(logPageName(vaultId, 100));

      expect((await newestOf(vault, 100)).entries).toEqual(entries);
    });
  });

  it.each([100, 101, 200, 1000, 1001, 1234])(
    "are found at the end of a log of %i entries, without listing all of it where a number is known",
    async (entries) => {
      const vault = await aLongVault(entries);
      const end = Array.from({ length: 100 }, (_, index) => entries - 100 + index);
      const counts: number[] = [];
      const store = counting(vault.store, counts);

      for (const knownSeq of [0, entries - 1, Math.floor(entries / 2)]) {
        counts.splice(0);
        const { entries: found, listed } = await newestOf(vault, 100, { store, knownSeq });
        expect(found.map(({ entry }) => entry.seq)).toEqual(end);
        expect(listed).toBe(entries);
        expect(Math.max(...counts)).toBeLessThanOrEqual(100);
        expect(counts.length).toBeLessThan(40);
      }
      counts.splice(0);
      expect((await newestOf(vault, 100, { store })).entries.map(({ entry }) => entry.seq)).toEqual(end);
      expect(counts).toEqual([0, entries]); // no page tells a number: all of them
    },
  );

  it("are those that are left where newer ones that were seen before are gone", async () => {
    const vault = await aLongVault(250);

    expect(await newestSeqs(vault, 2, { knownSeq: 5000 })).toEqual([248, 249]);
    for (let seq = 120; seq < 250; seq += 1) vault.store.objects.delete(logName(vaultId, seq));
    expect(await newestSeqs(vault, 2, { knownSeq: 249 })).toEqual([118, 119]);
  });

  it("are not looked for without end where every number seems to be taken", async () => {
    const vault = await aVaultOf(2);
    let asked = 0;
    const store: ObjectReader = {
      ...vault.store,
      async *list(prefix) {
        asked += 1;
        const isEnd = prefix.endsWith("/log/");
        if (isEnd) yield* vault.store.list(prefix);
        else yield { name: `${prefix.padEnd(prefix.lastIndexOf("/") + 11, "0")}.json`, length: 9, createdAt: "" };
      },
    };

    expect(await newestSeqs(vault, 5, { store, knownSeq: 1 })).toEqual([0, 1]);
    expect(asked).toBeLessThan(400);
  });

  it("are found before names that somebody has planted behind the end, and across a gap", async () => {
    const vault = await aLongVault(250);
    await vault.store.create(logName(vaultId, 400_005), new TextEncoder().encode("planted"));
    expect(await newestSeqs(vault, 3, { knownSeq: 249 })).toEqual([247, 248, 249]);
    await vault.store.create(logName(vaultId, 305), new TextEncoder().encode("planted"));
    expect(await newestSeqs(vault, 4, { knownSeq: 249 })).toEqual([248, 249]);

    vault.store.objects.delete(logName(vaultId, 305));
    vault.store.objects.delete(logName(vaultId, 400_005));
    vault.store.objects.delete(logName(vaultId, 230));
    expect(await newestSeqs(vault, 21, { knownSeq: 249 })).toEqual([
      228,
      229,
      ...Array.from({ length: 19 }, (_, index) => 231 + index),
    ]);
  });

  it("follow a change of keys among them", async () => {
    const vault = await aVaultOf(2);
    const { set, owner } = vault.keys;
    const next = await someKeys();
    const signers = [
      { pub: next.agent.signer, may: ["snapshot", "incident", "verification"] as const },
      { pub: owner.signer, may: ["retire", "keys"] as const },
    ];
    const keys = {
      recipients: [set.recoveryRecipient],
      catalogue: next.agent.catalogueRecipient,
      signers,
      rekey: false,
    };
    await vault.append({ kind: "keys", keys }, asOwner(vault.keys));
    await vault.append(anIncidentBody(), { signing: next.agent });

    expect(await newestSeqs(vault, 2)).toEqual([2, 3]);
    expect(await newestSeqs(vault, 1)).toEqual([]);
  });
});

describe("reading the whole log", () => {
  it("tells how far it has come, and what is sound so far", async () => {
    const vault = await aVaultOf(4);
    const told: string[] = [];

    await readLog({
      ...vault.facts(),
      onProgress: ({ read, of, entries }) => void told.push(`${read}/${of}: ${entries.length}`),
    });

    expect(told).toEqual(["1/4: 1", "2/4: 2", "3/4: 3", "4/4: 4"]);
  });
});
