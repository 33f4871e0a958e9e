/**
 * What a restore works on: what was asked for, and what this needs to exist. The two are kept apart: what is only needed
 * is made where it is missing, never changed.
 */
import { collect } from "../../foundation/concurrency.ts";
import { BackupError, hasCode } from "../../foundation/errors.ts";
import type { ItemReference, ResourceKind, Selection } from "../../kinds/kind.ts";
import { kindOfStream } from "../../kinds/registry.ts";
import type { SnapshotReader } from "../../vault/streams/stream-reader.ts";
import { selectItems, type Selections } from "./select-items.ts";
import type { RestoreTarget } from "./target.ts";

export interface Selected {
  readonly asked: Selections;
  /** May hold items of streams of which others were asked for. */
  readonly needed: Selections;
  /** `<kind>/<key>` → what needs it. */
  readonly neededBy: ReadonlyMap<string, string>;
}

export interface SelectionRequest {
  readonly selectors: readonly string[];
  readonly snapshot: SnapshotReader;
  readonly target: RestoreTarget;
  readonly kinds: readonly ResourceKind[];
}

/**
 * What was asked for and can be written back; of the rest a line for each kind. Throws SELECTION_EMPTY when nothing is
 * left, and what `selectItems` throws.
 */
export async function writtenBack({
  selectors,
  snapshot,
  kinds,
}: SelectionRequest): Promise<{ readonly asked: Selections; readonly notes: readonly string[] }> {
  const asked = new Map(await selectItems(selectors, snapshot, kinds));
  const kept = new Set<string>();
  for (const stream of [...asked.keys()]) {
    const kind = kindOfStream(stream, kinds);
    if (kind === undefined || kind.restore !== undefined) continue;
    kept.add(`${kind.title} are kept and exported, never written back`);
    asked.delete(stream);
  }
  if (asked.size === 0 && kept.size > 0)
    throw new BackupError({
      code: "SELECTION_EMPTY",
      message: `Nothing of what was asked for can be restored: ${[...kept].join("; ")}`,
      hint: "Set destination to archive: it is written as files then.",
    });
  return { asked, notes: [...kept] };
}

/** All that the request selects and what this needs, as `planRestore` goes by it. */
export async function selectedBy(request: SelectionRequest): Promise<Selected> {
  return withDependencies((await writtenBack(request)).asked, request);
}

export async function withDependencies(
  asked: Selections,
  { snapshot, target, kinds }: SelectionRequest,
): Promise<Selected> {
  const needed = new Map<string, Selection>();
  const neededBy = new Map<string, string>();
  if (target.asAsked.isNew && !asked.has("project")) await addWhole("project", snapshot, needed);
  const queue = [...asked.values()];
  for (let selection = queue.shift(); selection !== undefined; selection = queue.shift()) {
    const kind = kindOfStream(selection.stream.line.s, kinds);
    for (const reference of await referencesOf(kind, selection)) {
      const place = placeOf(reference);
      if (neededBy.has(place) || isAsked(reference, asked)) continue;
      neededBy.set(place, reference.neededBy);
      const added = await addItem(reference, snapshot, needed);
      if (added !== undefined) queue.push(added);
    }
  }
  return { asked, needed, neededBy };
}

function placeOf({ kind, id }: ItemReference): string {
  return `${kind}/${id}`;
}

function isAsked(reference: ItemReference, asked: Selections): boolean {
  if (asked.has(placeOf(reference))) return true;
  const keys = asked.get(reference.kind)?.keys;
  return keys === "all" || keys?.has(reference.id) === true;
}

/** None of a stream with damage: its plan says what is wrong with it. */
async function referencesOf(kind: ResourceKind | undefined, selection: Selection): Promise<readonly ItemReference[]> {
  if (kind?.restore === undefined) return [];
  try {
    return await collect(kind.restore.references(selection));
  } catch (error) {
    if (isDamage(error)) return [];
    throw error;
  }
}

/** The stored content is not what it should be: nothing else is wrong. */
export function isDamage(error: unknown): boolean {
  return hasCode(error, "OBJECT_DAMAGED", "OBJECT_MISSING", "SEALED_DAMAGED", "STATE_INVALID");
}

async function addWhole(id: string, snapshot: SnapshotReader, needed: Map<string, Selection>): Promise<void> {
  const stream = await snapshot.stream(id);
  if (stream !== undefined) needed.set(id, { stream, keys: "all", parts: [] });
}

/** Adds one item; returns a selection of just that item, so that its own references are followed too. */
async function addItem(
  reference: ItemReference,
  snapshot: SnapshotReader,
  needed: Map<string, Selection>,
): Promise<Selection | undefined> {
  const { kind, id } = reference;
  const own = await snapshot.stream(placeOf(reference));
  if (own !== undefined) {
    const selection: Selection = { stream: own, keys: "all", parts: [] };
    needed.set(placeOf(reference), selection);
    return selection;
  }
  const shared = await snapshot.stream(kind);
  if (shared === undefined) return undefined;
  const earlier = needed.get(kind);
  const keys = new Set(earlier === undefined || earlier.keys === "all" ? [] : earlier.keys).add(id);
  if (earlier?.keys !== "all") needed.set(kind, { stream: shared, keys, parts: [] });
  return { stream: shared, keys: new Set([id]), parts: [] };
}
