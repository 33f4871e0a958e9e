import { describe, expect, it } from "vitest";
import { parseSigners } from "../../../../engine/crypto/keys.ts";
import { checkCanaries } from "../../../../engine/vault/format/canary.ts";
import { openVault } from "../../../../engine/vault/log/genesis.ts";
import type { OpenVaultFacts } from "../../../../engine/vault/log/genesis.ts";
import { canaryPrefix, logName } from "../../../../engine/vault/format/layout.ts";
import type { EntryBody } from "../../../../engine/vault/format/log-codec.ts";
import { agentKinds } from "../../../../engine/vault/format/roles.ts";
import { faultyStore } from "../../../support/faulty-store.ts";
import { aLogVault, asOwner, cryptography, genesisBody, organization, pinsOf, someKeys, vaultId } from "./log-vault.ts";
import type { LogVault, TestKeys } from "./log-vault.ts";

function opening(vault: LogVault, overrides: Partial<OpenVaultFacts> = {}): OpenVaultFacts {
  const { keys } = vault;
  return {
    ...vault.facts(),
    origin: { organization, project: { id: vaultId } },
    agent: keys.agent,
    ownerSigner: keys.owner.signer,
    recoveryRecipients: [keys.set.recoveryRecipient],
    ...overrides,
  };
}

async function anEmptyContainer(): Promise<LogVault> {
  const vault = await aLogVault();
  vault.store.objects.clear();
  return vault;
}

function withAgent({ agent }: TestKeys): Pick<OpenVaultFacts, "agent" | "signing"> {
  return { agent, signing: agent };
}

