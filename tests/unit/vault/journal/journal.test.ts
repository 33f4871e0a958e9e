import { hkdfSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { decodeBech32 } from "../../../../engine/crypto/age-keys.ts";
import { makeKeySet } from "../../../../engine/crypto/keys.ts";
import { chunksOf, readAll, toHex, utf8 } from "../../../../engine/foundation/bytes.ts";
import { canonicalJson } from "../../../../engine/foundation/json.ts";
import { journalKey, maxJournalObjectBytes } from "../../../../engine/vault/journal/journal-objects.ts";
import { openJournal, pastRestores } from "../../../../engine/vault/journal/restore-journal.ts";
import type { JournalFacts, JournalHeader, RestoreJournal } from "../../../../engine/vault/journal/restore-journal.ts";
import { openRegister } from "../../../../engine/vault/journal/restore-register.ts";
import { faultyStore } from "../../../support/faulty-store.ts";
import { memoryStore } from "../../../support/memory-store.ts";
import type { MemoryStore } from "../../../support/memory-store.ts";
import { cryptography, testClock, vaultId } from "../log/log-vault.ts";

const restoreId = "0123456789abcdef";
const otherId = "fedcba9876543210";
const otherVault = "11111111-2222-4333-8444-555555555555";
const target = { organizationUrl: "https://dev.azure.com/fabrikam", projectName: "Web", projectId: "p1" };
const header: JournalHeader = {
  target,
  source: { organizationUrl: "https://dev.azure.com/contoso", projectName: "Shop", projectId: "p0" },
  plan: { hash: "abc", steps: [{ name: "##vso[task] Fix it" }] },
};
const first: readonly [string, string] = ["work-items", "7"];
const second: readonly [string, string] = ["work-items", "8"];
const made = { outcome: "created", newId: "70", fidelity: ["changed date"], item: first } as const;

interface Place {
  readonly store: MemoryStore;
  facts(overrides?: Partial<JournalFacts>): JournalFacts;
  /** Names of the objects of a journal, in their order. */
  names(id?: string): readonly string[];
  bytes(name: string | undefined): Uint8Array;
}

async function aPlace(): Promise<Place> {
  const officer = await makeKeySet(cryptography);
  const breakGlass = await makeKeySet(cryptography);
  const store = memoryStore({ clock: testClock() });
  const key = await journalKey(breakGlass.recoveryKey, cryptography);
  const recipients = [officer.recoveryRecipient, breakGlass.recoveryRecipient];
  return {
    store,
    facts: (overrides = {}) => ({ store, cryptography, vault: vaultId, restoreId, recipients, key, ...overrides }),
    names: (id = restoreId) => [...store.objects.keys()].filter((name) => name.includes(`/restores/${id}/`)).sort(),
    bytes: (name = "") => store.objects.get(name)?.slice() ?? new Uint8Array(),
  };
}

/** Three objects: the plan, an intent, a result. */
async function halfDone(place: Place, overrides: Partial<JournalFacts> = {}): Promise<void> {
  const journal = await openJournal(place.facts(overrides));
  await journal.begin(header);
  await journal.intend([0, 1]);
  await journal.record([[0, made]]);
}

async function sealedFor(place: Place, text: string): Promise<Uint8Array> {
  const sealing = await cryptography.seal(place.facts().recipients, chunksOf(utf8(text)));
  return readAll(sealing.chunks, 1 << 28);
}

function seen({ state, results, intents }: RestoreJournal): readonly [string, number, number] {
  return [state, intents.size, results.size];
}

describe("a restore's journal", () => {
  it("is new where there is none", async () => {
    const place = await aPlace();

    const journal = await openJournal(place.facts());

    expect(journal).toMatchObject({ state: "new", header: undefined });
    expect(journal.results.size + journal.intents.size).toBe(0);
    expect(place.store.objects.size).toBe(0);
  });

  it("gives a killed restore its plan, its results and what it may have begun", async () => {
    const place = await aPlace();
    await halfDone(place);

    const journal = await openJournal(place.facts());

    expect(journal.state).toBe("unfinished");
    expect(journal.header).toEqual(header);
    expect([...journal.intents]).toEqual([0, 1]);
    expect([...journal.results]).toEqual([[0, made]]);
  });

  it("keeps the newest result of a step, and does not change under a running restore", async () => {
    const place = await aPlace();
    await halfDone(place);
    const journal = await openJournal(place.facts());

    await journal.intend([]);
    await journal.record([[1, { outcome: "failed", message: "no", item: second }]]);
    await journal.record([[1, { outcome: "adopted", newId: "80", item: second }]]);
    await journal.record([]);

    expect(journal.results.size).toBe(1);
    expect((await openJournal(place.facts())).results.get(1)).toEqual({
      outcome: "adopted",
      newId: "80",
      item: second,
    });
    expect(place.store.objects.size).toBe(5);
  });

  it("is done when finished, and can be begun again without losing what it knew", async () => {
    const place = await aPlace();
    await halfDone(place);
    await (await openJournal(place.facts())).finish({ created: 1 });

    const done = await openJournal(place.facts());
    expect(done.state).toBe("done");
    await done.begin(header);

    const again = await openJournal(place.facts());
    expect(again).toMatchObject({ state: "unfinished" });
    expect(again.results.size).toBe(0);
    expect((await pastRestores(place.facts(), target)).passes[0]?.ids).toEqual([["work-items", "7", "70"]]);
  });

  it("shows nothing to those without a recovery key", async () => {
    const place = await aPlace();
    await halfDone(place);

    for (const bytes of place.store.objects.values()) {
      expect(new TextDecoder("latin1").decode(bytes)).not.toContain("fabrikam");
    }
  });

  it("is authenticated by a key that follows from the secret of the recovery key, and from nothing that is public", async () => {
    const { recoveryKey } = await makeKeySet(cryptography);
    const secret = decodeBech32(recoveryKey, "age-secret-key-") ?? new Uint8Array();

    const { macKey } = await journalKey(recoveryKey, cryptography);

    expect(secret).toHaveLength(32);
    expect(toHex(macKey)).toBe(toHex(new Uint8Array(hkdfSync("sha256", secret, "", "project-backup/v1/journal", 32))));
  });

  it("does not exist for another recovery key of the vault", async () => {
    const place = await aPlace();
    await halfDone(place);
    const other = await makeKeySet(cryptography);
    const key = await journalKey(other.recoveryKey, cryptography);

    expect(await openJournal(place.facts({ key }))).toMatchObject({ state: "new" });
    expect((await pastRestores(place.facts({ key }), target)).passes).toEqual([]);
  });

  it("stops for another run of the same restore", async () => {
    const place = await aPlace();
    await halfDone(place);
    const one = await openJournal(place.facts());
    const two = await openJournal(place.facts());
    await one.intend([1]);

    await expect(two.intend([1])).rejects.toMatchObject({ code: "JOURNAL_BUSY" });
  });

  it("goes on after the storage took an object and gave no answer", async () => {
    const place = await aPlace();
    await halfDone(place);
    const store = faultyStore(place.store, { failAt: { operation: 1, when: "after" } });
    const journal = await openJournal(place.facts({ store }));

    await expect(journal.intend([2])).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await journal.intend([3]);

    expect([...(await openJournal(place.facts())).intents]).toEqual([0, 1, 2, 3]);
  });

  it("loses at most what was not answered when it is killed at any point", async () => {
    for (let operation = 1; operation <= 4; operation += 1) {
      for (const when of ["before", "after"] as const) {
        const place = await aPlace();
        const store = faultyStore(place.store, { killAt: { operation, when } });
        await halfDone(place, { store }).catch(() => undefined);

        const written = Math.min(3, when === "after" ? operation : operation - 1);
        expect(seen(await openJournal(place.facts()))).toEqual([
          written < 1 ? "new" : "unfinished",
          written >= 2 ? 2 : 0,
          written >= 3 ? 1 : 0,
        ]);
      }
    }
  });

  it("holds a plan of any length, and results of any, in objects of at most 4 MiB", async () => {
    const place = await aPlace();
    const journal = await openJournal(place.facts());
    const plan = { text: '\u0001"\\é'.repeat(400_000) };
    const fidelity = Array.from(
      { length: 3000 },
      (_, number) => `link ${number} was lost, for a reason ${"x".repeat(80)}`,
    );
    const results = Array.from({ length: 64 }, (_, step) => [step, { ...made, fidelity }] as const);

    await journal.begin({ ...header, plan });
    await journal.record(results);

    const again = await openJournal(place.facts());
    expect(again.header?.plan).toEqual(plan);
    expect(again.results.size).toBe(64);
    expect(again.results.get(63)?.fidelity?.at(-1)).toMatch(/^and [\d,]+ more lines$/);
    for (const bytes of place.store.objects.values()) expect(bytes.length).toBeLessThan(maxJournalObjectBytes);
  });
});

describe("a journal that somebody has tampered with (case 88)", () => {
  const tampering: Record<string, { readonly left: number; readonly tamper: (place: Place) => Promise<void> | void }> =
    {
      "an object is missing in the middle": {
        left: 1,
        tamper: (place) => void place.store.objects.delete(place.names()[1] ?? ""),
      },
      "its end is missing": {
        left: 2,
        tamper: (place) => void place.store.objects.delete(place.names()[2] ?? ""),
      },
      "its first object is missing": {
        left: 0,
        tamper: (place) => void place.store.objects.delete(place.names()[0] ?? ""),
      },
      "one object is damaged": {
        left: 1,
        tamper: (place) => {
          const name = place.names()[1] ?? "";
          const bytes = place.bytes(name);
          bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
          place.store.overwrite(name, bytes);
        },
      },
      "two objects are swapped": {
        left: 1,
        tamper: (place) => {
          const [, one = "", two = ""] = place.names();
          const [left, right] = [place.bytes(one), place.bytes(two)];
          place.store.overwrite(one, right);
          place.store.overwrite(two, left);
        },
      },
      "an object is there once more at the end": {
        left: 3,
        tamper: (place) => {
          const name = place.names()[2] ?? "";
          place.store.overwrite(name.replace("/000002-", "/000003-"), place.bytes(name));
        },
      },
      "it is that of another restore": {
        left: 0,
        tamper: async (place) => {
          const own = place.names();
          await halfDone(place, { restoreId: otherId });
          for (const [n, name] of place.names(otherId).entries())
            place.store.overwrite(own[n] ?? "", place.bytes(name));
        },
      },
      "it is that of another vault": {
        left: 0,
        tamper: async (place) => {
          const own = place.names();
          await halfDone(place, { vault: otherVault });
          const theirs = place.names().filter((name) => name.startsWith(otherVault));
          for (const [n, name] of theirs.entries()) place.store.overwrite(own[n] ?? "", place.bytes(name));
        },
      },
      "it was made by somebody who knows the recipients only": {
        left: 0,
        tamper: async (place) => {
          const own = place.names();
          const stranger = await makeKeySet(cryptography);
          await halfDone(place, { key: await journalKey(stranger.recoveryKey, cryptography) });
          const theirs = place.names().filter((name) => !own.includes(name));
          for (const [n, name] of theirs.entries()) place.store.overwrite(own[n] ?? "", place.bytes(name));
        },
      },
      "an object was replaced by one with a MAC of somebody's own": {
        left: 2,
        tamper: async (place) => {
          const line = canonicalJson({ type: "azdo-vault/journal/v2", vault: vaultId, restore: restoreId, n: 2 });
          const mac = toHex(await cryptography.hmacSha256(new Uint8Array(32), utf8(line)));
          place.store.overwrite(place.names()[2] ?? "", await sealedFor(place, `${line}\n${mac}\n`));
        },
      },
      "an object was replaced by a huge one": {
        left: 2,
        tamper: (place) => place.store.overwrite(place.names()[2] ?? "", new Uint8Array(maxJournalObjectBytes + 1)),
      },
      "an object was replaced by a huge one that opens": {
        left: 2,
        tamper: async (place) =>
          place.store.overwrite(place.names()[2] ?? "", await sealedFor(place, "x".repeat(maxJournalObjectBytes + 1))),
      },
    };

  it.each(Object.entries(tampering))(
    "counts up to there when %s, and goes on beside it",
    async (_, { left, tamper }) => {
      const place = await aPlace();
      await halfDone(place);

      await tamper(place);

      const journal = await openJournal(place.facts());
      expect(seen(journal)).toEqual([left < 1 ? "new" : "unfinished", left >= 2 ? 2 : 0, left >= 3 ? 1 : 0]);
      if (left < 1) await journal.begin(header);
      await journal.intend([5]);
      await journal.record([[5, { outcome: "created", newId: "75", item: second }]]);
      const again = await openJournal(place.facts());
      expect(again.state).toBe("unfinished");
      expect(again.intents.has(5)).toBe(true);
      expect(again.results.get(5)?.newId).toBe("75");
    },
  );

  it("is read without a look at anything else, however much lies there", async () => {
    const place = await aPlace();
    await halfDone(place);
    for (let n = 0; n < 3000; n += 1)
      place.store.overwrite(
        `${vaultId}/restores/${restoreId}/${String(n).padStart(6, "0")}.json`,
        utf8(`garbage ${n}`),
      );
    place.store.overwrite(`${vaultId}/restores/${restoreId}`, utf8("where the folder is"));
    const store = faultyStore(place.store, { emptyListings: true });

    const journal = await openJournal(place.facts({ store }));

    expect(journal.state).toBe("unfinished");
    expect(store.reads).toHaveLength(4);
  });

  it("ends with an error that says what to do when every name of it is taken again and again", async () => {
    const place = await aPlace();
    const store = { ...place.store, read: async () => place.store.read("taken") };
    place.store.overwrite("taken", utf8("garbage"));

    await expect(openJournal(place.facts({ store }))).rejects.toMatchObject({ code: "JOURNAL_BLOCKED" });
  });
});

describe("past restores", () => {
  it("are the map from old to new ids for later ones into the same target, finished or not", async () => {
    const place = await aPlace();
    await halfDone(place);

    const { passes } = await pastRestores(place.facts(), target);

    expect(passes).toEqual([{ source: header.source, ids: [["work-items", "7", "70"]] }]);
    expect((await pastRestores(place.facts(), { ...target, projectId: "p9" })).passes).toEqual([]);
  });

  it("know a project that the restore itself has made", async () => {
    const place = await aPlace();
    const { organizationUrl, projectName } = target;
    const journal = await openJournal(place.facts());
    await journal.begin({ ...header, target: { organizationUrl, projectName } });
    await journal.record([[0, made]]);
    await journal.finish({}, target);

    expect((await pastRestores(place.facts(), target)).passes).toHaveLength(1);
    expect((await pastRestores(place.facts(), { ...target, projectId: "p9" })).passes).toHaveLength(0);
  });
});

describe("the register of restores", () => {
  it("says which restores went into a target, and which are at it", async () => {
    const place = await aPlace();
    const register = await openRegister(place.facts());
    await register.open(restoreId, { ...target, projectName: "WEB" });
    await register.open(otherId, { ...target, projectId: "p2", projectName: "Other" });
    await register.close(restoreId);
    await register.open("aaaaaaaa", target);

    const again = await openRegister(place.facts());

    expect(again.into(target)).toEqual([restoreId, "aaaaaaaa"]);
    expect(again.openInto(target).map((open) => open.restoreId)).toEqual(["aaaaaaaa"]);
  });

  it("takes an entry only from who has read all others", async () => {
    const place = await aPlace();
    const one = await openRegister(place.facts());
    const two = await openRegister(place.facts());
    await one.open(restoreId, target);

    await expect(two.open(otherId, target)).rejects.toMatchObject({ code: "JOURNAL_BUSY" });
    await two.refresh();
    expect(two.openInto(target)).toHaveLength(1);
  });

  it("is another one for another recovery key or vault", async () => {
    const place = await aPlace();
    await (await openRegister(place.facts())).open(restoreId, target);
    const stranger = await makeKeySet(cryptography);
    const key = await journalKey(stranger.recoveryKey, cryptography);

    expect((await openRegister(place.facts({ key }))).ids.size).toBe(0);
    expect((await openRegister(place.facts({ vault: otherVault }))).ids.size).toBe(0);
  });
});
