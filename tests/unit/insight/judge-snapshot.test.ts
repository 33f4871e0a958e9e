import { describe, expect, it } from "vitest";
import { judgeSnapshot } from "../../../engine/insight/judge-snapshot.ts";
import type { SnapshotFacts } from "../../../engine/insight/facts.ts";
import { anomalyCodes, anomalyWords } from "../../../engine/insight/words.ts";
import type { GitDelta } from "../../../engine/vault/format/figures.ts";
import { aKindSum, aQuiet, aRepository, firstNight, someFacts } from "./night-builders.ts";

const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

/** A dozen active repositories, of which these changed tonight. */
function dozen(changed: Readonly<Record<string, Partial<GitDelta>>>): Partial<SnapshotFacts> {
  return {
    repositories: names.map((name) => (changed[name] === undefined ? aQuiet(name) : aRepository(name, changed[name]))),
  };
}

function alarms(over: Partial<SnapshotFacts>): readonly string[] {
  return [...new Set(judged(over, false))];
}

function notes(over: Partial<SnapshotFacts>): readonly string[] {
  return [...new Set(judged(over, true))];
}

function judged(over: Partial<SnapshotFacts>, isNote: boolean): readonly string[] {
  return judgeSnapshot(someFacts(over))
    .filter(({ note }) => (note === true) === isNote)
    .map(({ code }) => code);
}

const header: Partial<GitDelta> = { edited: 200, whole: 3 };
const noise: Partial<GitDelta> = { edited: 200, whole: 200, dense: 140 };

describe("a night in one repository of twelve", () => {
  it.each<readonly [string, Partial<GitDelta>]>([
    ["a licence header in every file", header],
    ["a vendored folder added", { added: 20, whole: 20, dense: 14 }],
    ["a vendored folder removed", { deleted: 20 }],
    ["a third of the branches cleaned up", { branches: 15, refsDeleted: 5 }],
  ])("is no alarm when it is %s", (_, night) => {
    expect(alarms(dozen({ a: night }))).toEqual([]);
  });

  it.each<readonly [string, Partial<GitDelta>, string]>([
    ["noise", noise, "content-scrambled"],
    ["Base64", { edited: 200, whole: 200, halfDense: 140 }, "content-scrambled"],
    ["scrambled text", { edited: 200, whole: 110 }, "files-replaced"],
    ["all files deleted", { deleted: 200 }, "files-lost"],
    ["the default branch forced", { rewritten: 1, defaultRewritten: true, lost: 300 }, "history-rewritten"],
    ["all tags deleted", { tagsDeleted: 4 }, "tags-deleted"],
  ])("alarms when it is %s", (_, night, code) => {
    expect(alarms(dozen({ a: night }))).toContain(code);
  });

  it("is worth a note when it is doubtful", () => {
    expect(notes(dozen({ a: header }))).toEqual(["files-replaced"]);
    expect(notes(dozen({ a: { branches: 8, rewritten: 6 } }))).toEqual(["branches-rewritten"]);
  });
});

describe("the same in all twelve", () => {
  const everywhere = (night: Partial<GitDelta>): Partial<SnapshotFacts> =>
    dozen(Object.fromEntries(names.map((name) => [name, night])));

  it("alarms for a licence header, and does not when it was announced", () => {
    expect(alarms(everywhere(header))).toEqual(["files-replaced"]);
    const announced = { ...everywhere(header), expected: new Set(["files-replaced"]) };
    expect(alarms(announced)).toEqual([]);
    expect(notes(announced)).toEqual(["files-replaced"]);
  });

  it("alarms for branches, and names five of the repositories", () => {
    const [found] = judgeSnapshot(someFacts(everywhere({ branches: 9, refsDeleted: 8 })));

    expect(found).toMatchObject({ code: "branches-deleted", n: 96, of: 108, level: 50, hit: 12, active: 12 });
    expect(found?.streams).toHaveLength(5);
    expect(Number.isInteger(found?.chance)).toBe(true);
  });
});

