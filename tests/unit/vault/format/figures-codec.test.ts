import { describe, expect, it } from "vitest";
import { canonicalJson, parseObject } from "../../../../engine/foundation/json.ts";
import { gitCrossings } from "../../../../engine/insight/git-crossings.ts";
import { instantOf, nightOf } from "../../../../engine/vault/format/figures.ts";
import { gitTrendOf } from "../../../../engine/vault/format/figures-codec.ts";
import { parseIndexLine } from "../../../../engine/vault/format/state-codec.ts";
import { aDelta } from "../../insight/night-builders.ts";

const { trend, crossed } = gitCrossings(undefined, aDelta({ dense: 150, deleted: 90 }));
const d = { ...aDelta(), crossed };
const c = { baseAt: 20_400, baseKiB: 9, deltaKiB: 1, depth: 1, changedAt: 20_500, changedNights: 2, meanKiB: 0.5 };

function parsed(members: object): object {
  return parseIndexLine(canonicalJson({ s: "git-repositories/a", st: "ok", ...members }), "The index");
}

describe("figures", () => {
  it("come back as they were written", () => {
    expect(parsed({ d, c })).toEqual({ s: "git-repositories/a", st: "ok", d, c });
    expect(gitTrendOf(parseObject(canonicalJson(trend)))).toEqual(trend);
  });

  it.each<readonly [string, object]>([
    ["text instead of a number", { d: { ...d, branches: "9" } }],
    ["a night in the far future", { d: { ...d, at: 1e9 } }],
    ["a negative count", { d: { ...d, dense: -1 } }],
    ["a crossing that is none", { d: { ...d, crossed: [["dense"]] } }],
    ["more crossings than there are levels", { d: { ...d, crossed: Array.from({ length: 200 }, () => crossed[0]) } }],
    ["no object", { c: 7 }],
    ["half of a chain's figures", { c: { baseAt: 20_400 } }],
  ])("of a form that nobody knows are as if they were not there: %s", (_, members) => {
    expect(parsed(members)).toEqual({ s: "git-repositories/a", st: "ok" });
  });

  it("hold what is not known by leaving it out", () => {
    const known = Object.entries(d).filter(([name]) => !["added", "edited", "deleted", "lost"].includes(name));

    expect(parsed({ d: Object.fromEntries(known) })).toHaveProperty("d.branches", d.branches);
  });

  it("name nights that are never after the moment they were made of", () => {
    for (const text of ["2026-11-22T01:02:03.456Z", "2026-11-22T00:00:00.000Z", "2031-02-28T23:59:59.999Z"]) {
      const lag = Date.parse(text) - Date.parse(instantOf(nightOf(new Date(text))));

      expect(lag).toBeGreaterThanOrEqual(0);
      expect(lag).toBeLessThan(1000);
    }
  });
});
