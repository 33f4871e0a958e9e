import { describe, expect, it } from "vitest";
import { collect } from "../../../engine/foundation/concurrency.ts";
import { compareItems, compareStreams } from "../../../extension-ui/model/compare.ts";
import { each } from "../../support/sealed-vault.ts";
import { aLine, hashed } from "./snapshots.ts";

describe("two snapshots compared by their indexes", () => {
  it("tells added, changed and deleted streams, and counts the others", () => {
    const before = [
      aLine("git-repositories/a"),
      aLine("git-repositories/b"),
      aLine("git-repositories/c"),
      aLine("work-items"),
    ];
    const after = [
      aLine("git-repositories/a", { state: hashed("a later") }),
      aLine("git-repositories/c", { st: "deleted" }),
      aLine("git-repositories/d"),
      aLine("work-items"),
    ];

    const { differences, same } = compareStreams(before, after);

    expect(differences.map(({ stream, change }) => `${change} ${stream}`)).toEqual([
      "changed git-repositories/a",
      "deleted git-repositories/b",
      "deleted git-repositories/c",
      "added git-repositories/d",
    ]);
    expect(same).toBe(1);
  });

  it("takes changed files for a change of what they accompany", () => {
    const before = [aLine("work-items"), aLine("work-items/files")];
    const after = [aLine("work-items"), aLine("work-items/files", { state: hashed("later") })];

    const { differences } = compareStreams(before, after);

    expect(differences).toMatchObject([{ stream: "work-items", change: "changed", isContentSame: true }]);
  });

  it("tells a new name and a stream that could not be read any more", () => {
    const before = [aLine("git-repositories/a", { name: "Web" }), aLine("git-repositories/b")];
    const after = [aLine("git-repositories/a", { name: "Shop" }), aLine("git-repositories/b", { st: "stale" })];

    const { differences } = compareStreams(before, after);

    expect(differences).toMatchObject([
      { change: "changed", isContentSame: true, before: { name: "Web" }, after: { name: "Shop" } },
      { change: "changed", isContentSame: true, after: { st: "stale" } },
    ]);
  });

  it("keeps silent about a stream that was deleted before already, and tells of its return", () => {
    const gone = aLine("git-repositories/a", { st: "deleted" });

    expect(compareStreams([gone], [gone])).toEqual({ differences: [], same: 1 });
    expect(compareStreams([gone], [aLine("git-repositories/a")]).differences).toMatchObject([{ change: "added" }]);
  });
});

describe("items of a stream compared", () => {
  it("tells added, changed and deleted ones with the fields that differ", async () => {
    const before = each({ id: "1", name: "One", rev: 1 }, { id: "2", name: "Two", rev: 4 }, { id: "3", name: "Three" });
    const after = each({ id: "1", name: "One", rev: 1 }, { id: "2", name: "Two!", rev: 5 }, { id: "4", name: "Four" });

    const differences = await collect(compareItems(before, after));

    expect(differences.map(({ id, change, fields }) => [id, change, fields])).toEqual([
      ["2", "changed", ["name", "rev"]],
      ["4", "added", []],
      ["3", "deleted", []],
    ]);
    expect(differences[0]).toMatchObject({ before: { name: "Two" }, after: { name: "Two!" } });
  });

  it("takes an item in the recycle bin for deleted, and for added when it has come back", async () => {
    const there = { id: "1", name: "One", state: "New" };
    const binned = { ...there, state: "Deleted" };
    const changes = async (a: typeof there, b: typeof there): Promise<readonly string[]> =>
      (await collect(compareItems(each(a), each(b)))).map(({ change }) => change);

    expect(await changes(there, binned)).toEqual(["deleted"]);
    expect(await changes(binned, there)).toEqual(["added"]);
    expect(await changes(binned, binned)).toEqual([]);
  });

  it("shows where a branch has moved", async () => {
    const id = "refs/heads/main";

    const [moved] = await collect(
      compareItems(each({ id, state: "a".repeat(40) }), each({ id, state: "b".repeat(40) })),
    );

    expect(moved).toMatchObject({ id, change: "changed", fields: ["state"] });
  });
});
