/**
 * Public signing keys with the role of each: `agent=ed25519:…`, `owner=ed25519:…`. A bare key is an agent's. The role
 * decides what a key may sign, so it is written down and never follows from the place in a list.
 */
import type { KeySet } from "../../engine/crypto/keys.ts";

export type SignerRole = "agent" | "owner";

export interface Signer {
  readonly role: SignerRole;
  /** `ed25519:…` */
  readonly key: string;
}

const form = /^(?:(agent|owner)=)?(ed25519:[\w-]{43})$/;

/** Undefined for what is no public signing key. */
export function parseSigner(text: string): Signer | undefined {
  const [, role, key] = form.exec(text) ?? [];
  if (key === undefined) return undefined;
  return { role: role === "owner" ? "owner" : "agent", key };
}

export function formatSigner({ role, key }: Signer): string {
  return `${role}=${key}`;
}

/** Those of a key set that was just made, agent first: its maker knows which is which. */
export function signersOfKeys({ signer }: Pick<KeySet, "signer">): readonly string[] {
  const [agent = "", owner = ""] = signer.split(",").map((one) => one.replace(/^(?:agent|owner)=/, ""));
  return [`agent=${agent}`, `owner=${owner}`];
}

/** The keys alone, for those who ask the log itself for roles. */
export function keysOfSigners(signers: readonly string[]): readonly string[] {
  return signers.flatMap((text) => parseSigner(text)?.key ?? []);
}

const owners: Readonly<Record<SignerRole, string>> = { agent: "the agent's key", owner: "the owner's key" };

/** `ed25519:…, the agent's key`. */
export function signerForPeople(text: string): { readonly key: string; readonly whose: string } {
  const signer = parseSigner(text);
  return signer === undefined
    ? { key: text, whose: "no signing key" }
    : { key: signer.key, whose: owners[signer.role] };
}
