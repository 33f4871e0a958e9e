/** Compares a log with what people know of it from outside the storage: signers and head. */
import type { PinnedSigner } from "../../crypto/keys.ts";
import { BackupError } from "../../foundation/errors.ts";
import { isKind } from "../format/logged-entry.ts";
import type { Chain, LogProblem } from "./chain.ts";
import type { LoggedEntry } from "../format/logged-entry.ts";
import type { Head, LogKind } from "../format/log-entry.ts";
import { forked, rolledBack } from "./problems.ts";
import { roleOf } from "../format/roles.ts";

/** `pinned`: the given signers stand behind this log; `first-use`: nobody said who should. */
export type SignerTrust = "pinned" | "first-use";

/**
 * Pins say who may write, and as what:
 *   - every signer that the log knows now is pinned, in the role that the log gives it. A genesis entry is signed by one
 *     of the signers it names, so a log whose keys never changed was begun by a pinned one;
 *   - keys that were changed since count when a pinned owner signed the change, or anything after it: its `prev` vouches
 *     for all entries before. An agent key vouches for no owner: it may be the stolen one.
 * So neither a foreign log that lists our public keys passes, nor one that a stolen agent key began with a foreign
 * owner, whether that owner is still there or has put ours in its place.
 *
 * Throws SIGNER_MISMATCH, and GENESIS_INVALID for a log that has entries but no beginning.
 */
export function signerTrust(
  vault: string,
  chain: Chain,
  found: {
    readonly entries: readonly LoggedEntry[];
    readonly pinnedSigners: readonly PinnedSigner[];
    readonly taken: ReadonlySet<number>;
  },
): SignerTrust {
  const { entries, pinnedSigners, taken } = found;
  if (chain.genesis === undefined && taken.size > 0) throw genesisInvalid(vault);
  if (pinnedSigners.length === 0) return "first-use";
  if (chain.genesis === undefined) return "pinned";
  const strange = [...chain.roles].map(([signer, kinds]) => strangeIn(signer, kinds, pinnedSigners));
  const [first] = strange.filter((what) => what !== undefined);
  if (first !== undefined) throw signerMismatch(vault, first);
  requireOwnersWord(vault, entries, pinnedSigners);
  return "pinned";
}

function requireOwnersWord(
  vault: string,
  entries: readonly LoggedEntry[],
  pinnedSigners: readonly PinnedSigner[],
): void {
  const change = entries.findLast((logged) => isKind(logged, "keys"));
  if (change === undefined) return;
  const owners = pinnedSigners.filter(({ role }) => role === "owner").map(({ signer }) => signer);
  const isVouchedFor = entries.some(({ entry, signer }) => entry.seq >= change.entry.seq && owners.includes(signer));
  if (isVouchedFor) return;
  const who = `${change.signer} (entry ${change.entry.seq})`;
  throw signerMismatch(vault, `its keys were changed by ${who}, which the input does not name as an owner`);
}

/** What is wrong with a signer that the log knows; undefined for one that is pinned as what it is. */
function strangeIn(
  signer: string,
  kinds: ReadonlySet<LogKind>,
  pinnedSigners: readonly PinnedSigner[],
): string | undefined {
  const pin = pinnedSigners.find((one) => one.signer === signer);
  const role = roleOf(kinds);
  const as = role === undefined ? "agent and owner at once" : `an ${role}`;
  if (pin === undefined) return `its log lets ${signer} sign as ${as}`;
  if (pin.role === role) return undefined;
  const howTo = role === "owner" ? `; a key without a role is an agent's, an owner's is written owner=${signer}` : "";
  return `its log lets ${signer} sign as ${as}, and the input names it as an ${pin.role}${howTo}`;
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
