/**
 * States, index lines and REFs as JSON (docs/format.md 3.2 to 3.4). Everything stored is untrusted until a function
 * here has looked at it: nothing is fetched because of a value that did not pass.
 *
 * States and index lines are canonical JSON, and a reader accepts no other text for them. That alone rules out
 * duplicate keys, numbers that lose digits and hidden white space. Unknown members are kept out of the way, not
 * refused.
 */
import { BackupError } from "../../foundation/errors.ts";
import { canonicalJson, isObject, objectAt, parseObject, stringAt } from "../../foundation/json.ts";
import type { JsonObject, JsonValue } from "../../foundation/json.ts";
import { chainFiguresOf, gitDeltaOf, gitTrendOf } from "./figures-codec.ts";
import { parseObjectPath } from "./layout.ts";
import type { Frame, Ref, Segment } from "./ref.ts";
import { compareKeys } from "./record-keys.ts";
import { plaintextLength } from "./plaintext-length.ts";
import type { FilesState, GitState, IndexLine, RecordsState, StreamState, StreamStatus } from "./state.ts";

const streamPattern = /^[a-z][a-z0-9-]*(?:\/[A-Za-z0-9][A-Za-z0-9_-]*)*$/;
const instantPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/;
const hashPattern = /^[0-9a-f]{64}$/;
const maxHeaderBytes = 1 << 20;
/** Nonce and the tag of the one chunk that even an empty age file has. */
const minPayloadBytes = 16 + 16;
const statuses: readonly string[] = ["ok", "stale", "missing", "deleted", "skipped"] satisfies StreamStatus[];

/** Parses the text of a state. Throws STATE_INVALID naming `stream` (or the object) and what is wrong. */
export function parseState(text: string, name: string): StreamState {
  const state = check(parseCanonical(text), "it is not canonical JSON", name);
  check(streamIdAt(state, "s"), "its stream id is wrong", name);
  check(instantAt(state, "asOf"), "asOf is no instant", name);
  if (state.missing !== undefined && !isArrayOf(state.missing, isString)) fail("missing is no list of ids", name);
  const kind = stringAt(state, "kind");
  if (kind === "git") return gitState(state, name);
  if (kind === "records") return recordsState(state, name);
  if (kind === "files") return filesState(state, name);
  return fail(`its kind ${JSON.stringify(kind ?? null)} is not known`, name);
}

/** Parses one line of an index. Throws STATE_INVALID. */
export function parseIndexLine(text: string, name: string): IndexLine {
  const line = check(parseCanonical(text), "a line is not canonical JSON", name);
  const stream = check(streamIdAt(line, "s"), "a stream id is wrong", name);
  const where = `${name}, stream ${stream}`;
  const status = check(stringAt(line, "st"), "it has no status", where);
  if (!statuses.includes(status)) fail(`its status ${JSON.stringify(status)} is not known`, where);
  for (const key of ["name", "asOf", "t", "err", "note"]) {
    if (line[key] !== undefined && !isString(line[key])) fail(`${key} is no text`, where);
  }
  for (const key of ["since", "count", "bytes", "lacks"]) {
    if (line[key] !== undefined && !isCount(line[key])) fail(`${key} is no count`, where);
  }
  if (line.state !== undefined && !isRef(line.state)) fail("its state is no reference", where);
  if (line.items !== undefined && !isArrayOf(line.items, isRef)) fail("its items are no references", where);
  const { d, c, ...rest } = line;
  return { ...(rest as unknown as IndexLine), ...figuresOf({ d, c }) };
}

function figuresOf(line: {
  readonly d?: JsonValue | undefined;
  readonly c?: JsonValue | undefined;
}): Pick<IndexLine, "d" | "c"> {
  const [delta, chain] = [gitDeltaOf(line.d), chainFiguresOf(line.c)];
  return { ...(delta === undefined ? {} : { d: delta }), ...(chain === undefined ? {} : { c: chain }) };
}

/** True for a REF whose name cannot leave the vault's data and whose numbers can be right. */
export function isRef(value: unknown): value is JsonObject & Ref {
  if (!isObject(value)) return false;
  const { o, n, h, hl, hh, v } = value;
  if (!isString(o) || parseObjectPath(o) === undefined || !isHash(h) || !isHash(hh)) return false;
  if (v !== undefined && !isString(v)) return false;
  return isCount(n) && isCount(hl) && hl > 0 && hl <= maxHeaderBytes && n >= hl + minPayloadBytes;
}

/** True for stream ids as they stand in indexes: a kind's name, then ids. */
export function isStreamId(value: unknown): value is string {
  return isString(value) && value.length <= 400 && streamPattern.test(value);
}

/**
 * The object in canonical JSON, undefined for any other text. A member named `__proto__` is refused at every depth.
 */
export function parseCanonical(text: string): JsonObject | undefined {
  const value = parseObject(text);
  if (value === undefined) return undefined;
  try {
    if (canonicalJson(value) !== text) return undefined;
    return text.includes('"__proto__"') && hasProtoMember(value) ? undefined : value;
  } catch {
    return undefined; // nested deeper than any writer nests
  }
}

