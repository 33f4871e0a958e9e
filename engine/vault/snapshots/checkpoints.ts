/**
 * Checkpoints: what a run has stored so far, so that a later attempt, or the job that composes the snapshot, goes
 * on from there (docs/format.md 3.10). A checkpoint is a small signed object that names a sealed list of drafts: names
 * of streams stay sealed, and nobody without the agent key can make one.
 */
import { collect, mapConcurrent } from "../../foundation/concurrency.ts";
import { hasCode } from "../../foundation/errors.ts";
import { arrayAt, canonicalJson, isObject, objectAt, parseObject } from "../../foundation/json.ts";
import type { JsonObject } from "../../foundation/json.ts";
import { readObject } from "../../store/object-store.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { checkpointName, checkpointPrefix, parseCheckpointName, runsPrefix } from "../format/layout.ts";
import type { NumberedParts } from "../format/layout.ts";
import { writeLines } from "../objects/line-objects.ts";
import { entriesOf } from "../format/logged-entry.ts";
import type { Log } from "../log/log.ts";
import type { Index, StreamDraft } from "./merge-index.ts";
import { retiredRuns } from "./retired.ts";
import type { Ref } from "../format/ref.ts";
import { readObjectLines } from "../objects/sealed-objects.ts";
import type { SealedWriter, VaultAccess } from "../objects/sealed-objects.ts";
import { signerAmong, signText, splitSigned } from "../format/signed-text.ts";
import type { Signing } from "../format/signed-text.ts";
import { parseIndexLine } from "../format/state-codec.ts";
import { Malformed, parseCanonical, refAt } from "../format/strict-json.ts";
import { isStoredDamage } from "../format/stored-damage.ts";
import { streamOf } from "../format/stream-ids.ts";

const checkpointType = "azdo-vault/checkpoint/v1";
const maxCheckpointBytes = 4096;
const readsAtATime = 16;

/** A draft as a checkpoint keeps it. */
export interface CheckpointedDraft extends StreamDraft {
  /** What the operation wants to know again of this stream: counts, gaps, findings. */
  readonly note: JsonObject;
}

export interface CheckpointFacts {
  readonly store: ObjectStore;
  readonly access: VaultAccess;
  readonly signing: Signing;
  readonly sealed: SealedWriter;
  readonly run: string;
  /** Two hex digits. */
  readonly shard: string;
}

export interface CheckpointWriter {
  /** Writes drafts that are not in an earlier checkpoint of this shard; nothing for none. */
  write(drafts: readonly CheckpointedDraft[]): Promise<void>;
}

/** Continues after the checkpoints that earlier attempts of the shard have left. */
export async function checkpointWriter(facts: CheckpointFacts): Promise<CheckpointWriter> {
  const { store, access, signing, sealed, run, shard } = facts;
  const { vault, cryptography } = access;
  let n = 0;
  for (const taken of await listCheckpoints(access, checkpointPrefix(vault, run))) {
    if (taken.shard === shard) n = Math.max(n, taken.n + 1);
  }

  return {
    async write(drafts) {
      if (drafts.length === 0) return;
      const list = await writeLines(sealed, drafts.map(canonicalJson));
      for (;;) {
        const body = { type: checkpointType, vault, run, shard, n, drafts: list };
        const bytes = await signText(cryptography, signing.signingSeed, body);
        try {
          await store.create(checkpointName(vault, { run, shard, n }), bytes);
          return;
        } catch (error) {
          if (!hasCode(error, "STORE_EXISTS")) throw error; // planted, or another attempt at the same time
        } finally {
          n += 1;
        }
      }
    },
  };
}

/**
 * Drafts of a run, the newest one of each stream, of all shards. Checkpoints that `signer` has not signed, and
 * lists that cannot be read any more, count as never written: their streams are read from the source again.
 */
export async function readCheckpoints(
  access: VaultAccess,
  run: string,
  signer: string,
): Promise<ReadonlyMap<string, CheckpointedDraft>> {
  return draftsIn(access, await listCheckpoints(access, checkpointPrefix(access.vault, run)), signer);
}

async function draftsIn(
  access: VaultAccess,
  names: readonly NumberedParts[],
  signer: string,
): Promise<ReadonlyMap<string, CheckpointedDraft>> {
  const drafts = new Map<string, CheckpointedDraft>();
  const lists = mapConcurrent(names, readsAtATime, (parts) => readCheckpoint(access, parts, signer));
  for await (const list of lists) for (const draft of list) drafts.set(streamOfDraft(draft), draft);
  return drafts;
}

/**
 * Older checkpoints of other builds are not adopted: whoever had the agent key once must not have a say for ever. A
 * pipeline that did not get to its end for so many days reads anew.
 */
export const adoptedDays = 7;
const dayMs = 86_400_000;
/** Between the clocks of an agent and of the storage. */
const skewMs = 3_600_000;

