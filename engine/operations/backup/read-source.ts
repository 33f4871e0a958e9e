/**
 * Walks over everything of a project that is to be backed up: kind by kind, stream by stream, with bounded
 * concurrency. A listing that fails makes its kind's streams stale, never empty; a stream that is gone from a good
 * listing is asked about before it counts as deleted.
 */
import { forEachConcurrent } from "../../foundation/concurrency.ts";
import { describeError } from "../../foundation/errors.ts";
import type { Gap, ResourceKind, SourceStream } from "../../kinds/kind.ts";
import {
  backUpStream,
  carriedLines,
  sinceOf,
  staleDraft,
  type StreamDraft,
  type StreamTools,
} from "./back-up-stream.ts";
import { failureOfSource } from "../sign-in-refused.ts";
import { noTroubles, togetherOf, uncovered, type KindTroubles } from "./uncovered-kinds.ts";
import type { StreamFilter } from "./stream-filter.ts";
import { isFiles, kindOf } from "../../vault/format/stream-ids.ts";

export interface Walk extends StreamTools {
  readonly kinds: readonly ResourceKind[];
  readonly filter: StreamFilter;
  /** Whether this agent's share holds the stream. */
  isMine(stream: string): boolean;
  /** What became of streams that are gone is asked by one agent only. */
  readonly asksAboutAbsent: boolean;
  /** A draft that an interrupted attempt of this run has already made. */
  finished(stream: string): StreamDraft | undefined;
  /** Called with each new draft, in no particular order; may write a checkpoint. */
  keep(stream: string, draft: StreamDraft): Promise<void>;
  /** Streams of one kind at once. */
  readonly streamsAtOnce: number;
}

export interface WalkResult extends KindTroubles {
  readonly drafts: ReadonlyMap<string, StreamDraft>;
}

export async function readSource(walk: Walk): Promise<WalkResult> {
  const drafts = new Map<string, StreamDraft>();
  const troubles: KindTroubles[] = [];
  for (const kind of walk.kinds) {
    if (walk.filter.takesKind(kind.name)) {
      const trouble = await tryKind(kind, walk, drafts);
      troubles.push(uncovered(kind, { trouble, walk, drafts }));
    } else for (const id of parentStreams(kind, walk)) drafts.set(id, skippedDraft(id, walk));
  }
  for (const id of unknownStreams(walk)) drafts.set(id, skippedDraft(id, walk));
  return { drafts, ...togetherOf(troubles, drafts) };
}

/** A kind that cannot be listed keeps all its streams as they were, and is a gap. */
async function tryKind(kind: ResourceKind, walk: Walk, drafts: Map<string, StreamDraft>): Promise<KindTroubles> {
  try {
    const unseen = await readKind(kind, walk, drafts);
    return unseen === undefined ? noTroubles : { ...noTroubles, gaps: [unseen], unsure: [kind.name] };
  } catch (thrown) {
    const error = await failureOfSource(thrown, walk.source);
    for (const id of parentStreams(kind, walk))
      if (!drafts.has(id)) drafts.set(id, staleDraft({ id }, walk, error.code));
    const message = `${kind.title} could not be listed: ${describeError(error)}`;
    const gap = { stream: kind.name, code: error.code, message, cure: error.hint };
    return { ...noTroubles, gaps: [gap], notRead: [kind.name] };
  }
}

/** Gives the gap of what the listing may lack, where a kind can tell. */
async function readKind(kind: ResourceKind, walk: Walk, drafts: Map<string, StreamDraft>): Promise<Gap | undefined> {
  const listed: SourceStream[] = [];
  for await (const stream of kind.streams(walk.source)) listed.push(stream);
  let done = 0;
  await forEachConcurrent(listed, walk.streamsAtOnce, async (stream) => {
    walk.source.signal.throwIfAborted();
    drafts.set(stream.id, await draftFor(kind, stream, walk));
    done += 1;
    walk.source.reporter.progress({ activity: kind.title, done, total: listed.length });
  });
  const present = new Set(listed.map((stream) => stream.id));
  const gone = [...parentStreams(kind, walk)].filter((id) => walk.asksAboutAbsent && !present.has(id));
  await forEachConcurrent(gone, walk.streamsAtOnce, async (id) => {
    drafts.set(id, await absentDraft(kind, id, walk));
  });
  const nothing = walk.filter.nothingOf(kind.name);
  if (kind.narrowedBy === "items" && nothing.length > 0 && walk.isMine(kind.name)) return nothingTaken(kind, nothing);
  const isComplete = walk.filter.isListed(kind.name) || !walk.asksAboutAbsent;
  return isComplete ? undefined : kind.unseen?.(listed, walk.source);
}

