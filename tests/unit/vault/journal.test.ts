import { describe, expect, it } from "vitest";
import { chunksOf, readAll, utf8 } from "../../../engine/foundation/bytes.ts";
import { journalName } from "../../../engine/vault/layout.ts";
import { finishedJournals, openJournal } from "../../../engine/vault/restore-journal.ts";
import type { JournalFacts, JournalHeader } from "../../../engine/vault/restore-journal.ts";
import { makeKeySet } from "../../../engine/crypto/keys.ts";
import { faultyStore } from "../../support/faulty-store.ts";
import { memoryStore } from "../../support/memory-store.ts";
import type { MemoryStore } from "../../support/memory-store.ts";
import { cryptography, testClock, vaultId } from "./log-vault.ts";

const restoreId = "0123456789abcdef";
const otherId = "fedcba9876543210";
const target = { organizationUrl: "https://dev.azure.com/fabrikam", projectName: "Web", projectId: "p1" };
const header: JournalHeader = {
  target,
  source: { organizationUrl: "https://dev.azure.com/contoso", projectName: "Shop", projectId: "p0" },
  plan: { hash: "abc", steps: [{ name: "##vso[task] Fix it" }] },
};
const first: readonly [string, string] = ["work-items", "7"];
const second: readonly [string, string] = ["work-items", "8"];

interface Place {
  readonly store: MemoryStore;
  facts(overrides?: Partial<JournalFacts>): JournalFacts;
}

async function aPlace(): Promise<Place> {
  const officer = await makeKeySet(cryptography);
  const breakGlass = await makeKeySet(cryptography);
  const store = memoryStore({ clock: testClock() });
  return {
    store,
    facts: (overrides = {}) => ({
      store,
      cryptography,
      vault: vaultId,
      restoreId,
      recipients: [officer.recoveryRecipient, breakGlass.recoveryRecipient],
      identities: [breakGlass.recoveryKey],
      ...overrides,
    }),
  };
}

async function halfDone(place: Place, overrides: Partial<JournalFacts> = {}): Promise<void> {
  const journal = await openJournal(place.facts(overrides));
  await journal.begin(header);
  await journal.intend([0, 1]);
  await journal.record([[0, { outcome: "created", newId: "70", fidelity: ["changed date"], item: first }]]);
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
    expect([...journal.results]).toEqual([
      [0, { outcome: "created", newId: "70", fidelity: ["changed date"], item: first }],
    ]);
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
    expect((await finishedJournals(place.facts(), target)).restores[0]?.ids).toEqual([
      { kind: "work-items", oldId: "7", newId: "70" },
    ]);
  });

  it("shows nothing to those without a recovery key", async () => {
    const place = await aPlace();
    await halfDone(place);
    const stranger = await makeKeySet(cryptography);

    await expect(openJournal(place.facts({ identities: [stranger.recoveryKey] }))).rejects.toMatchObject({
      code: "KEY_MISMATCH",
    });
    for (const bytes of place.store.objects.values()) {
      expect(new TextDecoder("latin1").decode(bytes)).not.toContain("fabrikam");
    }
  });

  it("goes on after its answer was lost, and stops for another run of the same restore", async () => {
    const place = await aPlace();
    await halfDone(place);
    const one = await openJournal(place.facts());
    const two = await openJournal(place.facts());
    await one.intend([1]);

    await expect(two.intend([1])).rejects.toMatchObject({ code: "JOURNAL_BUSY" });
  });

  it("loses at most what was not answered when it is killed at any point", async () => {
    for (let operation = 1; operation <= 4; operation += 1) {
      for (const when of ["before", "after"] as const) {
        const place = await aPlace();
        const store = faultyStore(place.store, { killAt: { operation, when } });
        await halfDone(place, { store }).catch(() => undefined);

        const journal = await openJournal(place.facts());

        const written = Math.min(3, when === "after" ? operation : operation - 1);
        expect([journal.state, journal.intents.size, journal.results.size]).toEqual([
          written === 0 ? "new" : "unfinished",
          written >= 2 ? 2 : 0,
          written >= 3 ? 1 : 0,
        ]);
      }
    }
  });
});

