/**
 * Backing up one stream: asks its kind, stores the new state, and says what the index will hold of it. A stream that
 * fails keeps the parent's state as stale; nothing that was read before is ever hidden by a failure.
 */
import { BackupError, describeError } from "../../foundation/errors.ts";
import type {
  BackupWork,
  Finding,
  Gap,
  PreviousStream,
  ResourceKind,
  SourceProject,
  SourceStream,
  StreamOutcome,
} from "../../kinds/kind.ts";
import type { ItemFigures } from "../../vault/format/figures.ts";
import { writeState } from "../../vault/objects/index-file.ts";
import type { Ref } from "../../vault/format/ref.ts";
import type { SealedWriter } from "../../vault/objects/sealed-objects.ts";
import type { FilesState, IndexLine, StreamState } from "../../vault/format/state.ts";
import type { StreamWriter } from "../../vault/streams/stream-writer.ts";
import { withGitFigures } from "./git-figures.ts";
import type { StreamFilter } from "./stream-filter.ts";
import { keysReplaced, previousStream, type PreviousFacts } from "./previous-stream.ts";
import { failureOfSource } from "../sign-in-refused.ts";
import { filesOf } from "../../vault/format/stream-ids.ts";

/** What one stream contributes to the snapshot. */
export interface StreamDraft {
  /** The stream's line and that of its files; unset fields of the parent are gone. */
  readonly lines: readonly IndexLine[];
  /** New content was stored: wins over what another run committed meanwhile. */
  readonly changed: boolean;
  readonly changes: {
    readonly added: number;
    readonly changed: number;
    readonly deleted: number;
    readonly rewritten: number;
  };
  readonly newBytes: number;
  /** Of kinds of items. */
  readonly figures?: ItemFigures;
  readonly gaps: readonly Gap[];
  readonly findings: readonly Finding[];
}

export interface StreamTools extends PreviousFacts {
  readonly source: SourceProject;
  readonly filter: Pick<StreamFilter, "takesItem">;
  readonly sealed: SealedWriter;
  /** A writer for this stream. */
  writer(stream: string): StreamWriter;
  /** What runs that died have stored of streams since the parent snapshot: gone on from, instead of stored again. */
  readonly adopted: ReadonlyMap<string, { readonly lines: readonly IndexLine[] }>;
  /** Sequence number of the parent snapshot. */
  readonly parentSeq: number | undefined;
}

export const noChanges = { added: 0, changed: 0, deleted: 0, rewritten: 0 };

export async function backUpStream(kind: ResourceKind, stream: SourceStream, tools: StreamTools): Promise<StreamDraft> {
  const into = tools.writer(stream.id);
  try {
    return await attempt(kind, stream, { tools, into });
  } catch (thrown) {
    const error = await failureOfSource(thrown, tools.source);
    const gap: Gap = {
      stream: stream.id,
      code: error.code,
      message: `${stream.name}: ${describeError(error)}`,
      cure: error.hint,
    };
    return { ...staleDraft(stream, tools, error.code), newBytes: into.storedBytes, gaps: [gap] };
  }
}

/** What was stored before may turn out to be damaged: then it counts as absent, and the stream is stored anew. */
async function attempt(
  kind: ResourceKind,
  stream: SourceStream,
  { tools, into }: { readonly tools: StreamTools; readonly into: StreamWriter },
): Promise<StreamDraft> {
  const run = async (facts: StreamTools): Promise<StreamDraft> => {
    const previous = previousStream(stream.id, facts);
    const takes = takesItems(kind, facts);
    const outcome = await kind.backUp(stream, { source: facts.source, previous, into, ...takes });
    return draftOf(stream, outcome, { tools: facts, into, previous });
  };
  const adopted = await adoptable(kind, stream, { tools, into });
  try {
    if (adopted === undefined) return await run(tools);
    const draft = await run({
      ...tools,
      parent: new Map([...tools.parent, ...adopted.lines.map((line) => [line.s, line] as const)]),
    });
    // To the log even the unchanged content of a dead run is new.
    return { ...draft, changed: true };
  } catch (error) {
    if (!(error instanceof BackupError) || !/^(?:OBJECT|SEALED|STATE)_/.test(error.code)) throw error;
    tools.source.reporter.warn(
      `${stream.name} is stored anew, because what was stored of it cannot be read: ${describeError(error)}`,
    );
    return run({ ...tools, broken: new Map([...tools.broken, [stream.id, error.message]]) });
  }
}

