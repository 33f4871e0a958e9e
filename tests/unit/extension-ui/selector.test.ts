import { describe, expect, it } from "vitest";
import { selectorFor, selectorsFor, type Chosen } from "../../../extension-ui/model/selector.ts";

const repository = "git-repositories/5a3c2f10-64b7-4d0e-9d3b-0b6f1c2a7e01";

describe("selectors of a restore", () => {
  it.each<readonly [string, Chosen]>([
    ["*", { what: "snapshot" }],
    ["git-repositories/*", { what: "kind", kind: "git-repositories" }],
    [repository, { what: "stream", stream: repository }],
    ["work-items/*", { what: "stream", stream: "work-items" }],
    [`${repository}:refs/heads/feature/a b`, { what: "item", stream: repository, itemId: "refs/heads/feature/a b" }],
    ["work-items/42", { what: "item", stream: "work-items", itemId: "42" }],
  ])("name what was chosen by ids: %s", (selector, chosen) => {
    expect(selectorFor(chosen)).toBe(selector);
  });

  it("leave out what another one includes", () => {
    const chosen: readonly Chosen[] = [
      { what: "item", stream: repository, itemId: "refs/heads/main" },
      { what: "stream", stream: repository },
      { what: "kind", kind: "work-items" },
      { what: "item", stream: "work-items", itemId: "42" },
      { what: "item", stream: "areas", itemId: "7" },
      { what: "item", stream: "areas", itemId: "7" },
    ];

    expect(selectorsFor(chosen)).toEqual([repository, "work-items/*", "areas/7"]);
    expect(selectorsFor([...chosen, { what: "snapshot" }])).toEqual(["*"]);
  });

  it.each(["", " 42", "a\nwork-items/*", "a\u2028b"])("refuse an id that would say something else: %j", (itemId) => {
    const refuse = (): string => selectorFor({ what: "item", stream: "work-items", itemId });

    expect(refuse).toThrow(expect.objectContaining({ code: "SELECTOR_FORM" }) as Error);
  });
});
