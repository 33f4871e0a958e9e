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

/** All of them: a page that is busy drawing the first ones must not keep the connections waiting for their next request. */
const readsAtATime = 100;
/** Rows of a table that a screen shows at once. */
const pageful = 20;

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
 * At most `count` of them, and no more than a hundred; before they are all read, the very newest by themselves, as many
 * as people see at first. Ends with all of them. Throws what listing throws, and WRONG_VAULT and LOG_NEWER for a
 * genesis entry that is not for this reader.
 */
export async function* newestEntries(log: NewestFacts, count: number): AsyncGenerator<NewestEntries> {
  const beginning = readBeginning(log);
  beginning.catch(() => undefined); // listing says better what is wrong; it comes first
  const { listed, total } = await newestListed(log);
  const wanted = listed.slice(-count);
  const newestFirst = wanted.filter(({ seq }) => seq > 0).reverse();
  const later: StoredEntry[] = [];
  let looked = 0;
  for await (const stored of mapConcurrent(newestFirst, readsAtATime, (entry) => readCurrent(log, entry))) {
    if (stored !== undefined) later.unshift(stored);
    looked += 1;
    if (looked === pageful && looked < newestFirst.length)
      yield { ...(await judged(log, { genesis: await beginning, later })), listed: total };
  }
  const genesis = wanted.length === 0 ? undefined : await beginning;
  yield {
    ...(await judged(log, { genesis, later, listedGenesis: wanted.find(({ seq }) => seq === 0) })),
    listed: total,
  };
}

interface NewestListed {
  readonly listed: readonly ListedEntry[];
  readonly total: number;
}

async function newestListed(log: NewestFacts): Promise<NewestListed> {
  // From nowhere the search takes as many requests as one listing of a thousand entries takes time.
  const end = log.knownSeq === undefined ? undefined : await endOfLog(log, log.knownSeq);
  if (end !== undefined) return { listed: end, total: (end.at(-1)?.seq ?? -1) + 1 };
  const all = [...(await listEntries(log)).values()];
  return { listed: all, total: all.length };
}

interface ToJudge {
  readonly genesis: StoredEntry | undefined;
  /** Oldest first. */
  readonly later: readonly StoredEntry[];
  /** Where the genesis entry is itself one of the newest. */
  readonly listedGenesis?: ListedEntry | undefined;
}

async function judged(
  log: NewestFacts,
  { genesis, later, listedGenesis }: ToJudge,
): Promise<Omit<NewestEntries, "listed">> {
  const createdAt = listedGenesis?.info.createdAt ?? "";
  const entries: LoggedEntry[] = [];
  let chain = emptyChain(log.vault);
  for (const stored of genesis === undefined ? later : [{ ...genesis, createdAt }, ...later]) {
    const judgement = await judge(log.cryptography, withPinned(chain, log.pinnedSigners ?? []), stored);
    if (judgement.as !== "valid") continue;
    chain = extended(chain, judgement.logged);
    entries.push(judgement.logged);
  }
  const shown = listedGenesis === undefined ? entries.filter(({ entry }) => entry.seq > 0) : entries;
  return { entries: shown, signers: [...chain.roles.keys()] };
}

/** Pinned signers count although the keys entry that brought them in may not be among the newest. */
function withPinned(chain: Chain, pinned: readonly string[]): Chain {
  if (chain.head === undefined) return chain;
  const roles: Roles = new Map([...pinned.map((signer) => [signer, anyKind] as const), ...chain.roles]);
  return { ...chain, roles };
}

const anyKind: ReadonlySet<LoggedEntry["entry"]["kind"]> = new Set([...agentKinds, ...ownerKinds]);
