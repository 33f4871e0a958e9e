import * as React from "react";
import { bytesForPeople, counted } from "../../engine/foundation/text.ts";
import { anomalyText } from "../../engine/insight/words.ts";
import type { History, HistoryPoint } from "../model/history-chart.ts";
import { localTime } from "./times.tsx";
import { useWidth } from "./use-width.ts";

const top = 14;
const bytesHeight = 90;
const gap = 18;
const barsHeight = 44;
const height = top + bytesHeight + gap + barsHeight;
const thickestBar = 12;
/** On both sides, where half of the first and the last bar stands, or half of a mark (18 pixels wide). */
const margin = 10;

export interface HistoryFigureProps {
  readonly history: History;
  readonly onOpen: (snapshotId: string) => void;
}

/** Stored bytes as a line, changed streams as bars below, anomalies as marks that can be opened. */
export const HistoryFigure = React.memo(function HistoryFigure(props: HistoryFigureProps): React.ReactElement {
  const { history, onOpen } = props;
  const [frame, width] = useWidth();
  const alarming = history.points.filter(({ anomalies }) => anomalies.length > 0);
  return (
    <figure className="hub-figure">
      <div ref={frame}>
        {width > 0 && (
          <svg width={width} height={height} role="img" aria-label={summary(history)}>
            <Bytes history={history} width={width} />
            <Bars history={history} width={width} />
            {alarming.map((point) => (
              <line key={point.id} className="hub-alarm-line" {...verticalAt(x(point, history, width))} />
            ))}
          </svg>
        )}
        {width > 0 && (
          <div className="hub-marks">
            {alarming.map((point) => (
              <button
                key={point.id}
                type="button"
                className="hub-mark"
                style={{ left: x(point, history, width) }}
                aria-label={`Anomaly in the snapshot of ${pointText(point)}`}
                title={pointText(point)}
                onClick={() => onOpen(point.id)}
              >
                !
              </button>
            ))}
          </div>
        )}
      </div>
      <figcaption className="hub-caption secondary-text flex-row">
        <span>{localTime(new Date(history.from).toISOString())}</span>
        <span className="hub-legend">
          <span className="hub-key hub-key-bytes" /> stored, at most {bytesForPeople(history.maxStoredBytes)}
          <span className="hub-key hub-key-bars" /> changed, at most {counted(history.maxChangedStreams, "stream")}
          {alarming.length > 0 && (
            <>
              <span className="hub-key hub-key-alarm" /> {counted(alarming.length, "snapshot")} with anomalies
            </>
          )}
        </span>
        <span>{localTime(new Date(history.to).toISOString())}</span>
      </figcaption>
    </figure>
  );
});

interface DrawingProps {
  readonly history: History;
  readonly width: number;
}

function Bytes({ history, width }: DrawingProps): React.ReactElement {
  const most = Math.max(1, history.maxStoredBytes);
  const line = history.points.map((point) => {
    const y = top + bytesHeight * (1 - point.storedBytes / most);
    return `${x(point, history, width).toFixed(1)},${y.toFixed(1)}`;
  });
  const [first, last] = [margin, width - margin];
  const bottom = top + bytesHeight;
  return (
    <>
      <line className="hub-axis" x1={0} x2={width} y1={bottom} y2={bottom} />
      {history.points.length > 1 && (
        <polygon className="hub-area" points={`${first},${bottom} ${line.join(" ")} ${last},${bottom}`} />
      )}
      <polyline className="hub-line" points={line.join(" ")} />
    </>
  );
}

function Bars({ history, width }: DrawingProps): React.ReactElement {
  const most = Math.max(1, history.maxChangedStreams);
  const thickness = Math.max(1, Math.min(thickestBar, (width / Math.max(1, history.points.length)) * 0.6));
  return (
    <>
      <line className="hub-axis" x1={0} x2={width} y1={height} y2={height} />
      {history.points.map((point) => {
        const size = Math.max(point.changedStreams === 0 ? 0 : 1, (barsHeight * point.changedStreams) / most);
        const left = x(point, history, width) - thickness / 2;
        return <rect key={point.id} className="hub-bars" x={left} y={height - size} width={thickness} height={size} />;
      })}
    </>
  );
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

function pointText({ time, anomalies }: HistoryPoint): string {
  return `${localTime(new Date(time).toISOString())}: ${anomalies.map((anomaly) => anomalyText(anomaly)).join("; ")}`;
}

/** What the picture shows, for those who do not see it. */
function summary({ points, from, to, maxStoredBytes, maxChangedStreams }: History): string {
  const [first, last] = [points[0], points.at(-1)];
  const alarming = points.filter(({ anomalies }) => anomalies.length > 0).map(pointText);
  const span = `From ${localTime(new Date(from).toISOString())} to ${localTime(new Date(to).toISOString())}`;
  const stored = `stored data went from ${bytesForPeople(first?.storedBytes ?? 0)} to ${bytesForPeople(last?.storedBytes ?? 0)}, at most ${bytesForPeople(maxStoredBytes)}`;
  const alarms = alarming.length === 0 ? "No anomalies." : `Anomalies: ${alarming.slice(0, 10).join(". ")}.`;
  return `${span}, ${stored}; at most ${counted(maxChangedStreams, "stream")} changed in one snapshot. ${alarms}`;
}
