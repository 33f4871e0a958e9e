import { parseSigners } from "../../../../engine/crypto/keys.ts";
import type { GenesisEntry } from "../../../../engine/vault/format/log-entry.ts";
import { otherKeys, sampleKeys, sampleVault } from "../../../support/sealed-vault.ts";

export const signers = parseSigners(sampleKeys.signer).map(({ signer }) => signer);
/** Genesis entry of a sample vault. */
export const readmeGenesis: GenesisEntry = {
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
