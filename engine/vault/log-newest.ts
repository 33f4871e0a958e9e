/**
 * The newest entries of a log, before its chain is checked: for people who wait. Each entry's own form and signature
 * are checked, by the signers of the genesis entry, of keys entries on the way and by pinned ones; whether anything
 * was taken away, added or hidden in between only readLog can tell.
 */
import { mapConcurrent } from "../foundation/concurrency.ts";
import { emptyChain, extended, judge } from "./log-chain.ts";
import type { Chain, LoggedEntry, StoredEntry } from "./log-chain.ts";
import { endOfLog } from "./log-end.ts";
import { listEntries, readBeginning, readCurrent } from "./log-objects.ts";
import type { ListedEntry, LogObjects } from "./log-objects.ts";
import { agentKinds, ownerKinds } from "./roles.ts";
import type { Roles } from "./roles.ts";

const readsAtATime = 32;

export interface NewestFacts extends LogObjects {
  readonly pinnedSigners?: readonly string[];
  /** A number that the log has reached, from an earlier look at it: its end is then found sooner. */
  readonly knownSeq?: number | undefined;
}

export interface NewestEntries {
  /** Oldest first; the genesis entry is not among them unless it is one of the newest. */
  readonly entries: readonly LoggedEntry[];
  /** Signers that may write after the last of these entries; empty when the genesis entry cannot be read. */
  readonly signers: readonly string[];
  /** Entries that the log has, as far as can be told without listing all of them. */
  readonly listed: number;
}

/**
 * At most `count` of them, and no more than a hundred. Throws what listing throws, and WRONG_VAULT and LOG_NEWER for a
 * genesis entry that is not for this reader.
 */
export async function newestEntries(log: NewestFacts, count: number): Promise<NewestEntries> {
  const beginning = readBeginning(log);
  beginning.catch(() => undefined); // listing says better what is wrong; it comes first
  const { listed, total } = await newestListed(log);
  const wanted = listed.slice(-count);
  const entries: LoggedEntry[] = [];
  let chain = emptyChain(log.vault);
  for await (const stored of storedEntries(log, wanted, beginning)) {
    const judgement = await judge(log.cryptography, withPinned(chain, log.pinnedSigners ?? []), stored);
    if (judgement.as !== "valid") continue;
    chain = extended(chain, judgement.logged);
    entries.push(judgement.logged);
  }
  const isFromBeginning = wanted[0]?.seq === 0;
  const shown = isFromBeginning ? entries : entries.filter(({ entry }) => entry.seq > 0);
  return { entries: shown, signers: [...chain.roles.keys()], listed: total };
}

interface NewestListed {
  readonly listed: readonly ListedEntry[];
  readonly total: number;
}

async function newestListed(log: NewestFacts): Promise<NewestListed> {
  const end = await endOfLog(log, log.knownSeq);
  if (end !== undefined) return { listed: end, total: (end.at(-1)?.seq ?? -1) + 1 };
  const all = [...(await listEntries(log)).values()];
  return { listed: all, total: all.length };
}

/** The genesis entry, then the wanted ones; those that cannot be read are left out. */
async function* storedEntries(
  log: LogObjects,
  wanted: readonly ListedEntry[],
  beginning: Promise<StoredEntry | undefined>,
): AsyncGenerator<StoredEntry> {
  const [first] = wanted;
  if (first === undefined) return;
  const genesis = await beginning;
  if (genesis !== undefined) yield first.seq === 0 ? { ...genesis, createdAt: first.info.createdAt } : genesis;
  const later = wanted.filter(({ seq }) => seq > 0);
  for await (const stored of mapConcurrent(later, readsAtATime, (entry) => readCurrent(log, entry)))
    if (stored !== undefined) yield stored;
}

/** Pinned signers count although the keys entry that brought them in may not be among the newest. */
function withPinned(chain: Chain, pinned: readonly string[]): Chain {
  if (chain.head === undefined) return chain;
  const roles: Roles = new Map([...pinned.map((signer) => [signer, anyKind] as const), ...chain.roles]);
  return { ...chain, roles };
}

const anyKind: ReadonlySet<LoggedEntry["entry"]["kind"]> = new Set([...agentKinds, ...ownerKinds]);
