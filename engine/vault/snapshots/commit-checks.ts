/** Checks what a snapshot is about to refer to, just before its log entry is appended. */
import { mapConcurrent } from "../../foundation/concurrency.ts";
import { BackupError } from "../../foundation/errors.ts";
import { doubtfulReferences, mayCommit, runOf } from "./commit-rules.ts";
import type { Log } from "../log/log.ts";
import type { Index, MergedStream } from "./merge-index.ts";
import { missingObjects } from "./probe.ts";
import type { Reaches, SizedObject } from "./reaches.ts";
import { retiredNames } from "./retired.ts";
import type { VaultAccess } from "../objects/sealed-objects.ts";

export interface UnusableStream {
  /** Stream id without `/files`. */
  readonly stream: string;
  /** OBJECTS_RETIRED or OBJECT_MISSING. */
  readonly code: string;
  /** Object paths. */
  readonly objects: readonly string[];
}

export interface ReferenceChecks {
  /** Streams with new content that refer to something retired or gone. */
  unusable(log: Log, merged: readonly MergedStream[], parent: Index): Promise<readonly UnusableStream[]>;
}

const statesAtATime = 16;

/**
 * Only streams with new content are looked at: all others are the parent's, which is kept, and what a kept
 * snapshot reaches is never retired. For the same reason an object that the parent's state of the stream names is
 * safe; what remains for the lists of retired objects is usually nothing.
 */
export function referenceChecks(
  access: VaultAccess,
  { run, reaches }: { readonly run: string; readonly reaches: Reaches },
): ReferenceChecks {
  const present = new Set<string>();
  const names = retiredNames(access);

  async function refsOf({ stream, lines }: MergedStream, parent: Index): Promise<StreamRefs> {
    const reached = await Promise.all(lines.map(async (line) => ({ line, refs: await reaches.of(line) })));
    const paths = reached.flatMap(({ refs }) => refs.map(({ o }) => o));
    // What this process has written the storage has just taken: it is there.
    const unseen = reached.flatMap(({ line, refs }) =>
      reaches.isWritten(line) ? refs.filter(({ o }) => runOf(o) !== run) : refs,
    );
    const isAllNew = doubtfulReferences(run, paths, new Set()).length === 0;
    if (isAllNew) return { stream, paths, unseen, doubtful: [] };
    const theirs = await Promise.all(lines.map((line) => reaches.of(parent.get(line.s))));
    return {
      stream,
      paths,
      unseen,
      doubtful: doubtfulReferences(run, paths, new Set(theirs.flat().map(({ o }) => o))),
    };
  }

  async function retiredAmong(log: Log, streams: readonly StreamRefs[]): Promise<ReadonlySet<string>> {
    const doubtful = new Set(streams.flatMap((stream) => stream.doubtful));
    if (doubtful.size === 0) return doubtful;
    const verdict = mayCommit(run, doubtful, await names.all(log));
    if (verdict.allowed) return new Set();
    if (verdict.why === "run-retired") throw runRetired(run);
    return new Set(verdict.objects);
  }

  async function missingAmong(streams: readonly StreamRefs[]): Promise<ReadonlySet<string>> {
    const unseen = streams.flatMap((stream) => stream.unseen).filter(({ o }) => !present.has(o));
    const missing = new Set((await missingObjects(access, unseen)).map(({ o }) => o));
    for (const { o } of unseen) if (!missing.has(o)) present.add(o);
    return missing;
  }

  return {
    async unusable(log, merged, parent) {
      const fresh = merged.filter(({ from }) => from === "new");
      const streams: StreamRefs[] = [];
      for await (const refs of mapConcurrent(fresh, statesAtATime, (stream) => refsOf(stream, parent))) {
        streams.push(refs);
      }
      const retired = streamsWith(streams, await retiredAmong(log, streams), "OBJECTS_RETIRED");
      const others = streams.filter(({ stream }) => !retired.some((unusable) => unusable.stream === stream));
      return [...retired, ...streamsWith(others, await missingAmong(others), "OBJECT_MISSING")];
    },
  };
}

interface StreamRefs {
  readonly stream: string;
  /** All that the stream reaches. */
  readonly paths: readonly string[];
  /** What is still to be looked for. */
  readonly unseen: readonly SizedObject[];
  /** Object paths that neither this run wrote nor the parent holds. */
  readonly doubtful: readonly string[];
}

function streamsWith(
  streams: readonly StreamRefs[],
  bad: ReadonlySet<string>,
  code: string,
): readonly UnusableStream[] {
  return streams.flatMap(({ stream, paths }) => {
    const objects = paths.filter((o) => bad.has(o));
    return objects.length === 0 ? [] : [{ stream, code, objects: [...new Set(objects)] }];
  });
}

export function runRetired(run: string): BackupError {
  return new BackupError({
    code: "RUN_RETIRED",
    message: `Run ${run} took so long that retention has given it up; what it stored may be deleted any time`,
    hint: "Start a new backup run; nothing of the earlier snapshots is harmed.",
  });
}
