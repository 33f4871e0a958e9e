// @ts-check
/**
 * Builds, lays out the extension in dist/extension (whatever stands there is shipped, nothing else) and packs it as
 * dist/<publisher>.<id>-<version>.vsix with tfx-cli. Needs no network.
 *
 *   --no-build       packs dist/tasks and dist/hub as they are
 *   --output FOLDER  instead of dist
 */
import { spawnSync } from "node:child_process";
import { cp, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const projectFolder = fileURLToPath(new URL("../", import.meta.url));
const { values: options } = parseArgs({
  options: { build: { type: "boolean", default: true }, output: { type: "string", default: "dist" } },
  allowNegative: true,
});
const outputFolder = path.resolve(projectFolder, options.output);
const stagingFolder = path.join(outputFolder, "extension");
/** Azure DevOps Server refuses larger extensions unless it is told otherwise. */
const maxBytes = 25 * 1024 * 1024;

try {
  if (options.build) run("scripts/build.mjs", []);
  const manifest = await layOut();
  const file = path.join(outputFolder, `${manifest.publisher}.${manifest.id}-${manifest.version}.vsix`);
  await rm(file, { force: true });
  const output = run("node_modules/tfx-cli/_build/tfx-cli.js", [
    ...["extension", "create", "--root", stagingFolder, "--manifests", "vss-extension.json"],
    ...["--output-path", file, "--no-prompt", "--no-color"],
  ]);
  // tfx makes the file all the same, and says so only here.
  if (/warning/i.test(output)) throw new Error("tfx warns, see above; nothing that it warns of is shipped");
  const { size } = await stat(file);
  if (size > maxBytes) throw new Error(`${file} has ${size} bytes; at most ${maxBytes} are accepted everywhere`);
  console.log(`Packed ${path.relative(projectFolder, file)}, ${(size / 1e6).toFixed(1)} MB`);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

/** @returns {Promise<{ publisher: string, id: string, version: string }>} the manifest, with the release's version */
async function layOut() {
  const { version } = JSON.parse(await readFile(path.join(projectFolder, "package.json"), "utf8"));
  const manifest = { ...JSON.parse(await readFile(path.join(projectFolder, "vss-extension.json"), "utf8")), version };
  await rm(stagingFolder, { recursive: true, force: true });
  await mkdir(stagingFolder, { recursive: true });
  await cp(path.join(projectFolder, "dist/tasks"), stagingFolder, { recursive: true });
  await cp(path.join(projectFolder, "dist/hub"), path.join(stagingFolder, "hub"), { recursive: true });
  const pictures = manifest.files
    .map((/** @type {{ path: string }} */ entry) => entry.path)
    .filter((/** @type {string} */ file) => file.startsWith("images/"));
  const beside = {
    "dist/THIRD-PARTY-NOTICES.txt": "THIRD-PARTY-NOTICES.txt",
    ...Object.fromEntries(pictures.map((/** @type {string} */ file) => [file, file])),
    "overview.md": "overview.md",
    LICENSE: "LICENSE",
  };
  for (const [from, to] of Object.entries(beside)) {
    await cp(path.join(projectFolder, from), path.join(stagingFolder, to));
  }
  await writeFile(path.join(stagingFolder, "vss-extension.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}

/**
 * Runs a script of ours or of a package with this Node and shows what it says.
 * @param {string} script
 * @param {readonly string[]} parameters
 * @returns {string} its output
 */
function run(script, parameters) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...parameters], {
    cwd: projectFolder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  if (status !== 0) throw new Error(`${script} failed`);
  return stdout + stderr;
}
