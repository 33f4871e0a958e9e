/**
 * The vault as the storage account holds it, read and checked in the browser.
 *
 *   watch:   the newest entries, each checked for itself → shown at once
 *            the whole chain from its beginning (engine/vault/log/log.ts) → shown as it comes
 *            compared with the pinned signers and with heads known from elsewhere → checked
 *   streams: the index that the snapshot's log entry names, opened with the viewer key
 *   items:   the names that the index line refers to, opened with the viewer key
 */
import { BackupError, hasCode } from "../../engine/foundation/errors.ts";
import type { Cryptography } from "../../engine/crypto/cryptography.ts";
import { parseSignerLines } from "../../engine/crypto/keys.ts";
import type { ObjectReader } from "../../engine/store/object-store.ts";
import { formatHead } from "../../engine/vault/format/head-pin.ts";
import type { LogProblem } from "../../engine/vault/log/chain.ts";
import type { LoggedEntry } from "../../engine/vault/format/logged-entry.ts";
import { isKind } from "../../engine/vault/format/logged-entry.ts";
import { maxEntryBytes } from "../../engine/vault/format/log-codec.ts";
import { newestEntries, type NewestEntries } from "../../engine/vault/log/newest.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import type { Log, LogProgress } from "../../engine/vault/log/log.ts";
import { maySign } from "../../engine/vault/format/roles.ts";
import type { Ref } from "../../engine/vault/format/ref.ts";
import { counted } from "../../engine/foundation/text.ts";
import { shownText } from "../model/shown-text.ts";
import type { ChainProblem, ChainState, Snapshot, VaultSource, VaultView } from "../model/vault-source.ts";
import { answersOf } from "./answers-of-log.ts";
import { catalogueReader } from "./catalogue-reader.ts";
import { guardedReader } from "./guarded-reader.ts";
import { headsLostFrom, headsUnknownTo, newestHead } from "./known-heads.ts";
import { latest } from "./latest.ts";
import { readOnce } from "./read-once.ts";
import { snapshotsOf } from "./snapshots-of-log.ts";

export interface StorageFacts {
  /** E.g. fetchBlobReader. */
  readonly store: ObjectReader;
  readonly cryptography: Cryptography;
  /** The project's GUID, lower case. */
  readonly vault: string;
  /** `agent=ed25519:…` and `owner=ed25519:…` lines of the settings; empty: trust on first use. */
  readonly signers: readonly string[];
  /** Heads known from elsewhere, `<seq>:<sha256>` each: from an earlier visit, from runs. Others are ignored. */
  readonly heads?: readonly string[];
}

/** Entries that are shown before the whole log is checked. */
const firstEntries = 100;
/** Entries between two views while the log is being checked. */
const entriesPerView = 100;
/** Times that older snapshots are added to the list until the log is checked. */
const listsWhileChecking = 5;
/** A backup every ten minutes fills this in four years. */
const maxLogEntries = 200_000;
/** An entry has a kilobyte or two. */
const maxLogBytes = 1_000_000_000;
/** Somebody may plant as many void entries as they like; people need to see the first ones. */
const maxProblems = 100;

/**
 * `watch` throws what leaves nothing to trust (SIGNER_MISMATCH, GENESIS_INVALID, WRONG_VAULT, LOG_NEWER,
 * LISTING_TOO_LONG, READ_TOO_MUCH) and errors of the store; everything else that is wrong comes as a problem of the chain.
 */
export function storageSource(facts: StorageFacts): VaultSource {
  const indexes = new Map<number, { readonly id: string; readonly ref: Ref }>();
  const catalogue = catalogueReader(facts);

  function viewOf(entries: readonly LoggedEntry[], chain: ChainState, signers: readonly string[]): VaultView {
    for (const logged of entries)
      if (isKind(logged, "snapshot"))
        indexes.set(logged.entry.seq, { id: logged.entry.by.run, ref: logged.entry.snapshot.index });
    return { snapshots: snapshotsOf(entries), chain, signers, answers: answersOf(entries) };
  }

  /** How far the check has come, often; the list of snapshots, which costs more to make and to show, a few times. */
  async function* viewsWhile(steps: AsyncIterable<LogProgress>, newest: NewestEntries): AsyncGenerator<VaultView> {
    let snapshots: readonly Snapshot[] = [];
    let due = 0;
    for await (const { read, of, entries } of steps) {
      const chain: ChainState = { state: "checking", read, of };
      if (read >= due) {
        ({ snapshots } = viewOf(joined(entries, newest.entries), chain, newest.signers));
        due = read + of / listsWhileChecking;
      }
      yield { snapshots, chain, signers: newest.signers };
    }
  }

  function indexOf(snapshot: Snapshot): Ref {
    const known = indexes.get(snapshot.seq);
    if (snapshot.isRetired) throw retired(snapshot);
    if (known?.id !== snapshot.id) throw unknownSnapshot(snapshot);
    return known.ref;
  }

  return {
    origin: "storage",
    async *watch(signal) {
      const stop = new AbortController();
      try {
        const guard = {
          signal: AbortSignal.any([signal, stop.signal]),
          maxListed: maxLogEntries,
          maxBytes: maxLogBytes,
        };
        const { first, then } = readOnce(guardedReader(facts.store, guard), maxEntryBytes);
        const pin = newestHead(facts.heads);
        const log = { ...facts, pinnedSigners: parseSignerLines(facts.signers), pin };
        const newest = await newestEntries({ ...log, store: first, knownSeq: pin?.seq }, firstEntries);
        signal.throwIfAborted();
        yield viewOf(newest.entries, { state: "checking", read: 0, of: newest.listed }, newest.signers);
        const { steps, whole } = checking({ ...log, store: then });
        yield* viewsWhile(steps, newest);
        const checked = await whole;
        indexes.clear();
        const chain = checkedChain(checked, facts.heads);
        yield { ...viewOf(checked.entries, chain, signersOf(checked)), ...keysOf(checked) };
      } catch (error) {
        throw forSettings(error);
      } finally {
        stop.abort();
      }
    },
    streams: async (snapshot, viewer, signal) => catalogue.streams(indexOf(snapshot), viewer, signal),
    items: (line, viewer, signal) => catalogue.items(line, viewer, signal),
  };
}