function gitState(state: JsonObject, name: string): GitState {
  const hash = stringAt(state, "hash");
  if (hash !== "sha1" && hash !== "sha256") return fail(`its hash ${JSON.stringify(hash ?? null)} is not known`, name);
  const oid = hash === "sha1" ? /^[0-9a-f]{40}$/ : /^[0-9a-f]{64}$/;
  const isOid = (value: unknown): value is string => isString(value) && oid.test(value);
  const isTarget = (value: unknown): value is readonly string[] & JsonValue =>
    isArrayOf(value, isOid) && (value.length === 1 || value.length === 2);
  const refs = check(objectAt(state, "refs"), "it has no refs", name);
  for (const [ref, target] of Object.entries(refs)) {
    if (!isTarget(target)) fail(`the target of ${JSON.stringify(ref)} is no object id`, name);
  }
  if (state.head !== null && !isString(state.head)) fail("head is wrong", name);
  checkChain(state, "chain", name);
  const { trend, ...rest } = state;
  const known = gitTrendOf(trend);
  return { ...(rest as unknown as GitState), ...(known === undefined ? {} : { trend: known }) };
}

function recordsState(state: JsonObject, name: string): RecordsState {
  if (!isCount(state.schema) || !isCount(state.count)) fail("schema or count is wrong", name);
  checkFrames(checkChain(state, "chain", name), name);
  if (state.keys !== undefined) checkFrames(checkChain(state, "keys", name), name);
  return state as unknown as RecordsState;
}

function filesState(state: JsonObject, name: string): FilesState {
  if (!isCount(state.count)) fail("count is wrong", name);
  const chain = checkChain(state, "chain", name);
  const toc = checkChain(state, "toc", name);
  checkFrames(toc, name);
  if (toc.at(-1)?.to !== chain.at(-1)?.to) fail("its table of contents is not of its chain", name);
  const { shownBy, ...rest } = state;
  const known = shownByOf(shownBy);
  return { ...(rest as unknown as FilesState), ...(known === undefined ? {} : { shownBy: known }) };
}

/** A member that is not understood is left out: files are then asked for until they are stored. */
function shownByOf(value: JsonValue | undefined): FilesState["shownBy"] {
  if (!isObject(value)) return undefined;
  const isNumbers = (entry: unknown): boolean => isArrayOf(entry, isCount);
  return Object.values(value).every(isNumbers) ? (value as Readonly<Record<string, readonly number[]>>) : undefined;
}

/** Segments of a chain that joins: a base from null, each further one from where the one before ends. */
function checkChain(state: JsonObject, member: string, name: string): readonly Segment[] {
  const chain: unknown = state[member];
  if (!isArrayOf(chain, isSegment)) return fail(`${member} is no list of segments`, name);
  let to: string | null = null;
  const objects = new Set<string>();
  for (const [index, segment] of chain.entries()) {
    if ((segment.k === "base") !== (index === 0)) fail(`${member} has a ${segment.k} at place ${index}`, name);
    if (segment.from !== to) fail(`segment ${index} of ${member} does not join the one before`, name);
    if (objects.has(segment.o)) fail(`${member} names ${segment.o} twice`, name);
    objects.add(segment.o);
    to = segment.to;
  }
  return chain;
}

function checkFrames(chain: readonly Segment[], name: string): void {
  for (const { o, n, hl, frames } of chain) {
    if (frames === undefined) return fail(`${o} has no frames`, name);
    let end = 0;
    let before: string | number | undefined;
    for (const [key, offset, length] of frames) {
      if (offset !== end) fail(`the frames of ${o} do not join`, name);
      if (before !== undefined && !(compareKeys(before, key) < 0)) fail(`the frames of ${o} are not in order`, name);
      end = offset + length;
      before = key;
    }
    if (frames.length > 0 && end !== plaintextLength({ n, hl })) fail(`the frames of ${o} do not cover it`, name);
  }
}

function isSegment(value: unknown): value is JsonObject & Segment {
  if (!isRef(value)) return false;
  const { k, from, to, puts, dels, header, objects, frames } = value as JsonObject;
  if (k !== "base" && k !== "delta") return false;
  if (!isString(to) || (from !== null && !isString(from))) return false;
  if (![puts, dels, header, objects].every((count) => count === undefined || isCount(count))) return false;
  return frames === undefined || isArrayOf(frames, isFrame);
}

function isFrame(value: unknown): value is JsonValue & Frame {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [key, offset, length] = value as readonly unknown[];
  const isKey = isString(key) || (typeof key === "number" && Number.isSafeInteger(key));
  return isKey && isCount(offset) && isCount(length) && length > 0;
}

function isHash(value: unknown): value is string {
  return isString(value) && hashPattern.test(value);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isArrayOf<Item>(value: unknown, is: (item: unknown) => item is Item): value is readonly Item[] {
  return Array.isArray(value) && value.every(is);
}

function streamIdAt(value: JsonObject, key: string): string | undefined {
  return isStreamId(value[key]) ? value[key] : undefined;
}

function instantAt(value: JsonObject, key: string): string | undefined {
  const text = stringAt(value, key);
  return text !== undefined && instantPattern.test(text) ? text : undefined;
}

function hasProtoMember(value: JsonValue): boolean {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).some(hasProtoMember);
  if (!isObject(value)) return false;
  return Object.entries(value).some(([key, member]) => key === "__proto__" || hasProtoMember(member));
}

function check<Value>(value: Value | undefined, what: string, name: string): Value {
  return value ?? fail(what, name);
}

function fail(what: string, name: string): never {
  throw new BackupError({
    code: "STATE_INVALID",
    message: `${name} cannot be used: ${what}`,
    hint: "Update the extension; if it is up to date, this was not written by it: use another snapshot.",
  });
}
