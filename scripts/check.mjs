// @ts-check
/** Types, lint, format, architecture and manifests: all that can be judged without running the product. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const projectFolder = fileURLToPath(new URL("../", import.meta.url));

/** @type {readonly { readonly name: string, readonly script: string, readonly parameters: readonly string[] }[]} */
const checks = [
  { name: "types", script: "node_modules/typescript/bin/tsc", parameters: ["-p", "."] },
  { name: "types of the hub", script: "node_modules/typescript/bin/tsc", parameters: ["-p", "extension-ui"] },
  { name: "lint", script: "node_modules/eslint/bin/eslint.js", parameters: [".", "--max-warnings", "0"] },
  {
    name: "format",
    script: "node_modules/prettier/bin/prettier.cjs",
    parameters: ["--check", ".", "--log-level", "warn"],
  },
  {
    name: "architecture and manifests",
    script: "node_modules/vitest/vitest.mjs",
    parameters: [
      "run",
      "--reporter=dot",
      "tests/architecture.test.ts",
      "tests/packaging/task-manifests.test.ts",
      "tests/packaging/extension-manifest.test.ts",
    ],
  },
];

const startedAt = performance.now();
// Two at a time: each keeps one processor busy.
const waiting = [...checks];
const failed = /** @type {string[]} */ ([]);
await Promise.all([lane(), lane()]);
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
if (failed.length > 0) {
  console.error(`Failed after ${seconds} s: ${failed.join(", ")}`);
  process.exitCode = 1;
} else {
  console.log(`All ${checks.length} checks passed in ${seconds} s`);
}

async function lane() {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) await judge(check);
}

/** @param {{ readonly name: string, readonly script: string, readonly parameters: readonly string[] }} check */
async function judge({ name, script, parameters }) {
  const child = spawn(process.execPath, [script, ...parameters], {
    cwd: projectFolder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  /** @type {Buffer[]} */
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output.push(chunk));
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  if (code === 0) {
    console.log(`${name}: ok`);
    return;
  }
  failed.push(name);
  console.error(`${name}: failed\n${Buffer.concat(output).toString("utf8").trimEnd()}\n`);
}
