/** Findings about the vault's log: is it whole, whose is it, does it hold everything that runs have reported. */
import { counted } from "../foundation/text.ts";
import type { HealthFinding } from "./health-finding.ts";
import type { ChainProblem, ChainState } from "./known-vault.ts";

/** A run reported a head that the log does not hold (any more). */
export interface ReportDifference {
  readonly what: "missing" | "different";
  readonly snapshot: string;
  readonly runId: number;
  readonly reported: string;
}

export function chainFindings(facts: {
  readonly chain: ChainState;
  readonly origin: "storage" | "runs";
  readonly differences: readonly ReportDifference[];
}): readonly HealthFinding[] {
  const { chain, origin, differences } = facts;
  return [
    ...(origin === "runs" ? [unreadStorage] : []),
    ...(chain.state === "checked" ? checkedFindings(chain) : []),
    ...differenceFindings(differences),
  ];
}

const unreadStorage: HealthFinding = {
  id: "storage-unread",
  severity: "warning",
  title: "Storage was not read",
  detail: "Everything here is what backup runs have reported. Whoever may change a pipeline could have forged it.",
  remedy: "Give this page access to the container: sign in, or enter a SAS with the rights read and list.",
};

function checkedFindings(chain: Extract<ChainState, { readonly state: "checked" }>): readonly HealthFinding[] {
  const findings = groupedByCode(chain.problems).map((group) => problemFinding(group, hasLostHead(chain)));
  if (chain.signers === "first-use" && chain.head !== undefined) findings.push(unpinnedSigners);
  return findings;
}

const unpinnedSigners: HealthFinding = {
  id: "signers-unpinned",
  severity: "warning",
  title: "The vault's signing keys are trusted on first use",
  detail: "Nobody has said which keys may sign this vault, so another vault in its place would not be noticed.",
  remedy: "Put the signer line that the first backup printed into Set up and into the pipelines.",
};

/** Somebody who can write to the container tried something, and it had no effect. */
const harmless = ["LOG_VOID", "LOG_OVERWRITTEN", "LOG_HIDDEN"];

const titles: Readonly<Record<string, string>> = {
  LOG_ROLLBACK: "Snapshots were removed from storage",
  LOG_FORK: "The vault's history is not the one known from before",
  LOG_CHAIN_BROKEN: "The vault's log is broken",
  LOG_NEWER: "The vault was written by a newer version",
  LOG_VOID: "Foreign entries lie in the vault's log",
  LOG_OVERWRITTEN: "Entries of the vault's log were written over",
  LOG_HIDDEN: "Entries of the vault's log were deleted",
};

const remedies: Readonly<Record<string, string>> = {
  LOG_ROLLBACK:
    "Check that this is the right container. Stop the pipelines, find out who can delete there, and bring the entries back from blob versions or soft delete.",
  LOG_FORK:
    "Stop the pipelines and find out who holds the signing keys. Go on with this history only when you know why it changed.",
  LOG_CHAIN_BROKEN:
    "Find out who changed the storage, bring the entries back from blob versions or soft delete, and verify.",
  LOG_NEWER: "Update the extension.",
};

/** Problems that come of a head that is known from elsewhere, and go when that is no longer expected. */
const ofHeads = ["LOG_ROLLBACK", "LOG_FORK"];

/** A person may then decide that the history in storage is the true one. */
export function hasLostHead(chain: ChainState): boolean {
  return chain.state === "checked" && chain.lostHeads !== undefined && chain.lostHeads.length > 0;
}

const plainRemedy =
  "Find out who can write to the container, and take that right away. The backups go on without these blobs.";

function problemFinding({ code, messages }: CodeGroup, isHeadLost: boolean): HealthFinding {
  const isHarmless = harmless.includes(code);
  const [first = "", ...others] = messages;
  return {
    id: `log-${code}`,
    severity: isHarmless || code === "LOG_NEWER" ? "warning" : "critical",
    title: ownOr(titles, code, "Something is wrong with the vault's log"),
    detail: others.length === 0 ? first : `${first} And ${counted(others.length, "more problem")} of this sort.`,
    remedy: ownOr(remedies, code, plainRemedy),
    ...(isHeadLost && ofHeads.includes(code) ? { decision: "accept-history" } : {}),
  };
}

interface CodeGroup {
  readonly code: string;
  readonly messages: readonly string[];
}

function groupedByCode(problems: readonly ChainProblem[]): readonly CodeGroup[] {
  const codes = [...new Set(problems.map(({ code }) => code))];
  return codes.map((code) => ({
    code,
    messages: problems.filter((problem) => problem.code === code).map(({ message }) => message),
  }));
}

function ownOr(table: Readonly<Record<string, string>>, key: string, otherwise: string): string {
  return Object.hasOwn(table, key) ? (table[key] ?? otherwise) : otherwise;
}

function differenceFindings(differences: readonly ReportDifference[]): readonly HealthFinding[] {
  const [newest] = differences;
  if (newest === undefined) return [];
  const missing = differences.filter(({ what }) => what === "missing").length;
  return [
    {
      id: "reported-differently",
      severity: "critical",
      title:
        missing > 0
          ? "Snapshots that runs have reported are not in storage"
          : "Storage holds another history than runs have reported",
      detail: `${counted(differences.length, "run")}, the newest of them ${newest.runId}: it reported snapshot ${newest.snapshot} with head ${newest.reported.slice(0, 24)}….`,
      remedy:
        "Check that this is the right container. If it is, storage was rolled back or a run was forged: stop the pipelines, and look for deleted blobs and for changes of the pipeline.",
    },
  ];
}