describe("opening a vault", () => {
  it("begins it where nothing is, with canaries that the recovery key opens", async () => {
    const vault = await anEmptyContainer();
    const second = await someKeys();
    const recipients = [vault.keys.set.recoveryRecipient, second.set.recoveryRecipient];

    const opened = await openVault(opening(vault, { recoveryRecipients: recipients }));

    expect(opened).toMatchObject({ created: true, hasOwner: true });
    expect(opened.keys.recipients).toEqual(recipients);
    const place = { store: vault.store, cryptography, vault: vaultId };
    const checks = await checkCanaries(place, recipients, [vault.keys.set.recoveryKey]);
    expect(checks.map(({ state }) => state)).toEqual(["opened", "not-tried"]);
  });

  it("finds the same vault again and writes nothing", async () => {
    const vault = await anEmptyContainer();
    await openVault(opening(vault));
    const names = [...vault.store.objects.keys()];

    expect((await openVault(opening(vault))).created).toBe(false);

    expect([...vault.store.objects.keys()]).toEqual(names);
  });

  it("has one beginning when two runs begin it at once", async () => {
    const vault = await anEmptyContainer();

    const opened = await Promise.all([openVault(opening(vault)), openVault(opening(vault))]);

    expect(opened.map(({ created }) => created).sort()).toEqual([false, true]);
    expect((await vault.read()).entries).toHaveLength(1);
  });

  it("makes the loser of that race check the winner's recipients", async () => {
    const vault = await anEmptyContainer();
    const other = await someKeys();
    const store = faultyStore(vault.store);
    const late = opening(vault, { store, recoveryRecipients: [other.set.recoveryRecipient] });
    const list = store.list.bind(store);
    let raced = false;
    const racing = {
      ...store,
      create: async (name: string, bytes: Uint8Array) => {
        if (!raced) {
          raced = true;
          await openVault(opening(vault));
        }
        return store.create(name, bytes);
      },
      list,
    };

    await expect(openVault({ ...late, store: racing })).rejects.toMatchObject({ code: "RECIPIENTS_DIFFER" });
  });

  it("names the fingerprints when the recipients are not the vault's", async () => {
    const vault = await aLogVault();
    const other = await someKeys();

    const attempt = openVault(opening(vault, { recoveryRecipients: [other.set.recoveryRecipient] }));

    await expect(attempt).rejects.toMatchObject({ code: "RECIPIENTS_DIFFER" });
    await expect(attempt).rejects.toThrow(/names [0-9a-f]{16}, but vault .* seals to [0-9a-f]{16}/);
  });

  it("needs recipients to begin, and none to go on", async () => {
    const vault = await anEmptyContainer();

    await expect(openVault(opening(vault, { recoveryRecipients: [] }))).rejects.toMatchObject({
      code: "RECIPIENTS_REQUIRED",
    });
    expect(vault.store.objects.size).toBe(0);

    await openVault(opening(vault));
    const pinnedSigners = pinsOf(vault.keys);
    await expect(openVault(opening(vault, { recoveryRecipients: undefined, pinnedSigners }))).resolves.toBeDefined();
  });

  it("never begins a second vault where a head is known (cases 8, 28)", async () => {
    const vault = await aLogVault();
    const { head } = await vault.read();
    vault.store.objects.clear();

    await expect(openVault(opening(vault, { pin: head }))).rejects.toMatchObject({ code: "LOG_ROLLBACK" });
    expect(vault.store.objects.size).toBe(0);
  });

  it("does not begin anew over a log whose kept versions are still there", async () => {
    const vault = await aLogVault({ versioned: true });
    vault.store.objects.clear();

    const opened = await openVault(opening(vault));

    expect(opened.created).toBe(false);
    expect(opened.log.problems.map(({ code }) => code)).toEqual(["LOG_HIDDEN"]);
  });

  it("refuses keys that the pinned signers do not name, before anything is written", async () => {
    const vault = await anEmptyContainer();
    const other = await someKeys();
    const pinnedSigners = pinsOf(vault.keys);

    await expect(openVault(opening(vault, { pinnedSigners, ...withAgent(other) }))).rejects.toMatchObject({
      code: "SIGNER_MISMATCH",
    });
    expect(vault.store.objects.size).toBe(0);
  });

  it("takes for owners those that are pinned as owners", async () => {
    const vault = await anEmptyContainer();
    const pinnedSigners = pinsOf(vault.keys);

    const opened = await openVault(opening(vault, { pinnedSigners, ownerSigner: undefined }));

    expect(opened.hasOwner).toBe(true);
    expect(opened.log.signerTrust).toBe("pinned");
  });

  it("says so when nobody could ever retire anything", async () => {
    const vault = await anEmptyContainer();

    expect((await openVault(opening(vault, { ownerSigner: undefined }))).hasOwner).toBe(false);
  });

  it("refuses another agent key, with advice (case 74)", async () => {
    const vault = await aLogVault();
    const other = await someKeys();

    await expect(openVault(opening(vault, withAgent(other)))).rejects.toMatchObject({ code: "SIGNER_NOT_ALLOWED" });
  });

  it("refuses the vault of another organisation or project", async () => {
    const vault = await aLogVault();
    const origin = { organization: { ...organization, id: "11111111-2222-4333-8444-555555555555" } };

    await expect(openVault(opening(vault, { origin }))).rejects.toMatchObject({ code: "WRONG_VAULT" });
  });
});

describe("roles in a new vault", () => {
  it("make nobody an owner by where a key stands: one without a role is an agent's", async () => {
    const vault = await anEmptyContainer();
    const stranger = await someKeys();
    const pinnedSigners = parseSigners(`${vault.keys.agent.signer},${stranger.owner.signer}`);

    const opened = await openVault(opening(vault, { pinnedSigners, ownerSigner: undefined }));

    expect(opened.hasOwner).toBe(false);
    expect(opened.keys.signers).toEqual([{ pub: vault.keys.agent.signer, may: agentKinds }]);
  });

  it("refuse a key that is pinned as something else, before anything is written", async () => {
    const vault = await anEmptyContainer();
    const { agent, owner } = vault.keys;
    const swapped = parseSigners(`owner=${agent.signer},agent=${owner.signer}`);
    const ownerAsAgent = parseSigners(`${agent.signer},${owner.signer}`);

    for (const pinnedSigners of [swapped, ownerAsAgent])
      await expect(openVault(opening(vault, { pinnedSigners }))).rejects.toMatchObject({ code: "SIGNER_MISMATCH" });

    expect(vault.store.objects.size).toBe(0);
  });
});

