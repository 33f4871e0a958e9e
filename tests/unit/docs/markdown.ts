/** The project's texts for people. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, resolve, sep } from "node:path";

export const projectFolder = resolve(import.meta.dirname, "..", "..", "..");

export interface Page {
  /** From the project's folder, with `/`. */
  readonly path: string;
  readonly text: string;
  /** Without code blocks, in which links and headings mean nothing. */
  readonly prose: string;
}

const folders = ["docs", "tasks", "tests", "engine", "scripts"];

export function pages(): readonly Page[] {
  const top = readdirSync(projectFolder).filter((name) => name.endsWith(".md"));
  const below = folders.flatMap((folder) =>
    readdirSync(join(projectFolder, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
      .map((entry) => relative(projectFolder, join(entry.parentPath, entry.name)).split(sep).join("/")),
  );
  return [...top, ...below].sort().map(page);
}

export function page(path: string): Page {
  const text = readFileSync(join(projectFolder, path), "utf8").replaceAll("\r\n", "\n");
  return { path, text, prose: text.replace(/^( *)```.*?^\1```$/gms, "") };
}

/** Targets of links inside the project, as written. */
export function linksOf({ prose }: Page): readonly string[] {
  const withoutCode = prose.replace(/`[^`\n]*`/g, "");
  return [...withoutCode.matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target]) => target ?? "")
    .filter((target) => !/^[a-z]+:/i.test(target));
}

/** Where a link leads: a path from the project's folder, and a heading there. */
export function targetOf(from: Page, link: string): { readonly path: string; readonly heading: string | undefined } {
  const [file = "", heading] = link.split("#");
  const path = file === "" ? from.path : posix.normalize(posix.join(posix.dirname(from.path), file));
  return { path, heading };
}

/** Headings as links name them. */
export function anchorsOf({ prose }: Page): readonly string[] {
  return [...prose.matchAll(/^#+ +(.+)$/gm)].map(([, title]) =>
    (title ?? "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .trim()
      .replaceAll(" ", "-"),
  );
}

/** Rows of the Markdown tables below a heading, up to the next heading of any level. */
export function rowsBelow({ text }: Page, heading: string): readonly (readonly string[])[] {
  const lines = text.split("\n");
  const start = lines.indexOf(heading);
  const rest = start < 0 ? [] : lines.slice(start + 1);
  const end = rest.findIndex((line) => line.startsWith("#"));
  return rest
    .slice(0, end < 0 ? undefined : end)
    .filter((line) => line.startsWith("|") && !/^[|\s-]+$/.test(line))
    .slice(1)
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** What stands in backquotes. */
export function quotedIn(text: string): readonly string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, quoted]) => quoted ?? "");
}