function checking(log: Parameters<typeof readLog>[0]): {
  readonly steps: AsyncIterable<LogProgress>;
  readonly whole: Promise<Log>;
} {
  const steps = latest<LogProgress>();
  const onProgress = (progress: LogProgress): void => {
    if (progress.read % entriesPerView === 0) steps.put(progress);
  };
  const whole = readLog({ ...log, onProgress }).finally(() => steps.close());
  whole.catch(() => undefined); // awaited after the steps; until then it must not count as unhandled
  return { steps, whole };
}

/** The checked beginning, then those of the newest that the check has not come to. */
function joined(entries: readonly LoggedEntry[], newest: readonly LoggedEntry[]): readonly LoggedEntry[] {
  const last = entries.at(-1)?.entry.seq ?? -1;
  return [...entries, ...newest.filter(({ entry }) => entry.seq > last)];
}

function checkedChain(log: Log, heads: readonly string[] = []): ChainState {
  const unknown = headsUnknownTo(log, heads);
  return {
    state: "checked",
    problems: problemsOf([...log.problems, ...unknown]),
    signers: log.signerTrust,
    head: log.head === undefined ? undefined : formatHead(log.head),
    isHeadPinned: log.headPinned && unknown.length === 0,
    lostHeads: headsLostFrom(log, heads),
    hashes: new Map(log.entries.map(({ entry, sha256 }) => [entry.seq, sha256])),
  };
}

/** What forbids writing first; each code's first ones in full, then how many more there are. */
function problemsOf(problems: readonly LogProblem[]): readonly ChainProblem[] {
  const ordered = [...problems].sort((a, b) => Number(b.blocksWriting) - Number(a.blocksWriting) || a.seq - b.seq);
  const shown = ordered
    .slice(0, maxProblems)
    .map(({ code, message, hint }) => ({ code, message: `${shownText(message)}. ${hint}` }));
  const more = ordered.length - shown.length;
  const last = ordered.at(-1);
  if (more === 0 || last === undefined) return shown;
  return [...shown, { code: last.code, message: `There are ${counted(more, "more problem")} of this log.` }];
}

function signersOf({ keys }: Log): readonly string[] {
  return keys === undefined ? [] : [...new Set(keys.signers.map(({ pub }) => pub))];
}

/** What the log says about keys, once it is known to its end. */
function keysOf({ keys, roles }: Log): Pick<VaultView, "canRetire" | "recipients"> {
  const canRetire = [...roles.keys()].some((signer) => maySign(roles, signer, "retire"));
  return { canRetire, ...(keys === undefined ? {} : { recipients: keys.recipients }) };
}

/** The tasks' word for it is `input signer`; here people find it in the settings. */
function forSettings(error: unknown): unknown {
  if (!hasCode(error, "SIGNER_MISMATCH")) return error;
  return new BackupError({
    code: error.code,
    message: error.message.replace("input signer", "the hub's settings"),
    hint: "Either this is not your vault, or its keys were changed: compare with the signer line that the last good run printed, and correct the settings only if you know why it changed.",
    cause: error,
  });
}

function retired({ id }: Snapshot): BackupError {
  return new BackupError({
    code: "SNAPSHOT_RETIRED",
    message: `Snapshot ${shownText(id)} was retired by retention: its content is gone`,
    hint: "Open a newer or older one that is kept.",
  });
}

function unknownSnapshot({ id }: Snapshot): BackupError {
  return new BackupError({
    code: "SNAPSHOT_UNKNOWN",
    message: `Snapshot ${shownText(id)} is not in the log as it was read`,
    hint: "Read the snapshots again; if it is not among them then, the storage holds it no more.",
  });
}
