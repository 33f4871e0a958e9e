/** Names that somebody plants in the log who may create objects and nothing else. */
import { describe, expect, it } from "vitest";
import { utf8 } from "../../../../engine/foundation/bytes.ts";
import { logName, logPrefix } from "../../../../engine/vault/format/layout.ts";
import { readLog, type Log } from "../../../../engine/vault/log/log.ts";
import type { LogEntry } from "../../../../engine/vault/format/log-entry.ts";
import { signText } from "../../../../engine/vault/format/signed-text.ts";
import { faultyStore, type FaultyStore } from "../../../support/faulty-store.ts";
import { aLogVault, aSnapshotBody, anIncidentBody, cryptography, vaultId, type LogVault } from "./log-vault.ts";

function bytesAt(vault: LogVault, seq: number): Uint8Array {
  const bytes = vault.store.objects.get(logName(vaultId, seq));
  if (bytes === undefined) throw new Error(`no entry ${seq}`);
  return bytes;
}

/** A real entry under numbers that are not its own: of the right size and form, and well signed. */
function plantCopies(vault: LogVault, numbers: { readonly from: number; readonly count: number }): void {
  for (let n = 0; n < numbers.count; n += 1)
    vault.store.objects.set(logName(vaultId, numbers.from + n), bytesAt(vault, 0));
}

async function readsOf(vault: LogVault, known?: Log): Promise<{ readonly log: Log; readonly reads: number }> {
  const store = faultyStore(vault.store);
  const log = await readLog(vault.facts({ store }), known);
  return { log, reads: store.reads.length };
}

/** What the holder of a signing key can write by other means than this program. */
async function forge(vault: LogVault, seq: number, members: Partial<LogEntry>): Promise<void> {
  const [line = ""] = new TextDecoder().decode(bytesAt(vault, 1)).split("\n");
  const entry: object = { ...(JSON.parse(line) as object), seq, ...members };
  vault.store.objects.set(logName(vaultId, seq), await signText(cryptography, vault.keys.agent.signingSeed, entry));
}

describe("names planted ahead in the log", () => {
  it("are not read when no entry can be so small or so large", async () => {
    const vault = await aLogVault();
    for (let n = 1; n <= 2000; n += 1) vault.store.objects.set(logName(vaultId, n), utf8(`garbage ${n}\n`));

    const { log, reads } = await readsOf(vault);

    expect(reads).toBe(1);
    expect(log.voids).toEqual([{ seq: 1, last: 2000, reason: "it is smaller than any entry" }]);
    expect(log.problems.map(({ code }) => code)).toEqual(["LOG_VOID"]);
  });

  it("are read once, but for the first ones, where they are as large as entries, and no versions of each are asked for", async () => {
    const vault = await aLogVault();
    plantCopies(vault, { from: 1, count: 500 });
    const asked: string[] = [];
    const store = {
      ...faultyStore(vault.store),
      versionsOf: async (name: string): Promise<readonly []> => {
        asked.push(name);
        return [];
      },
    };

    const log = await readLog(vault.facts({ store }));

    expect(store.reads.length).toBeLessThanOrEqual(250 + 500);
    expect(asked.length).toBeLessThanOrEqual(10);
    expect(log.next.seq).toBe(501);
  });

  it("do not end the log, however many they are: an entry names them as a range", async () => {
    const vault = await aLogVault();
    for (let n = 1; n <= 170_000; n += 1) vault.store.objects.set(logName(vaultId, n), utf8("garbage\n"));

    const { entry } = await vault.append(aSnapshotBody());

    expect(entry).toMatchObject({ seq: 170_001, void: [[1, 170_000]] });
    const log = await vault.read();
    expect(log.entries.map(({ entry: { seq } }) => seq)).toEqual([0, 170_001]);
    expect(new Set(log.problems.map(({ code }) => code))).toEqual(new Set(["LOG_VOID"]));
  }, 120_000);

  it("are not read again once an entry has recorded them", async () => {
    const vault = await aLogVault();
    await vault.append(aSnapshotBody());
    plantCopies(vault, { from: 2, count: 2000 });
    await vault.append(aSnapshotBody());
    await vault.append(anIncidentBody());

    const { log, reads } = await readsOf(vault);

    expect(log.entries.map(({ entry: { seq } }) => seq)).toEqual([0, 1, 2002, 2003]);
    expect(log.voids).toMatchObject([{ seq: 2 }, { last: 2001, reason: "entry 2002 has recorded it as void" }]);
    expect(reads).toBeLessThan(90);
  });

  it("are not read again by the run that has read them before it recorded them", async () => {
    const vault = await aLogVault();
    plantCopies(vault, { from: 1, count: 2000 });
    const known = await vault.read();
    await vault.append(aSnapshotBody());

    const { log, reads } = await readsOf(vault, known);

    expect(log.head?.seq).toBe(2001);
    expect(reads).toBeLessThan(10);
  });

  it("are looked at as far as they may hide removed entries, but not without end", async () => {
    const vault = await aLogVault();
    for (let n = 0; n < 4; n += 1) await vault.append(aSnapshotBody());
    plantCopies(vault, { from: 10, count: 5000 });
    const store = faultyStore(vault.store);
    let lookups = 0;
    const counting: FaultyStore = { ...store, versionsOf: async (name) => ((lookups += 1), store.versionsOf(name)) };

    const log = await readLog(vault.facts({ store: counting }));

    expect(log.next).toEqual({ seq: 5, void: [] });
    expect(store.reads.length).toBeLessThan(3000);
    expect(lookups).toBeLessThan(100);
  });

  it("of one number in two cost nothing for those that entries will not come to", async () => {
    const vault = await aLogVault();
    for (let n = 2; n < 40_000; n += 2) vault.store.objects.set(logName(vaultId, n), utf8("garbage\n"));
    await vault.append(aSnapshotBody());
    await vault.append(aSnapshotBody());

    const log = await vault.read();

    expect(log.entries.map(({ entry: { seq } }) => seq)).toEqual([0, 1, 3]);
    expect(log.problems.length).toBeLessThan(50);
  });
});

