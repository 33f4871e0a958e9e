/** Streams and names of items, opened with the viewer key and kept while people go back and forth. */
import { BackupError, hasCode } from "../../engine/foundation/errors.ts";
import type { Cryptography } from "../../engine/crypto/cryptography.ts";
import type { ObjectReader } from "../../engine/store/object-store.ts";
import { readIndex } from "../../engine/vault/objects/index-file.ts";
import { readItems } from "../../engine/vault/streams/items-catalogue.ts";
import type { Ref } from "../../engine/vault/format/ref.ts";
import type { VaultAccess } from "../../engine/vault/objects/sealed-objects.ts";
import type { CatalogueItem } from "../../engine/vault/format/state.ts";
import { shownText } from "../model/shown-text.ts";
import type { StreamLine, ViewerKey } from "../model/vault-source.ts";
import { guardedReader } from "./guarded-reader.ts";
import { keptLists } from "./kept-lists.ts";

export interface CatalogueFacts {
  readonly store: ObjectReader;
  readonly cryptography: Cryptography;
  readonly vault: string;
}

export interface CatalogueReader {
  streams(index: Ref, viewer: ViewerKey, signal: AbortSignal): Promise<readonly StreamLine[]>;
  items(line: StreamLine, viewer: ViewerKey, signal: AbortSignal): AsyncIterable<CatalogueItem>;
}

/** Far above what Azure DevOps holds of anything; a list that is longer does not come from a backup. */
const maxStreams = 200_000;
const maxItems = 2_000_000;
/** Stored bytes that a page may be made to fetch for one list; reading an object again counts again. */
const maxStoredBytes = 500_000_000;
/** Base and deltas of one list of names; the writer merges them long before. */
const maxRefs = 1000;
/** Kept of one list, so that neither long ids nor many of them fill the memory. */
const maxCharacters = 300_000_000;
/** Kept in memory, of all lists together: a line of an index takes about a kilobyte, an item a third of it. */
const keptStreams = 60_000;
const keptItems = 300_000;

export function catalogueReader(facts: CatalogueFacts): CatalogueReader {
  const streamLists = keptLists<StreamLine>(keptStreams);
  const itemLists = keptLists<CatalogueItem>(keptItems);

  function accessOf(viewer: ViewerKey, signal: AbortSignal, stream?: string): VaultAccess {
    const { cryptography, vault } = facts;
    const store = guardedReader(facts.store, { signal, maxListed: maxItems, maxBytes: 2 * maxStoredBytes });
    const access = { store, cryptography, vault, identities: [viewer.identity] };
    return stream === undefined ? access : { ...access, stream };
  }

  return {
    async streams(index, viewer, signal) {
      const key = `${viewer.identity} ${index.h}`;
      const kept = streamLists.get(key);
      if (kept !== undefined) return kept;
      requireSmall([index], "The index of the snapshot");
      const lines: StreamLine[] = [];
      const take = counter("The index of the snapshot", maxStreams);
      for await (const line of opened(readIndex(accessOf(viewer, signal), index))) {
        const shown = shownLine(line);
        take(sizeOfLine(shown));
        lines.push(shown);
      }
      streamLists.put(key, lines);
      return lines;
    },
    async *items(line, viewer, signal) {
      const refs = line.items ?? [];
      const key = `${viewer.identity} ${refs.map(({ h }) => h).join(" ")}`;
      const kept = itemLists.get(key);
      if (kept !== undefined) {
        yield* kept;
        return;
      }
      const what = `The list of items of ${line.s}`;
      requireSmall(refs, what);
      const items: CatalogueItem[] = [];
      const take = counter(what, maxItems);
      for await (const item of opened(readItems(accessOf(viewer, signal, line.s), refs))) {
        const shown = shownItem(item);
        take(sizeOfItem(shown));
        items.push(shown);
        yield shown;
      }
      itemLists.put(key, items);
    },
  };
}

/** Says of a key that does not fit what people can do about it here. */
async function* opened<Line>(lines: AsyncIterable<Line>): AsyncGenerator<Line> {
  try {
    yield* lines;
  } catch (error) {
    throw hasCode(error, "KEY_MISMATCH") ? wrongKey(error) : error;
  }
}

function wrongKey(cause: BackupError): BackupError {
  return new BackupError({
    code: cause.code,
    message: "The viewer key does not open the names of this snapshot",
    hint: "Enter the viewer key that was made together with this vault's agent key; where the keys were changed since, an older snapshot needs the older one.",
    cause,
  });
}

function requireSmall(refs: readonly Ref[], what: string): void {
  const bytes = refs.reduce((sum, { n }) => sum + n, 0);
  if (refs.length > maxRefs) throw tooLong(what, maxRefs, "objects");
  if (bytes > maxStoredBytes) throw tooLong(what, maxStoredBytes, "bytes");
}

const texts = ["name", "type", "state", "at", "by"] as const;

/** Counts what is kept of a list, and throws LIST_TOO_LONG when it is more than any backup writes. */
function counter(what: string, maxLines: number): (characters: number) => void {
  let [lines, characters] = [0, 0];
  return (more) => {
    lines += 1;
    characters += more;
    if (lines > maxLines) throw tooLong(what, maxLines);
    if (characters > maxCharacters) throw tooLong(what, maxCharacters, "characters");
  };
}

const charactersOfRef = 300;

function sizeOfLine({ s, name = "", err = "", t = "", asOf = "", items = [] }: StreamLine): number {
  return s.length + name.length + err.length + t.length + asOf.length + charactersOfRef * (items.length + 1);
}

function sizeOfItem(item: CatalogueItem): number {
  return texts.reduce((sum, key) => sum + (item[key]?.length ?? 0), item.id.length);
}

function shownLine(line: StreamLine): StreamLine {
  const { name, err } = line;
  return {
    ...line,
    ...(name === undefined ? {} : { name: shownText(name) }),
    ...(err === undefined ? {} : { err: shownText(err) }),
  };
}

/** Ids stay as they are: restores and comparisons go by them. */
function shownItem(item: CatalogueItem): CatalogueItem {
  const shown = texts.map((key) => [key, item[key]] as const).filter(([, text]) => text !== undefined);
  return { ...item, ...Object.fromEntries(shown.map(([key, text]) => [key, shownText(text ?? "")])) };
}

function tooLong(what: string, limit: number, unit = "lines"): BackupError {
  return new BackupError({
    code: "LIST_TOO_LONG",
    message: `${what} has more than ${limit.toLocaleString("en-GB")} ${unit}`,
    hint: "No backup writes such a list: verify the vault, and find out who holds its agent key.",
  });
}
