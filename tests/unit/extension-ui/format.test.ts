import { describe, expect, it } from "vitest";
import { chainText, changesText } from "../../../extension-ui/model/format.ts";
import { maxShownCharacters, shownText } from "../../../extension-ui/model/shown-text.ts";
import { aSum } from "./snapshots.ts";

describe("figures for people", () => {
  it("tell what changed, and what could not be read", () => {
    expect(changesText({ ...aSum, changed: 0 })).toBe("Nothing changed");
    expect(changesText({ ...aSum, deleted: 1, stale: 1, missing: 2 })).toBe(
      "2 streams changed, 1 stream deleted, 3 streams not read",
    );
  });

  it("never call a log checked that is not", () => {
    const checked = { state: "checked", problems: [], signers: "pinned", head: undefined, isHeadPinned: true } as const;

    expect(chainText({ state: "unchecked" })).toContain("not checked");
    expect(chainText({ state: "checking", read: 5, of: 9 })).toBe("Checking the log: 5 of 9 entries");
    expect(chainText({ ...checked, hashes: new Map() })).toBe(
      "Log checked: signed by the pinned keys, nothing was taken back",
    );
    const problems = [{ code: "LOG_FORK", message: "…" }];
    expect(chainText({ ...checked, problems, hashes: new Map() })).toBe("The log has 1 problem");
  });
});

describe("text from the vault", () => {
  it("is cut, and its hidden characters shown", () => {
    expect(shownText("plain")).toBe("plain");
    expect(shownText("a\u202eb\u0000\u200f\ud800")).toBe("a\\u202eb\\u0000\\u200f\\ud800");
    expect(shownText("x".repeat(maxShownCharacters + 1))).toBe(`${"x".repeat(maxShownCharacters)}…`);
    expect(shownText("😀")).toBe("😀");
  });
});
