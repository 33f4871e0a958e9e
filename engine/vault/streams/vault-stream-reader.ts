/** Reads one stream of a snapshot through the chain its state names. */
import { BackupError } from "../../foundation/errors.ts";
import { readBundles } from "./bundle-segments.ts";
import { allFiles, findFile } from "./files-reader.ts";
import { readTableEntries } from "./file-table.ts";
import { readState } from "../objects/index-file.ts";
import { readItems } from "./items-catalogue.ts";
import { mergedRecords, recordFinder } from "./record-segments.ts";
import type { RecordFinder } from "./record-segments.ts";
import { memoized } from "../../foundation/memoized.ts";
import type { VaultAccess } from "../objects/sealed-objects.ts";
import type { IndexLine, StreamState } from "../format/state.ts";
import type { StreamReader } from "./stream-reader.ts";

export function vaultStreamReader(vaultAccess: VaultAccess, line: IndexLine): StreamReader {
  const access = { ...vaultAccess, stream: line.name === undefined ? line.s : `${line.s} (${line.name})` };
  const state = memoized(() => stateOf(access, line));
  let finder: RecordFinder | undefined;

  async function stateOfKind<Kind extends StreamState["kind"]>(
    kind: Kind,
  ): Promise<Extract<StreamState, { readonly kind: Kind }>> {
    const found = await state();
    if (!isKind(found, kind)) throw otherKind(line, found.kind, kind);
    return found;
  }

  return {
    line,
    state,
    async record(key) {
      finder ??= recordFinder(access, (await stateOfKind("records")).chain);
      return finder.find(key);
    },
    async *records() {
      yield* mergedRecords(access, (await stateOfKind("records")).chain);
    },
    async file(id) {
      return findFile(access, await stateOfKind("files"), id);
    },
    async *toc() {
      for await (const { id, length, sha256 } of readTableEntries(access, await stateOfKind("files"))) {
        yield { id, length, sha256 };
      }
    },
    async *files() {
      yield* allFiles(access, await stateOfKind("files"));
    },
    async *bundles() {
      yield* readBundles(access, (await stateOfKind("git")).chain);
    },
    items: () => readItems(access, line.items ?? []),
  };
}

async function stateOf(access: VaultAccess, line: IndexLine): Promise<StreamState> {
  if (line.state === undefined) throw neverRead(line);
  const state = await readState(access, line.state);
  if (state.s !== line.s) throw otherStream(line, state.s);
  return state;
}

function isKind<Kind extends StreamState["kind"]>(
  state: StreamState,
  kind: Kind,
): state is Extract<StreamState, { readonly kind: Kind }> {
  return state.kind === kind;
}

function neverRead(line: IndexLine): BackupError {
  return new BackupError({
    code: "STREAM_NEVER_READ",
    message: `${line.s} is in the snapshot by name only: no backup could read it so far${line.err === undefined ? "" : ` (${line.err})`}`,
    hint: "Cure what the backup's summary says about it, then run the backup again.",
  });
}

function otherStream(line: IndexLine, found: string): BackupError {
  return new BackupError({
    code: "STATE_INVALID",
    message: `The index gives ${line.s} a state that belongs to ${found}`,
    hint: "Update the extension; if it is up to date, this was not written by it: use another snapshot.",
  });
}

function otherKind(line: IndexLine, found: string, wanted: string): BackupError {
  return new BackupError({
    code: "STATE_INVALID",
    message: `${line.s} holds ${found}, not ${wanted}`,
    hint: "Update the extension; if it is up to date, this was not written by it: use another snapshot.",
  });
}
