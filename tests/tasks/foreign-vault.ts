/** A vault that somebody else began: the same project GUID and keys, another organisation. */
import { parseAgentKey, parseSigners, type KeySet } from "../../engine/crypto/keys.ts";
import { systemClock } from "../../engine/foundation/clock.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { DeletingStore } from "../../engine/store/object-store.ts";
import { openVault } from "../../engine/vault/log/genesis.ts";

const cryptography = nodeCryptography();

export async function makeSomeVault(given: {
  readonly store: DeletingStore;
  readonly keys: KeySet;
  readonly vault: string;
}): Promise<void> {
  const { store, keys, vault } = given;
  const agent = await parseAgentKey(keys.agentKey, cryptography);
  await openVault({
    store,
    cryptography,
    vault,
    clock: systemClock,
    signing: { signingSeed: agent.signingSeed, signer: agent.signer },
    by: { tool: "0.0.0", build: "elsewhere", run: "genesis" },
    origin: {
      organization: { id: "6f0d6ff0-1111-4222-8333-444455556666", url: "https://dev.azure.com/fabrikam" },
      project: { id: vault },
    },
    agent,
    pinnedSigners: parseSigners(keys.signer),
    recoveryRecipients: [keys.recoveryRecipient],
  });
}