describe("size", () => {
  const many = Array.from({ length: 5000 }, (_, index) => aQuiet(`r${index}`));

  it("makes one doubtful night a note where thousands are active, but not among those that change most often", () => {
    const crowd = many.map((one, index) => ({
      ...one,
      c: { changedAt: firstNight, changedNights: index < 50 ? 40 : 1 },
    }));
    const struck = (index: number): Partial<SnapshotFacts> => ({
      repositories: crowd.map((one, at) =>
        at === index ? { ...aRepository("x", { deleted: 200 }), stream: one.stream, c: one.c } : one,
      ),
      listing: { held: 5000, deleted: [], missing: [] },
    });

    expect(alarms(struck(4000))).toEqual([]);
    expect(notes(struck(4000))).toEqual(["files-lost"]);
    expect(alarms(struck(10))).toEqual(["files-lost"]);
  });

  it("counts all repositories in the first month, when nobody knows who is active", () => {
    const one = { repositories: [aRepository("a", header)], listing: { held: 12, deleted: [], missing: [] } };

    expect(alarms({ ...one, earlier: [] })).toEqual([]);
    expect(alarms(one)).toEqual(["files-replaced"]);
  });

  it("does not go by what other versions and forgers write", () => {
    const { stream, d } = aRepository("a");
    const crossed = [
      ["constructor", 0, firstNight, 1],
      ["dense", 99, firstNight, 1],
    ] as const;
    const repositories = d === undefined ? [] : [{ stream, d: { ...d, crossed } }];

    expect(judgeSnapshot(someFacts({ repositories }))).toEqual([]);
  });
});

describe("items", () => {
  const usual = Array.from({ length: 8 }, (_, index) => ({
    at: firstNight - 10 - index,
    kinds: [aKindSum({ changed: 20, deleted: 1, back: 1 })],
    settled: new Set<string>(),
  }));

  it.each<readonly [string, Partial<ReturnType<typeof aKindSum>>, string]>([
    ["59 % changed", { changed: 590 }, "mass-change"],
    ["30 % changed, far from what is usual", { changed: 300 }, "mass-change"],
    ["12 % deleted", { items: 880, deleted: 120 }, "mass-delete"],
    ["6 % deleted, far from what is usual", { items: 940, deleted: 60 }, "mass-delete"],
    ["a quarter put back to the first state", { changed: 250, back: 250 }, "states-reset"],
    ["many that look like noise", { changed: 20, dense: 12 }, "content-scrambled"],
    ["many that are hidden", { hidden: 21 }, "mass-disappearance"],
  ])("alarm when %s", (_, sum, code) => {
    expect(alarms({ kinds: [aKindSum(sum)], earlier: usual })).toContain(code);
  });

  it("are worth a note below that, and nothing while nobody knows what is usual", () => {
    expect(notes({ kinds: [aKindSum({ changed: 150 })], earlier: usual })).toEqual(["mass-change"]);
    expect(judgeSnapshot(someFacts({ kinds: [aKindSum({ changed: 150 })], earlier: usual.slice(0, 3) }))).toEqual([]);
  });

  it("alarm when they go little by little, since the first night of it, and not again once that is settled", () => {
    const week = (settled: ReadonlySet<string>): SnapshotFacts["earlier"] =>
      [1, 2, 3, 4].map((night) => ({ at: firstNight - night, kinds: [aKindSum({ deleted: 20 })], settled }));
    const tonight = [aKindSum({ items: 980, deleted: 20 })];
    const found = judgeSnapshot(someFacts({ kinds: tonight, earlier: week(new Set()) }));

    expect(found).toMatchObject([{ code: "mass-delete", n: 100, since: "2026-02-12T00:00:00.000Z" }]);
    expect(alarms({ kinds: tonight, earlier: week(new Set(["mass-delete"])) })).toEqual([]);
  });
});

