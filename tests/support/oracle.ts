/**
 * The oracle of the fault plan (docs/fault-plan.md): looks at a vault with the recovery key, by its own reading of
 * every object, and says what is wrong. It knows nothing of what was done to the vault.
 */
import { createHash } from "node:crypto";
import { parseIdentities, type KeySet } from "../../engine/crypto/keys.ts";
import { describeError, hasCode } from "../../engine/foundation/errors.ts";
import { canonicalJson, isObject, type JsonValue } from "../../engine/foundation/json.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { ObjectReader } from "../../engine/store/object-store.ts";
import { readObject } from "../../engine/store/object-store.ts";
import { readIndex, readState } from "../../engine/vault/objects/index-file.ts";
import { dataName } from "../../engine/vault/format/layout.ts";
import { readLog, type Log } from "../../engine/vault/log/log.ts";
import { refsOfLine, refsOfState } from "../../engine/vault/snapshots/reachable.ts";
import type { Ref } from "../../engine/vault/format/ref.ts";
import type { VaultAccess } from "../../engine/vault/objects/sealed-objects.ts";
import { keptSnapshots, type LoggedSnapshot } from "../../engine/vault/snapshots/snapshots.ts";
import type { IndexLine } from "../../engine/vault/format/state.ts";
import type { StreamReader } from "../../engine/vault/streams/stream-reader.ts";
import { openSnapshot } from "../../engine/vault/snapshots/snapshot-reader.ts";

const cryptography = nodeCryptography();
const maxObjectBytes = 64 << 20;

export interface OracleFacts {
  readonly store: ObjectReader;
  readonly keys: KeySet;
  readonly vault: string;
}

/** What one stream of a snapshot holds, opened: equal values mean equal content. */
export interface SeenStream {
  readonly status: IndexLine["st"];
  /** Undefined while the stream was never read; an error's code when its content does not open. */
  readonly content: JsonValue | undefined;
  readonly damage: string | undefined;
}

export interface SeenSnapshot {
  readonly id: string;
  readonly seq: number;
  readonly status: "complete" | "partial";
  readonly streams: Readonly<Record<string, SeenStream>>;
}

export interface Sight {
  readonly log: Log;
  readonly snapshots: readonly SeenSnapshot[];
  /** Everything that must not be, one line each; empty for a healthy vault. */
  readonly violations: readonly string[];
}

export async function look(facts: OracleFacts): Promise<Sight> {
  const log = await readLog({ ...facts, cryptography });
  const snapshots: SeenSnapshot[] = [];
  const violations = log.problems.map(({ code, message }) => `log: ${code} ${message}`);
  const opened = new Map<string, SeenStream>();
  for (const snapshot of keptSnapshots(log)) {
    const seen = await lookAtSnapshot(facts, snapshot, opened);
    snapshots.push(seen.snapshot);
    violations.push(...seen.violations);
  }
  return { log, snapshots, violations };
}

/** Throws with every violation when there is one. */
export async function healthy(facts: OracleFacts): Promise<Sight> {
  const sight = await look(facts);
  if (sight.violations.length > 0) throw new Error(`The vault is not sound:\n${sight.violations.join("\n")}`);
  return sight;
}

/** Content of the newest snapshot, to compare runs with: nothing in it depends on when or how it was stored. */
export function newestContent({ snapshots }: Sight): Readonly<Record<string, JsonValue | undefined>> {
  const streams = snapshots.at(-1)?.streams ?? {};
  return Object.fromEntries(Object.entries(streams).map(([stream, { content }]) => [stream, content]));
}

async function lookAtSnapshot(
  facts: OracleFacts,
  { entry }: LoggedSnapshot,
  opened: Map<string, SeenStream>,
): Promise<{ readonly snapshot: SeenSnapshot; readonly violations: readonly string[] }> {
  const access: VaultAccess = { ...facts, cryptography, identities: parseIdentities(facts.keys.recoveryKey) };
  const reader = openSnapshot({ access, entry, takenAt: entry.srv });
  const violations: string[] = [];
  const streams: Record<string, SeenStream> = {};
  const complain = (text: string): void => void violations.push(`snapshot ${entry.seq}: ${text}`);
  const refs: Ref[] = [entry.snapshot.index];
  try {
    for await (const line of readIndex(access, entry.snapshot.index)) {
      refs.push(
        ...refsOfLine(line),
        ...(line.state === undefined ? [] : refsOfState(await readState(access, line.state))),
      );
      streams[line.s] = await lookAtStream(await reader.stream(line.s), line, opened);
      const { damage } = streams[line.s] ?? {};
      if (damage !== undefined) complain(`${line.s}: ${damage}`);
      if (entry.snapshot.status === "complete" && (line.st === "stale" || line.st === "missing"))
        complain(`is complete though ${line.s} is ${line.st}`);
    }
  } catch (error) {
    complain(`its catalogue does not open: ${describeError(error)}`);
  }
  for (const ref of refs) {
    const found = await storedProblem(facts, ref);
    if (found !== undefined) complain(found);
  }
  return { snapshot: { id: entry.by.run, seq: entry.seq, status: entry.snapshot.status, streams }, violations };
}

/** Size and hash of the stored bytes, read without the product's own reader. */
async function storedProblem({ store, vault }: OracleFacts, ref: Ref): Promise<string | undefined> {
  try {
    const bytes = await readObject(store, dataName(vault, ref.o), maxObjectBytes);
    const hash = createHash("sha256").update(bytes).digest("hex");
    return bytes.length === ref.n && hash === ref.h ? undefined : `object ${ref.o} has other bytes`;
  } catch (error) {
    if (hasCode(error, "STORE_NOT_FOUND")) return `object ${ref.o} is not there`;
    throw error;
  }
}

async function lookAtStream(
  reader: StreamReader | undefined,
  line: IndexLine,
  opened: Map<string, SeenStream>,
): Promise<SeenStream> {
  if (reader === undefined || line.state === undefined)
    return { status: line.st, content: undefined, damage: undefined };
  const known = opened.get(line.state.o);
  if (known !== undefined) return { ...known, status: line.st };
  const seen: SeenStream = await openedStream(reader).then(
    (content) => ({ status: line.st, content, damage: undefined }),
    (error: unknown) => ({ status: line.st, content: undefined, damage: describeError(error) }),
  );
  opened.set(line.state.o, seen);
  return seen;
}

async function openedStream(reader: StreamReader): Promise<JsonValue> {
  const state = await reader.state();
  switch (state.kind) {
    case "git":
      for await (const { chunks } of reader.bundles()) await drain(chunks);
      return {
        head: state.head,
        refs: Object.fromEntries(Object.entries(state.refs).map(([name, [oid]]) => [name, oid])),
      };
    case "records": {
      const records: Record<string, JsonValue> = {};
      for await (const { key, value } of reader.records()) records[String(key)] = essence(value);
      return records;
    }
    case "files": {
      const files: Record<string, JsonValue> = {};
      for await (const { id, length, sha256, chunks } of reader.files()) {
        await drain(chunks);
        files[id] = `${length} ${sha256}`;
      }
      return files;
    }
  }
}

/** What is the same however a record was read: increments and bases ask for revisions in different ways. */
function essence(record: JsonValue): JsonValue {
  if (!isObject(record)) return record;
  const { revisions, ...rest } = record;
  const count = Array.isArray(revisions) ? revisions.length : null;
  return { revisions: count, hash: createHash("sha256").update(canonicalJson(rest)).digest("hex") };
}

async function drain(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const reading = chunks[Symbol.asyncIterator]();
  while ((await reading.next()).done !== true);
}
