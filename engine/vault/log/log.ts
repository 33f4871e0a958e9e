/**
 * Reads and verifies a vault's log: the only truth about the vault (docs/format.md 3.1, 5).
 *
 *   list log/                       (a listing that does not end well throws: it never looks like an empty log)
 *   for each number in order, without those that an entry has recorded as void, if there are many:
 *     take the object, or the first version of its name that verifies
 *     judge it (chain.ts): joining → next link; valid but not joining → the chain is broken here; else void
 *   compare signers and head with what is pinned outside the storage
 *
 * What is wrong but leaves the rest checkable is a problem (a value); what leaves nothing to trust is thrown:
 * WRONG_VAULT, GENESIS_INVALID, SIGNER_MISMATCH, LOG_NEWER for the genesis entry.
 */
import type { PinnedSigner } from "../../crypto/keys.ts";
import { mapConcurrent } from "../../foundation/concurrency.ts";
import { logNumbersPrefix } from "../format/layout.ts";
import { emptyChain, extended } from "./chain.ts";
import type { Chain, Judgement, LogProblem, VoidEntry } from "./chain.ts";
import type { LoggedEntry } from "../format/logged-entry.ts";
import type { Head } from "../format/log-entry.ts";
import { logFinder } from "./finder.ts";
import type { LogFinder } from "./finder.ts";
import { firstVersionThatVerifies, judgeStored, listEntries, resolveEntry } from "./objects.ts";
import type { FoundEntry, ListedEntry, LogObjects } from "./objects.ts";
import { broken, hidden, newer, overwritten, voidNotices } from "./problems.ts";
import { headProblem, signerTrust } from "./trust.ts";
import type { SignerTrust } from "./trust.ts";
import { recordersOf } from "./recorders.ts";
import { addVoid, covers, lastOf, numbersOf, voidNumbers, without } from "../format/void-numbers.ts";
import type { VoidNumbers } from "../format/void-numbers.ts";

export type { LogProblem, VoidEntry } from "./chain.ts";
export type { SignerTrust } from "./trust.ts";

export interface LogFacts extends LogObjects {
  /** Who may stand behind this vault, and as what; empty or absent: trust on first use. */
  readonly pinnedSigners?: readonly PinnedSigner[] | undefined;
  /** The newest head that is known from outside the storage. */
  readonly pin?: Head | undefined;
  /** Reads names too that an entry has recorded as void: for those who check, and before anything is retired. */
  readonly everyName?: boolean | undefined;
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
  readonly next: { readonly seq: number; readonly void: VoidNumbers };
  /** No log name is taken at all: only then may a genesis entry be written. */
  readonly listsEmpty: boolean;
}

const readsAtATime = 32;
/** Until it is known whether names are entries or planted ones, few are read ahead: they may not need to be read. */
const readsAtFirst = 4;
/** Void names in a row after which somebody looks for an entry that records them. */
const voidsToPass = 4;
/** Names that may be missing in front of a planted one before nobody looks for their hidden versions any more. */
const hiddenLookups = 64;
/**
 * Names behind missing ones that are looked at. Entries that follow removed ones are found at once; beyond, somebody
 * only plants names, which no entry will come to for a long time.
 */
const mostBehindMissing = 1024;
const hundred = 100;
const mostHundreds = 20;
/** Names that are looked at among those that an entry has recorded as void. */
const samples = 32;

/**
 * The verified log. With `known`, an earlier result for the same vault, only what came after its head is read;
 * a log that has gone back behind `known` is LOG_ROLLBACK.
 */
export async function readLog(facts: LogFacts, known?: Log): Promise<Log> {
  const listed = await (known?.head === undefined ? listEntries(facts) : listSince(facts, known, known.head));
  const reading = newReading(facts, listed, known);
  const wanted = [...listed.values()].filter(({ seq }) => seq >= reading.expected);
  const next = (): number => reading.expected;
  if (covers(reading.known, next(), next())) await passRecorded(reading);
  let read = 0;
  const bodies = mapConcurrent(
    upcoming(reading, wanted),
    () => readsAhead(reading),
    (entry) => reading.finder.find(entry),
  );
  for await (const found of bodies) {
    const { seq } = found.listed;
    if (seq < reading.passedTo) continue; // read ahead before an entry was found that records it
    await fillGap(reading, seq);
    await take(reading, found);
    read += 1;
    facts.onProgress?.({ read, of: Math.max(read, wanted.length - reading.passed), entries: reading.entries });
    if (reading.voidsInARow >= voidsToPass) await passRecorded(reading);
  }
  while (!reading.taken.has(reading.expected) && (await findHidden(reading)));
  return finished(reading, known);
}

