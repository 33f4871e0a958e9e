/** Checkpoints of a backup: what is stored of a run survives its agent, its token and its cancellation. */
import {
  arrayAt,
  isObject,
  numberAt,
  objectAt,
  stringAt,
  type JsonObject,
  type JsonValue,
} from "../../foundation/json.ts";
import type { Finding, Gap } from "../../kinds/kind.ts";
import { checkpointWriter, readCheckpoints, type CheckpointedDraft } from "../../vault/snapshots/checkpoints.ts";
import type { Session } from "./session.ts";
import { noChanges, type StreamDraft } from "./back-up-stream.ts";
import { shardOf } from "./share.ts";
import { filesOf } from "../../vault/format/stream-ids.ts";

export interface Checkpoints {
  /** What an earlier attempt, or a shard, has done of the stream. */
  finished(stream: string): StreamDraft | undefined;
  keep(stream: string, draft: StreamDraft): Promise<void>;
  /** Writes what has not been written yet. */
  flush(): Promise<void>;
}

const intervalMs = 60_000;
const intervalStreams = 50;
const intervalBytes = 256 << 20;

export async function keepCheckpoints(session: Session): Promise<Checkpoints> {
  const { request, tools, access, sealed, by } = session;
  const { phase } = request.share;
  const earlier = await readCheckpoints(access, by.run, request.agentKeys.signer);
  const committed = phase === "compose" ? await committedByEarlierTries(session) : new Map<string, StreamDraft>();
  const signing = { signingSeed: request.agentKeys.signingSeed, signer: request.agentKeys.signer };
  const facts = { store: tools.store, access, signing, sealed, run: by.run, shard: shardOf(request.share) };
  const writer = phase === "compose" ? undefined : await checkpointWriter(facts);
  const pending = new Map<string, StreamDraft>();
  let lastMs = tools.clock.monotonicMs();
  let writing = Promise.resolve();

  async function write(): Promise<void> {
    const drafts = [...pending.values()].map(checkpointed);
    pending.clear();
    lastMs = tools.clock.monotonicMs();
    await writer?.write(drafts);
  }

  return {
    finished(stream) {
      const draft = earlier.get(stream);
      if (draft === undefined && committed.has(stream)) return committed.get(stream);
      // A stream that failed is tried again; only the composing job has to take it as it is.
      if (draft === undefined || (phase !== "compose" && draft.lines.some(({ st }) => st === "stale")))
        return undefined;
      return restored(draft);
    },
    async keep(stream, draft) {
      // Asking again about an unchanged stream costs no more than writing it down, unless another job has to know.
      if (draft.changed || phase === "shard") pending.set(stream, draft);
      const bytes = [...pending.values()].reduce((sum, { newBytes }) => sum + newBytes, 0);
      const isDue =
        pending.size >= intervalStreams || bytes >= intervalBytes || tools.clock.monotonicMs() - lastMs >= intervalMs;
      if (isDue && [...pending.values()].some(({ changed }) => changed)) writing = writing.then(write);
      await writing;
    },
    async flush() {
      writing = writing.then(write);
      await writing;
    },
  };
}

/**
 * Where a missing agent was run again, the others were not: what they had read stands in the partial snapshot of the
 * try before, and is taken from the newest snapshot, which is that one or one that has read the stream since.
 */
async function committedByEarlierTries(session: Session): Promise<ReadonlyMap<string, StreamDraft>> {
  const { access, parent, request, earlierTries } = session;
  const committed = new Map<string, StreamDraft>();
  for (const run of earlierTries) {
    for (const [stream, draft] of await readCheckpoints(access, run, request.agentKeys.signer)) {
      const line = parent.get(stream);
      if (line === undefined || line.st === "stale" || line.st === "missing") continue;
      const files = parent.get(filesOf(stream));
      const { gaps, findings } = restored(draft);
      const lines = files === undefined ? [line] : [line, files];
      committed.set(stream, { lines, changed: false, changes: noChanges, newBytes: 0, gaps, findings });
    }
  }
  return committed;
}

function checkpointed({ lines, changed, changes, newBytes, figures, gaps, findings }: StreamDraft): CheckpointedDraft {
  const note: JsonObject = {
    changes,
    newBytes,
    ...(figures === undefined ? {} : { figures: { ...figures } }),
    gaps: gaps.map((gap) => ({ ...gap })),
    findings: findings.map((finding) => ({ ...finding })),
  };
  return { lines, changed, note };
}

function restored({ lines, changed, note }: CheckpointedDraft): StreamDraft {
  const changes = objectAt(note, "changes") ?? {};
  return {
    lines,
    changed,
    changes: {
      added: numberAt(changes, "added") ?? 0,
      changed: numberAt(changes, "changed") ?? 0,
      deleted: numberAt(changes, "deleted") ?? 0,
      rewritten: numberAt(changes, "rewritten") ?? 0,
    },
    newBytes: numberAt(note, "newBytes") ?? 0,
    ...figuresOf(note),
    gaps: objectsAt(note, "gaps").map(gapOf),
    findings: objectsAt(note, "findings").map(findingOf),
  };
}

/** Without them, as older tasks write it, nothing is known of the items. */
function figuresOf(note: JsonObject): Pick<StreamDraft, "figures"> {
  const value = objectAt(note, "figures");
  if (value === undefined) return {};
  const names = ["items", "back", "dense", "hidden"] as const;
  const known = names.flatMap((name) => {
    const number = numberAt(value, name);
    return number === undefined ? [] : [[name, number] as const];
  });
  return { figures: Object.fromEntries(known) };
}

function objectsAt(note: JsonObject, key: string): readonly JsonObject[] {
  return (arrayAt(note, key) ?? []).filter((value: JsonValue): value is JsonObject => isObject(value));
}

function gapOf(value: JsonObject): Gap {
  const item = stringAt(value, "item");
  const text = (key: string): string => stringAt(value, key) ?? "";
  return {
    stream: text("stream"),
    ...(item === undefined ? {} : { item }),
    code: text("code"),
    message: text("message"),
    cure: text("cure"),
  };
}

function findingOf(value: JsonObject): Finding {
  const item = stringAt(value, "item");
  const text = (key: string): string => stringAt(value, key) ?? "";
  const severity = text("severity") === "warning" ? "warning" : "note";
  return {
    stream: text("stream"),
    ...(item === undefined ? {} : { item }),
    code: text("code"),
    message: text("message"),
    severity,
  };
}
