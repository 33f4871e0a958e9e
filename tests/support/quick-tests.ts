/**
 * Which tests are quick: those that start neither a browser nor a process of their own, told by everything they import.
 * A new test falls on its side by itself, and `forbid-processes.ts` fails a quick one that starts a process all the same.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

/** What starts processes: a file that reaches one of these is not quick. */
export const startsProcesses: ReadonlySet<string> = new Set([
  ...["node:child_process", "node:cluster", "esbuild", "playwright-core", "simple-git", "tfx-cli", "vite"],
]);

/** What `npm run build` makes is looked at here: not there when only the quick tests run. */
const ofTheBuild = "tests/packaging/";

const sourceFolders = ["engine", "extension-ui", "scripts", "tasks", "tests"];

/** Tests that neither start a process nor need the build; from the project's folder, sorted. */
export function quickTests(root: string): readonly string[] {
  const imports = new Map(
    sourcesBelow(root).map((path) => [path, importsOf(path, readFileSync(join(root, path), "utf8"))]),
  );
  const isQuick = (path: string): boolean => {
    const reached = new Set([path]);
    for (const from of reached) {
      if (startsProcesses.has(from)) return false;
      for (const to of imports.get(from) ?? []) reached.add(to);
    }
    return true;
  };
  return [...imports.keys()].filter((path) => isTest(path) && !path.startsWith(ofTheBuild) && isQuick(path)).sort();
}

function isTest(path: string): boolean {
  return path.startsWith("tests/") && path.endsWith(".test.ts");
}

function sourcesBelow(root: string): readonly string[] {
  return sourceFolders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.(tsx?|mjs)$/.test(path))
      .map((path) => posix.join(folder, path.replaceAll("\\", "/"))),
  );
}

const importing = /(?:^|\n)(?:import|export)\s+(?!type\b)(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"/g;

function importsOf(path: string, text: string): readonly string[] {
  return [...text.matchAll(importing)].map(([, fixed, later]) => {
    const specifier = fixed ?? later ?? "";
    return specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : specifier;
  });
}
