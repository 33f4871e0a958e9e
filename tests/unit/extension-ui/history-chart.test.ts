import { describe, expect, it } from "vitest";
import { historyOf } from "../../../extension-ui/model/history-chart.ts";
import { aSnapshot, aSum } from "./snapshots.ts";

describe("the history of a vault", () => {
  it("shows stored bytes and changes over time, oldest first, with the largest of each", () => {
    const history = historyOf([
      aSnapshot(3, { sum: { ...aSum, totalBytes: 900, changed: 1 } }),
      aSnapshot(1, { sum: { ...aSum, totalBytes: 400, changed: 8 } }),
    ]);

    expect(history?.points.map(({ storedBytes, changedStreams }) => [storedBytes, changedStreams])).toEqual([
      [400, 8],
      [900, 1],
    ]);
    expect(history).toMatchObject({ maxStoredBytes: 900, maxChangedStreams: 8, from: history?.points[0]?.time });
  });

  it("is thinned out without losing an anomaly, an end or the greatest change", () => {
    const many = Array.from({ length: 1000 }, (_, index) =>
      aSnapshot(index + 1, {
        sum: { ...aSum, changed: index === 555 ? 77 : 1 },
        anomalies: index === 333 ? [{ code: "size-drop", n: 1 }] : [],
      }),
    );

    const history = historyOf(many, 100);

    const ids = history?.points.map(({ id }) => id) ?? [];
    expect(ids.length).toBeLessThan(110);
    expect(ids).toEqual(expect.arrayContaining([many[0]!.id, many[333]!.id, many[555]!.id, many[999]!.id]));
    expect(history?.maxChangedStreams).toBe(77);
  });

  it("is nothing without snapshots, and passes over times that are none", () => {
    expect(historyOf([])).toBeUndefined();
    expect(historyOf([aSnapshot(1, { at: "never" })])).toBeUndefined();
  });
});