describe("a thief of the agent key who records sound entries as void", () => {
  /** 0 1, garbage 2..n, honest entries, garbage, and the forged entry that passes over all of it. */
  async function aHidingVault(garbage: number): Promise<LogVault & { readonly hidden: number }> {
    const vault = await aLogVault();
    const first = await vault.append(aSnapshotBody());
    plantCopies(vault, { from: 2, count: garbage });
    const honest = await vault.append(aSnapshotBody());
    const hidden = honest.entry.seq;
    const end = hidden + 1;
    const range: LogEntry["void"] = [[2, end - 1]];
    await forge(vault, end, { prev: `sha256:${first.sha256}`, void: range });
    return { ...vault, hidden };
  }

  it("is found out where the last name before the forged entry is an entry", async () => {
    const vault = await aHidingVault(2000);

    const log = await vault.read();

    expect(log.entries.map(({ entry: { seq } }) => seq)).toContain(vault.hidden);
    expect(log.problems.map(({ code }) => code)).toContain("LOG_CHAIN_BROKEN");
  });

  it("is found out by whoever reads every name", async () => {
    const vault = await aHidingVault(2000);
    await forge(vault, vault.hidden + 1, {});
    vault.store.objects.set(logName(vaultId, vault.hidden + 1), utf8("garbage\n"));
    const first = (await vault.read()).entries[1];
    await forge(vault, vault.hidden + 2, { prev: `sha256:${first?.sha256}`, void: [[2, vault.hidden + 1]] });

    const log = await vault.read({ everyName: true });

    expect(log.problems.map(({ code }) => code)).toContain("LOG_CHAIN_BROKEN");
    expect(log.entries.map(({ entry: { seq } }) => seq)).toContain(vault.hidden);
  });
});

it("ranges that leave a number out do not join the log", async () => {
  const vault = await aLogVault();
  const first = await vault.append(aSnapshotBody());
  plantCopies(vault, { from: 2, count: 100 });
  await forge(vault, 102, {
    prev: `sha256:${first.sha256}`,
    void: [
      [2, 50],
      [52, 101],
    ],
  });

  expect((await vault.read()).problems.map(({ code }) => code)).toContain("LOG_CHAIN_BROKEN");
  expect([...vault.store.objects.keys()].every((name) => name.startsWith(logPrefix(vaultId)))).toBe(true);
});
