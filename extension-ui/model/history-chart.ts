/** Stored bytes and changes over time, as points to draw. */
import type { Anomaly, SnapshotStatus } from "../../engine/vault/format/log-entry.ts";
import type { Snapshot } from "./vault-source.ts";

export interface HistoryPoint {
  /** Run id of the snapshot. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly storedBytes: number;
  readonly newBytes: number;
  /** Streams that changed: the log counts no changed items. */
  readonly changedStreams: number;
  readonly items: number;
  readonly status: SnapshotStatus;
  readonly anomalies: readonly Anomaly[];
}

export interface History {
  /** Oldest first. */
  readonly points: readonly HistoryPoint[];
  readonly from: number;
  readonly to: number;
  readonly maxStoredBytes: number;
  readonly maxChangedStreams: number;
}

const defaultPoints = 300;

/**
 * At most about `maxPoints` points and all those with anomalies. Of snapshots that fall together the one with most
 * changes stands for all. Undefined when there is nothing to draw.
 */
export function historyOf(snapshots: readonly Snapshot[], maxPoints = defaultPoints): History | undefined {
  const all = snapshots.map(pointOf).filter(({ time }) => !Number.isNaN(time));
  all.sort((a, b) => a.time - b.time);
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const points = all.length <= maxPoints ? all : thinned(all, maxPoints);
  return {
    points,
    from: first.time,
    to: last.time,
    maxStoredBytes: greatest(points, ({ storedBytes }) => storedBytes),
    maxChangedStreams: greatest(points, ({ changedStreams }) => changedStreams),
  };
}

function pointOf({ id, at, sum, status, anomalies }: Snapshot): HistoryPoint {
  const { totalBytes: storedBytes, newBytes, changed: changedStreams, items } = sum;
  const alarms = anomalies.filter(({ note }) => note !== true);
  return { id, time: Date.parse(at), storedBytes, newBytes, changedStreams, items, status, anomalies: alarms };
}

function thinned(points: readonly HistoryPoint[], maxPoints: number): readonly HistoryPoint[] {
  const size = Math.ceil(points.length / maxPoints);
  const kept = new Set<HistoryPoint>(points.filter(({ anomalies }) => anomalies.length > 0));
  for (let start = 0; start < points.length; start += size) {
    const group = points.slice(start, start + size);
    const most = greatest(group, ({ changedStreams }) => changedStreams);
    const chosen = group.find(({ changedStreams }) => changedStreams === most);
    if (chosen !== undefined) kept.add(chosen);
  }
  for (const end of [points[0], points.at(-1)]) if (end !== undefined) kept.add(end);
  return points.filter((point) => kept.has(point));
}

function greatest(points: readonly HistoryPoint[], of: (point: HistoryPoint) => number): number {
  return points.reduce((most, point) => Math.max(most, of(point)), 0);
}