describe("a journal that somebody has tampered with (case 88)", () => {
  const tampering: Record<string, (place: Place) => Promise<void> | void> = {
    "one object is missing": ({ store }) => void store.objects.delete(journalName(vaultId, restoreId, 1)),
    "its first object is missing": ({ store }) => void store.objects.delete(journalName(vaultId, restoreId, 0)),
    "one object is damaged": ({ store }) => {
      const bytes = store.objects.get(journalName(vaultId, restoreId, 1))?.slice() ?? new Uint8Array();
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1;
      store.overwrite(journalName(vaultId, restoreId, 1), bytes);
    },
    "two objects are swapped": ({ store }) => {
      const [one, two] = [1, 2].map((n) => store.objects.get(journalName(vaultId, restoreId, n)) ?? new Uint8Array());
      store.overwrite(journalName(vaultId, restoreId, 1), two ?? new Uint8Array());
      store.overwrite(journalName(vaultId, restoreId, 2), one ?? new Uint8Array());
    },
    "it is that of another restore": async (place) => {
      place.store.objects.clear();
      await halfDone(place, { restoreId: otherId });
      for (const n of [0, 1, 2]) {
        const bytes = place.store.objects.get(journalName(vaultId, otherId, n)) ?? new Uint8Array();
        place.store.overwrite(journalName(vaultId, restoreId, n), bytes);
      }
    },
    "an object was added by someone who knows the recipients only": async (place) => {
      const { recipients } = place.facts();
      const line = `{"body":{"finished":{"summary":{}}},"n":3,"prev":null,"restore":"${restoreId}"}`;
      const sealing = await cryptography.seal(recipients, chunksOf(utf8(`${line}\n${"0".repeat(64)}\n`)));
      const bytes = await readAll(sealing.chunks, 1 << 20);
      place.store.overwrite(journalName(vaultId, restoreId, 3), bytes);
    },
  };

  it.each(Object.entries(tampering))("is refused when %s", async (_, tamper) => {
    const place = await aPlace();
    await halfDone(place);

    await tamper(place);

    await expect(openJournal(place.facts())).rejects.toMatchObject({ code: "JOURNAL_TAMPERED" });
  });
});

describe("finished journals", () => {
  it("are the map from old to new ids of earlier restores into the same target", async () => {
    const place = await aPlace();
    await halfDone(place);
    await halfDone(place, { restoreId: otherId });
    await (await openJournal(place.facts())).finish({});

    const { restores, unreadable } = await finishedJournals(place.facts(), target);

    expect(unreadable).toEqual([]);
    expect(restores).toEqual([
      { restoreId, source: header.source, ids: [{ kind: "work-items", oldId: "7", newId: "70" }] },
    ]);
    expect((await finishedJournals(place.facts(), { ...target, projectId: "p9" })).restores).toEqual([]);
  });

  it("know a project that the restore itself has made", async () => {
    const place = await aPlace();
    const { organizationUrl, projectName } = target;
    const journal = await openJournal(place.facts());
    await journal.begin({ ...header, target: { organizationUrl, projectName } });
    await journal.record([[0, { outcome: "created", newId: "70", item: first }]]);
    await journal.finish({}, target);

    expect((await finishedJournals(place.facts(), target)).restores).toHaveLength(1);
    expect((await finishedJournals(place.facts(), { ...target, projectId: "p9" })).restores).toHaveLength(0);
  });

  it("that were tampered with are named, and hinder no other restore", async () => {
    const place = await aPlace();
    await halfDone(place);
    await (await openJournal(place.facts())).finish({});
    place.store.overwrite(journalName(vaultId, otherId, 0), utf8("garbage"));

    const { restores, unreadable } = await finishedJournals(place.facts(), target);

    expect(restores).toHaveLength(1);
    expect(unreadable).toEqual([{ restoreId: otherId, code: "JOURNAL_TAMPERED" }]);
  });
});
