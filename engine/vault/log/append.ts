/**
 * Appends to the log by compare-and-swap (docs/format.md 5): entry n is created only if no object has its name, so
 * that all writers of a vault, backups, retention and key changes alike, stand in one order without any lock.
 *
 *   compose the entry from the log as it is → create log/n
 *   the name is taken → read the log again → compose anew (validate, merge) → try the next number
 *   the answer got lost → read back: our own bytes are success
 */
import { BackupError, hasCode } from "../../foundation/errors.ts";
import type { Clock } from "../../foundation/clock.ts";
import { sha256Hex } from "../../crypto/cryptography.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { logName } from "../format/layout.ts";
import { decodeEntry, logType, maxEntryBytes } from "../format/log-codec.ts";
import type { EntryBody } from "../format/log-codec.ts";
import type { LogEntry } from "../format/log-entry.ts";
import { writeFullPage } from "./page.ts";
import { requireWritable } from "./problems.ts";
import { readLog } from "./log.ts";
import type { Log, LogFacts } from "./log.ts";
import type { LoggedEntry } from "../format/logged-entry.ts";
import { maySign } from "../format/roles.ts";
import { signText, splitSigned } from "../format/signed-text.ts";
import type { Signing } from "../format/signed-text.ts";

export type { EntryBody } from "../format/log-codec.ts";

export interface AppendFacts extends LogFacts {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly signing: Signing;
  readonly by: LogEntry["by"];
}

export interface Appended {
  readonly log: Log;
  /** Undefined when `compose` found nothing to write. */
  readonly entry: LoggedEntry | undefined;
}

const maxAttempts = 64;

/**
 * Appends what `compose` makes of the newest log; it is asked again after every lost race, and answers undefined
 * when there is nothing (more) to write. `log` may be older than the vault is now.
 * Throws what makes the log unwritable (LOG_ROLLBACK, LOG_FORK, LOG_CHAIN_BROKEN, LOG_NEWER), SIGNER_NOT_ALLOWED,
 * LOG_CONTENDED, and what `compose` throws.
 */
export async function appendEntry(
  facts: AppendFacts,
  log: Log,
  compose: (log: Log) => Promise<EntryBody | undefined>,
): Promise<Appended> {
  let newest = log;
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    requireWritable(newest);
    const body = await compose(newest);
    if (body === undefined) return { log: newest, entry: undefined };
    requireRole(facts, newest, body);
    const bytes = await entryBytes(facts, newest, body);
    const failure = await createError(facts, newest.next.seq, bytes);
    newest = await reread(facts, newest, failure);
    const sha256 = sha256Hex(facts.cryptography, bytes);
    const entry = newest.entries.find((logged) => logged.sha256 === sha256);
    if (entry !== undefined) {
      requireWritable(newest);
      await writeFullPage(facts, entry.entry.seq);
      return { log: newest, entry };
    }
    if (hasCode(failure, "STORE_UNAVAILABLE")) throw failure;
  }
  throw contended(facts.vault);
}

/** Bytes of an entry that continues `log`; deterministic but for the two times. */
async function entryBytes(facts: AppendFacts, log: Log, body: EntryBody): Promise<Uint8Array> {
  const { vault, clock, store, by, cryptography, signing } = facts;
  const entry = {
    type: logType,
    vault,
    seq: log.next.seq,
    prev: log.head === undefined ? null : `sha256:${log.head.sha256}`,
    void: log.next.void,
    at: clock.now().toISOString(),
    srv: (await store.serviceTime()).toISOString(),
    by,
    ...body,
  };
  const bytes = await signText(cryptography, signing.signingSeed, entry);
  requireReadable(bytes);
  return bytes;
}

/** What no reader would accept must not be written: it would take a number in the log and say nothing. */
function requireReadable(bytes: Uint8Array): void {
  const decoded = decodeEntry(splitSigned(bytes)?.line ?? "");
  const reason = decoded.form === "malformed" ? decoded.reason : "it is too large";
  if (decoded.form !== "malformed" && bytes.length <= maxEntryBytes) return;
  throw new BackupError({
    code: "LOG_ENTRY_FORM",
    message: `A log entry could not be written: ${reason}`,
    hint: "This is a defect of Project Backup, or the build has an extremely long name; please report it.",
  });
}

async function createError(facts: AppendFacts, seq: number, bytes: Uint8Array): Promise<BackupError | undefined> {
  try {
    await facts.store.create(logName(facts.vault, seq), bytes);
    return undefined;
  } catch (error) {
    if (hasCode(error, "STORE_EXISTS", "STORE_UNAVAILABLE")) return error;
    throw error;
  }
}

/** When nobody knows whether the entry was created, the error of creating it says more than one of reading. */
async function reread(facts: AppendFacts, log: Log, failure: BackupError | undefined): Promise<Log> {
  try {
    return await readLog(facts, log);
  } catch (error) {
    if (hasCode(failure, "STORE_UNAVAILABLE")) throw failure;
    throw error;
  }
}

function requireRole({ vault, signing }: AppendFacts, log: Log, body: EntryBody): void {
  if (body.kind === "genesis" ? log.listsEmpty : maySign(log.roles, signing.signer, body.kind)) return;
  throw new BackupError({
    code: "SIGNER_NOT_ALLOWED",
    message: `The key ${signing.signer} may not write an entry of kind ${body.kind} into vault ${vault}`,
    hint: log.roles.has(signing.signer)
      ? "Use the key whose role allows it: the agent key for snapshots, the owner key for retention and key changes."
      : "The vault's keys were changed, or this key belongs to another vault: put the current key into the secret variable.",
  });
}

function contended(vault: string): BackupError {
  return new BackupError({
    code: "LOG_CONTENDED",
    message: `Could not append to the log of vault ${vault}: other writers were faster ${maxAttempts} times in a row`,
    hint: "Check how many pipelines write to this vault at the same time, then run again.",
  });
}
