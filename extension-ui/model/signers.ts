/**
 * Public signing keys with the role of each, as lines of the settings: `agent=ed25519:…`, `owner=ed25519:…`. A bare key
 * is an agent's. The role decides what a key may sign, so it is written down and never follows from the place in a list.
 */
import { formatSigners, parseSigners, type KeySet, type PinnedSigner } from "../../engine/crypto/keys.ts";

/** Undefined for what is not exactly one public signing key. */
export function parseSigner(text: string): PinnedSigner | undefined {
  try {
    const [signer, ...more] = parseSigners(text);
    return more.length > 0 || /[\s,;]/.test(text) ? undefined : signer;
  } catch {
    return undefined;
  }
}

/** Those of a key set that was just made, agent first: its maker knows which is which. */
export function signersOfKeys({ signer }: Pick<KeySet, "signer">): readonly string[] {
  return parseSigners(signer).map((one) => formatSigners([one]));
}

/** The keys alone, whatever their roles. */
export function keysOfSigners(signers: readonly string[]): readonly string[] {
  return signers.flatMap((text) => parseSigner(text)?.signer ?? []);
}

const owners: Readonly<Record<PinnedSigner["role"], string>> = { agent: "the agent's key", owner: "the owner's key" };

/** `ed25519:…`, the agent's key. */
export function signerForPeople(text: string): { readonly key: string; readonly whose: string } {
  const signer = parseSigner(text);
  return signer === undefined
    ? { key: text, whose: "no signing key" }
    : { key: signer.signer, whose: owners[signer.role] };
}
