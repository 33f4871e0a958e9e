import { describe, expect, it } from "vitest";
import { parseObject } from "../../../engine/foundation/json.ts";
import type { ObjectReader } from "../../../engine/store/object-store.ts";
import { logName } from "../../../engine/vault/layout.ts";
import { newestEntries } from "../../../engine/vault/log-newest.ts";
import { readLog } from "../../../engine/vault/log.ts";
import { signText } from "../../../engine/vault/signed-text.ts";
import { aLogVault, anIncidentBody, asOwner, cryptography, someKeys, vaultId, type LogVault } from "./log-vault.ts";

async function aVaultOf(entries: number): Promise<LogVault> {
  const vault = await aLogVault();
  for (let made = 1; made < entries; made += 1) await vault.append(anIncidentBody());
  return vault;
}

async function newestSeqs(vault: LogVault, count: number): Promise<readonly number[]> {
  const { entries } = await newestEntries({ store: vault.store, cryptography, vault: vaultId }, count);
  return entries.map(({ entry }) => entry.seq);
}

describe("the newest entries of a log", () => {
  it("are those at its end, oldest first, and say who may sign", async () => {
    const vault = await aVaultOf(6);

    const newest = await newestEntries({ store: vault.store, cryptography, vault: vaultId }, 3);

    expect(newest.entries.map(({ entry }) => entry.seq)).toEqual([3, 4, 5]);
    expect(newest.listed).toBe(6);
    expect(newest.signers).toEqual([vault.keys.agent.signer, vault.keys.owner.signer]);
    expect(await newestSeqs(vault, 10)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("cost no more reads than there are of them, and one for the beginning", async () => {
    const vault = await aVaultOf(8);
    const reads: string[] = [];
    const store: ObjectReader = {
      ...vault.store,
      read: (name, options) => {
        reads.push(name);
        return vault.store.read(name, options);
      },
    };

    await newestEntries({ store, cryptography, vault: vaultId }, 3);

    expect(reads).toEqual([0, 5, 6, 7].map((seq) => logName(vaultId, seq)));
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
