/**
 * The log as a chain: takes stored entries one after another and says what each of them is. Pure but for the
 * signature checks. An entry is
 *   valid    signed by a key whose role allows the kind, for this vault, under its own number;
 *   joining  valid, and its `prev` and `void` fit the entries before it;
 *   void     anything else: not part of the log, recorded by the next entry.
 */
import { BackupError } from "../../foundation/errors.ts";
import { sha256Hex } from "../../crypto/cryptography.ts";
import type { Cryptography } from "../../crypto/cryptography.ts";
import { decodeEntry } from "../format/log-codec.ts";
import type { DecodedEntry } from "../format/log-codec.ts";
import type { GenesisEntry, Head, LogEntry, VaultKeys } from "../format/log-entry.ts";
import { maySign, rolesOf } from "../format/roles.ts";
import type { Roles } from "../format/roles.ts";
import { signerAmong, splitSigned } from "../format/signed-text.ts";
import type { SignedText } from "../format/signed-text.ts";
import { areExactly } from "../format/void-numbers.ts";
import type { NumberRange } from "../format/void-numbers.ts";
import type { LoggedEntry } from "../format/logged-entry.ts";
import { isKind } from "../format/logged-entry.ts";

/** One void entry, or neighbouring ones that are void for the same reason. */
export interface VoidEntry extends NumberRange {
  readonly reason: string;
}

export interface LogProblem {
  /** LOG_CHAIN_BROKEN, LOG_ROLLBACK, LOG_FORK, LOG_NEWER, LOG_VOID, LOG_OVERWRITTEN, LOG_HIDDEN. */
  readonly code: string;
  readonly seq: number;
  readonly message: string;
  readonly hint: string;
  /** Nothing may be appended to a log with such a problem; reading goes on. */
  readonly blocksWriting: boolean;
}

/** What the entries seen so far add up to. */
export interface Chain {
  readonly vault: string;
  readonly genesis: LoggedEntry<GenesisEntry> | undefined;
  /** Keys and roles after the last entry. */
  readonly keys: VaultKeys | undefined;
  readonly roles: Roles;
  readonly head: Head | undefined;
}

export interface StoredEntry {
  readonly seq: number;
  readonly bytes: Uint8Array;
  readonly createdAt: string;
}

export type Judgement =
  | { readonly as: "valid"; readonly logged: LoggedEntry; readonly joins: boolean }
  | { readonly as: "newer"; readonly head: Head; readonly what: string; readonly joins: boolean }
  | { readonly as: "void"; readonly reason: string };

export function emptyChain(vault: string): Chain {
  return { vault, genesis: undefined, keys: undefined, roles: new Map(), head: undefined };
}

/** Throws WRONG_VAULT or LOG_NEWER for a genesis entry that is sound in itself but not for this reader. */
export async function judge(cryptography: Cryptography, chain: Chain, stored: StoredEntry): Promise<Judgement> {
  const text = splitSigned(stored.bytes);
  if (text === undefined) return voided("it has not the two lines of an entry");
  const opened = await (chain.head === undefined
    ? openGenesis(cryptography, chain.vault, text)
    : openLater(cryptography, chain, text));
  if (opened.as === "void") return opened;
  const { decoded, signer } = opened;
  const frame = decoded.form === "known" ? decoded.entry : decoded.frame;
  if (frame.vault !== chain.vault) return voided(`it belongs to the vault ${frame.vault}`);
  if (frame.seq !== stored.seq) return voided(`it is a copy of entry ${frame.seq}`);
  const sha256 = sha256Hex(cryptography, stored.bytes);
  const joins = joinsOn(chain, frame);
  if (decoded.form === "newer") return { as: "newer", head: { seq: frame.seq, sha256 }, what: decoded.what, joins };
  return { as: "valid", logged: { entry: decoded.entry, sha256, createdAt: stored.createdAt, signer }, joins };
}

/** The chain with one more valid entry. */
export function extended(chain: Chain, logged: LoggedEntry): Chain {
  const { entry, sha256 } = logged;
  const keys = entry.kind === "genesis" ? entry.genesis : entry.kind === "keys" ? entry.keys : undefined;
  return {
    vault: chain.vault,
    genesis: isKind(logged, "genesis") ? logged : chain.genesis,
    keys: keys ?? chain.keys,
    roles: keys === undefined ? chain.roles : rolesOf(keys),
    head: { seq: entry.seq, sha256 },
  };
}

type Opened =
  | { readonly as: "signed"; readonly signer: string; readonly decoded: Exclude<DecodedEntry, { form: "malformed" }> }
  | { readonly as: "void"; readonly reason: string };

/** The first entry vouches for itself: one of the signers that it names must have signed it. */
async function openGenesis(cryptography: Cryptography, vault: string, text: SignedText): Promise<Opened> {
  const decoded = decodeEntry(text.line);
  if (decoded.form === "malformed") return voided(decoded.reason);
  if (decoded.form === "newer") throw newerVault(vault, decoded.what);
  const { entry } = decoded;
  if (entry.kind !== "genesis") return voided("the log does not begin with it");
  const signer = await signerAmong(cryptography, text, rolesOf(entry.genesis).keys());
  if (signer === undefined) return voided("none of the signers that it names has signed it");
  if (entry.vault !== vault) throw wrongVault(vault, entry.vault);
  return { as: "signed", signer, decoded };
}

async function openLater(cryptography: Cryptography, chain: Chain, text: SignedText): Promise<Opened> {
  const signer = await signerAmong(cryptography, text, chain.roles.keys());
  if (signer === undefined) return voided("no signer of the vault has signed it");
  const decoded = decodeEntry(text.line);
  if (decoded.form === "malformed") return voided(decoded.reason);
  if (decoded.form === "newer") return { as: "signed", signer, decoded };
  const { kind } = decoded.entry;
  if (kind === "genesis") return voided("the log has begun already");
  if (!maySign(chain.roles, signer, kind)) return voided(`its signer may not write an entry of kind ${kind}`);
  return { as: "signed", signer, decoded };
}

/** True when the entry names the one before and exactly the numbers in between as void. */
function joinsOn({ head }: Chain, frame: Pick<LogEntry, "seq" | "prev" | "void">): boolean {
  if (frame.prev !== (head === undefined ? null : `sha256:${head.sha256}`)) return false;
  return areExactly(frame.void, head === undefined ? 0 : head.seq + 1, frame.seq);
}

function voided(reason: string): { readonly as: "void"; readonly reason: string } {
  return { as: "void", reason };
}

function wrongVault(expected: string, found: string): BackupError {
  return new BackupError({
    code: "WRONG_VAULT",
    message: `The log of vault ${expected} is that of vault ${found}`,
    hint: "The objects were copied or renamed: use the container they came from, or move them back under their own prefix.",
  });
}

function newerVault(vault: string, what: string): BackupError {
  return new BackupError({
    code: "LOG_NEWER",
    message: `Vault ${vault} was made by a newer version of Project Backup (${what})`,
    hint: "Update the extension, then run again.",
  });
}
