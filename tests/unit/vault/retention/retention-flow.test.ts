import { describe, expect, it } from "vitest";
import { beyondFlow } from "../../../../engine/vault/retention/flow.ts";
import { planSnapshots, type RetentionRules, type SnapshotFacts } from "../../../../engine/vault/retention/rules.ts";

const day = 86_400_000;
const none: RetentionRules = { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };
const start = Date.parse("2026-01-01T01:00:00Z");

function snapshots(count: number, everyDays = 1): readonly SnapshotFacts[] {
  return Array.from({ length: count }, (_, n) => ({
    seq: n + 1,
    id: `run ${n + 1}`,
    status: "complete" as const,
    createdAt: new Date(start + n * everyDays * day).toISOString(),
  }));
}

/** What goes beyond the flow, retirement by retirement, when the rules were as given at each time. */
function beyond(made: readonly SnapshotFacts[], rules: readonly (readonly [at: number, rules: RetentionRules])[]) {
  const gone = new Set<number>();
  const retirements = rules.map(([at, given]) => {
    const now = new Date(start + at * day);
    const there = made.filter(({ seq, createdAt }) => !gone.has(seq) && Date.parse(createdAt) <= now.getTime());
    const retired = planSnapshots({ snapshots: there, rules: given, now }).retire.map(({ seq }) => seq);
    for (const seq of retired) gone.add(seq);
    return { at: now, snapshots: retired };
  });
  return beyondFlow({ snapshots: made, rules: rules.at(-1)![1], retirements }).map(({ snapshots: of }) => of.length);
}

describe("what goes because time has passed", () => {
  it.each([1, 1 / 24])("is no reason to stop: a backup every %d days with last=7", (everyDays) => {
    const rules = { ...none, last: 7, daily: 20 };
    const nights = Array.from({ length: 12 }, (_, n) => [28.1 + n, rules] as const);

    expect(beyond(snapshots(41 / everyDays, everyDays), nights).slice(1)).toEqual(Array.from({ length: 7 }, () => 0));
  });

  it("is also what has gathered while retention could not run for some days", () => {
    const rules = { ...none, last: 14 };

    expect(
      beyond(snapshots(40), [
        [20.1, rules],
        [24.1, rules],
      ]).at(-1),
    ).toBe(0);
    expect(
      beyond(snapshots(40), [
        [20.1, rules],
        [38.1, rules],
      ]).at(-1),
    ).toBeGreaterThan(5);
  });
});

describe("what goes because something else has changed", () => {
  it("is all that shorter rules let go", () => {
    expect(
      beyond(snapshots(40), [
        [38.1, { ...none, last: 35 }],
        [39.1, { ...none, last: 8 }],
      ]).at(-1),
    ).toBe(27);
  });

  it("adds up over a week, so that a little shorter every night is no way around", () => {
    const nights = [30, 26, 22, 18, 14].map((last, n) => [39.1 + n, { ...none, last }] as const);

    const going = beyond(snapshots(44), nights);

    expect(going.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(15);
  });
});
