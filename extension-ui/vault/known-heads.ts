/** Heads of the log that are known from outside the storage, and what the log makes of them. */
import { formatHead, parseHead } from "../../engine/vault/format/head-pin.ts";
import type { LogProblem } from "../../engine/vault/log/chain.ts";
import type { Head } from "../../engine/vault/format/log-entry.ts";
import { headProblem } from "../../engine/vault/log/trust.ts";
import type { Log } from "../../engine/vault/log/log.ts";
import { isWithin } from "../../engine/vault/format/void-numbers.ts";

/** The one with the highest number; texts that are no heads are ignored. */
export function newestHead(heads: readonly string[] = []): Head | undefined {
  return parsed(heads).reduce<Head | undefined>(
    (newest, head) => (newest === undefined || newest.seq < head.seq ? head : newest),
    undefined,
  );
}

/** A problem for each head that the log does not hold. */
export function headsUnknownTo(log: Log, heads: readonly string[]): readonly LogProblem[] {
  const problems = lost(log, heads).map(({ problem }) => problem);
  return problems.filter(({ seq, code }) => !log.problems.some((told) => told.seq === seq && told.code === code));
}

/** Those of the heads that the log does not hold. */
export function headsLostFrom(log: Log, heads: readonly string[]): readonly string[] {
  return lost(log, heads).map(({ head }) => formatHead(head));
}

interface LostHead {
  readonly head: Head;
  readonly problem: LogProblem;
}

function lost({ vault, head, entries, voids }: Log, heads: readonly string[]): readonly LostHead[] {
  const valid = new Set(entries.map(({ entry }) => entry.seq));
  const taken = { has: (seq: number) => valid.has(seq) || isWithin(voids, seq) };
  return parsed(heads).flatMap((known) => {
    const problem = headProblem(vault, { head, entries, taken }, known);
    return problem === undefined ? [] : [{ head: known, problem }];
  });
}

function parsed(heads: readonly string[]): readonly Head[] {
  return heads.flatMap((text) => parseHead(text) ?? []);
}
