/**
 * Reads the objects behind listed log names, many at a time, with everything that judging them will need: whoever may
 * create objects can plant names by the thousand, and what is void must not cost one request after another.
 *
 *   by its length no entry           → not read at all
 *   looks like an entry of its place → its bytes
 *   anything else                    → its bytes once more, because a byte may have been wrong on its way only (unless it
 *                                      is one of many and does not even look like an entry), and whether the account
 *                                      keeps older versions of the name
 */
import { fromUtf8 } from "../../foundation/bytes.ts";
import type { StoredEntry } from "./chain.ts";
import { maxEntryBytes, minEntryBytes } from "../format/log-codec.ts";
import { logName, logPrefix } from "../format/layout.ts";
import { readCurrent } from "./objects.ts";
import type { FoundEntry, ListedEntry, LogObjects } from "./objects.ts";
import { signerAmong, splitSigned } from "../format/signed-text.ts";

export interface LogFinder {
  find(listed: ListedEntry): Promise<FoundEntry>;
  /** The bytes where they look like an entry of their place. Both is kept for `find`: the bytes, and that they do not. */
  glance(listed: ListedEntry): Promise<StoredEntry | undefined>;
}

export interface Expectations {
  /** Who may sign at this time. */
  signers(): Iterable<string>;
  /** Void entries came last: signatures are then looked at here already, several at a time. */
  isWary(): boolean;
}

/** Beyond it, bytes that were glanced at are read again rather than kept. */
const maxKeptBytes = 32 << 20;
/** Names whose versions are asked for one by one before all of the log's are listed at once. */
const askedOneByOne = 8;

export function logFinder(log: LogObjects, expected: Expectations): LogFinder {
  const kept = new Map<number, StoredEntry>();
  const strange = new Set<number>();
  const hasOlder = versionLookup(log);
  let keptBytes = 0;

  async function isSound(stored: StoredEntry | undefined): Promise<boolean> {
    if (stored === undefined || !looksLikeEntry(log.vault, stored)) return false;
    if (!expected.isWary()) return true;
    const text = splitSigned(stored.bytes);
    return text !== undefined && (await signerAmong(log.cryptography, text, expected.signers())) !== undefined;
  }

  return {
    async find(listed) {
      const { seq } = listed;
      const ruledOut = strange.has(seq) ? "it is none that belongs there" : ruledOutByLength(listed);
      if (ruledOut !== undefined) return { listed, ruledOut, current: undefined, hasOlder: await hasOlder(seq) };
      const current = kept.get(seq) ?? (await readCurrent(log, listed));
      if (await isSound(current)) return { listed, current };
      const [again, older] = await Promise.all([readCurrent(log, listed), hasOlder(seq)]);
      return { listed, current, again, hasOlder: older };
    },
    async glance(listed) {
      if (ruledOutByLength(listed) !== undefined) return undefined;
      const { seq } = listed;
      const stored = kept.get(seq) ?? (await readCurrent(log, listed));
      if (stored === undefined || !looksLikeEntry(log.vault, stored)) {
        strange.add(seq);
        return undefined;
      }
      if (!kept.has(seq) && keptBytes + stored.bytes.length <= maxKeptBytes) {
        kept.set(seq, stored);
        keptBytes += stored.bytes.length;
      }
      return stored;
    },
  };
}

function ruledOutByLength({ info }: ListedEntry): string | undefined {
  if (info.length < minEntryBytes) return "it is smaller than any entry";
  return info.length > maxEntryBytes ? "it is larger than any entry" : undefined;
}

/** Of two lines, for this vault and this number: what is not can be told without any key. */
function looksLikeEntry(vault: string, { seq, bytes }: StoredEntry): boolean {
  const end = bytes.indexOf(0x0a);
  if (end < 0) return false;
  try {
    const line = fromUtf8(bytes.subarray(0, end));
    return line.includes(`"seq":${seq},`) && line.includes(`"vault":"${vault}"`);
  } catch {
    return false; // not UTF-8
  }
}

/** Tells whether a name has more versions than its current one. */
function versionLookup({ store, vault }: LogObjects): (seq: number) => Promise<boolean> {
  let asked = 0;
  let keepsVersions = false;
  let listed: Promise<ReadonlySet<string>> | undefined;

  async function listAll(): Promise<ReadonlySet<string>> {
    const several = new Set<string>();
    let previous = "";
    for await (const { name } of store.list(logPrefix(vault), { withVersions: true })) {
      if (name === previous) several.add(name);
      previous = name;
    }
    return several;
  }

  return async (seq) => {
    const name = logName(vault, seq);
    asked += 1;
    if (asked <= askedOneByOne) {
      const { length } = await store.versionsOf(name);
      keepsVersions ||= length > 0;
      return length > 1;
    }
    if (!keepsVersions) return false; // not even a current one has a version: the account keeps none
    listed ??= listAll();
    return (await listed).has(name);
  };
}
