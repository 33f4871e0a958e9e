import * as React from "react";
import { bytesForPeople, counted } from "../../engine/foundation/text.ts";
import { anomalyText } from "../../engine/insight/words.ts";
import type { History, HistoryPoint } from "../model/history-chart.ts";
import { localTime } from "./times.tsx";
import { useWidth } from "./use-width.ts";

const top = 18;
const bytesHeight = 90;
const gap = 18;
const changesHeight = 44;
const height = top + bytesHeight + gap + changesHeight;
const thickestBar = 12;
/** On both sides, where half of the first and the last bar stands, or half of a mark (18 pixels wide). */
const margin = 10;

export interface HistoryFigureProps {
  readonly history: History;
  readonly onOpen: (snapshotId: string) => void;
}

/**
 * For each snapshot a bar of what is stored and, below it, one of the streams that changed: nothing is drawn between
 * two snapshots, since nothing is known there. Each can be opened, by the keyboard too; anomalies are marked.
 */
export const HistoryFigure = React.memo(function HistoryFigure(props: HistoryFigureProps): React.ReactElement {
  const { history, onOpen } = props;
  const [frame, width] = useWidth();
  return (
    <figure className="hub-figure" aria-label={summary(history)}>
      <div ref={frame}>
        {width > 0 && (
          <svg width={width} height={height} aria-hidden="true">
            <Bars history={history} width={width} />
          </svg>
        )}
        {width > 0 && <Points history={history} width={width} onOpen={onOpen} />}
      </div>
      <Caption history={history} />
    </figure>
  );
});

interface DrawingProps {
  readonly history: History;
  readonly width: number;
}

function Bars({ history, width }: DrawingProps): React.ReactElement {
  const { points, maxStoredBytes, maxChangedStreams } = history;
  const thickness = thicknessOf(history, width);
  const bytesBottom = top + bytesHeight;
  const bar = (point: HistoryPoint, size: number, bottom: number): object => ({
    x: x(point, history, width) - thickness / 2,
    y: bottom - size,
    width: thickness,
    height: size,
  });
  return (
    <>
      <line className="hub-axis" x1={0} x2={width} y1={bytesBottom} y2={bytesBottom} />
      <line className="hub-axis" x1={0} x2={width} y1={height} y2={height} />
      {points.map((point) => (
        <React.Fragment key={point.id}>
          <rect
            className="hub-bytes"
            {...bar(point, sizeOf(point.storedBytes, maxStoredBytes, bytesHeight), bytesBottom)}
          />
          <rect
            className="hub-bars"
            {...bar(point, sizeOf(point.changedStreams, maxChangedStreams, changesHeight), height)}
          />
          {point.anomalies.length > 0 && <line className="hub-alarm-line" {...verticalAt(x(point, history, width))} />}
        </React.Fragment>
      ))}
    </>
  );
}

interface PointsProps extends DrawingProps {
  readonly onOpen: (snapshotId: string) => void;
}

/** One stop of the Tab key; arrows go from snapshot to snapshot, Enter opens. */
function Points({ history, width, onOpen }: PointsProps): React.ReactElement {
  const { points } = history;
  const last = points.length - 1;
  const [chosen, choose] = React.useState(last);
  const current = Math.min(chosen, last);
  const buttons = React.useRef<(HTMLButtonElement | null)[]>([]);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const next = nextPlace(event.key, current, last);
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
    buttons.current[next]?.focus();
  };
  const reach = Math.max(3, Math.min(20, width / Math.max(1, points.length)));
  return (
    <div
      className="hub-points"
      role="toolbar"
      aria-label="Snapshots of the picture, by arrow keys"
      onKeyDown={onKeyDown}
    >
      {points.map((point, index) => (
        <button
          key={point.id}
          ref={(button) => {
            buttons.current[index] = button;
          }}
          type="button"
          tabIndex={index === current ? 0 : -1}
          className={point.anomalies.length > 0 ? "hub-point hub-point-alarm" : "hub-point"}
          style={{ left: x(point, history, width), width: point.anomalies.length > 0 ? undefined : reach }}
          aria-label={pointText(point)}
          title={pointText(point)}
          onFocus={() => choose(index)}
          onClick={() => onOpen(point.id)}
        >
          {point.anomalies.length > 0 && (
            <span className="hub-mark" aria-hidden="true">
              !
            </span>
          )}
        </button>
      ))}
    </div>
  );
}

function nextPlace(key: string, current: number, last: number): number | undefined {
  if (key === "ArrowRight" || key === "ArrowDown") return Math.min(last, current + 1);
  if (key === "ArrowLeft" || key === "ArrowUp") return Math.max(0, current - 1);
  if (key === "Home") return 0;
  return key === "End" ? last : undefined;
}

function Caption({ history }: { readonly history: History }): React.ReactElement {
  const alarming = history.points.filter(({ anomalies }) => anomalies.length > 0).length;
  return (
    <figcaption className="hub-caption secondary-text flex-row">
      <span>{localTime(new Date(history.from).toISOString())}</span>
      <span className="hub-legend">
        <span className="hub-key hub-key-bytes" /> stored, at most {bytesForPeople(history.maxStoredBytes)}
        <span className="hub-key hub-key-bars" /> changed, at most {counted(history.maxChangedStreams, "stream")}
        {alarming > 0 && (
          <>
            <span className="hub-key hub-key-alarm" /> {counted(alarming, "snapshot")} with anomalies
          </>
        )}
      </span>
      <span>{localTime(new Date(history.to).toISOString())}</span>
    </figcaption>
  );
}

function thicknessOf({ points }: History, width: number): number {
  return Math.max(1, Math.min(thickestBar, (width / Math.max(1, points.length)) * 0.6));
}

/** What is there at all can be seen. */
function sizeOf(value: number, most: number, room: number): number {
  return Math.max(value === 0 ? 0 : 1, (room * value) / Math.max(1, most));
}

function x({ time }: HistoryPoint, { from, to }: History, width: number): number {
  const inner = width - 2 * margin;
  return margin + (to === from ? inner / 2 : (inner * (time - from)) / (to - from));
}

function verticalAt(at: number): {
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
} {
  return { x1: at, x2: at, y1: top, y2: height };
}

function pointText({ time, storedBytes, changedStreams, anomalies }: HistoryPoint): string {
  const at = localTime(new Date(time).toISOString());
  const facts = `${bytesForPeople(storedBytes)} stored, ${counted(changedStreams, "stream")} changed`;
  return [`Snapshot of ${at}: ${facts}`, ...anomalies.map((one) => `Anomaly: ${anomalyText(one)}`)].join("; ");
}

/** What the picture shows, for those who do not see it. */
function summary({ points, from, to, maxStoredBytes, maxChangedStreams }: History): string {
  const [first, last] = [points[0], points.at(-1)];
  const alarming = points.filter(({ anomalies }) => anomalies.length > 0);
  const span = `From ${localTime(new Date(from).toISOString())} to ${localTime(new Date(to).toISOString())}`;
  const stored = `stored data went from ${bytesForPeople(first?.storedBytes ?? 0)} to ${bytesForPeople(last?.storedBytes ?? 0)}, at most ${bytesForPeople(maxStoredBytes)}`;
  const alarms = alarming.length === 0 ? "No anomalies." : `${counted(alarming.length, "snapshot")} with anomalies.`;
  return `${span}, ${stored}; at most ${counted(maxChangedStreams, "stream")} changed in one snapshot. ${alarms}`;
}
