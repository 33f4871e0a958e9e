/**
 * Until when a snapshot cannot be deleted, from what verifications have asked the storage service. A lock's date is
 * absolute, so what was seen long ago still holds; what nobody has asked is not known.
 */
import { counted } from "../foundation/text.ts";
import {
  immutabilityState,
  type ContainerPolicy,
  type ImmutabilityState,
  type SnapshotImmutability,
} from "../vault/format/immutability.ts";

export type ObjectFigures = Omit<SnapshotImmutability, "snapshot">;

/** The newest answer about a snapshot: of its objects, that the container has a policy, or that nothing was told. */
export type SeenImmutability = { readonly seenAt: string } & (
  | { readonly by: "objects"; readonly figures: ObjectFigures }
  | { readonly by: "container" }
  | { readonly by: "unknown" }
);

/** An answer rather than none, and of two answers the newer one. */
export function newerSeen(
  one: SeenImmutability | undefined,
  other: SeenImmutability | undefined,
): SeenImmutability | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if ((one.by === "unknown") !== (other.by === "unknown")) return one.by === "unknown" ? other : one;
  return Date.parse(one.seenAt) < Date.parse(other.seenAt) ? other : one;
}

/** Of a snapshot that a verification has judged. */
export function seenObjects(told: ObjectFigures, seenAt: string): SeenImmutability {
  const { objects, unprotected, unlocked, held, until } = told;
  return { seenAt, by: "objects", figures: { objects, unprotected, unlocked, held, until } };
}

/** Of the other snapshots that it covers. Undefined: something of them could not be read, and nothing follows. */
export function seenOfOthers(container: ContainerPolicy, seenAt: string): SeenImmutability | undefined {
  if (container === "none") return undefined;
  return { seenAt, by: container === "policy" ? "container" : "unknown" };
}

/** `container`: by a policy whose end and lock nobody tells; `untold`: asked in vain; `unchecked`: not asked yet. */
export type ProtectionState = ImmutabilityState | "container" | "untold" | "unchecked";

export interface Protection {
  readonly state: ProtectionState;
  /** When the first lock ends; ISO 8601. Only of `locked` and `ended`. */
  readonly until?: string;
  /** When the storage service was asked. */
  readonly seenAt?: string;
  readonly figures?: ObjectFigures;
}

export function protectionOf(seen: SeenImmutability | undefined, now: Date): Protection {
  if (seen === undefined) return { state: "unchecked" };
  const { seenAt } = seen;
  if (seen.by !== "objects") return { state: seen.by === "container" ? "container" : "untold", seenAt };
  const { figures } = seen;
  const state = immutabilityState(figures, now);
  const hasEnd = (state === "locked" || state === "ended") && figures.until !== null;
  return { state, seenAt, figures, ...(hasEnd ? { until: figures.until } : {}) };
}

const shortTexts: Readonly<Record<ProtectionState, string>> = {
  locked: "Locked",
  held: "Legal hold",
  ended: "Lock ended",
  unlocked: "Unlocked only",
  open: "Not protected",
  container: "By the container",
  untold: "Not told",
  unchecked: "Not checked",
};

export function protectionText({ state }: Protection): string {
  return shortTexts[state];
}

/** One sentence on what it means. */
export function protectionDetail({ state, figures }: Protection): string {
  if (figures !== undefined) return objectsDetail(state, figures);
  if (state === "container")
    return "The container has a policy. Its period, and whether it is locked, are not told to readers.";
  if (state === "untold") return "The storage service did not tell the last verification.";
  return "No verification has asked the storage service yet.";
}

function objectsDetail(state: ProtectionState, { objects, unprotected, unlocked, held }: ObjectFigures): string {
  const all = counted(objects, "object");
  if (state === "locked" && held > 0)
    return `Nobody can delete it before; ${held.toLocaleString("en-GB")} of ${all} only while a legal hold stays.`;
  if (state === "locked") return `Nobody can delete any of its ${all} before.`;
  if (state === "held") return "Nobody can delete it while the legal hold stays.";
  if (state === "ended") return `The first lock of its ${all} has ended.`;
  const some = `${unprotected.toLocaleString("en-GB")} of ${all} can be deleted`;
  if (unlocked === 0) return `${some}.`;
  return `${some}; ${unlocked.toLocaleString("en-GB")} have a policy that is not locked, which is no protection.`;
}
