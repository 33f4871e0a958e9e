/** Tests that texts name exist: a claim without its test is no claim. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { page, projectFolder, rowsBelow, type Page } from "./markdown.ts";

interface NamedTest {
  /** As written: a path from the project's folder, or the name of a file below tests/. */
  readonly file: string;
  readonly title: string;
}

const files = readdirSync(join(projectFolder, "tests"), { recursive: true, encoding: "utf8" })
  .map((path) => `tests/${path.replaceAll("\\", "/")}`)
  .filter((path) => path.endsWith(".ts"));

/** Each `file.test.ts` with the titles in quotation marks behind it. */
function testsNamedIn({ text }: Page): readonly NamedTest[] {
  const words = text.replace(/\s+/g, " ");
  return [...words.matchAll(/`([\w./-]+\.ts)`((?:, "[^"]+")+)/g)].flatMap(([, file = "", titles = ""]) =>
    [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => ({ file, title })),
  );
}

/** `whole`: the title in full; otherwise it may be the beginning of one, with or without `…`. */
function isThere({ file, title }: NamedTest, { whole }: { readonly whole: boolean }): boolean {
  const paths = files.filter((path) => path === file || (!file.includes("/") && basename(path) === file));
  const text = whole ? title : title.replace(/…$/, "");
  return paths.some((path) => {
    const code = readFileSync(join(projectFolder, path), "utf8");
    return ['"', "`"].some((quote) => code.includes(`${quote}${text}${whole ? quote : ""}`));
  });
}

describe("a test that a text names", () => {
  it.each([
    ["docs/fault-plan.md", true],
    ["docs/threat-model.md", false],
  ])("exists, in %s", (path, whole) => {
    const named = testsNamedIn(page(path));

    expect(named).not.toEqual([]);
    expect(named.filter((one) => !isThere(one, { whole }))).toEqual([]);
  });

  it("is looked for in the file that is named, by its title", () => {
    const file = "tests/unit/docs/named-tests.test.ts";

    expect(isThere({ file, title: "exists, in %s" }, { whole: true })).toBe(true);
    expect(isThere({ file, title: ["exists", "in"].join(", ") }, { whole: true })).toBe(false);
    expect(isThere({ file: "named-tests.test.ts", title: "exists, in…" }, { whole: false })).toBe(true);
    expect(isThere({ file: "tests/unit/docs/docs.test.ts", title: "exists, in %s" }, { whole: false })).toBe(false);
  });
});

describe("docs/fault-plan.md", () => {
  const plan = page("docs/fault-plan.md");
  const headings = [...plan.prose.matchAll(/^## (.+)$/gm)].map(([heading]) => heading);

  it("holds each of the ninety cases once, with a test or the word that there is none yet", () => {
    const cases = headings.filter((heading) => heading !== "## Found since").flatMap((one) => rowsBelow(plan, one));

    expect(cases.map(([number]) => Number(number))).toEqual(Array.from({ length: 90 }, (_, index) => index + 1));
    for (const [number, wrong, happens, test = ""] of cases) {
      expect([number, wrong, happens]).not.toContain("");
      expect(/`tests\/[\w./-]+\.ts`, "|not yet/.test(test), `case ${number ?? ""}`).toBe(true);
    }
  });

  it("names a test for everything that was found since", () => {
    const found = rowsBelow(plan, "## Found since");

    expect(found).not.toEqual([]);
    for (const [wrong = "", happens, test = ""] of found) {
      expect([wrong, happens]).not.toContain("");
      expect(/`tests\/[\w./-]+\.ts`, "/.test(test), wrong).toBe(true);
    }
  });
});
