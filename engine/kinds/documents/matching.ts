/**
 * Which thing of the target a stored document is: the one with its own id where ids are kept, the one that an earlier
 * restore made of it, else the one of the same natural key. Never one that is another item of the snapshot, and never
 * one for two documents.
 */
import type { JsonObject } from "../../foundation/json.ts";
import type { Selection, TargetProject } from "../kind.ts";
import { idInTarget, translated } from "./references.ts";
import { nameOf, type DocumentKind, type Place } from "./declaration.ts";

/** A document of the target. */
export interface Live {
  readonly id: string;
  readonly naturalKey: string;
  /** Reads it, where the list did not show it whole; undefined where it cannot be read. */
  readonly content: (() => Promise<JsonObject>) | undefined;
}

/** Everything that the target has. Where the natural key is the name, only what is compared is read whole. */
export async function liveDocuments(kind: DocumentKind, target: Place): Promise<readonly Live[]> {
  const live: Live[] = [];
  for await (const listed of kind.list(target)) {
    if ("gap" in listed) {
      live.push({ id: listed.id, naturalKey: "", content: undefined });
      continue;
    }
    const { id, name, raw } = listed;
    const content = async (): Promise<JsonObject> => kind.content(typeof raw === "function" ? await raw() : raw);
    const natural = kind.naturalKey === undefined ? name : kind.naturalKey(await content());
    live.push({ id, naturalKey: natural.toLowerCase(), content });
  }
  return live;
}

export function naturalKeyOf(kind: DocumentKind, content: JsonObject): string {
  return (kind.naturalKey?.(content) ?? nameOf(kind, content)).toLowerCase();
}

/** `taken`: another item of the snapshot, or one that cannot be read, has its natural key now. */
export type Match = (Live & { readonly content: () => Promise<JsonObject> }) | "taken" | undefined;

export interface Matching {
  of(key: string, content: JsonObject): Match;
  /** Whether anything in the target has the natural key. */
  isTaken(content: JsonObject): boolean;
  /** From here on the natural key is taken: the plan makes a thing of it. */
  take(content: JsonObject): void;
}

/** `live` are all documents of the target. */
export async function matchingIn(
  kind: DocumentKind,
  {
    selection,
    live,
    target,
  }: { readonly selection: Selection; readonly live: readonly Live[]; readonly target: TargetProject },
): Promise<Matching> {
  const byId = new Map(live.map((one) => [one.id, one]));
  const known = await knownIds(kind, { selection, byId, target });
  const others = new Set(known.values());
  const byNaturalKey = new Map<string, Live[]>();
  for (const one of live) byNaturalKey.set(one.naturalKey, [...(byNaturalKey.get(one.naturalKey) ?? []), one]);
  const taken = new Set(byNaturalKey.keys());
  const naturalOf = (content: JsonObject): string => naturalKeyOf(kind, inTarget(kind, content, target));
  return {
    of(key, content) {
      const natural = naturalOf(content);
      const same = byNaturalKey.get(natural) ?? [];
      const free = same.find((one) => !others.has(one.id));
      const own = byId.get(known.get(key) ?? "");
      if (own !== undefined && (own.id === key || free === undefined || !isCopyOf(own, natural))) return readable(own);
      if (free === undefined) return same.length > 0 ? "taken" : undefined;
      others.add(free.id);
      return readable(free);
    },
    isTaken: (content) => taken.has(naturalOf(content)),
    take: (content) => void taken.add(naturalOf(content)),
  };
}

function readable({ content, ...live }: Live): Match {
  return content === undefined ? "taken" : { ...live, content };
}

/** An earlier restore has made it beside the one that has the name. */
function isCopyOf({ naturalKey }: Live, natural: string): boolean {
  return naturalKey.startsWith(`${natural}-`);
}

/** Of every item of the snapshot, selected or not, the id by which the target is known to have it. */
async function knownIds(
  kind: DocumentKind,
  {
    selection,
    byId,
    target,
  }: { readonly selection: Selection; readonly byId: ReadonlyMap<string, Live>; readonly target: TargetProject },
): Promise<ReadonlyMap<string, string>> {
  const known = new Map<string, string>();
  for await (const { id } of selection.stream.items()) {
    const own = target.isSource && byId.has(id) ? id : undefined;
    const found = own ?? target.ids.get(kind.name, id);
    if (found !== undefined && byId.has(found)) known.set(id, found);
  }
  return known;
}

/** With the ids of the target as far as they are known; the others stay, to be compared as they are. */
function inTarget(kind: DocumentKind, content: JsonObject, target: TargetProject): JsonObject {
  return translated(content, kind.references ?? [], ({ kind: other }, id) => idInTarget(target, other, id) ?? id);
}
