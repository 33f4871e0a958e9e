import { describe, expect, it } from "vitest";
import { hindranceOf, whyKept, type KeptFacts } from "../../../extension-ui/model/kept-by.ts";
import { seenObjects } from "../../../engine/insight/immutability.ts";
import type { OwnerAnswers } from "../../../extension-ui/model/owner-answers.ts";
import { localDay } from "../../../extension-ui/model/times.ts";
import type { Snapshot } from "../../../extension-ui/model/vault-source.ts";
import { aSnapshot, day } from "./snapshots.ts";

function kept(snapshots: readonly Snapshot[], over: Partial<KeptFacts> = {}): readonly (readonly [number, string])[] {
  const facts = { snapshots, isChecked: true, retention: "last=1 weekly=2", now: new Date(day(25)), ...over };
  return [...(whyKept(facts) ?? [])].map(([seq, { text }]) => [seq, text] as const).sort(([a], [b]) => b - a);
}

describe("why a snapshot is kept", () => {
  it("is the rule that keeps it longest, by its name in the rules", () => {
    const snapshots = [aSnapshot(12), aSnapshot(11), aSnapshot(9), aSnapshot(4), aSnapshot(1)];

    expect(kept(snapshots, { retention: "last=15 weekly=3 monthly=1" })).toEqual([
      [12, "Monthly for 1 month, weekly for 3 weeks"],
      [11, "Last 15 days"],
      [9, "Weekly for 3 weeks"],
      [4, "Goes at the next retention"],
      [1, "Monthly for 1 month"],
    ]);
    const [, first] = [
      ...whyKept({ snapshots, isChecked: true, retention: "monthly=1", now: new Date(day(25)) })!,
    ].find(([seq]) => seq === 1)!;
    expect(first.detail).toBe("Kept by: monthly 2026-11.");
  });

  it("is said of the one that no rule keeps, too: it goes", () => {
    const snapshots = [aSnapshot(12), aSnapshot(11), aSnapshot(10), aSnapshot(9)];

    expect(kept(snapshots)).toEqual([
      [12, "Newest, newest complete"],
      [11, "Goes at the next retention"],
      [10, "Goes at the next retention"],
      [9, "Goes at the next retention"],
    ]);
  });

  it("is an alarm that is open: what stands before it is kept, and nothing goes", () => {
    const snapshots = [aSnapshot(12), aSnapshot(11), aSnapshot(10), aSnapshot(9)];
    const alarm = { seq: 11, code: "mass-delete" };
    const acknowledged = { entry: 13, at: day(13) };

    const facts = (answers: OwnerAnswers): Partial<KeptFacts> => ({
      answers,
      hindrance: hindranceOf({ snapshots: [...snapshots, aSnapshot(1, { isRetired: true })], answers }),
    });

    expect(kept(snapshots, facts({ alarms: [alarm], announcements: [] }))).toEqual([
      [12, "Newest, newest complete"],
      [11, "Stays while an alarm is open"],
      [10, "Before an alarm"],
      [9, "Stays while an alarm is open"],
    ]);
    const answers = { alarms: [{ ...alarm, acknowledged }], announcements: [] };
    expect(kept(snapshots, facts(answers))).toEqual(kept(snapshots));
  });

  it("is not said to go where it cannot: locked, held, or retention takes nothing away", () => {
    const immutability = (until: string | null, held: number): Pick<Snapshot, "immutability"> => ({
      immutability: seenObjects({ objects: 9, unprotected: 0, unlocked: 0, held, until }, day(20)),
    });
    const snapshots = [aSnapshot(12), aSnapshot(11, immutability(day(30), 0)), aSnapshot(10, immutability(null, 9))];
    const rules = { retention: "last=1" };

    expect(kept(snapshots, rules).slice(1)).toEqual([
      [11, `Not before ${localDay(day(30))}`],
      [10, "Stays while it is held"],
    ]);
    expect(kept(snapshots, { ...rules, hindrance: hindranceOf({ snapshots, canRetire: false }) })[1]).toEqual([
      11,
      "No rule keeps it",
    ]);
  });

  it.each<readonly [string | undefined, Parameters<typeof hindranceOf>[0]]>([
    ["no key may retire", { snapshots: [aSnapshot(1)], canRetire: false }],
    [
      "the alarm of",
      {
        snapshots: [aSnapshot(2), aSnapshot(1, { isRetired: true })],
        canRetire: true,
        answers: { alarms: [{ seq: 2, code: "mass-delete" }], announcements: [] },
      },
    ],
    ["none has retired anything so far", { snapshots: [aSnapshot(1)], canRetire: true }],
    [
      undefined,
      {
        snapshots: [aSnapshot(2, { anomalies: [{ code: "mass-delete", n: 9 }] }), aSnapshot(1, { isRetired: true })],
        canRetire: true,
        answers: {
          alarms: [{ seq: 2, code: "mass-delete", acknowledged: { entry: 3, at: day(3) } }],
          announcements: [],
        },
      },
    ],
  ])("waits because of: %s", (reason, view) => {
    const found = hindranceOf(view);

    if (reason === undefined) expect(found).toBeUndefined();
    else expect(found?.detail).toContain(reason);
  });

  it("may be its age, or that it is the newest complete one", () => {
    const snapshots = [aSnapshot(24, { status: "partial" }), aSnapshot(23), aSnapshot(22)];

    expect(kept(snapshots, { retention: "last=1" }).slice(1)).toEqual([
      [23, "Newest complete, younger than 7 days"],
      [22, "Younger than 7 days"],
    ]);
  });

  it("does not count what is retired, and says so", () => {
    const snapshots = [aSnapshot(12), aSnapshot(11), aSnapshot(10, { isRetired: true })];

    expect(kept(snapshots, { retention: "last=20" })).toEqual([
      [12, "Last 20 days, newest"],
      [11, "Last 20 days"],
      [10, "Retired"],
    ]);
  });

  it("is that everything is kept, where no rules are named", () => {
    expect(kept([aSnapshot(2), aSnapshot(1)], { retention: undefined })).toEqual([
      [2, "Everything is kept"],
      [1, "Everything is kept"],
    ]);
  });

  it("is not known where no rules are named and something was retired all the same", () => {
    expect(kept([aSnapshot(2), aSnapshot(1, { isRetired: true })], { retention: "" })).toEqual([
      [2, "Not known"],
      [1, "Retired"],
    ]);
  });

  it("is not said before the log is checked to its end", () => {
    const facts = { snapshots: [aSnapshot(1)], isChecked: false, retention: "last=1", now: new Date(day(25)) };

    expect(whyKept(facts)).toBeUndefined();
  });
});