describe("a vault that somebody planted before the first run", () => {
  /** Begun by a stranger who knows our public keys. */
  async function planted(changes: { readonly recipients: "theirs" | "ours" | "both" }): Promise<LogVault> {
    const vault = await anEmptyContainer();
    const stranger = await someKeys();
    const { genesis } = genesisBody(stranger) as Extract<EntryBody, { kind: "genesis" }>;
    const [ours, theirs] = [vault.keys.set.recoveryRecipient, stranger.set.recoveryRecipient];
    const recipients = { ours: [ours], theirs: [theirs], both: [ours, theirs] }[changes.recipients];
    const signers = [...genesis.signers, { pub: vault.keys.agent.signer, may: agentKinds }];
    const { catalogueRecipient: catalogue } = vault.keys.agent;
    const body = { kind: "genesis", genesis: { ...genesis, recipients, catalogue, signers } } as const;
    await vault.append(body, { signing: stranger.agent });
    return vault;
  }

  it.each(["theirs", "ours", "both"] as const)(
    "is refused when nobody is pinned (recipients: %s)",
    async (recipients) => {
      const vault = await planted({ recipients });
      const before = [...vault.store.objects.keys()];

      await expect(openVault(opening(vault))).rejects.toMatchObject({ code: "SIGNER_NOT_PINNED" });

      expect([...vault.store.objects.keys()]).toEqual(before);
    },
  );

  it.each(["theirs", "ours", "both"] as const)("is refused by pinned signers (recipients: %s)", async (recipients) => {
    const vault = await planted({ recipients });
    const pinnedSigners = pinsOf(vault.keys);

    await expect(openVault(opening(vault, { pinnedSigners, recoveryRecipients: undefined }))).rejects.toMatchObject({
      code: "SIGNER_MISMATCH",
    });
  });

  it("is refused when neither signers nor recipients are given, whoever began it", async () => {
    const vault = await aLogVault();

    await expect(openVault(opening(vault, { recoveryRecipients: undefined }))).rejects.toMatchObject({
      code: "RECIPIENTS_REQUIRED",
    });
  });

  it("is refused when its recipients are not all of ours, though the agent key began it", async () => {
    const vault = await anEmptyContainer();
    const second = await someKeys();
    await openVault(opening(vault, { recoveryRecipients: [second.set.recoveryRecipient] }));

    await expect(openVault(opening(vault))).rejects.toMatchObject({ code: "RECIPIENTS_DIFFER" });
  });

  it("may be one's own that another agent key began, and then needs pins", async () => {
    const vault = await aLogVault();
    const fresh = await someKeys();
    const { genesis } = genesisBody({ ...vault.keys, agent: fresh.agent }) as Extract<EntryBody, { kind: "genesis" }>;
    await vault.append({ kind: "keys", keys: { ...genesis, rekey: false } }, asOwner(vault.keys));

    await expect(openVault(opening(vault, withAgent(fresh)))).rejects.toMatchObject({ code: "SIGNER_NOT_PINNED" });
    const pinnedSigners = pinsOf({ agent: fresh.agent, owner: vault.keys.owner });
    await expect(openVault(opening(vault, { ...withAgent(fresh), pinnedSigners }))).resolves.toBeDefined();
  });
});

describe("key canaries", () => {
  it("are written by a later run when the first one died before them", async () => {
    const vault = await anEmptyContainer();
    const store = faultyStore(vault.store, { killAt: { operation: 1, when: "after" } });
    await expect(openVault(opening(vault, { store }))).rejects.toThrow("killed");
    expect([...vault.store.objects.keys()]).toEqual([logName(vaultId, 0)]);

    await openVault(opening(vault));

    expect([...vault.store.objects.keys()].some((name) => name.startsWith(canaryPrefix(vaultId)))).toBe(true);
  });

  it("show a key that does not open them, and one that is damaged (case 77)", async () => {
    const vault = await aLogVault();
    await openVault(opening(vault));
    const { recoveryRecipient, recoveryKey } = vault.keys.set;
    const place = { store: vault.store, cryptography, vault: vaultId };
    const [name = ""] = [...vault.store.objects.keys()].filter((key) => key.startsWith(canaryPrefix(vaultId)));

    vault.store.overwrite(name, new Uint8Array(300));
    expect((await checkCanaries(place, [recoveryRecipient], [recoveryKey]))[0]?.state).toBe("damaged");

    vault.store.objects.delete(name);
    expect((await checkCanaries(place, [recoveryRecipient], [recoveryKey]))[0]?.state).toBe("missing");
  });
});
