/**
 * The newest entries of a log, before its chain is checked: for people who wait. They come from copies in pages
 * (page.ts) where there are any. Each entry's own form and signature are checked, by the signers of the genesis
 * entry, of keys entries on the way and by pinned ones; whether anything was taken away, added or hidden in between
 * only readLog can tell.
 */
import type { PinnedSigner } from "../../crypto/keys.ts";
import { collect, mapConcurrent } from "../../foundation/concurrency.ts";
import { emptyChain, extended, judge } from "./chain.ts";
import type { Chain, Judgement, StoredEntry } from "./chain.ts";
import type { LoggedEntry } from "../format/logged-entry.ts";
import { endOfLog } from "./end.ts";
import { listEntries, readBySeq, readCurrent } from "./objects.ts";
import type { ListedEntry, LogObjects } from "./objects.ts";
import { entriesPerPage, pageOf, reachedByPages, readPage } from "./page.ts";
import { kindsOfRole } from "../format/roles.ts";
import type { Roles } from "../format/roles.ts";

/** All of them: a page that is busy drawing must not keep the connections waiting for their next request. */
const readsAtATime = 100;

export interface NewestFacts extends LogObjects {
  readonly pinnedSigners?: readonly PinnedSigner[];
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
  const beginning = readBySeq(log, 0);
  beginning.catch(() => undefined); // listing says better what is wrong; it comes first
  const { listed, total } = await newestListed(log);
  const wanted = listed.slice(-count);
  const found = mapConcurrent(wanted.filter(isLater), readsAtATime, readerByPages(log, listed));
  const later = (await collect(found)).filter((one) => one !== undefined);
  const listedGenesis = wanted.find((entry) => !isLater(entry));
  const genesis = wanted.length === 0 ? undefined : await beginning;
  return { ...(await judged(log, { genesis, later, listedGenesis })), listed: total };
}

function isLater({ seq }: ListedEntry): boolean {
  return seq > 0;
}

interface FoundEntry {
  readonly stored: StoredEntry;
  /** Where the entry itself stands; undefined when this is it. */
  readonly copyOf: ListedEntry | undefined;
}

/** From its page where there can be one, else by itself; each page is read once. */
function readerByPages(
  log: NewestFacts,
  listed: readonly ListedEntry[],
): (entry: ListedEntry) => Promise<FoundEntry | undefined> {
  const last = listed.at(-1)?.seq ?? -1;
  const pages = new Map<number, ReturnType<typeof readPage>>();
  return async (entry) => {
    const { seq, info } = entry;
    const first = pageOf(seq);
    const mayBe = first + entriesPerPage <= last + 1;
    const page = mayBe ? (pages.get(first) ?? readPage(log, first)) : undefined;
    if (page !== undefined) pages.set(first, page);
    const bytes = (await page)?.get(seq);
    if (bytes !== undefined) return { stored: { seq, bytes, createdAt: info.createdAt }, copyOf: entry };
    const stored = await readCurrent(log, entry);
    return stored === undefined ? undefined : { stored, copyOf: undefined };
  };
}

interface NewestListed {
  readonly listed: readonly ListedEntry[];
  readonly total: number;
}

async function newestListed(log: NewestFacts): Promise<NewestListed> {
  const known = log.knownSeq ?? (await reachedByPages(log));
  const end = known === undefined ? undefined : await endOfLog(log, known);
  if (end !== undefined) return { listed: end, total: (end.at(-1)?.seq ?? -1) + 1 };
  const all = [...(await listEntries(log)).values()];
  return { listed: all, total: all.length };
}

interface ToJudge {
  readonly genesis: StoredEntry | undefined;
  /** Oldest first. */
  readonly later: readonly FoundEntry[];
  /** Where the genesis entry is itself one of the newest. */
  readonly listedGenesis?: ListedEntry | undefined;
}

async function judged(
  log: NewestFacts,
  { genesis, later, listedGenesis }: ToJudge,
): Promise<Omit<NewestEntries, "listed">> {
  const createdAt = listedGenesis?.info.createdAt ?? "";
  const first: FoundEntry | undefined = genesis && { stored: { ...genesis, createdAt }, copyOf: undefined };
  const entries: LoggedEntry[] = [];
  let chain = emptyChain(log.vault);
  for (const found of first === undefined ? later : [first, ...later]) {
    const judgement = await judgeFound(log, chain, found);
    if (judgement?.as !== "valid") continue;
    chain = extended(chain, judgement.logged);
    entries.push(judgement.logged);
  }
  const shown = listedGenesis === undefined ? entries.filter(({ entry }) => entry.seq > 0) : entries;
  return { entries: shown, signers: [...chain.roles.keys()] };
}

/** A copy that is worth nothing says nothing about the entry. */
async function judgeFound(
  log: NewestFacts,
  chain: Chain,
  { stored, copyOf }: FoundEntry,
): Promise<Judgement | undefined> {
  const judgement = await judge(log.cryptography, withPinned(chain, log.pinnedSigners ?? []), stored);
  if (judgement.as !== "void" || copyOf === undefined) return judgement;
  const itself = await readCurrent(log, copyOf);
  return itself && judgeFound(log, chain, { stored: itself, copyOf: undefined });
}

/** Pinned signers count, each in its role, although the keys entry that brought them in may not be among the newest. */
function withPinned(chain: Chain, pinned: readonly PinnedSigner[]): Chain {
  if (chain.head === undefined) return chain;
  const known = pinned.map(({ role, signer }) => [signer, new Set(kindsOfRole(role))] as const);
  const roles: Roles = new Map([...chain.roles, ...known]);
  return { ...chain, roles };
}
