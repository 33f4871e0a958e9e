import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { isRefName } from "../../../engine/git/ref-names.ts";

const names = [
  ..."refs/heads/main refs/heads/-x refs/heads/--upload-pack=x refs/heads/größe refs/heads/@ refs/tags/v1.0".split(" "),
  ..."refs/heads/x.lock refs/heads/x.lock/y refs/heads/.x refs/heads/x. refs/heads/a..b refs/heads/a@{b".split(" "),
  ..."refs/heads/a~b refs/heads/a^b refs/heads/a:b refs/heads/a?b refs/heads/a*b refs/heads/a[b refs/heads/a\\b".split(
    " ",
  ),
  ..."refs/heads/ refs//heads/x refs/heads/x/ /refs/heads/x refs/heads/日本 refs/heads/a{b} refs/pull/7/merge".split(
    " ",
  ),
  ..."refs/heads/$(touch${IFS}x) refs/heads/%2e%2e refs/heads/;x refs/x refs/heads/...".split(" "),
  "refs/heads/a b",
  "refs/heads/a\tb",
  "refs/heads/a\nb",
  "refs/heads/a\u007fb",
  "refs/heads/a\u00a0b",
];

describe("names of refs", () => {
  it.each(names)("%j is judged as git judges it", (name) => {
    const { status } = spawnSync("git", ["check-ref-format", name]);

    expect(isRefName(name)).toBe(status === 0);
  });

  it("have to be below refs/", () => {
    expect(isRefName("heads/main")).toBe(false);
    expect(isRefName("HEAD")).toBe(false);
  });
});
