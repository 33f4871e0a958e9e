import type { BackupError } from "../foundation/errors.ts";
import { concat, fromBase64Url, toBase64, toBase64Url } from "../foundation/bytes.ts";
import type { Cryptography } from "./cryptography.ts";
import { decodeBech32, decodeIdentity, encodeBech32, encodeIdentity } from "./age-keys.ts";
import { keyForm } from "./crypto-errors.ts";

export { fingerprint } from "./age-keys.ts";

/**
 * The four keys of a vault (agent, owner, viewer, recovery) as people hold them: strings.
 * Implementation notes and the derivations stand in docs/format.md; test vectors in tests/format/v1/keys.json.
 */
export interface KeySet {
  readonly agentKey: string;
  readonly ownerKey: string;
  readonly viewerKey: string;
  readonly recoveryKey: string;
  readonly recoveryRecipient: string;
  /** Public signing keys with their roles: `agent=ed25519:<base64url>,owner=ed25519:<base64url>`. */
  readonly signer: string;
}

/** What a signing key is for. Agents add to a vault; only owners take away, change keys and answer alarms. */
export type KeyRole = "agent" | "owner";

/** A public signing key that people know from outside the storage, and what they know it as. */
export interface PinnedSigner {
  readonly role: KeyRole;
  /** `ed25519:<base64url>`. */
  readonly signer: string;
}

/** What an agent key opens up once parsed. Secrets: never logged, never serialised. */
export interface AgentKeys {
  readonly signingSeed: Uint8Array;
  /** `ed25519:<base64url>`. */
  readonly signer: string;
  /** The viewer key: an age identity that opens the catalogue. */
  readonly catalogueIdentity: string;
  readonly catalogueRecipient: string;
  /** Key of the keyed digests (index `t`, item hashes). */
  readonly macKey: Uint8Array;
}

export interface OwnerKeys {
  readonly signingSeed: Uint8Array;
  readonly signer: string;
}

const seedBytes = 32;
const agentPrefix = "pbak";
const ownerPrefix = "pbok";
const signerPrefix = "ed25519:";

/** A new key set; nothing of it can be made again. */
export async function makeKeySet(cryptography: Cryptography): Promise<KeySet> {
  const agentKey = encodeBech32(agentPrefix, cryptography.randomBytes(seedBytes));
  const ownerKey = encodeBech32(ownerPrefix, cryptography.randomBytes(seedBytes));
  const recoveryKey = encodeIdentity(cryptography.randomBytes(seedBytes));
  const agent = await parseAgentKey(agentKey, cryptography);
  const owner = await parseOwnerKey(ownerKey, cryptography);
  return {
    agentKey,
    ownerKey,
    viewerKey: agent.catalogueIdentity,
    recoveryKey,
    recoveryRecipient: await cryptography.recipientOf(recoveryKey),
    signer: formatSigners([
      { role: "agent", signer: agent.signer },
      { role: "owner", signer: owner.signer },
    ]),
  };
}

/** Input `agentKey`. Throws KEY_FORM. */
export async function parseAgentKey(text: string, cryptography: Cryptography): Promise<AgentKeys> {
  const seed = parseKey(text, agentForm, "agentKey");
  const signingSeed = await cryptography.hkdfSha256(seed, "project-backup/v1/sign");
  const catalogueIdentity = encodeIdentity(await cryptography.hkdfSha256(seed, "project-backup/v1/catalogue"));
  return {
    signingSeed,
    signer: signerOf(await cryptography.publicKeyOf(signingSeed)),
    catalogueIdentity,
    catalogueRecipient: await cryptography.recipientOf(catalogueIdentity),
    macKey: await cryptography.hkdfSha256(seed, "project-backup/v1/mac"),
  };
}

/** Input `ownerKey`. Throws KEY_FORM naming `input`. */
export async function parseOwnerKey(text: string, cryptography: Cryptography, input = "ownerKey"): Promise<OwnerKeys> {
  const seed = parseKey(text, ownerForm, input);
  const signingSeed = await cryptography.hkdfSha256(seed, "project-backup/v1/sign");
  return { signingSeed, signer: signerOf(await cryptography.publicKeyOf(signingSeed)) };
}

