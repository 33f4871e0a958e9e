/** The benchmarks, in the order they run, and what `npm run bench` prints and writes. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gitBenchmark } from "./git-benchmark.ts";
import { judgingBenchmark } from "./judging-benchmark.ts";
import { machineFacts } from "./machine.ts";
import { plantedBenchmark } from "./planted-benchmark.ts";
import { restoreRefsBenchmark, restoreRepositoryBenchmark } from "./restore-git-benchmark.ts";
import { restoreDetailedWorkItemsBenchmark, restoreWorkItemsBenchmark } from "./restore-work-items-benchmark.ts";
import { verifyRepositoryBenchmark } from "./verify-git-benchmark.ts";
import { tableOf, type Row } from "./results.ts";
import { unchangedBenchmark } from "./unchanged-benchmark.ts";
import { workItemsBenchmark } from "./work-items-benchmark.ts";
import type { Benchmark, BenchOptions } from "./workplace.ts";

export { runAzureDevOps } from "./azure-devops-process.ts";
export { runWorkItemLoop } from "./work-item-loop-process.ts";
export { runRefs } from "./refs-process.ts";

export const benchmarks: readonly Benchmark[] = [
  gitBenchmark,
  unchangedBenchmark(1000),
  unchangedBenchmark(5000),
  workItemsBenchmark,
  restoreRefsBenchmark,
  restoreRepositoryBenchmark,
  verifyRepositoryBenchmark,
  restoreWorkItemsBenchmark,
  restoreDetailedWorkItemsBenchmark,
  judgingBenchmark,
  plantedBenchmark,
];

/**
 * Runs those whose name is `only`, or all; prints a table and writes `<folder>/bench.json`. False when one of them
 * broke; a bar that does not hold is a result like any other.
 */
export async function runBenchmarks(
  options: BenchOptions,
  { only, folder }: { readonly only: string | undefined; readonly folder: string },
): Promise<boolean> {
  const rows: Row[] = [];
  let isWhole = true;
  for (const benchmark of benchmarks.filter(({ name }) => only === undefined || name === only)) {
    options.say(`${benchmark.name}: ${benchmark.about}`);
    try {
      rows.push(...(await benchmark.run(options)));
    } catch (error) {
      isWhole = false;
      options.say(`  broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    }
  }
  const marked = options.scale === 1 ? rows : rows.map((row) => ({ ...row, scale: options.scale }));
  const machine = machineFacts(options.seed);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "bench.json"), `${JSON.stringify(marked, undefined, 2)}\n`);
  writeFileSync(join(folder, "bench-machine.json"), `${JSON.stringify(machine, undefined, 2)}\n`);
  const facts = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  options.say(`\n${facts.join(", ")}${options.scale === 1 ? "" : `, scale ${options.scale}`}\n\n${tableOf(rows)}`);
  return isWhole;
}
