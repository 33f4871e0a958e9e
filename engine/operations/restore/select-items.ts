/**
 * Turns what people write (`git-repositories/Web:refs/heads/main`, `work-items/42`, `*`) into selections of a
 * snapshot's streams. Names are those of the snapshot, ids always work.
 */
import { BackupError } from "../../foundation/errors.ts";
import { inert } from "../../foundation/text.ts";
import type { ResourceKind, Selection } from "../../kinds/kind.ts";
import type { IndexLine } from "../../vault/format/state.ts";
import type { SnapshotReader } from "../../vault/streams/stream-reader.ts";
import { matchesName, namePattern } from "../name-pattern.ts";
import { isFiles, kindOf } from "../../vault/format/stream-ids.ts";

/** Selections by stream id. */
export type Selections = ReadonlyMap<string, Selection>;

interface Chosen {
  readonly stream: string;
  keys: "all" | Set<string>;
  readonly parts: Set<string>;
}

/** Throws SELECTION_EMPTY, SELECTION_AMBIGUOUS or INPUT_ITEMS, naming the selector. */
export async function selectItems(
  selectors: readonly string[],
  snapshot: SnapshotReader,
  kinds: readonly ResourceKind[],
): Promise<Selections> {
  const lines = await restorableLines(snapshot);
  const chosen = new Map<string, Chosen>();
  for (const selector of selectors) {
    const found = await resolve(selector.trim(), { lines, snapshot, kinds });
    if (found.length === 0) throw nothingFound(selector.trim(), await neverStored([selector], snapshot));
    for (const choice of found) merge(chosen, choice);
  }
  const selections = new Map<string, Selection>();
  for (const { stream: id, keys, parts } of chosen.values()) {
    const stream = await snapshot.stream(id);
    if (stream !== undefined) selections.set(id, { stream, keys, parts: [...parts] });
  }
  return selections;
}

/** Names of the streams that the selectors mean and of which nothing could ever be read, so that nothing is stored. */
export async function neverStored(selectors: readonly string[], snapshot: SnapshotReader): Promise<readonly string[]> {
  const patterns = selectors.map((selector) => namePattern(selector.trim()));
  const names: string[] = [];
  for await (const { s, name, state } of snapshot.streams()) {
    const [kind, id] = s.split("/");
    const isMeant = patterns.some(
      (pattern) =>
        (pattern.kind === "*" || pattern.kind === kind) &&
        (pattern.name === undefined || matchesName(splitPart(pattern.name)[0], name, id)),
    );
    if (state === undefined && isMeant && !isFiles(s)) names.push(name ?? s);
  }
  return names;
}

/** A line for each of them. */
export function neverStoredLine(name: string): string {
  return `${name} could never be read when it was backed up: this snapshot holds nothing of it`;
}

/** Lines of streams with content; files belong to the stream they accompany. */
async function restorableLines(snapshot: SnapshotReader): Promise<readonly IndexLine[]> {
  const lines: IndexLine[] = [];
  for await (const line of snapshot.streams()) if (line.state !== undefined && !isFiles(line.s)) lines.push(line);
  return lines;
}

interface Place {
  readonly lines: readonly IndexLine[];
  readonly snapshot: SnapshotReader;
  readonly kinds: readonly ResourceKind[];
}

async function resolve(selector: string, place: Place): Promise<readonly Chosen[]> {
  const { kind, name } = namePattern(selector);
  if (kind !== "*" && !place.kinds.some((known) => known.name === kind)) throw unknownKind(selector, kind, place.kinds);
  const ofKind = place.lines.filter((line) => kind === "*" || kindOf(line.s) === kind);
  if (name === undefined) {
    const live = ofKind.filter((line) => line.st !== "deleted" || kind !== "*");
    return live.map((line) => ({ stream: line.s, keys: "all", parts: new Set() }));
  }
  const isSingle = ofKind.every((line) => line.s === kind);
  return isSingle ? findItems(name, kind, place) : findStreams(selector, name, ofKind);
}

/** `Web`, a GUID, or `Web:refs/heads/main`. A name that only a deleted stream has finds that one. */
function findStreams(selector: string, name: string, lines: readonly IndexLine[]): readonly Chosen[] {
  const [whole, part] = splitPart(name);
  const matching = lines.filter((line) => matchesName(whole, line.name, line.s.split("/")[1]));
  const live = matching.filter((line) => line.st !== "deleted");
  const chosen = live.length > 0 ? live : matching;
  if (chosen.length > 1 && !/[*?]/.test(whole))
    throw ambiguous(
      selector,
      chosen.map((line) => line.s),
    );
  return chosen.map((line) => ({ stream: line.s, keys: "all", parts: new Set(part === undefined ? [] : [part]) }));
}

function splitPart(name: string): readonly [whole: string, part: string | undefined] {
  const colon = name.indexOf(":");
  return colon < 0 ? [name, undefined] : [name.slice(0, colon), name.slice(colon + 1)];
}

/** Items of a kind that keeps them all in one stream: by id first, then by name. */
async function findItems(name: string, kind: string, { snapshot }: Place): Promise<readonly Chosen[]> {
  const stream = await snapshot.stream(kind);
  if (stream === undefined) return [];
  const byName: string[] = [];
  for await (const item of stream.items()) {
    if (item.id === name) return [{ stream: kind, keys: new Set([item.id]), parts: new Set() }];
    if (matchesName(name, item.name, item.id)) byName.push(item.id);
  }
  if (byName.length > 1 && !/[*?]/.test(name)) throw ambiguous(`${kind}/${name}`, byName);
  return byName.length === 0 ? [] : [{ stream: kind, keys: new Set(byName), parts: new Set() }];
}

function merge(chosen: Map<string, Chosen>, choice: Chosen): void {
  const earlier = chosen.get(choice.stream);
  if (earlier === undefined) {
    chosen.set(choice.stream, choice);
    return;
  }
  if (earlier.keys === "all" || choice.keys === "all") earlier.keys = "all";
  else for (const key of choice.keys) earlier.keys.add(key);
  // A whole repository beside one of its branches is the whole repository.
  if (choice.parts.size === 0) earlier.parts.clear();
  else if (earlier.parts.size > 0) for (const part of choice.parts) earlier.parts.add(part);
}

function unknownKind(selector: string, kind: string, kinds: readonly ResourceKind[]): BackupError {
  return new BackupError({
    code: "INPUT_ITEMS",
    message: `Input items names "${inert(selector)}", but there is no kind "${inert(kind)}"`,
    hint: `Write <kind>/<name or id>, with a kind of: ${kinds.map(({ name }) => name).join(", ")}.`,
  });
}

function nothingFound(selector: string, [unread]: readonly string[]): BackupError {
  if (unread !== undefined)
    return new BackupError({
      code: "SELECTION_EMPTY",
      message: inert(neverStoredLine(unread)),
      hint: "Enable it or give the backup's identity access, then back up; for now there is nothing to restore.",
    });
  return new BackupError({
    code: "SELECTION_EMPTY",
    message: `Nothing in this snapshot matches "${inert(selector)}"`,
    hint: "Look it up in the hub, or with `npm run vault -- show`; an earlier snapshot may have it.",
  });
}

function ambiguous(selector: string, ids: readonly string[]): BackupError {
  const shown = ids.slice(0, 10).join(", ") + (ids.length > 10 ? ", …" : "");
  return new BackupError({
    code: "SELECTION_AMBIGUOUS",
    message: `"${inert(selector)}" matches ${ids.length} things: ${shown}`,
    hint: "Name the one you mean by its id.",
  });
}