/**
 * The key by which restores know their own journals: whoever holds the recovery key has it, whoever only knows the
 * recipient has not. A secret. Throws KEY_FORM.
 */
export async function journalKeyOf(recoveryIdentity: string, cryptography: Cryptography): Promise<Uint8Array> {
  return cryptography.hkdfSha256(decodeIdentity(recoveryIdentity), "project-backup/v1/journal");
}

/**
 * Recovery or viewer keys: one or more, on lines of their own or separated by commas (a secret variable holds one
 * line only); lines that begin with `#` are comments, as in age's key files. Throws KEY_FORM naming `input`.
 */
export function parseIdentities(text: string, input = "recoveryKey"): readonly string[] {
  return parseList(text, identityForm, input);
}

/** Recipients, listed as in `parseIdentities`. Throws KEY_FORM naming `input`. */
export function parseRecipients(text: string, input = "recoveryRecipients"): readonly string[] {
  return parseList(text, recipientForm, input);
}

/**
 * Pinned public signing keys with their roles, `agent=ed25519:…` or `owner=ed25519:…`, listed as in `parseIdentities`.
 * A key without a role is an agent's: nobody becomes an owner by where a key stands. Throws KEY_FORM.
 */
export function parseSigners(text: string, input = "signer"): readonly PinnedSigner[] {
  const words = wordsOf(text);
  if (words.length === 0) throw emptyList(signerForm, input);
  const pinned = new Map<string, PinnedSigner>();
  words.forEach((word, index) => {
    const place = placeOf(input, index, words.length);
    const one = pinnedSigner(word, place);
    const known = pinned.get(one.signer);
    if (known !== undefined && known.role !== one.role)
      throw keyForm(`Input ${place}: the same key is named as an agent's and as an owner's`, signerForm.hint);
    pinned.set(one.signer, one);
  });
  return [...pinned.values()];
}

/** As `parseSigners`, of lines that are kept apart; none pins nobody. */
export function parseSignerLines(lines: readonly string[], input = "signer"): readonly PinnedSigner[] {
  return lines.length === 0 ? [] : parseSigners(lines.join("\n"), input);
}

/** One line, as `parseSigners` takes it. */
export function formatSigners(signers: readonly PinnedSigner[]): string {
  return signers.map(({ role, signer }) => `${role}=${signer}`).join(",");
}

function pinnedSigner(word: string, place: string): PinnedSigner {
  const [, role = "", key = ""] = /^([a-z]+)=(.*)$/i.exec(word) ?? [undefined, "agent", word];
  const known = keyRoles.find((name) => name === role.toLowerCase());
  if (known === undefined)
    throw keyForm(
      `Input ${place}: a public signing key has the role agent or owner; this one has another`,
      signerForm.hint,
    );
  parseKey(key, signerForm, place);
  return { role: known, signer: key };
}

const keyRoles: readonly KeyRole[] = ["agent", "owner"];

export function signerOf(publicKey: Uint8Array): string {
  return signerPrefix + toBase64Url(publicKey);
}

/** The 32 bytes of an Ed25519 public key. Throws KEY_FORM. */
export function publicKeyOfSigner(signer: string): Uint8Array {
  return parseKey(signer, signerForm, "signer");
}

/** The public key as openssl reads it (SubjectPublicKeyInfo, RFC 8410). Throws KEY_FORM. */
export function publicKeyPem(signer: string): string {
  const ed25519 = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
  const der = concat([Uint8Array.from(ed25519), publicKeyOfSigner(signer)]);
  return `-----BEGIN PUBLIC KEY-----\n${toBase64(der)}\n-----END PUBLIC KEY-----\n`;
}

/** One sort of key: how it begins, how people call it, where it comes from. */
interface KeyForm {
  readonly prefix: string;
  readonly name: string;
  readonly length: number;
  readonly hint: string;
  decode(text: string): Uint8Array | undefined;
}

const agentForm: KeyForm = {
  prefix: `${agentPrefix}1`,
  name: "an agent key",
  length: 63,
  hint: "Put the agentKey that 'npm run keys' printed into the secret variable that the input names.",
  decode: (text) => decodeBech32(text, agentPrefix),
};