function takesItems({ name, narrowedBy }: ResourceKind, { filter }: StreamTools): Pick<BackupWork, "takes"> {
  return narrowedBy === "items" ? { takes: (item) => filter.takesItem(name, item) } : {};
}

/**
 * What another run has left of the stream. A state that is not what its digest was made of would be carried from run to
 * run, because by its digest nothing has changed: whoever holds a stolen agent key could plant such a one.
 */
async function adoptable(
  kind: ResourceKind,
  stream: SourceStream,
  { tools, into }: { readonly tools: StreamTools; readonly into: StreamWriter },
): Promise<{ readonly lines: readonly IndexLine[] } | undefined> {
  const adopted = tools.adopted.get(stream.id);
  const line = adopted?.lines.find(({ s }) => s === stream.id);
  if (adopted === undefined || kind.holdsDigest === undefined || line?.t === undefined) return adopted;
  const parent = new Map(adopted.lines.map((one) => [one.s, one]));
  const previous = previousStream(stream.id, { ...tools, parent });
  try {
    const [state, files] = [await previous.state(), await previous.files()];
    const told = { digest: line.t, digestOf: (value: unknown) => into.digestOf(value) };
    if (state === undefined || (await kind.holdsDigest(state, files === undefined ? [] : [files], told)))
      return adopted;
  } catch (error) {
    if (!(error instanceof BackupError) || !/^(?:OBJECT|SEALED|STATE)_/.test(error.code)) throw error;
    return undefined;
  }
  tools.source.reporter.warn(
    `${stream.name}: what another run has left of it is not what its digest says, so it is not used. Find out who holds the agent key`,
  );
  return undefined;
}

/** What the past of a repository adds to what its kind has seen. */
async function withPast(stream: SourceStream, outcome: Changed, { tools, previous }: LineTools): Promise<WithPast> {
  const { state, git } = outcome;
  if (git === undefined || state.kind !== "git") return { state, line: {} };
  const past = await previous.past();
  const line = tools.parent.get(stream.id);
  const isAdopted = tools.adopted.get(stream.id)?.lines.some((one) => one === line) === true;
  const c = line?.c;
  return withGitFigures(state, git, {
    now: tools.now,
    before: past?.kind === "git" ? past : undefined,
    line: { ...(c === undefined ? {} : { c }), ...(isAdopted && line?.d !== undefined ? { d: line.d } : {}) },
  });
}

async function draftOf(
  stream: SourceStream,
  outcome: StreamOutcome,
  { tools, into, previous }: Omit<LineTools, "asOf"> & { readonly into: StreamWriter },
): Promise<StreamDraft> {
  const asOf = tools.source.clock.now().toISOString();
  if (outcome.status === "carried") return carriedDraft(stream, outcome, tools);
  if (outcome.status === "unchanged") {
    const lines = carriedLines(stream, tools, { st: "ok", asOf });
    const { gaps = [], findings = [] } = outcome;
    return { lines, changed: false, changes: noChanges, newBytes: into.storedBytes, gaps, findings };
  }
  const lines = [await mainLine(stream, outcome, { tools, asOf, previous })];
  if (outcome.files !== undefined) lines.push(await filesLine(stream, outcome.files, { tools, asOf, previous }));
  return {
    lines,
    changed: true,
    changes: { rewritten: 0, ...outcome.changes },
    newBytes: into.storedBytes,
    ...(outcome.figures === undefined ? {} : { figures: outcome.figures }),
    gaps: outcome.gaps ?? [],
    findings: outcome.findings ?? [],
  };
}

/** The last state, with the finding; a gap when there is none, or none that can be used and nothing to store anew. */
function carriedDraft(
  stream: SourceStream,
  { finding, gap }: Extract<StreamOutcome, { readonly status: "carried" }>,
  tools: StreamTools,
): StreamDraft {
  const { code } = finding;
  const broken = [stream.id, filesOf(stream.id)].map((id) => tools.broken.get(id)).find((why) => why !== undefined);
  const isStored = tools.parent.get(stream.id)?.state !== undefined;
  if (!isStored) return { ...staleDraft(stream, tools, code), gaps: [{ stream: stream.id, code, ...gap }] };
  if (broken !== undefined && broken !== keysReplaced) {
    const message = `${finding.message}, which cannot be used any more: ${broken}`;
    return { ...staleDraft(stream, tools, code), gaps: [{ stream: stream.id, code, message, cure: gap.cure }] };
  }
  const lines = carriedLines(stream, tools, { st: "ok", note: code });
  return { lines, changed: false, changes: noChanges, newBytes: 0, gaps: [], findings: [finding] };
}

