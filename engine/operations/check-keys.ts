/** Are the given keys this vault's? Asked before anything is read with them, so that the error can name the input. */
import type { Cryptography } from "../crypto/cryptography.ts";
import { fingerprint } from "../crypto/keys.ts";
import { BackupError } from "../foundation/errors.ts";
import { type Log } from "../vault/log/log.ts";
import { entriesOf } from "../vault/format/logged-entry.ts";
import type { VaultKeys } from "../vault/format/log-entry.ts";
import { maySign } from "../vault/format/roles.ts";

/** Throws KEY_MISMATCH, naming the input, unless one of the identities opens content of the vault. */
export async function requireRecoveryKey(
  log: Log,
  identities: readonly string[],
  cryptography: Cryptography,
): Promise<void> {
  const recipients = recipientsEver(log);
  const own = await recipientsOf(identities, cryptography);
  if (own.some((recipient) => recipients.includes(recipient))) return;
  throw mismatch("recoveryKey", own, { recipients, whose: "this vault, which" });
}

/** The same for the catalogue: recovery, viewer and agent keys open it. */
export async function requireCatalogueKey(
  log: Log,
  identities: readonly string[],
  cryptography: Cryptography,
): Promise<void> {
  const recipients = keysEver(log).flatMap((keys) => [keys.catalogue, ...keys.recipients]);
  const own = await recipientsOf(identities, cryptography);
  if (own.some((recipient) => recipients.includes(recipient))) return;
  throw mismatch("viewerKey, agentKey or recoveryKey", own, { recipients, whose: "this vault, whose catalogue" });
}

/** Throws SIGNER_NOT_ALLOWED, naming the input, when entries that the agent key signs would not count. */
export function requireAgentSigner(log: Log, signer: string): void {
  if (maySign(log.roles, signer, "verification")) return;
  throw new BackupError({
    code: "SIGNER_NOT_ALLOWED",
    message: `The agentKey signs as ${signer}, which may not record verifications in this vault`,
    hint: "Give the vault's own agent key, or none: the result is then published with the run alone.",
  });
}

/** Recovery recipients of the vault, those of today first. */
export function recipientsEver(log: Log): readonly string[] {
  return [...new Set([...(log.keys?.recipients ?? []), ...keysEver(log).flatMap((keys) => keys.recipients)])];
}

/** Keys as they are and as they were: what was sealed for earlier ones stays so. */
function keysEver(log: Log): readonly VaultKeys[] {
  return [
    ...entriesOf(log, "genesis").map(({ entry }) => entry.genesis),
    ...entriesOf(log, "keys").map(({ entry }) => entry.keys),
  ];
}

async function recipientsOf(identities: readonly string[], cryptography: Cryptography): Promise<readonly string[]> {
  const all = await Promise.all(identities.map((identity) => cryptography.recipientOf(identity)));
  return [...new Set(all)];
}

function mismatch(
  input: string,
  own: readonly string[],
  { recipients, whose }: { readonly recipients: readonly string[]; readonly whose: string },
): BackupError {
  const sealedTo = [...new Set(recipients)].map(fingerprint).join(", ");
  return new BackupError({
    code: "KEY_MISMATCH",
    message: `Input ${input} (${own.map(fingerprint).join(", ")}) opens nothing in ${whose} is sealed to ${sealedTo}`,
    hint: "Use the keys that were made with this vault, or check that this is the right container.",
  });
}
