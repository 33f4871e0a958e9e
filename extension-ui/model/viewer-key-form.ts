/** Whether a text is a viewer key: the other keys of a vault have no business on this page. */
import type { Cryptography } from "../../engine/crypto/cryptography.ts";
import { parseIdentities } from "../../engine/crypto/keys.ts";
import { describeError } from "../../engine/foundation/errors.ts";

/** Undefined for what may be a viewer key; what is wrong with it, else. */
export function viewerKeyProblem(text: string): string | undefined {
  const key = text.trim();
  if (key === "") return undefined;
  const other = otherKey(key);
  if (other !== undefined) return other;
  try {
    return parseIdentities(key, "Viewer key").length === 1 ? undefined : "Enter one key.";
  } catch (error) {
    return describeError(error);
  }
}

/** Why a recovery key is not taken: it would open the names too, and everything else besides. */
export const recoveryKeyRefusal =
  "This is a recovery key of this vault: it opens everything that is backed up, and belongs offline. Enter the viewer key, which opens names only.";

/** A recovery key looks like a viewer key; that its public half is among the vault's recipients gives it away. */
export async function isRecoveryKey(
  identity: string,
  recipients: readonly string[],
  cryptography: Pick<Cryptography, "recipientOf">,
): Promise<boolean> {
  if (recipients.length === 0 || viewerKeyProblem(identity) !== undefined) return false;
  const own = (await cryptography.recipientOf(identity.trim())).toLowerCase();
  return recipients.some((recipient) => recipient.toLowerCase() === own);
}

function otherKey(key: string): string | undefined {
  if (/^pbak1/i.test(key))
    return "This is the agent key, which signs backups. It belongs in the secret variable of the backup pipeline; enter the viewer key.";
  // The file that Set up saves says what it holds.
  if (/recovery key/i.test(key)) return recoveryKeyRefusal;
  if (/^pbok1/i.test(key))
    return "This is the owner key, which may remove backups. Keep it offline; enter the viewer key.";
  return undefined;
}
