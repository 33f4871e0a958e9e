import { describe, expect, it } from "vitest";
import { parseSigners, publicKeyPem } from "../../../engine/crypto/keys.ts";
import type { GenesisEntry } from "../../../engine/vault/log-entry.ts";
import { recoveryReadme } from "../../../engine/vault/recovery-readme.ts";
import { otherKeys, sampleKeys, sampleVault } from "../../support/sealed-vault.ts";

const signers = parseSigners(sampleKeys.signer).map(({ signer }) => signer);
const genesis: GenesisEntry = {
  type: "azdo-vault/log/v1",
  vault: sampleVault,
  seq: 0,
  prev: null,
  void: [],
  at: "2026-11-22T18:05:44Z",
  srv: "2026-11-22T18:05:44Z",
  by: { tool: "0.1.0", build: "Backup_1", run: "20261122T180544Z-7f3a9c1e" },
  kind: "genesis",
  genesis: {
    format: 1,
    minReader: 1,
    organization: { id: "0f3a7a1e-3d0e-4b1c-9f57-6a9e54b5d1a3", url: "https://dev.azure.com/fabrikam" },
    project: { id: sampleVault },
    recipients: [sampleKeys.recoveryRecipient, otherKeys.recoveryRecipient],
    catalogue: sampleKeys.catalogueRecipient,
    signers: [
      { pub: signers[0]!, may: ["snapshot", "incident", "verification"] },
      { pub: signers[1]!, may: ["retire", "keys"] },
    ],
  },
};

/** What it makes on a real vault is shown by tests/integration/hand-recovery.test.ts. */
describe("README.txt", () => {
  const text = recoveryReadme({ vault: sampleVault, genesis });

  it("names the vault, its origin and its signing keys, also as PEM", () => {
    expect(text).toContain(`VAULT=${sampleVault}`);
    expect(text).toContain("https://dev.azure.com/fabrikam");
    for (const signer of signers) expect(text).toContain(`${signer}   may sign: `);
    for (const signer of signers) expect(text).toContain(publicKeyPem(signer));
  });

  it("is plain text that any editor shows", () => {
    expect(text).toMatch(/^[\n -~]*$/);
    expect(text.split("\n").filter((line) => !line.startsWith("    ") && line.length > 120)).toEqual([]);
    expect(text).not.toMatch(/undefined|\[object/);
  });

  it("speaks of an organisation where the vault is of one", () => {
    const { project, ...organisation } = genesis.genesis;

    const page = recoveryReadme({ vault: sampleVault, genesis: { ...genesis, genesis: organisation } });

    expect(page).toContain("organisation 0f3a7a1e");
    expect(page).not.toContain(`project ${project!.id}`);
  });
});
