/** Findings about immutability: can backups be deleted before their time, and does anybody know? */
import type { HealthFinding } from "./health-finding.ts";
import { protectionDetail, protectionOf, type Protection, type ProtectionState } from "./immutability.ts";
import type { ChainState, Snapshot } from "./known-vault.ts";

export interface ImmutabilityFigure {
  /** Newest snapshot of which the storage service was asked; undefined when it never was. */
  readonly snapshot: Snapshot | undefined;
  /** What is known of it. */
  readonly protection: Protection;
  /** Snapshots that cannot be deleted now, of those that were asked about and are kept. */
  readonly safe: number;
  readonly asked: number;
}

export interface ImmutabilityFacts {
  readonly now: Date;
  /** Newest first. */
  readonly snapshots: readonly Snapshot[];
  readonly chain: ChainState;
}

export function immutabilityFigure({ snapshots, now }: ImmutabilityFacts): ImmutabilityFigure {
  const asked = snapshots.filter(({ isRetired, immutability }) => !isRetired && immutability !== undefined);
  const safe = asked.filter(({ immutability }) => isSafe(protectionOf(immutability, now)));
  const [snapshot] = asked;
  return {
    snapshot,
    protection: protectionOf(snapshot?.immutability, now),
    safe: safe.length,
    asked: asked.length,
  };
}

function isSafe({ state }: Protection): boolean {
  return state === "locked" || state === "held";
}

interface Words {
  readonly severity: HealthFinding["severity"];
  readonly title: string;
  readonly remedy: string;
}

const lockIt =
  "Give the container a policy and lock it: no key and no role can then destroy backups before their time.";

const words: Readonly<Partial<Record<ProtectionState, Words>>> = {
  open: { severity: "warning", title: "Backups can be deleted", remedy: lockIt },
  unlocked: { severity: "warning", title: "Backups have a policy that is not locked: no protection", remedy: lockIt },
  ended: {
    severity: "warning",
    title: "The lock on the backups has ended",
    remedy: "Verify again; if the locks were not extended, give the container a policy of a longer period.",
  },
  container: {
    severity: "note",
    title: "Until when backups cannot be deleted is not told",
    remedy: "Look at the container's policy in the portal: is it locked, and for how many days?",
  },
  untold: {
    severity: "note",
    title: "It is not known whether backups can be deleted",
    remedy:
      "Let the verify pipeline sign in by a service connection, which may ask about the container, or look at its policy in the portal.",
  },
  unchecked: {
    severity: "note",
    title: "Whether backups can be deleted was not checked yet",
    remedy: "Run the verify pipeline with the agent key: what the storage service says is then signed into the log.",
  },
};

/** One finding at most, about the newest snapshot of which anything is known. */
export function immutabilityFindings(facts: ImmutabilityFacts): readonly HealthFinding[] {
  const { snapshot, protection } = immutabilityFigure(facts);
  const { state, seenAt } = protection;
  const found = words[state];
  if (found === undefined || facts.snapshots.every(({ isRetired }) => isRetired)) return [];
  // An older entry may still tell of it.
  if (state === "unchecked" && facts.chain.state === "checking") return [];
  const about = snapshot === undefined ? "" : ` Snapshot ${snapshot.id} of ${snapshot.at}, seen ${seenAt ?? ""}.`;
  return [
    { id: `immutability-${state}`, ...found, detail: `${protectionDetail(protection)}${about}`, link: "storage" },
  ];
}
