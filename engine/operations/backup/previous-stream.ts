/** What the parent snapshot holds of one stream, read only when a kind asks for it. */
import { BackupError } from "../../foundation/errors.ts";
import type { PreviousStream } from "../../kinds/kind.ts";
import { rebaseReason, writtenAt } from "../../vault/snapshots/chain-rules.ts";
import { readState } from "../../vault/objects/index-file.ts";
import { entriesOf } from "../../vault/format/logged-entry.ts";
import type { Log } from "../../vault/log/log.ts";
import { mergedRecords } from "../../vault/streams/record-segments.ts";
import type { Reaches } from "../../vault/snapshots/reaches.ts";
import type { Ref } from "../../vault/format/ref.ts";
import type { VaultAccess } from "../../vault/objects/sealed-objects.ts";
import type { FilesState, IndexLine, StreamState } from "../../vault/format/state.ts";
import type { StoredRecord } from "../../vault/streams/stream-reader.ts";
import { filesOf } from "../../vault/format/stream-ids.ts";

/** The index of the parent snapshot, by stream id. */
export type ParentIndex = ReadonlyMap<string, IndexLine>;

export interface PreviousFacts {
  readonly access: VaultAccess;
  /** Told of the states that are read. */
  readonly reaches: Reaches;
  readonly parent: ParentIndex;
  /** By the storage service's clock. */
  readonly now: Date;
  /**
   * Streams whose chain cannot be continued, with the reason: stored objects missing, new keys (docs/format.md 3.4).
   */
  readonly broken: ReadonlyMap<string, string>;
  readonly reconcile: boolean;
}

export function previousStream(stream: string, facts: PreviousFacts): PreviousStream {
  const line = facts.parent.get(stream);
  const filesLine = facts.parent.get(filesOf(stream));
  const state = once(async () =>
    line?.state === undefined || facts.broken.has(stream) ? undefined : stateAt(line.state, facts),
  );
  const files = once(async () =>
    filesLine?.state === undefined || facts.broken.has(filesOf(stream))
      ? undefined
      : filesStateOf(await stateAt(filesLine.state, facts)),
  );
  const broken = facts.broken.get(stream) ?? facts.broken.get(filesOf(stream));
  return {
    digest: line?.t,
    items: facts.broken.has(stream) ? [] : (line?.items ?? []),
    state,
    files,
    past: async () => (line?.state !== undefined && facts.broken.has(stream) ? pastState(line.state, facts) : state()),
    keys: () => keysOf(facts.access, state),
    broken,
    rebase: async () => broken ?? ruleOf(await state(), facts),
    reconcile: facts.reconcile,
  };
}

async function stateAt(ref: Ref, { access, reaches }: PreviousFacts): Promise<StreamState> {
  const state = await readState(access, ref);
  reaches.noteRead(ref, state);
  return state;
}

/** A broken chain says nothing against the state that names it, which may be gone as well. */
async function pastState(ref: Ref, { access }: PreviousFacts): Promise<StreamState | undefined> {
  try {
    return await readState(access, ref);
  } catch (error) {
    if (error instanceof BackupError && /^(?:OBJECT|SEALED|STATE|KEY)_/.test(error.code)) return undefined;
    throw error;
  }
}

function ruleOf(state: StreamState | undefined, { now }: PreviousFacts): string | undefined {
  return state === undefined ? undefined : rebaseReason(state, { now });
}

async function* keysOf(
  access: VaultAccess,
  state: () => Promise<StreamState | undefined>,
): AsyncGenerator<StoredRecord> {
  const known = await state();
  if (known?.kind === "records" && known.keys !== undefined) yield* mergedRecords(access, known.keys);
}

/** Why a stream is stored anew though its objects are sound; until then they open with the keys of before. */
export const keysReplaced = "the keys of the vault were replaced";

/**
 * Streams that hold objects sealed to keys which a `keys` entry with `rekey` has replaced since: they are stored anew
 * though nothing in them has changed. A state is never older than what it names, so the index lines tell.
 */
export function sealedToOldKeys(log: Pick<Log, "entries">, lines: Iterable<IndexLine>): ReadonlyMap<string, string> {
  const rekeyed = entriesOf(log, "keys").findLast(({ entry }) => entry.keys.rekey);
  const rekeyedMs = rekeyed === undefined ? -Infinity : Date.parse(rekeyed.entry.srv);
  const old = [...lines].filter(({ state }) => state !== undefined && writtenAt(state).getTime() < rekeyedMs);
  return new Map(old.map(({ s }) => [s, keysReplaced]));
}

function filesStateOf(state: StreamState): FilesState | undefined {
  return state.kind === "files" ? state : undefined;
}

function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let value: Promise<Value> | undefined;
  return () => (value ??= read());
}
