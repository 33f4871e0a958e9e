/** Kinds that can be written back: their order, and which steps a selection of one can have. */
import type { ResourceKind, Restoring, Selection, TargetProject } from "../../kinds/kind.ts";

export type RestorableKind = ResourceKind & { readonly restore: Restoring };

export function isRestorable(kind: ResourceKind): kind is RestorableKind {
  return kind.restore !== undefined;
}

/**
 * Those that can be written back, so that each comes after those it names in `after`; otherwise in registry order. What
 * comes after everything comes last.
 */
export function restoreOrder(kinds: readonly ResourceKind[]): readonly RestorableKind[] {
  const restorable = kinds.filter(isRestorable);
  const ordinary = restorable.filter(({ restore }) => restore.after !== "everything");
  const ordered: RestorableKind[] = [];
  const visit = (kind: RestorableKind, path: readonly string[]): void => {
    if (ordered.includes(kind)) return;
    if (path.includes(kind.name)) throw new Error(`after goes round in a circle: ${[...path, kind.name].join(" → ")}`);
    for (const name of kind.restore.after === "everything" ? [] : kind.restore.after) {
      const before = restorable.find((other) => other.name === name);
      if (before !== undefined) visit(before, [...path, kind.name]);
    }
    ordered.push(kind);
  };
  for (const kind of [...ordinary, ...restorable]) visit(kind, []);
  return ordered;
}

/** Tells the keys that steps of the selection may have. */
export async function coverageOf(
  { restore }: RestorableKind,
  selection: Selection,
  target: TargetProject,
): Promise<(key: string) => boolean> {
  if (restore.covers !== undefined) return restore.covers(selection, target);
  const { keys } = selection;
  const [, id] = selection.stream.line.s.split("/");
  if (id !== undefined) return (key) => key === id;
  return (key) => keys === "all" || keys.has(key);
}
