/** Writes selected items as files that people can read, for the day there is no Azure DevOps to restore into. */
import type { Reporter } from "../../foundation/reporter.ts";
import { kindOfStream } from "../../kinds/registry.ts";
import type { ArchiveFolder, ResourceKind } from "../../kinds/kind.ts";
import type { SnapshotReader } from "../../vault/streams/stream-reader.ts";
import { neverStored, neverStoredLine, selectItems } from "./select-items.ts";

/** Where the files go: a zip, a folder. Names are clean and unique when they come here. */
export interface ArchiveFile {
  write(path: string, content: AsyncIterable<Uint8Array> | string): Promise<void>;
}

export interface ArchiveRequest {
  readonly selectors: readonly string[];
  readonly snapshot: SnapshotReader;
  readonly kinds: readonly ResourceKind[];
  readonly into: ArchiveFile;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

export async function archiveItems(request: ArchiveRequest): Promise<{ readonly entries: number }> {
  const { snapshot, kinds, reporter, signal } = request;
  const selections = await selectItems(request.selectors, snapshot, kinds);
  for (const name of await neverStored(request.selectors, snapshot)) reporter.warn(neverStoredLine(name));
  const taken = new Set<string>();
  const folders = new Set<string>();
  const folder: ArchiveFolder = {
    write: (path, content) => request.into.write(freePath(cleanPath(path), taken), content),
    folder: (path) => freePath(cleanPath(path), folders),
    sibling: (stream) => snapshot.stream(stream),
  };
  let done = 0;
  for (const [stream, selection] of selections) {
    signal.throwIfAborted();
    await kindOfStream(stream, kinds)?.archive(selection, folder);
    done += 1;
    reporter.progress({ activity: "Archiving", done, total: selections.size });
  }
  return { entries: taken.size };
}

const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** A path that Windows, macOS and zip tools can all hold, and that stays inside the archive. */
export function cleanPath(path: string): string {
  const segments = path.split("/").map((segment) => {
    const clean = segment
      .normalize("NFC")
      .replace(/[<>:"\\|?*\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "_")
      .slice(0, 120)
      .replace(/[\ud800-\udbff]$/, "")
      .replace(/[. ]+$/, "_");
    if (clean === "" || /^\.+$/.test(clean)) return "_";
    return reserved.test(clean) ? `_${clean}` : clean;
  });
  return segments.join("/");
}

/** Names that differ only in case are one name on Windows and macOS. */
function freePath(path: string, taken: Set<string>): string {
  let free = path;
  for (let number = 2; taken.has(free.toLowerCase()); number += 1)
    free = path.replace(/(\.[^./]*)?$/, ` (${number})$1`);
  taken.add(free.toLowerCase());
  return free;
}
