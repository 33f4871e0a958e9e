/**
 * The kit that measures detectors of alarms: histories of real repositories, attacks on them, and the tables that the
 * reference rules print. It is not part of the project: it is looked for beside it, or in the folder that INSIGHT_KIT
 * names. Without it one line says what did not run, and under CI that is a failure.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { describe } from "vitest";

const folder = process.env.INSIGHT_KIT ?? resolve("../shared/insight");
const isThere = existsSync(join(folder, "evaluate.mjs")) && existsSync(join(folder, "series.json"));

if (!isThere) {
  const line = `The evaluation of alarms did not run: set INSIGHT_KIT to the folder with evaluate.mjs and series.json.`;
  if (process.env.CI !== undefined && process.env.CI !== "") throw new Error(line);
  console.warn(line);
}

export const describeWithKit = describe.skipIf(!isThere);

/** What `evaluate.mjs` prints of engine/insight for projects of so many repositories. */
export async function evaluated(sizes: string): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), "insight-kit-"));
  try {
    const detector = join(work, "detector.mjs");
    await build({
      entryPoints: [resolve("tests/support/insight-detector.ts")],
      outfile: detector,
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      logLevel: "error",
    });
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(folder, "evaluate.mjs"),
      detector,
      "--sizes",
      sizes,
    ]);
    return stdout;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The tables of the reference rules. */
export function referenceTables(): string {
  return readFileSync(join(folder, "results.md"), "utf8");
}

/** Rows of the first table whose header begins with `| <first> |`: cells by the row's first cell and the column. */
export function tableRows(text: string, first: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.startsWith(`| ${first} |`));
  const cells = (line: string): readonly string[] =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
  const header = cells(lines[at] ?? "");
  const rows = new Map<string, ReadonlyMap<string, string>>();
  for (const line of lines.slice(at + 2)) {
    if (!line.startsWith("|")) break;
    const row = cells(line);
    rows.set(row[0] ?? "", new Map(header.map((column, index) => [column, row[index] ?? ""])));
  }
  return rows;
}