/** More with every entry; few at void names, until nobody is known to have recorded these. */
function readsAhead({ entries, voidsInARow, triedToPass, expected }: Reading): number {
  if (voidsInARow === 0) return Math.min(readsAtATime, readsAtFirst + entries.length);
  return triedToPass === expected ? readsAtATime : readsAtFirst;
}

/**
 * The names around the head that is known, and from the number on that was free then: what lies between was looked at.
 */
async function listSince(facts: LogFacts, known: Log, head: Head): Promise<ReadonlyMap<number, ListedEntry>> {
  const listed = new Map<number, ListedEntry>();
  const firsts = new Set([hundredOf(head.seq), hundredOf(head.seq + 1)]);
  let next = hundredOf(known.next.seq);
  for (let round = 0; round < mostHundreds; round += 1, next += hundred) {
    for (const first of new Set([...firsts, next]))
      for (const [seq, entry] of await listEntries(facts, logNumbersPrefix(facts.vault, first, 2)))
        listed.set(seq, entry);
    firsts.clear();
    if (!listed.has(next + hundred - 1)) return listed;
  }
  return listEntries(facts); // very many names are new
}

function hundredOf(seq: number): number {
  return seq - (seq % hundred);
}

async function take(reading: Reading, found: FoundEntry): Promise<void> {
  const { facts, chain, problems } = reading;
  const { seq } = found.listed;
  const { judgement, overwritten: wasOverwritten } = await resolveEntry(facts, chain, found);
  if (wasOverwritten) problems.push(overwritten(facts.vault, seq));
  if (judgement.as !== "void") accept(reading, judgement);
  else {
    reading.voidsInARow += 1;
    if (seq > lastVoid(reading)) addVoid(reading.voids, { seq, reason: judgement.reason });
  }
}

/** In order, without what an entry has recorded as void, and not without end behind names that are missing. */
function* upcoming(reading: Reading, wanted: readonly ListedEntry[]): Generator<ListedEntry> {
  let previous = reading.expected - 1;
  for (const entry of wanted) {
    const { seq } = entry;
    if (seq > previous + 1) reading.missingBefore = seq;
    previous = seq;
    if (seq < reading.passedTo) continue;
    if (reading.missingBefore > reading.expected && ++reading.behindMissing > mostBehindMissing) return;
    yield entry;
  }
}

/** What reading adds up; changed entry by entry. */
interface Reading {
  readonly facts: LogFacts;
  readonly listed: ReadonlyMap<number, ListedEntry>;
  readonly finder: LogFinder;
  /** Void entries that this process has read itself before. */
  readonly known: readonly VoidEntry[];
  readonly entries: LoggedEntry[];
  /** Ascending. */
  voids: VoidEntry[];
  readonly problems: LogProblem[];
  /** Numbers whose names are taken, whatever by. */
  readonly taken: Set<number>;
  chain: Chain;
  /** The number after the newest valid entry. */
  expected: number;
  voidsInARow: number;
  /** Names before this number need not be read: an entry records them as void. */
  passedTo: number;
  passed: number;
  /** Entries that record ranges, once somebody had to look for them. */
  recorders?: ReadonlyMap<number, readonly number[]>;
  /** The expected number for which that was tried; once is enough. */
  triedToPass?: number;
  /** Missing numbers before this one were looked for. */
  lookedUpTo: number;
  /** The newest listed number that does not follow a listed one. */
  missingBefore: number;
  behindMissing: number;
}

function newReading(facts: LogFacts, listed: ReadonlyMap<number, ListedEntry>, earlier: Log | undefined): Reading {
  const { voids: known, entries, problems, next } = earlier ?? nothing;
  const expected = earlier?.head === undefined ? 0 : earlier.head.seq + 1;
  const reading: Reading = {
    facts,
    listed,
    finder: logFinder(facts, { signers: () => reading.chain.roles.keys(), isWary: () => reading.voidsInARow > 0 }),
    known,
    entries: [...entries],
    voids: known.filter(({ seq }) => seq < next.seq),
    problems: [...problems],
    taken: new Set([...listed.keys(), ...numbersOf(next.void)]),
    chain: earlier ?? emptyChain(facts.vault),
    expected,
    voidsInARow: 0,
    passedTo: expected,
    passed: 0,
    lookedUpTo: expected,
    missingBefore: expected,
    behindMissing: 0,
  };
  return reading;
}

const nothing: Pick<Log, "voids" | "entries" | "problems" | "next"> = {
  voids: [],
  entries: [],
  problems: [],
  next: { seq: 0, void: [] },
};

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
  if (seq <= lastVoid(reading)) reading.voids = reading.voids.flatMap((range) => without(range, seq));
  reading.taken.add(seq);
  reading.expected = seq + 1;
  reading.voidsInARow = 0;
  reading.behindMissing = 0;
}