/**
 * Drafts with new content that runs have left behind without committing, as far as they are newer than what the
 * parent snapshot holds, and not older than some days by the storage's clock; of several runs the newest. A run may go
 * on from them: the checks of its commit treat what they refer to like any other reference.
 */
export async function abandonedDrafts(
  access: VaultAccess,
  log: Pick<Log, "entries">,
  { run, signer, parent, now }: AdoptionFacts,
): Promise<ReadonlyMap<string, CheckpointedDraft>> {
  const retired = retiredRuns(log);
  const committed = new Set(entriesOf(log, "snapshot").map(({ entry }) => entry.by.run));
  const listed = await listCheckpoints(access, runsPrefix(access.vault));
  const recent = listed.filter(({ createdAt }) => now.getTime() - Date.parse(createdAt) < adoptedDays * dayMs);
  const runs = [...new Set(recent.map((parts) => parts.run))].sort();
  const drafts = new Map<string, CheckpointedDraft>();
  for (const other of runs) {
    if (other === run || retired.has(other) || committed.has(other)) continue;
    const names = recent.filter((parts) => parts.run === other);
    for (const [stream, draft] of await draftsIn(access, names, signer)) {
      const isPast = Date.parse(draft.lines[0]?.asOf ?? "") <= now.getTime() + skewMs;
      if (draft.changed && isPast && isNewer(draft, parent.get(stream)?.asOf)) drafts.set(stream, draft);
    }
  }
  return drafts;
}

export interface AdoptionFacts {
  readonly run: string;
  readonly signer: string;
  readonly parent: Index;
  /** By the storage's clock. */
  readonly now: Date;
}

function isNewer({ lines }: StreamDraft, asOf: string | undefined): boolean {
  const read = lines[0]?.asOf;
  return asOf === undefined || (read !== undefined && Date.parse(read) > Date.parse(asOf));
}

interface ListedCheckpoint extends NumberedParts {
  /** By the storage's clock. */
  readonly createdAt: string;
}

/** Anybody who may create objects can add names here: of more than a vault ever has, the rest is not looked at. */
const mostCheckpoints = 20_000;

async function listCheckpoints({ store, vault }: VaultAccess, prefix: string): Promise<readonly ListedCheckpoint[]> {
  const names: ListedCheckpoint[] = [];
  for await (const { name, createdAt } of store.list(prefix)) {
    const parts = parseCheckpointName(vault, name);
    if (parts !== undefined) names.push({ ...parts, createdAt });
    if (names.length === mostCheckpoints) break;
  }
  return names;
}

async function readCheckpoint(
  access: VaultAccess,
  parts: NumberedParts,
  signer: string,
): Promise<readonly CheckpointedDraft[]> {
  const list = await signedList(access, parts, signer);
  if (list === undefined) return [];
  try {
    return (await collect(readObjectLines(access, list))).map((line) => parseDraft(line, list.o));
  } catch (error) {
    if (isStoredDamage(error) || hasCode(error, "KEY_MISMATCH")) return [];
    throw error;
  }
}

/** The REF of the drafts; undefined for anything that the signer has not written under this very name. */
async function signedList(access: VaultAccess, parts: NumberedParts, signer: string): Promise<Ref | undefined> {
  const { cryptography, vault } = access;
  const bytes = await checkpointBytes(access, parts);
  const text = bytes === undefined ? undefined : splitSigned(bytes);
  if (text === undefined || (await signerAmong(cryptography, text, [signer])) === undefined) return undefined;
  try {
    const body = parseCanonical(text.line);
    const { type, run, shard, n } = body;
    const isThisOne = type === checkpointType && body.vault === vault;
    return isThisOne && run === parts.run && shard === parts.shard && n === parts.n ? refAt(body, "drafts") : undefined;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

async function checkpointBytes({ store, vault }: VaultAccess, parts: NumberedParts): Promise<Uint8Array | undefined> {
  try {
    return await readObject(store, checkpointName(vault, parts), maxCheckpointBytes);
  } catch (error) {
    if (hasCode(error, "STORE_NOT_FOUND") || error instanceof RangeError) return undefined;
    throw error;
  }
}

function parseDraft(text: string, object: string): CheckpointedDraft {
  const value = parseObject(text) ?? {};
  const lines = (arrayAt(value, "lines") ?? []).filter(isObject);
  return {
    ...(typeof value.s === "string" ? { s: value.s } : {}),
    lines: lines.map((line) => parseIndexLine(canonicalJson(line), `Checkpoint ${object}`)),
    changed: value.changed === true,
    note: objectAt(value, "note") ?? {},
  };
}

function streamOfDraft(draft: StreamDraft): string {
  return streamOf(draft.lines[0]?.s ?? draft.s ?? "");
}
