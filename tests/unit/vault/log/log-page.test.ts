import { describe, expect, it } from "vitest";
import { concat } from "../../../../engine/foundation/bytes.ts";
import { BackupError } from "../../../../engine/foundation/errors.ts";
import { logName, logPageName } from "../../../../engine/vault/format/layout.ts";
import { entriesPerPage, pageOf, readPage } from "../../../../engine/vault/log/page.ts";
import { aLogVault, anIncidentBody, cryptography, vaultId, type LogVault } from "./log-vault.ts";

async function appendUpTo(vault: LogVault, lastSeq: number): Promise<void> {
  for (let { seq } = (await vault.read()).next; seq <= lastSeq; seq += 1) await vault.append(anIncidentBody());
}

function bytesOf({ store }: LogVault, name: string): Uint8Array {
  const bytes = store.objects.get(name);
  if (bytes === undefined) throw new Error(`${name} is not there`);
  return bytes;
}

function pagesOf({ store }: LogVault): readonly string[] {
  return [...store.objects.keys()].filter((name) => name.includes("/log-pages/"));
}

describe("pages of a log", () => {
  it("are written with the last entry of each: its entries as they stand, one after another", async () => {
    const vault = await aLogVault();

    await appendUpTo(vault, entriesPerPage - 2);
    expect(pagesOf(vault)).toEqual([]);
    await appendUpTo(vault, 2 * entriesPerPage);

    expect(pagesOf(vault)).toEqual([logPageName(vaultId, 0), logPageName(vaultId, entriesPerPage)]);
    const second = Array.from({ length: entriesPerPage }, (_, index) =>
      bytesOf(vault, logName(vaultId, entriesPerPage + index)),
    );
    expect(bytesOf(vault, logPageName(vaultId, entriesPerPage))).toEqual(concat(second));
    const read = await readPage({ store: vault.store, cryptography, vault: vaultId }, entriesPerPage);
    expect([...(read ?? [])]).toEqual(second.map((bytes, index) => [entriesPerPage + index, bytes]));
  });

  it("stand beside the log: reading it shows nothing of them", async () => {
    const vault = await aLogVault();
    await appendUpTo(vault, entriesPerPage);

    const log = await vault.read();

    expect(log.problems).toEqual([]);
    expect(log.next).toEqual({ seq: entriesPerPage + 1, void: [] });
  });

  it("may fail to be written: the entry is in the log all the same", async () => {
    const full = new BackupError({ code: "STORE_FULL", message: "The account is full", hint: "Make room." });
    const vault = await aLogVault({
      through: (store) => ({
        ...store,
        create: (name, bytes) => (name.includes("/log-pages/") ? Promise.reject(full) : store.create(name, bytes)),
      }),
    });

    await appendUpTo(vault, entriesPerPage);

    expect((await vault.read()).head?.seq).toBe(entriesPerPage);
    expect(pagesOf(vault)).toEqual([]);
  });

  it("are not written over: who planted one first gains nothing by it", async () => {
    const vault = await aLogVault();
    await vault.store.create(logPageName(vaultId, 0), new TextEncoder().encode("planted\n"));

    await appendUpTo(vault, entriesPerPage);

    expect((await vault.read()).problems).toEqual([]);
    expect(await readPage({ store: vault.store, cryptography, vault: vaultId }, 0)).toBeUndefined();
  });

  it("begin at every 25th number", () => {
    expect([0, 24, 25, 983].map(pageOf)).toEqual([0, 0, 25, 975]);
    expect(logPageName(vaultId, 975)).toBe(`${vaultId}/log-pages/0000000975.txt`);
  });
});
