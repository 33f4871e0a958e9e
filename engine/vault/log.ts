/**
 * Reads and verifies a vault's log: the only truth about the vault (format.md §3.3, §3.7).
 *
 *   list log/                       (a listing that does not end well throws: it never looks like an empty log)
 *   for each number in order:
 *     take the object, or the first version of its name that verifies
 *     judge it (log-chain.ts): joining → next link; valid but not joining → the chain is broken here; else void
 *   compare signers and head with what is pinned outside the storage
 *
 * What is wrong but leaves the rest checkable is a problem (a value); what leaves nothing to trust is thrown:
 * WRONG_VAULT, GENESIS_INVALID, SIGNER_MISMATCH, LOG_NEWER for the genesis entry.
 */
import type { PinnedSigner } from "../crypto/keys.ts";
import { mapConcurrent } from "../foundation/concurrency.ts";
import { emptyChain, extended, isKind } from "./log-chain.ts";
import type { Chain, Judgement, LoggedEntry, LogProblem, VoidEntry } from "./log-chain.ts";
import type { Head, LogEntry } from "./log-entry.ts";
import { firstVersionThatVerifies, listEntries, readCurrent, resolveEntry } from "./log-objects.ts";
import type { ListedEntry, LogObjects } from "./log-objects.ts";
import { broken, hidden, newer, overwritten, voidNotice } from "./log-problems.ts";
import { headProblem, signerTrust } from "./log-trust.ts";
import type { SignerTrust } from "./log-trust.ts";

export type { LoggedEntry, LogProblem, VoidEntry } from "./log-chain.ts";
export type { SignerTrust } from "./log-trust.ts";

export interface LogFacts extends LogObjects {
  /** Who may stand behind this vault, and as what; empty or absent: trust on first use. */
  readonly pinnedSigners?: readonly PinnedSigner[] | undefined;
  /** The newest head that is known from outside the storage. */
  readonly pin?: Head | undefined;
  /** Told after each listed entry, for people who wait. Reporting decides nothing. */
  readonly onProgress?: ((progress: LogProgress) => void) | undefined;
}

export interface LogProgress {
  /** Entries that were looked at. */
  readonly read: number;
  /** Entries that are listed. */
  readonly of: number;
  /** The valid ones so far, oldest first; grows while the reading goes on. */
  readonly entries: readonly LoggedEntry[];
}

export interface Log extends Chain {
  /** Valid entries, oldest first. */
  readonly entries: readonly LoggedEntry[];
  readonly voids: readonly VoidEntry[];
  readonly problems: readonly LogProblem[];
  readonly signerTrust: SignerTrust;
  /** A pin was given and the log holds it. */
  readonly headPinned: boolean;
  /** Number of the next entry, and the void ones it has to record. */
  readonly next: { readonly seq: number; readonly void: readonly number[] };
  /** No log name is taken at all: only then may a genesis entry be written. */
  readonly listsEmpty: boolean;
}

const readsAtATime = 32;
/** Names that may be missing in front of a planted one before nobody looks for their hidden versions any more. */
const hiddenLookups = 64;

/**
 * The verified log. With `known`, an earlier result for the same vault, only what came after its head is read;
 * a log that has gone back behind `known` is LOG_ROLLBACK.
 */
export async function readLog(facts: LogFacts, known?: Log): Promise<Log> {
  const listed = await listEntries(facts);
  const reading = newReading(facts, listed, known);
  const wanted = [...listed.values()].filter(({ seq }) => seq >= reading.expected);
  const bodies = mapConcurrent(wanted, readsAtATime, async (entry) => ({
    listed: entry,
    current: await readCurrent(facts, entry),
  }));
  let read = 0;
  for await (const found of bodies) {
    await fillGap(reading, found.listed.seq);
    const { judgement, overwritten: wasOverwritten } = await resolveEntry(facts, reading.chain, found);
    const { seq } = found.listed;
    if (wasOverwritten) reading.problems.push(overwritten(facts.vault, seq));
    if (judgement.as === "void") reading.voids.set(seq, { seq, reason: judgement.reason });
    else accept(reading, judgement);
    facts.onProgress?.({ read: ++read, of: wanted.length, entries: reading.entries });
  }
  while (!reading.taken.has(reading.expected) && (await findHidden(reading)));
  return finished(reading, known);
}

