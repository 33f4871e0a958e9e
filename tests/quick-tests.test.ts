/** `npm run test:quick` runs every test that starts no process, and none that does. */
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { quickTests, startsProcesses } from "./support/quick-tests.ts";
import { sourceFiles } from "./support/source-files.ts";

const root = resolve(import.meta.dirname, "..");
const quick = quickTests(root);
const folders = ["engine", "extension-ui", "scripts", "tasks", "tests"];
// As TypeScript reads the sources: quickTests reads them faster, and less exactly.
const files = new Map(folders.flatMap((folder) => sourceFiles(folder)).map((file) => [file.path, file]));

/** How a file comes to start a process: the imports from it to there; undefined when it does not. */
function wayToProcess(path: string): string | undefined {
  const ways = new Map([[path, path]]);
  for (const [from, way] of ways) {
    for (const { to, isTypeOnly } of files.get(from)?.imports ?? []) {
      if (isTypeOnly || ways.has(to)) continue;
      if (startsProcesses.has(to)) return `${way} > ${to}`;
      ways.set(to, `${way} > ${to}`);
    }
  }
  return undefined;
}

const tests = [...files.keys()].filter((path) => path.startsWith("tests/") && path.endsWith(".test.ts"));

describe("quick tests", () => {
  it("start no browser and no process, by whatever they import", () => {
    expect(quick.map(wayToProcess).filter((way) => way !== undefined)).toEqual([]);
  });

  it("are all that start none and look at nothing that has to be built", () => {
    const others = tests.filter((path) => !quick.includes(path) && !path.startsWith("tests/packaging/"));

    expect(others.filter((path) => wayToProcess(path) === undefined)).toEqual([]);
  });

  it("are held off when they start one by a way that no import shows", () => {
    type Start = (command: string) => unknown;
    const hidden = createRequire(import.meta.url)("node:child_process") as Readonly<Record<string, Start>>;

    for (const start of ["spawnSync", "spawn", "exec", "execFile", "fork", "execFileSync", "execSync"])
      expect(() => hidden[start]?.("git"), start).toThrow("A quick test starts a process");
  });
});