const ownerForm: KeyForm = {
  prefix: `${ownerPrefix}1`,
  name: "an owner key",
  length: 63,
  hint: "Put the ownerKey that 'npm run keys' printed into the secret variable that the input names.",
  decode: (text) => decodeBech32(text, ownerPrefix),
};

const identityForm: KeyForm = {
  prefix: "AGE-SECRET-KEY-1",
  name: "a recovery or viewer key",
  length: 74,
  hint: "Give the recoveryKey or viewerKey that 'npm run keys' printed, or the AGE-SECRET-KEY-1 line of age-keygen.",
  decode: (text) => decodeBech32(text, "age-secret-key-"),
};

const recipientForm: KeyForm = {
  prefix: "age1",
  name: "a recipient",
  length: 62,
  hint: "Give the recoveryRecipient that 'npm run keys' printed, or the public key (age1…) of age-keygen.",
  decode: (text) => decodeBech32(text, "age"),
};

const signerForm: KeyForm = {
  prefix: signerPrefix,
  name: "a public signing key",
  length: 51,
  hint: "Give the signer line that 'npm run keys' or the first BackupProject run printed: agent=ed25519:…,owner=ed25519:….",
  decode: (text) => {
    const bytes = fromBase64Url(text.slice(signerPrefix.length));
    return bytes?.length === seedBytes ? bytes : undefined;
  },
};

function parseList(text: string, form: KeyForm, input: string): readonly string[] {
  const keys = wordsOf(text);
  if (keys.length === 0) throw emptyList(form, input);
  keys.forEach((key, index) => parseKey(key, form, placeOf(input, index, keys.length)));
  return [...new Set(keys)];
}

function wordsOf(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .filter((line) => !line.trimStart().startsWith("#"))
    .flatMap((line) => line.split(/[\s,;]+/))
    .filter((word) => word !== "");
}

function placeOf(input: string, index: number, of: number): string {
  return of === 1 ? input : `${input} (key ${index + 1} of ${of})`;
}

function emptyList({ name, prefix, hint }: KeyForm, input: string): BackupError {
  return keyForm(`Input ${input} is empty; it takes ${name} (${prefix}…)`, hint);
}

/** The 32 bytes of a key of the form. */
function parseKey(text: string, form: KeyForm, input: string): Uint8Array {
  const key = text.trim();
  const bytes = key.startsWith(form.prefix) ? form.decode(key) : undefined;
  if (bytes !== undefined) return bytes;
  throw keyForm(`Input ${input}: ${form.name} begins with ${form.prefix}; ${foundIn(key, form)}`, form.hint);
}

/** Says what was found instead, without a character of it that could be secret. */
function foundIn(key: string, wanted: KeyForm): string {
  if (key === "") return "this one is empty";
  const found = knownForms.find(({ prefix }) => key.startsWith(prefix));
  if (found === undefined) return "this one begins with none of the prefixes of the vault's keys";
  if (found !== wanted) return `this one begins with ${found.prefix} and is ${found.name}`;
  const length = key.length === wanted.length ? "" : ` (${key.length} characters instead of ${wanted.length})`;
  return `this one does too, but is cut off or mistyped${length}`;
}

/** Longer prefixes before the shorter ones that they begin with. */
const knownForms: readonly Pick<KeyForm, "prefix" | "name">[] = [
  { prefix: "$(", name: "a pipeline variable that has no value in this run" },
  { prefix: "AGE-SECRET-KEY-PQ-1", name: "a post-quantum age key, which vaults do not use" },
  { prefix: "age1pq1", name: "a post-quantum age recipient, which vaults do not use" },
  { prefix: "age1tag", name: "a hardware-bound age recipient, which vaults do not use" },
  { prefix: "AGE-PLUGIN-", name: "a key of an age plugin, which vaults do not use" },
  { prefix: "-----BEGIN AGE", name: "an encrypted age file; decrypt it with 'age -d' first" },
  agentForm,
  ownerForm,
  identityForm,
  recipientForm,
  signerForm,
];
