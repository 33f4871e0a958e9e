/**
 * The stored objects behind log entries, and the reading rule for them: the object is the first-created version
 * of its name that verifies. An account that keeps versions lets anyone with write rights put a newer version on
 * top of an entry, or hide it by a delete; neither changes the log.
 */
import { readAll } from "../../foundation/bytes.ts";
import { hasCode } from "../../foundation/errors.ts";
import type { Cryptography } from "../../crypto/cryptography.ts";
import type { ObjectInfo, ObjectReader } from "../../store/object-store.ts";
import { judge } from "./chain.ts";
import type { Chain, Judgement, StoredEntry } from "./chain.ts";
import { maxEntryBytes } from "../format/log-codec.ts";
import { logName, logPrefix, seqOfLogName } from "../format/layout.ts";

export interface LogObjects {
  readonly store: ObjectReader;
  readonly cryptography: Cryptography;
  readonly vault: string;
}

export interface ListedEntry {
  readonly seq: number;
  readonly info: ObjectInfo;
  /** Its versions must be asked for: it was created after its successor, or has none to compare with. */
  readonly suspicious: boolean;
}

/** By number, ascending. All of the log, or what of it has names with the given prefix (layout.ts). */
export async function listEntries(
  { store, vault }: LogObjects,
  prefix = logPrefix(vault),
): Promise<ReadonlyMap<number, ListedEntry>> {
  const found: { readonly seq: number; readonly info: ObjectInfo }[] = [];
  for await (const info of store.list(prefix)) {
    const seq = seqOfLogName(vault, info.name);
    if (seq !== undefined) found.push({ seq, info });
  }
  const entries = new Map<number, ListedEntry>();
  found.forEach(({ seq, info }, index) => {
    const next = found[index + 1]?.info;
    const suspicious = next === undefined || Date.parse(info.createdAt) > Date.parse(next.createdAt);
    entries.set(seq, { seq, info, suspicious });
  });
  return entries;
}

/** Undefined when it is too large for an entry, or gone. */
export async function readCurrent(log: LogObjects, { seq, info }: ListedEntry): Promise<StoredEntry | undefined> {
  if (info.length > maxEntryBytes) return undefined;
  return readStored(log, seq, { createdAt: info.createdAt });
}

/** The entry of that number, without asking when it was created; undefined when there is none. */
export async function readBySeq(log: LogObjects, seq: number): Promise<StoredEntry | undefined> {
  return readStored(log, seq, { createdAt: "" });
}

export interface Resolved {
  readonly judgement: Judgement;
  /** The current version is not the one that counts. */
  readonly overwritten: boolean;
}

/** What was read of a listed number, ahead of its turn. */
export interface FoundEntry {
  readonly listed: ListedEntry;
  readonly current: StoredEntry | undefined;
  /** Why it can be no entry, told without reading it. */
  readonly ruledOut?: string;
  /** The same once more, where the first reading looked wrong. */
  readonly again?: StoredEntry | undefined;
  /** The name has older versions; absent where nobody has asked. */
  readonly hasOlder?: boolean;
}

/** What stands under a listed number, by the reading rule. */
export async function resolveEntry(log: LogObjects, chain: Chain, found: FoundEntry): Promise<Resolved> {
  const { listed, current, ruledOut } = found;
  let judgement: Judgement =
    ruledOut === undefined ? await judgeStored(log, chain, current) : { as: "void", reason: ruledOut };
  const good = judgement.as !== "void" && judgement.joins;
  if (good && !listed.suspicious) return { judgement, overwritten: false };
  const older = found.hasOlder === false ? undefined : await firstVersionThatVerifies(log, chain, listed.seq);
  // A byte may have been wrong on its way only.
  if (!good && ruledOut === undefined)
    judgement = await judgeStored(log, chain, "again" in found ? found.again : await readCurrent(log, listed));
  if (older === undefined || sameEntry(older, judgement)) return { judgement, overwritten: false };
  return { judgement: older, overwritten: true };
}

/** A joining version if there is one, else the first valid one; undefined when no version verifies. */
export async function firstVersionThatVerifies(
  log: LogObjects,
  chain: Chain,
  seq: number,
): Promise<Exclude<Judgement, { as: "void" }> | undefined> {
  let first: Exclude<Judgement, { as: "void" }> | undefined;
  for (const { version, createdAt } of await log.store.versionsOf(logName(log.vault, seq))) {
    const judgement = await judgeStored(log, chain, await readStored(log, seq, { version, createdAt }));
    if (judgement.as === "void") continue;
    if (judgement.joins) return judgement;
    first ??= judgement;
  }
  return first;
}

async function readStored(
  { store, vault }: LogObjects,
  seq: number,
  { createdAt, version }: { readonly createdAt: string; readonly version?: string },
): Promise<StoredEntry | undefined> {
  try {
    const body = await store.read(logName(vault, seq), version === undefined ? {} : { version });
    if (body.length > maxEntryBytes) return undefined;
    return { seq, bytes: await readAll(body.chunks, maxEntryBytes), createdAt };
  } catch (error) {
    if (hasCode(error, "STORE_NOT_FOUND", "STORE_TRUNCATED")) return undefined;
    throw error;
  }
}

export async function judgeStored(
  { cryptography }: LogObjects,
  chain: Chain,
  stored: StoredEntry | undefined,
): Promise<Judgement> {
  if (stored !== undefined) return judge(cryptography, chain, stored);
  return { as: "void", reason: "it is larger than any entry, or cannot be read to its end" };
}

function sameEntry(left: Judgement, right: Judgement): boolean {
  return left.as === "valid" && right.as === "valid" && left.logged.sha256 === right.logged.sha256;
}
