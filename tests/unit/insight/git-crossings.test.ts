import { describe, expect, it } from "vitest";
import { gitCrossings } from "../../../engine/insight/git-crossings.ts";
import type { GitDelta } from "../../../engine/vault/format/figures.ts";
import { afterNights, aDelta, aDeltaWithout, firstNight } from "./night-builders.ts";

describe("a night of a repository", () => {
  it("crosses every level up to what has come that looks encrypted, and tells how many files", () => {
    const { crossed } = gitCrossings(undefined, aDelta({ edited: 200, whole: 200, dense: 140 }));

    expect(crossed.filter(([signal]) => signal === "dense").map(([, level]) => level)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(crossed.find(([signal]) => signal === "dense")).toEqual(["dense", 0, firstNight, 140]);
  });

  it("takes dense files for nothing where as many files are new", () => {
    expect(gitCrossings(undefined, aDelta({ added: 140, whole: 140, dense: 140 })).crossed).toEqual([]);
  });

  it("adds up a few files every night, and remembers when it began", () => {
    const slow = { edited: 7, whole: 7, dense: 5 };
    const { trend, crossed } = afterNights([slow, slow, slow, slow]);

    expect(crossed).toContain("scrambling 2");
    expect(trend.scrambling).toBe(4);
    expect(trend.from).toMatchObject({ dense: firstNight, scrambling: firstNight });
  });

  it("counts several backups of one night once, and lets a night lie between, at any minute", () => {
    const loss = { deleted: 5 };
    const hourly = afterNights([0, 0.04, 0.08, 0.12].map((hours) => ({ ...loss, at: firstNight + hours })));
    const gappy = afterNights([0, 2.02, 4.01, 6.03].map((nights) => ({ ...loss, at: firstNight + nights })));

    expect([hourly.trend.losing, gappy.trend.losing]).toEqual([1, 4]);
    expect(gappy.crossed).toContain("losing 0");
  });

  it("crosses a level once in 90 nights", () => {
    const half = { deleted: 100 };
    const crossedAgain = (after: number): readonly string[] =>
      afterNights([half, { ...half, at: firstNight + after }]).crossed;

    expect(crossedAgain(60)).toEqual([]);
    expect(crossedAgain(91)).toContain("lost 4");
  });

  it("says nothing of shares where nobody knows the files, but of rows and of history", () => {
    const unknown = aDeltaWithout(["files"], { dense: 100, deleted: 80, defaultRewritten: true, lost: 40 });
    const night = (index: number): GitDelta => ({ ...unknown, at: firstNight + index });
    let found = gitCrossings(undefined, night(0));
    expect(found.crossed.map(([signal]) => signal)).toEqual(["rewritten"]);
    for (const index of [1, 2, 3]) found = gitCrossings(found.trend, night(index));
    expect(found.crossed.map(([signal]) => signal)).toEqual(["scrambling", "losing"]);
    expect(found.trend.files).toBeUndefined();
  });

  it("takes what the service did not tell for unknown, and a forgotten tip for much that is lost", () => {
    const rest = { dense: 150, defaultRewritten: true };
    const delta = aDeltaWithout(["added", "edited", "deleted", "lost"], rest);

    expect(gitCrossings(undefined, delta).crossed).toEqual([["rewritten", 0, firstNight, 0]]);
  });

  it("keeps no more than it needs", () => {
    const { trend } = afterNights([{ deleted: 100 }, { at: firstNight + 200, edited: 1 }]);

    expect(trend).toMatchObject({ from: {}, last: {}, nights: [firstNight + 200], files: 200 });
    expect(JSON.stringify(trend).length).toBeLessThan(200);
  });
});