/** Entries of one kind, oldest first. */
export function entriesOf<Kind extends LogEntry["kind"]>(
  log: Pick<Log, "entries">,
  kind: Kind,
): readonly LoggedEntry<Extract<LogEntry, { readonly kind: Kind }>>[] {
  return log.entries.filter((logged) => isKind(logged, kind));
}

/** What reading adds up; changed entry by entry. */
interface Reading {
  readonly facts: LogFacts;
  readonly entries: LoggedEntry[];
  readonly voids: Map<number, VoidEntry>;
  readonly problems: LogProblem[];
  /** Numbers whose names are taken, whatever by. */
  readonly taken: Set<number>;
  chain: Chain;
  /** The number after the newest valid entry. */
  expected: number;
}

function newReading(facts: LogFacts, listed: ReadonlyMap<number, ListedEntry>, known: Log | undefined): Reading {
  return {
    facts,
    entries: [...(known?.entries ?? [])],
    voids: new Map((known?.voids ?? []).map((entry) => [entry.seq, entry])),
    problems: [...(known?.problems ?? [])],
    taken: new Set(listed.keys()),
    chain: known ?? emptyChain(facts.vault),
    expected: known?.head === undefined ? 0 : known.head.seq + 1,
  };
}

function accept(reading: Reading, judgement: Exclude<Judgement, { as: "void" }>): void {
  const { facts, entries, problems } = reading;
  const { seq } = judgement.as === "valid" ? judgement.logged.entry : judgement.head;
  if (!judgement.joins) problems.push(broken(facts.vault, reading.chain.head, seq));
  if (judgement.as === "valid") {
    entries.push(judgement.logged);
    reading.chain = extended(reading.chain, judgement.logged);
  } else {
    problems.push(newer(facts.vault, seq, judgement.what));
    reading.chain = { ...reading.chain, head: judgement.head };
  }
  reading.voids.delete(seq);
  reading.taken.add(seq);
  reading.expected = seq + 1;
}

/** Looks for hidden versions of the numbers that are missing in front of `seq`. */
async function fillGap(reading: Reading, seq: number): Promise<void> {
  const end = Math.min(seq, reading.expected + hiddenLookups);
  for (let missing = reading.expected; missing < end; missing += 1) {
    if (!reading.taken.has(missing)) await findHidden(reading, missing);
  }
}

async function findHidden(reading: Reading, seq = reading.expected): Promise<boolean> {
  const { facts, chain, problems } = reading;
  const judgement = await firstVersionThatVerifies(facts, chain, seq);
  if (judgement === undefined) return false;
  problems.push(hidden(facts.vault, seq));
  accept(reading, judgement);
  return true;
}

function finished(reading: Reading, known: Log | undefined): Log {
  const { facts, chain, entries, taken } = reading;
  const { vault, pin, pinnedSigners = [] } = facts;
  const voids = [...reading.voids.values()];
  const position = { head: chain.head, entries, taken };
  const wentBack = headProblem(vault, position, known?.head);
  const notPinned = headProblem(vault, position, pin);
  const notices = voids.map((entry) => voidNotice(vault, entry));
  return {
    ...chain,
    entries,
    voids,
    problems: withoutRepeats([...reading.problems, ...notices, wentBack, notPinned]),
    signerTrust: signerTrust(vault, chain, { entries, pinnedSigners, taken }),
    headPinned: pin !== undefined && notPinned === undefined,
    next: nextFree(chain.head, taken),
    listsEmpty: taken.size === 0,
  };
}

function nextFree(head: Head | undefined, taken: ReadonlySet<number>): Log["next"] {
  const voids: number[] = [];
  let seq = head === undefined ? 0 : head.seq + 1;
  for (; taken.has(seq); seq += 1) voids.push(seq);
  return { seq, void: voids };
}

function withoutRepeats(problems: readonly (LogProblem | undefined)[]): readonly LogProblem[] {
  const found = new Map<string, LogProblem>();
  for (const problem of problems) if (problem !== undefined) found.set(`${problem.code} ${problem.seq}`, problem);
  return [...found.values()];
}
