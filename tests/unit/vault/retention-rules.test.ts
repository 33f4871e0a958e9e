import { describe, expect, it } from "vitest";
import { parseRetention, planSnapshots } from "../../../engine/vault/retention-rules.ts";
import type { RetentionRules, SnapshotFacts } from "../../../engine/vault/retention-rules.ts";

const none: RetentionRules = { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };

function at(createdAt: string, status: SnapshotFacts["status"] = "complete"): Omit<SnapshotFacts, "seq" | "id"> {
  return { createdAt, status };
}

function plan(
  snapshots: readonly Omit<SnapshotFacts, "seq" | "id">[],
  rules: Partial<RetentionRules>,
  facts: { readonly now?: string; readonly holds?: readonly number[] } = {},
) {
  const numbered = snapshots.map((snapshot, index) => ({ ...snapshot, seq: index + 1, id: `run ${index + 1}` }));
  const now = new Date(facts.now ?? "2027-06-01T00:00:00Z");
  return planSnapshots({ snapshots: numbered, rules: { ...none, ...rules }, now, holds: new Set(facts.holds) });
}

function kept(result: ReturnType<typeof plan>): number[] {
  return result.keep.map(({ seq }) => seq);
}

/** One complete snapshot a night, at 01:00 UTC. */
function nights(count: number, from = "2026-01-01"): Omit<SnapshotFacts, "seq" | "id">[] {
  const start = Date.parse(`${from}T01:00:00Z`);
  return Array.from({ length: count }, (_, night) => at(new Date(start + night * 86_400_000).toISOString()));
}

describe("input retention", () => {
  it("reads the rules of the documentation", () => {
    expect(parseRetention("last=7 daily=30 weekly=12 monthly=12 yearly=7")).toEqual({
      last: 7,
      daily: 30,
      weekly: 12,
      monthly: 12,
      yearly: 7,
    });
    expect(parseRetention("last=3,daily=2\n")).toMatchObject({ last: 3, daily: 2, weekly: 0 });
  });

  it("keeps everything when empty", () => {
    expect(parseRetention("  ")).toBeUndefined();
  });

  it.each(["last", "last=-1", "last=x", "hourly=3", "last=1 last=2", "last=0", "daily=1e3"])("refuses %s", (input) => {
    expect(() => parseRetention(input)).toThrow(expect.objectContaining({ code: "INPUT_RETENTION" }) as Error);
  });
});

describe("the plan of snapshots", () => {
  it("keeps the newest ones and, of each period, the first complete one", () => {
    const result = plan(nights(60), { last: 3, weekly: 2, monthly: 3 }, { now: "2026-03-20T00:00:00Z" });

    expect(result.keep.map(({ seq, reasons }) => [seq, reasons])).toEqual([
      [1, ["monthly 2026-01"]],
      [32, ["monthly 2026-02"]],
      [47, ["weekly 2026-W08"]],
      [54, ["weekly 2026-W09"]],
      [58, ["last 3"]],
      [59, ["last 3"]],
      [60, ["newest", "newest complete", "last 3", "monthly 2026-03"]],
    ]);
    expect(result.retire).toHaveLength(53);
  });

  it("prefers the first complete one of a period to an earlier partial one, and keeps a partial one alone", () => {
    const result = plan(
      [
        at("2026-01-01T01:00:00Z", "partial"),
        at("2026-01-01T05:00:00Z"),
        at("2026-01-01T09:00:00Z"),
        at("2026-01-02T01:00:00Z", "partial"),
        at("2026-01-02T09:00:00Z", "partial"),
        at("2026-01-03T01:00:00Z"),
      ],
      { daily: 10 },
    );

    expect(kept(result)).toEqual([2, 4, 6]);
  });

  it("always keeps the newest, the newest complete, the held and the young", () => {
    const result = plan(
      [
        at("2026-05-01T00:00:00Z"),
        at("2026-05-02T00:00:00Z"),
        at("2026-05-03T00:00:00Z"),
        at("2026-05-26T00:00:00Z", "partial"),
        at("2026-05-27T00:00:00Z", "partial"),
      ],
      { last: 1 },
      { now: "2026-06-01T00:00:00Z", holds: [1] },
    );

    expect(kept(result)).toEqual([1, 3, 4, 5]);
    expect(result.keep.find(({ seq }) => seq === 4)?.reasons).toEqual(["younger than 7 days"]);
  });

  it("cannot be made to drop old snapshots by adding many new ones (case 44)", () => {
    const real = nights(30);
    const before = plan(real, { last: 7, daily: 30 }, { now: "2026-01-31T00:00:00Z" });
    const flood = Array.from({ length: 500 }, (_, n) =>
      at(new Date(Date.parse("2026-01-31T00:00:00Z") + n * 1000).toISOString()),
    );

    const after = plan([...real, ...flood], { last: 7, daily: 31 }, { now: "2026-02-20T00:00:00Z" });

    expect(kept(before)).toHaveLength(30);
    expect(kept(after).filter((seq) => seq <= 30)).toHaveLength(30);
  });

  it("puts the days around new year into their ISO week", () => {
    const result = plan(
      [at("2026-12-27T12:00:00Z"), at("2026-12-31T12:00:00Z"), at("2027-01-03T12:00:00Z"), at("2027-01-04T12:00:00Z")],
      { weekly: 9 },
    );

    expect(result.keep.flatMap(({ reasons }) => reasons).filter((reason) => reason.startsWith("weekly"))).toEqual([
      "weekly 2026-W52",
      "weekly 2026-W53",
      "weekly 2027-W01",
    ]);
  });

  it("has nothing to say about an empty vault", () => {
    expect(plan([], { last: 1 })).toEqual({ keep: [], retire: [] });
  });
});
