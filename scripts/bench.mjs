// @ts-check
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadEngine } from "./lib/load-engine.mjs";

const help = `npm run bench [-- --only NAME] [--scale S]

Measures the bundled tasks against a simulated Azure DevOps and Azurite on this machine, side by side with other ways
of doing the same. Prints a table and writes dist/bench.json. docs/benchmarks.md says what each figure means.

  --only NAME        one benchmark: NAMES
  --scale S          share of the full amounts, e.g. 0.1 for a quick look; the bars are meant for 1
  --seed TEXT        seed of the large repository; default: 1
  --profile FOLDER   writes CPU profiles of the measured tasks
`;

const projectFolder = fileURLToPath(new URL("../", import.meta.url));
const thisScript = fileURLToPath(import.meta.url);
const [role] = process.argv.slice(2);

try {
  if (role === "azure-devops") await (await loadEngine("tests/bench/index.ts")).runAzureDevOps();
  else if (role === "refs") (await loadEngine("tests/bench/index.ts")).runRefs();
  else if (role === "work-item-loop") (await loadEngine("tests/bench/index.ts")).runWorkItemLoop();
  else await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}

async function main() {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      scale: { type: "string", default: "1" },
      seed: { type: "string", default: "1" },
      profile: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const { benchmarks, runBenchmarks } = await loadEngine("tests/bench/index.ts");
  const names = benchmarks.map((/** @type {{ name: string }} */ { name }) => name);
  const { only, seed } = values;
  const scale = Number(values.scale);
  if (values.help) process.stdout.write(help.replace("NAMES", names.join(", ")));
  else if (only !== undefined && !names.includes(only)) throw new RangeError(`--only: there are ${names.join(", ")}.`);
  else if (!(scale > 0 && scale <= 10)) throw new RangeError(`--scale: '${values.scale}' is not between 0 and 10.`);
  else if (!/^[\w-]{1,40}$/.test(seed)) throw new RangeError("--seed takes letters and digits.");
  else {
    process.chdir(projectFolder);
    // So that what runs at an exit does: it ends the processes of the bench.
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
    buildTasks();
    const profiles = values.profile === undefined ? undefined : path.resolve(values.profile);
    if (profiles !== undefined) mkdirSync(profiles, { recursive: true });
    const options = {
      seed,
      scale,
      cache: path.join(projectFolder, "node_modules", ".cache", "bench"),
      childScript: thisScript,
      profiles,
      say: console.log,
    };
    if (!(await runBenchmarks(options, { only, folder: path.join(projectFolder, "dist") }))) process.exitCode = 1;
  }
}

/** What is measured is what is released: the bundles, made from the sources as they are now. */
function buildTasks() {
  const build = [path.join(projectFolder, "scripts", "build.mjs"), "BackupProject", "RestoreItem", "VerifyBackup"];
  if (spawnSync(process.execPath, build, { stdio: "inherit" }).status !== 0)
    throw new Error("the tasks could not be built");
}
