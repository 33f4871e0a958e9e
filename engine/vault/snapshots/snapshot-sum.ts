/** The figures of a snapshot's log entry. */
import type { Clock } from "../../foundation/clock.ts";
import type { ObjectReader } from "../../store/object-store.ts";
import type { RunSum } from "../format/figures.ts";
import { coverageOf, isNeverStored, type KindCoverage } from "../format/coverage.ts";
import { kindSums, type KindSumFacts } from "./kind-sums.ts";
import type { SnapshotStatus, SnapshotSum } from "../format/log-entry.ts";
import type { MergedStream } from "./merge-index.ts";
import type { IndexLine, StreamStatus } from "../format/state.ts";

/**
 * Complete only when nothing is missing: every stream is stored and was read, or is known to be gone or was left out on
 * purpose.
 */
export function statusOf(streams: readonly MergedStream[]): SnapshotStatus {
  const isSound = (line: IndexLine): boolean => line.st !== "stale" && line.st !== "missing" && !isNeverStored(line);
  const isWhole = streams.every(({ lines }) => lines.every(isSound));
  return isWhole ? "complete" : "partial";
}

export function sumOf(
  streams: readonly MergedStream[],
  {
    newBytes,
    run,
    kinds,
    ...facts
  }: KindSumFacts & {
    readonly newBytes: number;
    readonly run?: RunSum | undefined;
    readonly kinds: KindCoverage;
  },
): SnapshotSum {
  const mains = streams.flatMap(({ stream, lines }) => lines.filter(({ s }) => s === stream));
  const lines = streams.flatMap((stream) => stream.lines);
  return {
    streams: mains.length,
    changed: streams.filter(({ from }) => from === "new").length,
    failed: facts.drafts.filter((draft) => draft.lines.some(({ st }) => st === "stale")).length,
    stale: counted(mains, "stale"),
    missing: counted(mains, "missing"),
    deleted: counted(mains, "deleted"),
    skipped: counted(mains, "skipped"),
    items: total(mains, ({ count }) => count),
    newBytes,
    totalBytes: total(lines, ({ bytes }) => bytes),
    kinds: kindSums(streams, facts),
    ...(run === undefined ? {} : { run }),
    coverage: coverageOf(lines, kinds),
  };
}

/** How far an agent's clock is from the storage service's, in milliseconds; retention never goes by the agent's. */
export async function clockSkewMs(clocks: { readonly clock: Clock; readonly store: ObjectReader }): Promise<number> {
  return clocks.clock.now().getTime() - (await clocks.store.serviceTime()).getTime();
}

function counted(lines: readonly IndexLine[], status: StreamStatus): number {
  return lines.filter(({ st }) => st === status).length;
}

function total(lines: readonly IndexLine[], of: (line: IndexLine) => number | undefined): number {
  return lines.reduce((sum, line) => sum + (of(line) ?? 0), 0);
}
