/** Coverage: what of a project is stored, as a sum that has to add up. */
import { describe, expect, it } from "vitest";
import { coverageFrom, coverageOf, isNeverStored, isWhole } from "../../../../engine/vault/format/coverage.ts";
import type { IndexLine } from "../../../../engine/vault/format/state.ts";

const state = { o: "20261122T180544Z-7f3a9c1e/00-000001.json.gz.age", n: 1000, h: "0", hl: 200, hh: "0" };
const allKinds = { kindsNotRead: 0, kindsUnsure: 0 };
let count = 0;

function line(facts: Partial<IndexLine>): IndexLine {
  count += 1;
  return { s: `git-repositories/${count}`, st: "ok", ...facts };
}

describe("Coverage", () => {
  it("adds up when everything listed is stored or left out on purpose", () => {
    const coverage = coverageOf([line({ state }), line({ state, st: "stale" }), line({ st: "skipped" })], allKinds);

    expect(coverage).toMatchObject({ inProject: 3, stored: 2, excluded: 1 });
    expect(isWhole(coverage)).toBe(true);
  });

  it("counts streams, not the files that go with them, and no deleted ones", () => {
    const lines = [line({ s: "work-items", state }), line({ s: "work-items/files", state })];
    const coverage = coverageOf([...lines, line({ st: "deleted", state })], allKinds);

    expect(coverage).toMatchObject({ inProject: 1, stored: 1 });
  });

  it.each<[string, Partial<IndexLine>, Record<string, number>]>([
    ["is disabled and was never stored", { st: "stale", err: "REPOSITORY_DISABLED" }, { disabled: 1 }],
    ["could never be read", { st: "stale", err: "ADO_FORBIDDEN" }, { unread: 1 }],
    ["an older version called read though it never was", { st: "ok" }, { unread: 1 }],
    ["is not to be seen any more", { st: "missing", state }, { hidden: 1 }],
    ["is not to be seen any more and was never stored", { st: "missing" }, { hidden: 1 }],
  ])("does not add up while something %s", (_, facts, figure) => {
    const coverage = coverageOf([line({ state }), line(facts)], allKinds);

    expect(coverage).toMatchObject({ inProject: 2, stored: 1, ...figure });
    expect(isWhole(coverage)).toBe(false);
  });

  it("counts as stored what is disabled now and was stored before", () => {
    const coverage = coverageOf([line({ state, note: "REPOSITORY_DISABLED" })], allKinds);

    expect(coverage).toMatchObject({ inProject: 1, stored: 1, disabled: 0 });
    expect(isWhole(coverage)).toBe(true);
  });

  it("does not add up while a kind was not read or may hold more than was shown", () => {
    expect(isWhole(coverageOf([line({ state })], { kindsNotRead: 1, kindsUnsure: 0 }))).toBe(false);
    expect(isWhole(coverageOf([line({ state })], { kindsNotRead: 0, kindsUnsure: 1 }))).toBe(false);
  });

  it("is always the sum of its parts", () => {
    const all = (["ok", "stale", "missing", "deleted", "skipped"] as const).flatMap((st) => [
      line({ st }),
      line({ st, state }),
      line({ st, err: "REPOSITORY_DISABLED" }),
    ]);
    const { inProject, stored, disabled, hidden, unread, excluded } = coverageOf(all, allKinds);

    expect(inProject).toBe(all.length - 3);
    expect(stored + disabled + hidden + unread + excluded).toBe(inProject);
  });

  it("is read from the log as it was written, and not from anything else", () => {
    const coverage = coverageOf([line({ state })], allKinds);

    expect(coverageFrom({ ...coverage })).toEqual(coverage);
    expect(() => coverageFrom({ ...coverage, stored: "1" })).toThrow("stored");
  });

  it("knows what was never stored", () => {
    expect(isNeverStored({ st: "ok" })).toBe(true);
    expect(isNeverStored({ st: "ok", state })).toBe(false);
    expect(isNeverStored({ st: "skipped" })).toBe(false);
  });
});
