/** Ids of the snapshot in terms of the target: one rule for all kinds that refer to others. */
import type { TargetProject } from "../kind.ts";

export type Translated =
  | { readonly status: "known"; readonly id: string }
  /** This restore is going to make it: its id is known once the step that makes it is done. */
  | { readonly status: "awaited" }
  /** Never to be sent: leave the reference out, or say `cannot`. */
  | { readonly status: "unknown" };

/**
 * What `old` is in the target. Found by the plan or made by a restore it has that id; where ids are kept, its own.
 * `scope`: whether the ids of the space are the project's, or the whole organisation's.
 */
export function translated(
  [space, old]: readonly [space: string, old: string],
  { ids, isSource, isSameOrganization }: Pick<TargetProject, "ids" | "isSource" | "isSameOrganization">,
  scope: "project" | "organization" = "project",
): Translated {
  const id = ids.get(space, old);
  if (id !== undefined) return { status: "known", id };
  if (ids.isAwaited(space, old)) return { status: "awaited" };
  const isKept = isSource || (scope === "organization" && isSameOrganization);
  return isKept ? { status: "known", id: old } : { status: "unknown" };
}
