// @ts-check
/**
 * Makes dist/: each task as an agent gets it (one file, its manifest, its icon), the hub as browsers get it, and the
 * licences of what is in them.
 */
import { existsSync } from "node:fs";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { noticesOf } from "./lib/bundle-notices.mjs";
import { bundleHub } from "./lib/bundle-hub.mjs";
import { bundleTasks } from "./lib/bundle-tasks.mjs";

const projectFolder = fileURLToPath(new URL("../", import.meta.url));
const distFolder = path.join(projectFolder, "dist");
const outFolder = path.join(distFolder, "tasks");
const hubFolder = path.join(distFolder, "hub");
const pages = ["hub", "report-tab"];
const startedAt = performance.now();

try {
  const tasks = ["BackupProject", "RestoreItem", "VerifyBackup"].filter(isWhole);
  const bundles = await bundleTasks({ tasks, projectFolder, outFolder });
  for (const task of tasks) await addManifest(task);
  const hub = await bundleHub({ pages, projectFolder, outFolder: hubFolder });
  for (const page of pages) await addPage(`${page}.html`);
  const files = new Set([...bundles, hub].flatMap((bundle) => bundle.files));
  await writeFile(path.join(distFolder, "THIRD-PARTY-NOTICES.txt"), await noticesOf(files, projectFolder));
  const sizes = [...bundles, { task: "hub", ...hub }].map(
    ({ task, bytes }) => `${task} ${(bytes / 1e6).toFixed(1)} MB`,
  );
  console.log(`Built ${sizes.join(", ")} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

/** @param {string} task */
function isWhole(task) {
  const missing = ["index.ts", "task.json", "icon.png"].filter(
    (name) => !existsSync(path.join(projectFolder, "tasks", task, name)),
  );
  if (missing.length === 0) return true;
  console.error(`${task} is not built: tasks/${task} has no ${missing.join(", ")}`);
  process.exitCode = 1;
  return false;
}

/** @param {string} name */
async function addPage(name) {
  await cp(path.join(projectFolder, "extension-ui", name), path.join(hubFolder, name));
}

/** @param {string} task */
async function addManifest(task) {
  const source = path.join(projectFolder, "tasks", task);
  const target = path.join(outFolder, task);
  for (const name of await readdir(target))
    if (!["index.js", "cleanup.js"].includes(name)) await rm(path.join(target, name));
  await writeFile(path.join(target, "task.json"), await stampedManifest(path.join(source, "task.json")));
  // Without it Node would take the bundle for an ES module wherever a folder above says so, as this project's does.
  await writeFile(path.join(target, "package.json"), `{ "type": "commonjs" }\n`);
  await cp(path.join(source, "icon.png"), path.join(target, "icon.png"));
}

/**
 * The task's manifest with the release's minor and patch number: agents keep a task by its version, so each release
 * needs a new one. The major number is the task's own, `BackupProject@1`.
 * @param {string} file
 */
async function stampedManifest(file) {
  const release = JSON.parse(await readFile(path.join(projectFolder, "package.json"), "utf8"));
  const [, Minor, Patch] = release.version.split(".").map(Number);
  const manifest = JSON.parse(await readFile(file, "utf8"));
  return `${JSON.stringify({ ...manifest, version: { ...manifest.version, Minor, Patch } }, undefined, 2)}\n`;
}
