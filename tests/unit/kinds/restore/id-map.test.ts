import { describe, expect, it } from "vitest";
import { idMap } from "../../../../engine/kinds/restore/id-map.ts";
import { translated } from "../../../../engine/kinds/restore/references.ts";

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

describe("an id of the snapshot", () => {
  const elsewhere = { isSource: false, isSameOrganization: true };

  it("is that of what was found or made in the target", () => {
    const ids = idMap();
    ids.found("groups", "1", "77");

    expect(translated(["groups", "1"], { ids, ...elsewhere })).toEqual({ status: "known", id: "77" });
    expect(translated(["groups", "1"], { ids, ...elsewhere, isSource: true })).toEqual({ status: "known", id: "77" });
  });

  it("is awaited while the restore has not made it, also where ids are kept", () => {
    const ids = idMap();
    ids.expect("groups", "1");

    expect(translated(["groups", "1"], { ids, ...elsewhere, isSource: true })).toEqual({ status: "awaited" });
  });

  it("stays what it is where ids are kept, and is unknown in another project", () => {
    const ids = idMap();

    expect(translated(["groups", "1"], { ids, ...elsewhere, isSource: true })).toEqual({ status: "known", id: "1" });
    expect(translated(["groups", "1"], { ids, ...elsewhere })).toEqual({ status: "unknown" });
  });

  it("of the organisation stays what it is in all its projects, and is unknown in another organisation", () => {
    const ids = idMap();
    const foreign = { isSource: false, isSameOrganization: false };

    expect(translated(["pools", "1"], { ids, ...elsewhere }, "organization")).toEqual({ status: "known", id: "1" });
    expect(translated(["pools", "1"], { ids, ...foreign }, "organization")).toEqual({ status: "unknown" });
  });
});
