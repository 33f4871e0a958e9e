import { describe, expect, it } from "vitest";
import { parseSigners } from "../../../../engine/crypto/keys.ts";
import type { EntryBody } from "../../../../engine/vault/format/log-codec.ts";
import { agentKinds, ownerKinds } from "../../../../engine/vault/format/roles.ts";
import { aLogVault, aRef, aSnapshotBody, asOwner, genesisBody, pinsOf, someKeys } from "./log-vault.ts";

describe("vaults begun before there were acknowledgements", () => {
  it("let those acknowledge and announce who may retire, and nobody else", async () => {
    const vault = await aLogVault();
    vault.store.objects.clear();
    const body = genesisBody(vault.keys) as Extract<EntryBody, { kind: "genesis" }>;
    const signers = [
      { pub: vault.keys.agent.signer, may: agentKinds },
      { pub: vault.keys.owner.signer, may: ["retire", "keys"] as const },
    ];
    await vault.append({ ...body, genesis: { ...body.genesis, signers } });
    const acknowledge = { kind: "acknowledge", acknowledge: { seq: 0, codes: ["mass-delete"], streams: [] } } as const;
    const expectEntry = { kind: "expect", expect: { codes: ["mass-delete"], until: "2026-11-23T00:00:00Z" } } as const;

    for (const entry of [acknowledge, expectEntry]) {
      await expect(vault.append(entry)).rejects.toMatchObject({ code: "SIGNER_NOT_ALLOWED" });
      await vault.append(entry, asOwner(vault.keys));
    }

    const log = await vault.read({ pinnedSigners: pinsOf(vault.keys) });
    expect(log.entries.map(({ entry }) => entry.kind)).toEqual(["genesis", "acknowledge", "expect"]);
    expect([log.problems, log.voids]).toEqual([[], []]);
  });
});

describe("keys that change", () => {
  it("make entries of the old agent key void and tell the old agent why (case 74)", async () => {
    const vault = await aLogVault();
    const fresh = await someKeys();
    const { genesis } = genesisBody(fresh) as Extract<ReturnType<typeof genesisBody>, { kind: "genesis" }>;
    const { recipients, catalogue, signers } = genesis;

    await vault.append({ kind: "keys", keys: { recipients, catalogue, signers, rekey: true } }, asOwner(vault.keys));

    await expect(vault.append(aSnapshotBody())).rejects.toMatchObject({ code: "SIGNER_NOT_ALLOWED" });
    await vault.append(aSnapshotBody(), { signing: fresh.agent });
    // Until the new owner has signed anything, the old one has to be known: it is who made the change.
    await expect(vault.read({ pinnedSigners: pinsOf(fresh) })).rejects.toMatchObject({ code: "SIGNER_MISMATCH" });
    const log = await vault.read({ pinnedSigners: [...pinsOf(fresh), ...pinsOf(vault.keys).slice(1)] });
    expect(log.signerTrust).toBe("pinned");
    expect(log.keys?.recipients).toEqual(recipients);
  });

  it("are not accepted while the pin names the old ones only", async () => {
    const vault = await aLogVault();
    const fresh = await someKeys();
    const { genesis } = genesisBody(fresh) as Extract<ReturnType<typeof genesisBody>, { kind: "genesis" }>;
    await vault.append({ kind: "keys", keys: { ...genesis, rekey: true } }, asOwner(vault.keys));

    await expect(vault.read({ pinnedSigners: pinsOf(vault.keys) })).rejects.toMatchObject({
      code: "SIGNER_MISMATCH",
    });
  });
});

describe("pinned signers", () => {
  it("accept the vault they signed", async () => {
    const vault = await aLogVault();

    expect((await vault.read({ pinnedSigners: pinsOf(vault.keys) })).signerTrust).toBe("pinned");
  });

  it("refuse a vault that somebody else began, even if it lists their public keys", async () => {
    const mine = await someKeys();
    const theirs = await aLogVault();
    const { recipients, catalogue, signers } = (
      genesisBody(mine) as Extract<ReturnType<typeof genesisBody>, { kind: "genesis" }>
    ).genesis;
    await theirs.append({ kind: "keys", keys: { recipients, catalogue, signers, rekey: false } }, asOwner(theirs.keys));

    await expect(theirs.read({ pinnedSigners: pinsOf(mine) })).rejects.toMatchObject({
      code: "SIGNER_MISMATCH",
    });
  });

  it("refuse a log that gives a key the rights of another role than it is pinned as", async () => {
    const vault = await aLogVault();
    const { agent, owner } = vault.keys;

    for (const signer of [`${agent.signer},${owner.signer}`, `owner=${agent.signer},owner=${owner.signer}`]) {
      const reading = vault.read({ pinnedSigners: parseSigners(signer) });
      await expect(reading).rejects.toMatchObject({ code: "SIGNER_MISMATCH" });
    }
    await expect(vault.read({ pinnedSigners: parseSigners(`${agent.signer},${owner.signer}`) })).rejects.toThrow(
      `a key without a role is an agent's, an owner's is written owner=${owner.signer}`,
    );
  });

  it("refuse a log whose agent key may do what only owners may", async () => {
    const vault = await aLogVault();
    vault.store.objects.clear();
    const body = genesisBody(vault.keys) as Extract<EntryBody, { kind: "genesis" }>;
    const signers = [{ pub: vault.keys.agent.signer, may: [...agentKinds, ...ownerKinds] }];
    await vault.append({ ...body, genesis: { ...body.genesis, signers } });

    await expect(vault.read({ pinnedSigners: pinsOf(vault.keys) })).rejects.toMatchObject({ code: "SIGNER_MISMATCH" });
  });

  it("refuse a vault that a stolen agent key began with an owner who then put ours in its place", async () => {
    const vault = await aLogVault();
    const stranger = await someKeys();
    vault.store.objects.clear();
    await vault.append(genesisBody({ ...vault.keys, owner: stranger.owner }));
    await vault.append(
      { kind: "retire", retire: { snapshots: [], objects: aRef(), runs: [] } },
      { signing: stranger.owner },
    );
    const { genesis } = genesisBody(vault.keys) as Extract<EntryBody, { kind: "genesis" }>;
    await vault.append({ kind: "keys", keys: { ...genesis, rekey: false } }, { signing: stranger.owner });
    await vault.append(aSnapshotBody());

    await expect(vault.read({ pinnedSigners: pinsOf(vault.keys) })).rejects.toMatchObject({ code: "SIGNER_MISMATCH" });
  });

  it("refuse a vault that a stolen agent key began with another owner", async () => {
    const vault = await aLogVault();
    const stranger = await someKeys();
    vault.store.objects.clear();
    await vault.append(genesisBody({ ...vault.keys, owner: stranger.owner }));

    await expect(vault.read({ pinnedSigners: pinsOf(vault.keys) })).rejects.toMatchObject({ code: "SIGNER_MISMATCH" });
  });
});
