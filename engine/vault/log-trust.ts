/** Compares a log with what people know of it from outside the storage: signers and head. */
import { BackupError } from "../foundation/errors.ts";
import type { Chain, LoggedEntry, LogProblem } from "./log-chain.ts";
import type { Head } from "./log-entry.ts";
import { forked, rolledBack } from "./log-problems.ts";

/** `pinned`: the given signers stand behind this log; `first-use`: nobody said who should. */
export type SignerTrust = "pinned" | "first-use";

/**
 * A pin is a promise in two directions: only pinned signers may write now, and a pinned signer must have signed
 * some entry; its `prev` then vouches for all entries before. So neither a foreign log that lists our public keys
 * nor one that a stolen agent key began with a foreign owner passes.
 *
 * Throws SIGNER_MISMATCH, and GENESIS_INVALID for a log that has entries but no beginning.
 */
export function signerTrust(
  vault: string,
  chain: Chain,
  found: {
    readonly entries: readonly LoggedEntry[];
    readonly pinnedSigners: readonly string[];
    readonly taken: ReadonlySet<number>;
  },
): SignerTrust {
  const { entries, pinnedSigners, taken } = found;
  if (chain.genesis === undefined && taken.size > 0) throw genesisInvalid(vault);
  if (pinnedSigners.length === 0) return "first-use";
  if (chain.genesis === undefined) return "pinned";
  const stranger = [...chain.roles.keys()].find((signer) => !pinnedSigners.includes(signer));
  if (stranger !== undefined) throw signerMismatch(vault, `its log lets ${stranger} sign`);
  if (entries.some(({ signer }) => pinnedSigners.includes(signer))) return "pinned";
  throw signerMismatch(vault, "none of them has signed anything in its log");
}

/** Undefined when the log holds the head that is known. */
export function headProblem(
  vault: string,
  log: {
    readonly head: Head | undefined;
    readonly entries: readonly LoggedEntry[];
    readonly taken: Pick<ReadonlySet<number>, "has">;
  },
  known: Head | undefined,
): LogProblem | undefined {
  if (known === undefined) return undefined;
  const { head, entries, taken } = log;
  if (head === undefined || head.seq < known.seq || !taken.has(known.seq)) return rolledBack(vault, head, known);
  if (head.seq === known.seq) return head.sha256 === known.sha256 ? undefined : forked(vault, head, known);
  const entry = entries.find((logged) => logged.entry.seq === known.seq);
  return entry?.sha256 === known.sha256 ? undefined : forked(vault, head, known);
}

function genesisInvalid(vault: string): BackupError {
  return new BackupError({
    code: "GENESIS_INVALID",
    message: `The log of vault ${vault} does not begin with a valid genesis entry`,
    hint: "Its first entry was removed or changed, or something else uses this prefix: bring the entry back from blob versions or soft delete, or use another container.",
  });
}

function signerMismatch(vault: string, found: string): BackupError {
  return new BackupError({
    code: "SIGNER_MISMATCH",
    message: `Vault ${vault} is not signed by the signers of input signer: ${found}`,
    hint: "Either this is not your vault, or its keys were changed: compare with the signer line that the last good run printed, and correct the input only if you know why it changed.",
  });
}