describe("what is listed", () => {
  const listing = (over: Partial<SnapshotFacts["listing"]>): Partial<SnapshotFacts> => ({
    listing: { held: 6, deleted: [], missing: [], ...over },
  });

  it("alarms when repositories are deleted together, and notes one", () => {
    expect(alarms(listing({ deleted: ["a", "b", "c", "d", "e"] }))).toEqual(["mass-delete"]);
    expect(notes(listing({ deleted: ["a"] }))).toEqual(["mass-delete"]);
    expect(alarms(listing({ held: 5000, deleted: ["a", "b", "c"] }))).toEqual([]);
  });

  it("alarms when many cannot be seen any more", () => {
    expect(alarms(listing({ missing: ["a", "b", "c"] }))).toEqual(["mass-disappearance"]);
    expect(alarms(listing({ missing: ["a"] }))).toEqual([]);
  });
});

describe("protection and clocks", () => {
  const policies = (over: object): Partial<SnapshotFacts> => ({
    policies: { held: 20, added: 0, removed: 0, removals: [], ...over },
  });

  it("alarm when rights or policies go, and note what may be ordinary", () => {
    const permissions = { held: 80, removed: 70, administratorsAdded: 1 };
    expect(alarms({ permissions })).toEqual(["permissions-removed"]);
    expect(notes({ permissions })).toEqual(["administrator-added"]);
    expect(alarms(policies({ removed: 20 }))).toEqual(["policies-removed"]);
    expect(notes(policies({ removed: 1 }))).toEqual(["policies-removed"]);
    expect(alarms(policies({ removed: 20, added: 20 }))).toEqual([]);
  });

  it("alarm when even little history is rewritten after its policy went, since then", () => {
    const forced = { repositories: [aRepository("a", { rewritten: 1, defaultRewritten: true, lost: 3 })] };
    const removed = (nightsAgo: number): Partial<SnapshotFacts> =>
      policies({ removals: [{ stream: "git-repositories/a", at: firstNight - nightsAgo }] });

    expect(alarms({ ...forced, ...removed(2) })).toEqual(["protection-lowered"]);
    expect(alarms({ ...forced, ...removed(9) })).toEqual([]);
  });

  it("alarm when the agent's clock is more than a quarter of an hour off", () => {
    expect(judgeSnapshot(someFacts({ skewMs: -3_600_000 }))).toEqual([{ code: "clock-skew", n: 60 }]);
    expect(alarms({ skewMs: 600_000 })).toEqual([]);
  });
});

describe("every code", () => {
  it("that has words can occur, and every one that occurs has words", () => {
    const removals = [{ stream: "git-repositories/a", at: firstNight }];
    const found = [
      dozen({ a: { ...noise, rewritten: 9, defaultRewritten: true, lost: 300, tagsDeleted: 4, refsDeleted: 9 } }),
      dozen({ a: { deleted: 200 }, b: header }),
      { kinds: [aKindSum({ items: 100, changed: 600, deleted: 900, back: 600, hidden: 50 })] },
      { permissions: { held: 9, removed: 9, administratorsAdded: 1 } },
      { ...dozen({ a: { defaultRewritten: true, lost: 1 } }), policies: { held: 2, added: 0, removed: 2, removals } },
      { skewMs: 10_000_000 },
    ].flatMap((over) => judgeSnapshot(someFacts(over)));

    expect([...new Set(found.map(({ code }) => code))].toSorted()).toEqual(anomalyCodes.toSorted());
    for (const anomaly of found) {
      const { title, remedy } = anomalyWords(anomaly);
      expect(title).not.toMatch(/undefined|NaN|score|suspicious/);
      expect(remedy).toMatch(
        anomaly.note === true || anomaly.code === "clock-skew" ? /\.$/ : /or acknowledge it if it was meant\.$/,
      );
    }
  });

  it("says what, how many of how many, since when and how often by chance", () => {
    const [found] = judgeSnapshot(someFacts(dozen({ a: noise })));

    expect(anomalyWords(found ?? { code: "", n: 0 }, { nameOf: () => "Web" })).toEqual({
      title: "140 of 200 files of Web now look encrypted",
      detail: "since 2026-02-16 00:00:00 UTC; by chance once in 833 years in a project of 12 active repositories",
      remedy: "Lock the branch, revoke the token; restore from an earlier snapshot, or acknowledge it if it was meant.",
    });
  });
});
