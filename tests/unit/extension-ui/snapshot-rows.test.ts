import { describe, expect, it } from "vitest";
import type { Run } from "../../../extension-ui/model/project-services.ts";
import {
  deepestVerification,
  filteredRows,
  previousSnapshot,
  snapshotRows,
  type RowFacts,
  type RowState,
  type SnapshotRow,
} from "../../../extension-ui/model/snapshot-rows.ts";
import type { Snapshot } from "../../../extension-ui/model/vault-source.ts";
import { aRun } from "./builders.ts";
import { aSnapshot, aVerified, day } from "./snapshots.ts";

function rows(
  snapshots: readonly Snapshot[],
  runs: readonly Run[] = [],
  over: Partial<RowFacts> = {},
): readonly SnapshotRow[] {
  return snapshotRows({ snapshots, runs, now: new Date(day(25)), ...over });
}

const anomaly = { code: "mass-delete", n: 5 };

describe("rows of snapshots and runs", () => {
  it("come newest first, whatever they stand for", () => {
    const failed = aRun({ id: 5, state: "failed", queuedAt: day(2), finishedAt: "2026-11-02T12:00:00Z" });

    const made = rows([aSnapshot(3), aSnapshot(1)], [aRun({ id: 6, state: "queued", queuedAt: day(4) }), failed]);

    expect(made.map(({ key, state }) => `${key.split(" ")[0]} ${state}`)).toEqual([
      "run running",
      "snapshot complete",
      "run failed",
      "snapshot complete",
    ]);
    expect(made[1]?.ageMs).toBe(22 * 86_400_000);
  });

  it.each<readonly [RowState, Partial<Snapshot>]>([
    ["complete", {}],
    ["partial", { status: "partial" }],
    ["anomaly", { status: "partial", anomalies: [anomaly] }],
    ["damaged", { isDamaged: true, anomalies: [anomaly] }],
    ["damaged", { verifications: [aVerified({ damaged: 1 })] }],
    ["retired", { isRetired: true, isDamaged: true }],
  ])("say first that a snapshot is %s: %o", (state, over) => {
    expect(rows([aSnapshot(1, over)])[0]?.state).toBe(state);
  });

  it("know the run of a snapshot by what it reported, else by its time", () => {
    const night = aRun({
      id: 7,
      state: "issues",
      queuedAt: "2026-11-03T01:50:00Z",
      finishedAt: "2026-11-03T02:10:00Z",
    });
    const other = aRun({ id: 8, state: "succeeded", queuedAt: day(1), finishedAt: day(1) });

    const made = rows([aSnapshot(3), aSnapshot(2, { runId: 8 })], [night, other]);

    expect(made.map(({ run }) => run?.id)).toEqual([7, 8]);
  });

  it("leave it open which run made a snapshot when two of them may have", () => {
    const run = { state: "succeeded", queuedAt: "2026-11-03T01:50:00Z", finishedAt: "2026-11-03T02:10:00Z" } as const;

    expect(rows([aSnapshot(3)], [aRun({ id: 7, ...run }), aRun({ id: 8, ...run })])[0]?.run).toBeUndefined();
  });

  it("do not show a failed run twice that has made a snapshot all the same", () => {
    const run = aRun({ id: 7, state: "failed", queuedAt: "2026-11-03T01:50:00Z", finishedAt: "2026-11-03T02:10:00Z" });

    const made = rows([aSnapshot(3, { status: "partial" })], [run]);

    expect(made).toHaveLength(1);
    expect(made[0]).toMatchObject({ state: "partial", run: { id: 7 } });
    // That it failed is said beside, and filters find it.
    expect([...(made[0]?.states ?? [])]).toEqual(["partial", "failed"]);
  });

  it("say what keeps a snapshot and until when it cannot be deleted; of one that is gone only that", () => {
    const kept = new Map([
      [1, { text: "Retired", detail: "" }],
      [9, { text: "2 weekly", detail: "" }],
    ]);

    const made = rows([aSnapshot(9), aSnapshot(1, { isRetired: true })], [], { kept });

    expect(made).toMatchObject([
      { kept: { text: "2 weekly" }, protection: { state: "unchecked" } },
      { kept: { text: "Retired" }, protection: undefined },
    ]);
    expect(rows([aSnapshot(9)])[0]?.kept).toBeUndefined();
  });

  it("tell the deepest verification, of one level the newest", () => {
    const drill = aVerified({ level: "drill", at: day(3), rtoSeconds: 90 });
    const stored = [aVerified({ at: day(4) }), aVerified({ at: day(6) })];

    expect(deepestVerification([...stored, drill])).toBe(drill);
    expect(deepestVerification(stored)).toBe(stored[1]);
    expect(deepestVerification([])).toBeUndefined();
  });

  it("can be narrowed to states and dates", () => {
    const made = rows([aSnapshot(1), aSnapshot(2, { status: "partial", anomalies: [anomaly] }), aSnapshot(3)]);
    const seqs = (states: readonly RowState[], from?: string, to?: string): readonly (number | undefined)[] =>
      filteredRows(made, { states: new Set(states), from, to }).map(({ snapshot }) => snapshot?.seq);

    expect(seqs([])).toEqual([3, 2, 1]);
    expect(seqs(["partial"])).toEqual([2]);
    expect(seqs(["anomaly", "complete"])).toEqual([3, 2, 1]);
    expect(seqs([], day(2))).toEqual([3, 2]);
    expect(seqs([], "no date", day(2))).toEqual([2, 1]);
  });

  it("find the snapshot before, passing over what is gone", () => {
    const snapshots = [aSnapshot(4), aSnapshot(3, { isRetired: true }), aSnapshot(2), aSnapshot(1)];

    expect(previousSnapshot(snapshots, aSnapshot(4))?.seq).toBe(2);
    expect(previousSnapshot(snapshots, aSnapshot(1))).toBeUndefined();
  });
});
