/** The figures of a snapshot's log entry. */
import type { Clock } from "../foundation/clock.ts";
import type { ObjectReader } from "../store/object-store.ts";
import { coverageOf, isNeverStored, type KindCoverage } from "./coverage.ts";
import type { Anomaly, SnapshotStatus, SnapshotSum } from "./log-entry.ts";
import type { MergedStream, StreamDraft } from "./merge-index.ts";
import type { IndexLine, StreamStatus } from "./state.ts";

const skewToleratedMs = 15 * 60_000;

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
    drafts,
    kinds,
  }: { readonly newBytes: number; readonly drafts: readonly StreamDraft[]; readonly kinds: KindCoverage },
): SnapshotSum {
  const mains = streams.flatMap(({ stream, lines }) => lines.filter(({ s }) => s === stream));
  const lines = streams.flatMap((stream) => stream.lines);
  return {
    streams: mains.length,
    changed: streams.filter(({ from }) => from === "new").length,
    failed: drafts.filter((draft) => draft.lines.some(({ st }) => st === "stale")).length,
    stale: counted(mains, "stale"),
    missing: counted(mains, "missing"),
    deleted: counted(mains, "deleted"),
    skipped: counted(mains, "skipped"),
    items: total(mains, ({ count }) => count),
    newBytes,
    totalBytes: total(lines, ({ bytes }) => bytes),
    coverage: coverageOf(mains, kinds),
  };
}

/** The anomaly of an agent whose clock is not the storage service's, in minutes; retention never goes by it. */
export async function clockSkew(clocks: {
  readonly clock: Clock;
  readonly store: ObjectReader;
}): Promise<readonly Anomaly[]> {
  const skewMs = Math.abs(clocks.clock.now().getTime() - (await clocks.store.serviceTime()).getTime());
  return skewMs > skewToleratedMs ? [{ code: "clock-skew", n: Math.round(skewMs / 60_000) }] : [];
}

function counted(lines: readonly IndexLine[], status: StreamStatus): number {
  return lines.filter(({ st }) => st === status).length;
}

function total(lines: readonly IndexLine[], of: (line: IndexLine) => number | undefined): number {
  return lines.reduce((sum, line) => sum + (of(line) ?? 0), 0);
}