/** A typing error in a name must not look like a backup of what was meant. */
function nothingTaken({ name, title }: ResourceKind, lines: readonly string[]): Gap {
  return {
    stream: name,
    code: "INCLUDE_EMPTY",
    message: `${title}: input include asks for ${lines.join(", ")}, and nothing is called so`,
    cure: `Correct the line; ${name} alone takes all of them.`,
  };
}

async function draftFor(kind: ResourceKind, stream: SourceStream, walk: Walk): Promise<StreamDraft> {
  if (!walk.filter.takes(stream)) return skippedDraft(stream.id, walk, stream.name);
  const finished = walk.finished(stream.id);
  if (finished !== undefined) return finished;
  if (!walk.isMine(stream.id)) return unreadDraft(stream, walk);
  const draft = await backUpStream(kind, stream, walk);
  await walk.keep(stream.id, draft);
  return draft;
}

/** Main streams of the kind in the parent snapshot. */
function* parentStreams(kind: ResourceKind, { parent }: Walk): Generator<string> {
  for (const id of parent.keys()) if (kindOf(id) === kind.name && !isFiles(id)) yield id;
}

/** Streams of kinds that this version does not know: a newer version wrote them; they are carried. */
function* unknownStreams({ parent, kinds }: Walk): Generator<string> {
  const known = new Set(kinds.map(({ name }) => name));
  for (const id of parent.keys()) if (!known.has(kindOf(id)) && !isFiles(id)) yield id;
}

const nothing = {
  changed: false,
  changes: { added: 0, changed: 0, deleted: 0, rewritten: 0 },
  newBytes: 0,
  gaps: [],
  findings: [],
};

function skippedDraft(id: string, walk: Walk, name?: string): StreamDraft {
  return { ...nothing, lines: carriedLines({ id, ...(name === undefined ? {} : { name }) }, walk, { st: "skipped" }) };
}

/** Another agent should have read it, and nothing of it has arrived. */
function unreadDraft(stream: SourceStream, walk: Walk): StreamDraft {
  const gap: Gap = {
    stream: stream.id,
    code: "SHARD_MISSING",
    message: `${stream.name} was not read: the agent that should have read it did not finish`,
    cure: "Run the failed jobs again, then the compose job.",
  };
  return { ...staleDraft(stream, walk, gap.code), gaps: [gap] };
}

async function absentDraft(kind: ResourceKind, id: string, walk: Walk): Promise<StreamDraft> {
  const before = walk.parent.get(id);
  const name = before?.name ?? id;
  const since = sinceOf(id, walk);
  const facts = since === undefined ? {} : { since };
  try {
    const absence = await kind.absence(id, walk.source);
    if (absence.status === "deleted") {
      const isNews = before?.st !== "deleted";
      return {
        ...nothing,
        changes: { ...nothing.changes, deleted: isNews ? 1 : 0 },
        lines: carriedLines({ id }, walk, { st: "deleted", ...facts }),
      };
    }
    const gap: Gap = {
      stream: id,
      code: "STREAM_MISSING",
      message: `${name} is missing: ${absence.reason}`,
      cure: "Give the identity access to it again; if it was deleted on purpose, acknowledge it with exclude.",
    };
    return { ...nothing, gaps: [gap], lines: carriedLines({ id }, walk, { st: "missing", err: gap.code, ...facts }) };
  } catch (thrown) {
    const error = await failureOfSource(thrown, walk.source);
    const gap: Gap = {
      stream: id,
      code: error.code,
      message: `${name} is missing, and why could not be found out: ${describeError(error)}`,
      cure: error.hint,
    };
    return { ...staleDraft({ id }, walk, error.code), gaps: [gap] };
  }
}
