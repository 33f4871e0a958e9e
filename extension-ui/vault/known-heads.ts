/** Heads of the log that are known from outside the storage, and what the log makes of them. */
import { parseHead } from "../../engine/vault/head-pin.ts";
import type { LogProblem } from "../../engine/vault/log-chain.ts";
import type { Head } from "../../engine/vault/log-entry.ts";
import { headProblem } from "../../engine/vault/log-trust.ts";
import type { Log } from "../../engine/vault/log.ts";

/** The one with the highest number; texts that are no heads are ignored. */
export function newestHead(heads: readonly string[] = []): Head | undefined {
  return parsed(heads).reduce<Head | undefined>(
    (newest, head) => (newest === undefined || newest.seq < head.seq ? head : newest),
    undefined,
  );
}

/** A problem for each head that the log does not hold. */
export function headsUnknownTo(log: Log, heads: readonly string[]): readonly LogProblem[] {
  const taken = new Set([...log.entries.map(({ entry }) => entry.seq), ...log.voids.map(({ seq }) => seq)]);
  const { vault, head, entries } = log;
  const problems = parsed(heads).flatMap((known) => headProblem(vault, { head, entries, taken }, known) ?? []);
  return problems.filter(({ seq, code }) => !log.problems.some((told) => told.seq === seq && told.code === code));
}

function parsed(heads: readonly string[]): readonly Head[] {
  return heads.flatMap((text) => parseHead(text) ?? []);
}
