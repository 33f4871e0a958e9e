import { describe, expect, it } from "vitest";
import { idMap } from "../../../../engine/kinds/restore/id-map.ts";

describe("the map of ids", () => {
  it("knows what a restore has made; the latest counts", () => {
    const ids = idMap();
    ids.made("teams", "1", "10");
    ids.made("teams", "1", "11");

    expect(ids.get("teams", "1")).toBe("11");
    expect([ids.get("teams", "2"), ids.get("areas", "1")]).toEqual([undefined, undefined]);
  });

  it("puts what the plan has found before what was made earlier, and what is made then before both", () => {
    const ids = idMap();
    ids.made("teams", "1", "copy");
    ids.found("teams", "1", "own");
    expect(ids.get("teams", "1")).toBe("own");

    ids.made("teams", "1", "new");
    expect(ids.get("teams", "1")).toBe("new");
  });

  it("gives no earlier id of what is to be made anew, until it is made", () => {
    const ids = idMap();
    ids.made("teams", "1", "copy");
    ids.expect("teams", "1");
    expect([ids.get("teams", "1"), ids.isAwaited("teams", "1")]).toEqual([undefined, true]);

    ids.made("teams", "1", "new");
    expect([ids.get("teams", "1"), ids.isAwaited("teams", "1")]).toEqual(["new", false]);
  });

  it("tells what was made from what a plan says", () => {
    const ids = idMap();
    ids.found("teams", "1", "10");
    ids.made("teams", "2", "20");

    expect([ids.isMade("teams", "1", "10"), ids.isMade("teams", "2", "20")]).toEqual([false, true]);
  });

  it("shows kinds nothing by which they could fill it", () => {
    expect(Object.keys(idMap().view).sort()).toEqual(["get", "isAwaited", "isMade"]);
  });
});
