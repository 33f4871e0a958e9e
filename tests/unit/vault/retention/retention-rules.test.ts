import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseRetention, planSnapshots } from "../../../../engine/vault/retention/rules.ts";
import type { RetentionRules, SnapshotFacts } from "../../../../engine/vault/retention/rules.ts";

const none: RetentionRules = { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };

function at(createdAt: string, status: SnapshotFacts["status"] = "complete"): Omit<SnapshotFacts, "seq" | "id"> {
  return { createdAt, status };
}

function plan(
  snapshots: readonly Omit<SnapshotFacts, "seq" | "id">[],
  rules: Partial<RetentionRules>,
  facts: { readonly now?: string; readonly holds?: readonly number[]; readonly beforeAlarms?: readonly number[] } = {},
) {
  const numbered = snapshots.map((snapshot, index) => ({ ...snapshot, seq: index + 1, id: `run ${index + 1}` }));
  const now = new Date(facts.now ?? "2027-06-01T00:00:00Z");
  const sets = { holds: new Set(facts.holds), beforeAlarms: new Set(facts.beforeAlarms) };
  return planSnapshots({ snapshots: numbered, rules: { ...none, ...rules }, now, ...sets });
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

const now = "2026-03-02T00:00:00Z"; // 60 nights after 2026-01-01, a Monday

describe("the plan of snapshots", () => {
  it("keeps everything of the last days and, of each period, the first and the last complete one", () => {
    const result = plan(nights(60), { last: 8, weekly: 3, monthly: 2 }, { now });

    expect(result.keep.map(({ seq, reasons }) => [seq, reasons])).toEqual([
      [32, ["monthly 2026-02"]],
      [47, ["weekly 2026-W08"]],
      [53, ["last 8 days", "weekly 2026-W08"]],
      [54, ["last 8 days", "weekly 2026-W09", "younger than 7 days"]],
      ...[55, 56, 57, 58].map((seq) => [seq, ["last 8 days", "younger than 7 days"]]),
      [59, ["last 8 days", "monthly 2026-02", "younger than 7 days"]],
      [60, ["newest", "newest complete", "last 8 days", "weekly 2026-W09", "monthly 2026-03", "younger than 7 days"]],
    ]);
    expect(result.retire).toHaveLength(50);
  });

  it.each(["last", "daily", "weekly", "monthly", "yearly"])(
    "counts the periods of %s by the clock, whether they hold a snapshot or not",
    (rule) => {
      expect(kept(plan(nights(60), { [rule]: 3 }, { now: "2029-03-02T00:00:00Z" }))).toEqual([60]);
    },
  );

  it("takes a window of days to the second, and those of calendars from their beginning, in UTC", () => {
    const edge = [at("2026-03-20T11:59:59Z"), at("2026-03-20T12:00:01Z"), at("2026-03-31T00:00:00Z")];
    const facts = { now: "2026-04-01T12:00:00Z" };

    expect(kept(plan(edge, { last: 12 }, facts))).toEqual([2, 3]);
    expect(
      kept(plan([at("2026-03-21T23:59:59Z"), at("2026-03-22T00:00:00Z"), ...edge.slice(2)], { daily: 11 }, facts)),
    ).toEqual([2, 3]);
    expect(
      kept(plan([at("2026-03-15T23:59:59Z"), at("2026-03-16T00:00:00Z"), ...edge.slice(2)], { weekly: 3 }, facts)),
    ).toEqual([2, 3]);
    expect(
      kept(plan([at("2026-01-31T23:59:59Z"), at("2026-02-01T00:00:00Z"), ...edge.slice(2)], { monthly: 3 }, facts)),
    ).toEqual([2, 3]);
    expect(
      kept(plan([at("2023-12-31T23:59:59Z"), at("2024-01-01T00:00:00Z"), ...edge.slice(2)], { yearly: 3 }, facts)),
    ).toEqual([2, 3]);
  });

  it("prefers complete ones of a period to partial ones, and keeps partial ones where there are no others", () => {
    const result = plan(
      [
        at("2026-01-01T01:00:00Z", "partial"),
        at("2026-01-01T05:00:00Z"),
        at("2026-01-01T09:00:00Z"),
        at("2026-01-01T13:00:00Z"),
        at("2026-01-01T17:00:00Z", "partial"),
        at("2026-01-02T01:00:00Z", "partial"),
        at("2026-01-02T09:00:00Z", "partial"),
        at("2026-01-02T19:00:00Z", "partial"),
        at("2026-01-03T01:00:00Z"),
      ],
      { daily: 10 },
      { now: "2026-01-10T12:00:00Z" },
    );

    expect(kept(result)).toEqual([2, 4, 6, 8, 9]);
  });

  it("always keeps the newest, the newest complete, the held, the young and what stands before an alarm", () => {
    const result = plan(
      [
        at("2026-05-01T00:00:00Z"),
        at("2026-05-02T00:00:00Z"),
        at("2026-05-03T00:00:00Z"),
        at("2026-05-04T00:00:00Z"),
        at("2026-05-26T00:00:00Z", "partial"),
        at("2026-05-27T00:00:00Z", "partial"),
      ],
      { last: 1 },
      { now: "2026-06-01T00:00:00Z", holds: [1], beforeAlarms: [2] },
    );

    expect(kept(result)).toEqual([1, 2, 4, 5, 6]);
    expect(result.keep.find(({ seq }) => seq === 5)?.reasons).toEqual(["younger than 7 days"]);
    expect(result.keep.find(({ seq }) => seq === 2)?.reasons).toEqual(["before an alarm"]);
  });

  it("cannot be made to drop old snapshots by adding many new ones (case 44)", () => {
    const real = nights(30);
    const rules = { last: 40 };
    const flood = Array.from({ length: 500 }, (_, n) =>
      at(new Date(Date.parse("2026-01-31T00:00:00Z") + n * 1000).toISOString()),
    );
    const facts = { now: "2026-02-09T00:00:00Z" };

    const quiet = plan(real, rules, facts);
    const flooded = plan([...real, ...flood], rules, facts);

    expect(kept(quiet)).toHaveLength(30);
    expect(kept(flooded).filter((seq) => seq <= 30)).toEqual(kept(quiet));
  });

  it("cannot be made to drop what is from before a theft by being first in every period since", () => {
    const real = nights(14);
    const midnights = Array.from({ length: 14 }, (_, night) =>
      at(new Date(Date.parse("2026-01-15T00:00:01Z") + night * 86_400_000).toISOString()),
    );

    const result = plan([...real, ...midnights], { daily: 14, weekly: 8 }, { now: "2026-01-28T12:00:00Z" });

    // Of the weeks before the theft both ends, of the week of the theft its beginning.
    expect(kept(result).filter((seq) => seq <= 14)).toEqual([1, 4, 5, 11, 12]);
  });

  it("puts the days around new year into their ISO week", () => {
    const result = plan(
      [at("2026-12-27T12:00:00Z"), at("2026-12-31T12:00:00Z"), at("2027-01-03T12:00:00Z"), at("2027-01-04T12:00:00Z")],
      { weekly: 9 },
      { now: "2027-01-20T00:00:00Z" },
    );

    expect(result.keep.flatMap(({ reasons }) => reasons).filter((reason) => reason.startsWith("weekly"))).toEqual([
      "weekly 2026-W52",
      "weekly 2026-W53",
      "weekly 2026-W53",
      "weekly 2027-W01",
    ]);
  });

  it("has nothing to say about an empty vault", () => {
    expect(plan([], { last: 1 })).toEqual({ keep: [], retire: [] });
  });
});

describe("snapshots that are added after a moment (property)", () => {
  const start = Date.parse("2025-11-01T00:00:00Z");
  const status = fc.constantFrom("complete" as const, "partial" as const);
  const series = fc.array(fc.record({ minutes: fc.nat(200 * 1440), status }), { minLength: 1, maxLength: 60 });
  const someRules = fc.record({
    last: fc.nat(60),
    daily: fc.nat(60),
    weekly: fc.nat(20),
    monthly: fc.nat(8),
    yearly: fc.nat(2),
  });

  function inOrder(
    from: number,
    made: readonly { readonly minutes: number; readonly status: SnapshotFacts["status"] }[],
  ) {
    const sorted = [...made].sort((a, b) => a.minutes - b.minutes);
    return sorted.map((one) => at(new Date(from + one.minutes * 60_000).toISOString(), one.status));
  }

  it("never make one from before go earlier that is the first complete one of a period, or lies in the window of days", () => {
    fc.assert(
      fc.property(series, series, fc.tuple(someRules, fc.nat(300 * 1440)), (before, after, [rules, later]) => {
        const old = inOrder(start, before);
        const moment = Date.parse(old.at(-1)!.createdAt);
        const added = inOrder(moment + 60_000, after);
        const facts = { now: new Date(moment + later * 60_000).toISOString() };
        const there = added.filter(({ createdAt }) => createdAt <= facts.now);

        const quiet = plan(old, rules, facts);
        const with_ = new Map(plan([...old, ...there], rules, facts).keep.map((one) => [one.seq, one.reasons]));

        for (const { seq, reasons } of quiet.keep) {
          const protectedBy = reasons.filter((reason) => isProtected(reason, seq, quiet));
          expect(with_.get(seq) ?? []).toEqual(expect.arrayContaining(protectedBy));
        }
      }),
      { numRuns: 500 },
    );
  });

  /** Windows of days and of age, and periods of which it is the first complete one. */
  function isProtected(reason: string, seq: number, { keep }: ReturnType<typeof plan>): boolean {
    if (/^(last|younger)/.test(reason)) return true;
    if (!/^(daily|weekly|monthly|yearly)/.test(reason)) return false;
    const ofPeriod = keep.filter(({ reasons, status: is }) => reasons.includes(reason) && is === "complete");
    return ofPeriod[0]?.seq === seq;
  }
});
