/**
 * The newest entries of a log, before its chain is checked: for people who wait. Each entry's own form and signature
 * are checked, by the signers of the genesis entry, of keys entries on the way and by pinned ones; whether anything
 * was taken away, added or hidden in between only readLog can tell.
 */
import { mapConcurrent } from "../foundation/concurrency.ts";
import { emptyChain, extended, judge } from "./log-chain.ts";
import type { Chain, LoggedEntry } from "./log-chain.ts";
import { listEntries, readCurrent } from "./log-objects.ts";
import type { LogObjects } from "./log-objects.ts";
import { agentKinds, ownerKinds } from "./roles.ts";
import type { Roles } from "./roles.ts";

const readsAtATime = 32;

export interface NewestEntries {
  /** Oldest first; the genesis entry is not among them unless it is one of the newest. */
  readonly entries: readonly LoggedEntry[];
  /** Signers that may write after the last of these entries; empty when the genesis entry cannot be read. */
  readonly signers: readonly string[];
  /** Entries that are listed. */
  readonly listed: number;
}

/** Throws what listing throws, and WRONG_VAULT and LOG_NEWER for a genesis entry that is not for this reader. */
export async function newestEntries(
  log: LogObjects & { readonly pinnedSigners?: readonly string[] },
  count: number,
): Promise<NewestEntries> {
  const listed = [...(await listEntries(log)).values()];
  const first = listed[0]?.seq === 0 && listed.length > count ? listed.slice(0, 1) : [];
  const wanted = [...first, ...listed.slice(-count)];
  const entries: LoggedEntry[] = [];
  let chain = emptyChain(log.vault);
  for await (const stored of mapConcurrent(wanted, readsAtATime, (entry) => readCurrent(log, entry))) {
    if (stored === undefined) continue;
    const judgement = await judge(log.cryptography, withPinned(chain, log.pinnedSigners ?? []), stored);
    if (judgement.as !== "valid") continue;
    chain = extended(chain, judgement.logged);
    entries.push(judgement.logged);
  }
  const shown = first.length > 0 && entries[0]?.entry.seq === 0 ? entries.slice(1) : entries;
  return { entries: shown, signers: [...chain.roles.keys()], listed: listed.length };
}

/** Pinned signers count although the keys entry that brought them in may not be among the newest. */
function withPinned(chain: Chain, pinned: readonly string[]): Chain {
  if (chain.head === undefined) return chain;
  const roles: Roles = new Map([...pinned.map((signer) => [signer, anyKind] as const), ...chain.roles]);
  return { ...chain, roles };
}

const anyKind: ReadonlySet<LoggedEntry["entry"]["kind"]> = new Set([...agentKinds, ...ownerKinds]);
