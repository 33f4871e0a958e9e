/** Everything that can be wrong with a log, in words. */
import { BackupError } from "../../foundation/errors.ts";
import { counted } from "../../foundation/text.ts";
import type { LogProblem, VoidEntry } from "./chain.ts";
import type { Head } from "../format/log-entry.ts";
import { formatHead } from "../format/head-pin.ts";
import { logName } from "../format/layout.ts";
import { lastOf } from "../format/void-numbers.ts";

export function broken(vault: string, head: Head | undefined, seq: number): LogProblem {
  const first = head === undefined ? 0 : head.seq + 1;
  const where =
    first >= seq
      ? `entry ${seq} does not continue entry ${seq - 1}`
      : `entries ${first} to ${seq - 1} were removed or changed`;
  return {
    code: "LOG_CHAIN_BROKEN",
    seq: Math.min(first, seq),
    message: `The log of vault ${vault} is broken: ${where}`,
    hint: "Somebody has changed the storage. Nothing more is written to this vault; bring the entries back from blob versions or soft delete, then verify it.",
    blocksWriting: true,
  };
}

export function rolledBack(vault: string, head: Head | undefined, pin: Head): LogProblem {
  const found = head === undefined ? "is empty" : `ends with entry ${head.seq}`;
  return {
    code: "LOG_ROLLBACK",
    seq: pin.seq,
    message: `The log of vault ${vault} ${found}, but entry ${pin.seq} is known to have been written`,
    hint: "Newer entries were removed, or this is another container. Nothing more is written here; check the container, and bring the entries back from blob versions or soft delete.",
    blocksWriting: true,
  };
}

export function forked(vault: string, found: Head, pin: Head): LogProblem {
  return {
    code: "LOG_FORK",
    seq: pin.seq,
    message: `The log of vault ${vault} is not the one known from before: its head is ${formatHead(found)}, known is ${formatHead(pin)}`,
    hint: "Somebody who holds a signing key has written another history. Decide which one is true before anything is written; a person who trusts this one sets vaultHead to its head.",
    blocksWriting: true,
  };
}

export function newer(vault: string, seq: number, what: string): LogProblem {
  return {
    code: "LOG_NEWER",
    seq,
    message: `Entry ${seq} of vault ${vault} was written by a newer version of Project Backup (${what})`,
    hint: "The vault can be read; update the extension to write to it.",
    blocksWriting: true,
  };
}

/** Of many only the first: somebody may plant a million of them. */
const mostVoidNotices = 20;

export function voidNotices(vault: string, voids: readonly VoidEntry[]): readonly LogProblem[] {
  const notices = voids.slice(0, mostVoidNotices).map((entry) => voidNotice(vault, entry));
  const [next] = voids.slice(mostVoidNotices);
  if (next === undefined) return notices;
  const count = voids.slice(mostVoidNotices).reduce((sum, range) => sum + lastOf(range) - range.seq + 1, 0);
  const more = voidNotice(vault, next);
  const message = `From ${logName(vault, next.seq)} on ${counted(count, "object")} more are not part of the log`;
  return [...notices, { ...more, message }];
}

function voidNotice(vault: string, entry: VoidEntry): LogProblem {
  const { seq, last = seq, reason } = entry;
  const many = `${logName(vault, seq)} and the ${counted(last - seq, "object")} after it are not part of the log`;
  return {
    code: "LOG_VOID",
    seq,
    message: `${last === seq ? `${logName(vault, seq)} is not part of the log` : many}: ${reason}`,
    hint: "Something other than this program wrote it. Find out who can write to the container; the backup goes on without it.",
    blocksWriting: false,
  };
}

export function overwritten(vault: string, seq: number): LogProblem {
  return {
    code: "LOG_OVERWRITTEN",
    seq,
    message: `${logName(vault, seq)} was written over; its first version is used`,
    hint: "Find out who can write to the container, and delete the newer versions of this blob.",
    blocksWriting: false,
  };
}

export function hidden(vault: string, seq: number): LogProblem {
  return {
    code: "LOG_HIDDEN",
    seq,
    message: `${logName(vault, seq)} was deleted; its kept version is used`,
    hint: "Find out who can delete in the container, and make the kept version of this blob the current one again.",
    blocksWriting: false,
  };
}

/** The problem as an error, for operations that cannot go on with it. */
export function errorOf(problem: LogProblem): BackupError {
  const { code, message, hint, seq } = problem;
  return new BackupError({ code, message, hint, context: { seq } });
}

/** Throws the first problem that forbids writing to the vault. */
export function requireWritable(log: { readonly problems: readonly LogProblem[] }): void {
  const problem = log.problems.find(({ blocksWriting }) => blocksWriting);
  if (problem !== undefined) throw errorOf(problem);
}
