import { describe, expect, it } from "vitest";
import { BackupError } from "../../../../engine/foundation/errors.ts";
import type { ObjectStore } from "../../../../engine/store/object-store.ts";
import { readState } from "../../../../engine/vault/objects/index-file.ts";
import { dataName } from "../../../../engine/vault/format/layout.ts";
import { missingObjects } from "../../../../engine/vault/snapshots/probe.ts";
import { reachesIn, type SizedObject } from "../../../../engine/vault/snapshots/reaches.ts";
import { memoryStore, type MemoryStore } from "../../../support/memory-store.ts";
import { aCommitVault, runId } from "./commit-vault.ts";
import { cryptography, vaultId } from "../log/log-vault.ts";

const run = runId(1);

function objectAt(n: number): SizedObject {
  return { o: `${run}/00-${String(n).padStart(6, "0")}.bin.age`, n: 1 };
}

function storeOf(objects: readonly SizedObject[]): MemoryStore {
  const store = memoryStore();
  for (const { o, n } of objects) store.objects.set(dataName(vaultId, o), new Uint8Array(n));
  return store;
}

/** What the store is asked: prefixes of listings and the names they gave, names looked up and names read. */
function watched<Store extends ObjectStore>(store: Store) {
  const listings: string[] = [];
  const lookups: string[] = [];
  const reads: string[] = [];
  let listed = 0;
  const watching: Store = {
    ...store,
    async *list(prefix) {
      listings.push(prefix);
      for await (const object of store.list(prefix)) {
        listed += 1;
        yield object;
      }
    },
    info: (name) => {
      lookups.push(name);
      return store.info(name);
    },
    read: (name, options) => {
      reads.push(name);
      return store.read(name, options);
    },
  };
  return { store: watching, listings, lookups, reads, listed: () => listed };
}

const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

describe("looking for objects", () => {
  it("finds those that are gone or of another size among thousands, by short listings", async () => {
    const all = numbers(1, 3500).map(objectAt);
    const memory = storeOf(all.filter((_, index) => index % 1000 !== 7));
    memory.objects.set(dataName(vaultId, objectAt(20).o), new Uint8Array(2));
    const { store, listings, lookups } = watched(memory);

    const missing = await missingObjects({ store, cryptography, vault: vaultId }, all);

    expect(missing.map(({ o }) => o).sort()).toEqual([8, 20, 1008, 2008, 3008].map((n) => objectAt(n).o));
    expect(lookups).toEqual([]);
    expect(listings).toEqual(
      ["000", "001", "002", "003"].map((digits) => dataName(vaultId, objectAt(1).o).replace("000001.bin.age", digits)),
    );
  });

  it("asks for few of them one by one, however many others are stored", async () => {
    const memory = storeOf(numbers(1, 2500).map(objectAt));
    const { store, listings, lookups } = watched(memory);
    const wanted = [...numbers(10, 60), 2499, 2600].map(objectAt);

    const missing = await missingObjects({ store, cryptography, vault: vaultId }, [...wanted, ...wanted]);

    expect(missing).toEqual([objectAt(2600)]);
    expect(listings).toEqual([]);
    expect(lookups).toHaveLength(wanted.length);
  });

  it("believes no listing that breaks off", async () => {
    const all = numbers(1, 900).map(objectAt);
    const memory = storeOf(all);
    const brokenOff = new BackupError({ code: "STORE_UNAVAILABLE", message: "page 2 failed", hint: "Again." });
    const store: ObjectStore = {
      ...memory,
      async *list(prefix) {
        for await (const object of memory.list(prefix)) {
          if (object.name.endsWith("00500.bin.age")) throw brokenOff;
          yield object;
        }
      },
    };

    await expect(missingObjects({ store, cryptography, vault: vaultId }, all)).rejects.toBe(brokenOff);
  });
});

describe("a commit", () => {
  it("neither reads nor looks for what its run has just written, but for everything that it builds on", async () => {
    const vault = await aCommitVault();
    const first = await vault.begin(run);
    const earlier = await first.commit([await first.store("a"), await first.store("b")]);
    if (earlier.outcome !== "committed") throw new Error("the first run commits");
    const { store, listings, lookups, reads } = watched(vault.store);
    const access = { ...vault.access, store };
    const second = await vault.begin(runId(2));
    const drafts = [await second.store("a"), second.keep("b")];
    const reaches = reachesIn(access);
    const state = drafts[0]?.lines[0]?.state;
    const before = second.base.get("a")?.state;
    if (state === undefined || before === undefined) throw new Error("stream a has states");
    reaches.noteRead(before, await readState(vault.access, before));
    reaches.noteWritten(state, await readState(vault.access, state));

    await second.commit(drafts, { access, reaches, baseSeq: earlier.snapshot.entry.seq });

    const [bundle] = (await readState(vault.access, before)).chain;
    expect(lookups).toEqual([dataName(vaultId, bundle?.o ?? "")]);
    expect(reads).toEqual([]);
    expect(listings).toEqual([]);
  });
});
