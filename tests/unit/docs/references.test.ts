/** What code cites is there: sections and pages of docs/, and cases of the fault plan. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sourceFiles } from "../../support/source-files.ts";
import { page, projectFolder } from "./markdown.ts";

const sources = ["engine", "extension-ui", "tasks", "tests"]
  .flatMap((folder) => sourceFiles(folder))
  .filter(({ path }) => !path.startsWith("tests/unit/docs/"))
  .map(({ path }) => ({ path, text: readFileSync(join(projectFolder, path), "utf8") }));

/** `docs/format.md 3.1, 5`, `docs/format.md 3.2 to 3.4`: each number by itself. */
function sectionsCited(text: string): readonly string[] {
  return [...text.matchAll(/docs\/format\.md ((?:\d+(?:\.\d+)?)(?:(?:, | to )\d+(?:\.\d+)?)*)/g)].flatMap(
    ([, list = ""]) => list.split(/, | to /),
  );
}

function found(pattern: RegExp): readonly string[] {
  return sources.flatMap(({ path, text }) => [...text.matchAll(pattern)].map(([match]) => `${path}: ${match}`));
}

describe("what code cites", () => {
  it("is a section that docs/format.md has", () => {
    const headings = [...page("docs/format.md").prose.matchAll(/^#{2,3} (\d+(?:\.\d+)?)\.? /gm)].map(
      ([, number]) => number,
    );
    const cited = sources.flatMap(({ path, text }) => sectionsCited(text).map((section) => ({ path, section })));

    expect(cited.length).toBeGreaterThan(20);
    expect(cited.filter(({ section }) => !headings.includes(section))).toEqual([]);
  });

  it("is a page of docs/ that exists", () => {
    const cited = found(/(?<![\w/])docs\/[\w/-]+\.md/g);

    expect(cited.length).toBeGreaterThan(20);
    expect(cited.filter((line) => !existsSync(join(projectFolder, line.split(": ")[1] ?? "")))).toEqual([]);
  });

  it("is a case that the fault plan numbers", () => {
    const numbers = [...page("docs/fault-plan.md").text.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => number);
    const cited = found(/\((?:docs\/fault-plan\.md, )?cases? \d+(?:, \d+)*\)/g);

    expect(cited.length).toBeGreaterThan(20);
    for (const line of cited)
      for (const [number] of (line.split(": ")[1] ?? "").matchAll(/\d+/g)) expect(numbers, line).toContain(number);
  });

  it("is no document that the project does not have", () => {
    expect(
      found(
        /(?<![\w/-])(?:rest-reference|design\.md|hub\.md|insight\.md|git-wire\.md|kinds\.md|contract\.md)|docs\/\S+ §/g,
      ),
    ).toEqual([]);
  });
});