function lastVoid({ voids }: Reading): number {
  return lastOf(voids.at(-1) ?? { seq: -1 });
}

/** Goes to the entry that records all names from the expected one on as void, where there is one. */
async function passRecorded(reading: Reading): Promise<void> {
  const { facts, expected } = reading;
  if (reading.triedToPass === expected) return;
  reading.triedToPass = expected;
  // Whoever wants to read every name itself takes the word for what it has read before.
  if (facts.everyName === true && !covers(reading.known, expected, expected)) return;
  reading.recorders ??= await recordersFrom(reading);
  for (const seq of reading.recorders.get(expected) ?? []) {
    if (!(await isRecordedBy(reading, seq))) continue;
    const from = Math.max(expected, lastVoid(reading) + 1);
    if (from < seq)
      addVoid(reading.voids, { seq: from, last: seq - 1, reason: `entry ${seq} has recorded it as void` });
    reading.passed += seq - from;
    reading.passedTo = seq;
    reading.voidsInARow = 0;
    return;
  }
}

function recordersFrom({ facts, chain, finder, listed, taken, expected }: Reading): ReturnType<typeof recordersOf> {
  const end = firstFree(expected, taken);
  return recordersOf({
    cryptography: facts.cryptography,
    finder,
    signers: [...new Set([...chain.roles.keys(), ...(facts.pinnedSigners ?? []).map(({ signer }) => signer)])],
    among: [...listed.values()].filter(({ seq }) => seq >= expected && seq < end),
  });
}

/**
 * The entry continues the log, so its signer vouches for the names before it. One who has stolen a key could so hide
 * entries that follow garbage: unless this process has read the names itself, some of them are looked at.
 */
async function isRecordedBy(reading: Reading, seq: number): Promise<boolean> {
  const { facts, chain, expected, listed, finder, known } = reading;
  const entry = listed.get(seq);
  if (entry === undefined) return false;
  const judgement = await judgeStored(facts, chain, (await finder.find(entry)).current);
  if (judgement.as === "void" || !judgement.joins) return false;
  if (covers(known, expected, seq - 1)) return true;
  const looks = mapConcurrent(sampleOf(facts, expected, seq), readsAtATime, async (number) => {
    const sampled = listed.get(number);
    return sampled && finder.glance(sampled);
  });
  for await (const stored of looks)
    if (stored !== undefined && (await judgeStored(facts, chain, stored)).as !== "void") return false;
  return true;
}

/** The last of the names, and others by chance. */
function sampleOf({ cryptography }: LogFacts, first: number, end: number): readonly number[] {
  const random = new DataView(new Uint8Array(cryptography.randomBytes(4 * samples)).buffer);
  const chosen = Array.from({ length: samples }, (_, index) => first + (random.getUint32(4 * index) % (end - first)));
  return [...new Set([end - 1, ...chosen])];
}

/** Looks for hidden versions of the numbers that are missing in front of `seq`; for each of them once. */
async function fillGap(reading: Reading, seq: number): Promise<void> {
  const end = Math.min(seq, reading.expected + hiddenLookups);
  for (let missing = Math.max(reading.expected, reading.lookedUpTo); missing < end; missing += 1) {
    reading.lookedUpTo = missing + 1;
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
  const voids = reading.voids;
  const position = { head: chain.head, entries, taken };
  const wentBack = headProblem(vault, position, known?.head);
  const notPinned = headProblem(vault, position, pin);
  return {
    ...chain,
    entries,
    voids,
    problems: withoutRepeats([...reading.problems, ...voidNotices(vault, voids), wentBack, notPinned]),
    signerTrust: signerTrust(vault, chain, { entries, pinnedSigners, taken }),
    headPinned: pin !== undefined && notPinned === undefined,
    next: nextFree(chain.head, taken),
    listsEmpty: taken.size === 0,
  };
}

function nextFree(head: Head | undefined, taken: ReadonlySet<number>): Log["next"] {
  const first = head === undefined ? 0 : head.seq + 1;
  const seq = firstFree(first, taken);
  return { seq, void: voidNumbers(first, seq) };
}

function firstFree(from: number, taken: ReadonlySet<number>): number {
  let seq = from;
  while (taken.has(seq)) seq += 1;
  return seq;
}

function withoutRepeats(problems: readonly (LogProblem | undefined)[]): readonly LogProblem[] {
  const found = new Map<string, LogProblem>();
  for (const problem of problems) if (problem !== undefined) found.set(`${problem.code} ${problem.seq}`, problem);
  return [...found.values()];
}
