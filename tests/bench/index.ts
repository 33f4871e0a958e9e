/** The benchmarks, in the order they run, and what `npm run bench` prints and writes. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gitBenchmark } from "./git-benchmark.ts";
import { machineFacts } from "./machine.ts";
import { tableOf, type Row } from "./results.ts";
import { unchangedBenchmark } from "./unchanged-benchmark.ts";
import { workItemsBenchmark } from "./work-items-benchmark.ts";
import type { Benchmark, BenchOptions } from "./workplace.ts";

export { runAzureDevOps } from "./azure-devops-process.ts";
export { runRefs } from "./refs-process.ts";

export const benchmarks: readonly Benchmark[] = [
  gitBenchmark,
  unchangedBenchmark(1000),
  unchangedBenchmark(5000),
  workItemsBenchmark,
];

/** Runs those whose name is `only`, or all; prints a table and writes `<folder>/bench.json`. */
export async function runBenchmarks(
  options: BenchOptions,
  { only, folder }: { readonly only: string | undefined; readonly folder: string },
): Promise<void> {
  const chosen = benchmarks.filter(({ name }) => only === undefined || name === only);
  const rows: Row[] = [];
  for (const benchmark of chosen) {
    options.say(`${benchmark.name}: ${benchmark.about}`);
    for (const row of await benchmark.run(options)) {
      rows.push(options.scale === 1 ? row : { ...row, scale: options.scale });
      options.say(`  ${row.name}: ${row.value} ${row.unit}`);
    }
  }
  const machine = machineFacts(options.seed);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "bench.json"), `${JSON.stringify(rows, undefined, 2)}\n`);
  writeFileSync(join(folder, "bench-machine.json"), `${JSON.stringify(machine, undefined, 2)}\n`);
  const facts = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  options.say(`\n${facts.join(", ")}${options.scale === 1 ? "" : `, scale ${options.scale}`}\n\n${tableOf(rows)}`);
}
