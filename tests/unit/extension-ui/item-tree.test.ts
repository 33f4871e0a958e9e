import { describe, expect, it } from "vitest";
import { itemNodes, itemTree } from "../../../extension-ui/model/item-tree.ts";
import { aLine } from "./snapshots.ts";

const guid = "5a3c2f10-64b7-4d0e-9d3b-0b6f1c2a7e01";

describe("the tree of a snapshot", () => {
  it("groups streams by kind and sorts people's names as people do", () => {
    const tree = itemTree([
      aLine("git-repositories/a", { name: "web 10", count: 4, bytes: 10 }),
      aLine("git-repositories/b", { name: "Web 9", count: 3, st: "stale", bytes: 5 }),
      aLine("git-repositories/c", { name: "Äpfel" }),
      aLine("work-items", { name: "Work items", count: 7 }),
    ]);

    expect(tree).toMatchObject([
      { kind: "git-repositories", title: "Git repositories", isSingle: false, items: 7, gaps: 1, bytes: 15 },
      { kind: "work-items", title: "Work items", isSingle: true, items: 7, gaps: 0 },
    ]);
    expect(tree[0]?.streams.map(({ label }) => label)).toEqual(["Äpfel", "Web 9", "web 10"]);
  });

  it("shows no files of their own: their bytes belong to what they accompany", () => {
    const [node, ...others] = itemTree([
      aLine("work-items", { bytes: 100 }),
      aLine("work-items/files", { bytes: 900, count: 12 }),
    ]);

    expect(others).toEqual([]);
    expect(node?.streams).toMatchObject([{ id: "work-items", bytes: 1000 }]);
  });

  it("falls back to ids where the catalogue holds no names", () => {
    const [node] = itemTree([aLine(`git-repositories/${guid}`)]);

    expect(node?.streams[0]?.label).toBe(guid);
    expect(itemNodes([{ id: "42" }])[0]?.label).toBe("42");
  });

  it("sorts numbers by value and everything else by name, and marks what was in the recycle bin", () => {
    const items = itemNodes([
      { id: "refs/tags/v10", name: "v10" },
      { id: "100", name: "A" },
      { id: "refs/tags/v9", name: "v9" },
      { id: "9", name: "B", state: "Deleted" },
    ]);

    expect(items.map(({ id }) => id)).toEqual(["9", "100", "refs/tags/v9", "refs/tags/v10"]);
    expect(items.map(({ isDeleted }) => isDeleted)).toEqual([true, false, false, false]);
  });
});