interface WithPast {
  readonly state: StreamState;
  readonly line: Pick<IndexLine, "c" | "d">;
}

interface LineTools {
  readonly tools: StreamTools;
  readonly previous: PreviousStream;
  readonly asOf: string;
}

type Changed = Extract<StreamOutcome, { readonly status: "changed" }>;

async function mainLine(stream: SourceStream, outcome: Changed, lineTools: LineTools): Promise<IndexLine> {
  const { tools, asOf } = lineTools;
  const { digest, items, count } = outcome;
  const { state, line } = await withPast(stream, outcome, lineTools);
  const isNamed = tools.source.options.catalogueNames === "names";
  return {
    s: stream.id,
    ...(isNamed ? { name: stream.name } : {}),
    st: "ok",
    asOf,
    t: digest,
    state: await keepState(state, tools),
    ...(items === undefined ? {} : { items }),
    count,
    bytes: storedBytes(state),
    ...lackOf(state),
    ...line,
  };
}

async function filesLine(stream: SourceStream, files: FilesState, { tools, asOf }: LineTools): Promise<IndexLine> {
  const state = await keepState(files, tools);
  return {
    s: filesOf(stream.id),
    st: "ok",
    asOf,
    state,
    count: files.count,
    bytes: storedBytes(files),
    ...lackOf(files),
  };
}

function lackOf({ missing = [] }: StreamState): Pick<IndexLine, "lacks"> {
  return missing.length === 0 ? {} : { lacks: missing.length };
}

async function keepState(state: StreamState, { sealed, reaches }: StreamTools): Promise<Ref> {
  const ref = await writeState(sealed, state);
  reaches.noteWritten(ref, state);
  return ref;
}

function storedBytes(state: StreamState): number {
  const segments = [
    ...state.chain,
    ...(state.kind === "records" ? (state.keys ?? []) : []),
    ...(state.kind === "files" ? state.toc : []),
  ];
  return segments.reduce((sum, segment) => sum + segment.n, 0);
}

/** The parent's lines of the stream and of its files, with another status; a bare line when there are none. */
export function carriedLines(
  stream: { readonly id: string; readonly name?: string },
  { parent, source }: Pick<StreamTools, "parent" | "source">,
  facts: Pick<IndexLine, "st"> & Partial<IndexLine>,
): readonly IndexLine[] {
  const carried = [stream.id, filesOf(stream.id)].flatMap((id) => {
    const line = parent.get(id);
    if (line === undefined) return [];
    const { since, err, note, ...rest } = line;
    const wasBad = since !== undefined || err !== undefined || note !== undefined; // what was said of it is over
    const isRenamed = id === stream.id && line.name !== undefined && stream.name !== undefined;
    return [{ ...(wasBad ? rest : line), ...facts, ...(isRenamed ? { name: stream.name } : {}) }];
  });
  if (carried.length > 0) return carried;
  const isNamed = stream.name !== undefined && source.options.catalogueNames === "names";
  return [{ s: stream.id, ...(isNamed ? { name: stream.name } : {}), ...facts }];
}

/** A stream that could not be read: the last good state, since when, and the code of what went wrong. */
export function staleDraft(
  stream: { readonly id: string; readonly name?: string },
  tools: Pick<StreamTools, "parent" | "parentSeq" | "source">,
  code: string,
): StreamDraft {
  const since = sinceOf(stream.id, tools);
  const lines = carriedLines(stream, tools, { st: "stale", err: code, ...(since === undefined ? {} : { since }) });
  return { lines, changed: false, changes: noChanges, newBytes: 0, gaps: [], findings: [] };
}

/** The snapshot in which the stream was last well. */
export function sinceOf(
  stream: string,
  { parent, parentSeq }: Pick<StreamTools, "parent" | "parentSeq">,
): number | undefined {
  const line = parent.get(stream);
  return line?.since ?? parentSeq;
}
