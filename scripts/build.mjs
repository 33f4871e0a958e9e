// @ts-check
/**
 * Makes dist/: each task as an agent gets it (one file, its manifest, its icon) and the licences of what is in it.
 *
 *   node scripts/build.mjs [Task ...]
 */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundleTask } from "./lib/bundle-task.mjs";
import { noticesOf } from "./lib/bundle-notices.mjs";

const projectFolder = fileURLToPath(new URL("../", import.meta.url));
const distFolder = path.join(projectFolder, "dist");
const allTasks = ["BackupProject", "RestoreItem", "VerifyBackup"];

const asked = process.argv.slice(2);
const tasks = asked.length === 0 ? allTasks : asked;
const startedAt = performance.now();
const results = await Promise.allSettled(tasks.map(buildTask));
results.forEach((result, number) => {
  if (result.status === "fulfilled") return;
  process.exitCode = 1;
  console.error(`${tasks[number]} could not be built: ${messageOf(result.reason)}`);
});
const built = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
await writeNotices(built.flatMap(({ files }) => files));
const sizes = built.map(({ task, bytes }) => `${task} ${(bytes / 1e6).toFixed(1)} MB`).join(", ");
console.log(`Built ${sizes || "nothing"} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);

/** @param {string} task */
async function buildTask(task) {
  if (!allTasks.includes(task)) throw new Error(`there is no such task; there are ${allTasks.join(", ")}`);
  const source = path.join(projectFolder, "tasks", task);
  const target = path.join(distFolder, "tasks", task);
  const entry = path.join(source, "index.ts");
  await rm(target, { recursive: true, force: true });
  if (!existsSync(entry)) throw new Error(`tasks/${task}/index.ts does not exist`);
  await mkdir(target, { recursive: true });
  const outfile = path.join(target, "index.js");
  const files = await bundleTask({ entry, outfile, projectFolder });
  await writeFile(path.join(target, "task.json"), await stampedManifest(path.join(source, "task.json")));
  await cp(path.join(source, "icon.png"), path.join(target, "icon.png"));
  return { task, files, bytes: (await readFile(outfile)).length };
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

/** @param {readonly string[]} files */
async function writeNotices(files) {
  if (files.length === 0) return;
  await writeFile(path.join(distFolder, "THIRD-PARTY-NOTICES.txt"), await noticesOf(files, projectFolder));
}

/** @param {unknown} reason */
function messageOf(reason) {
  return reason instanceof Error ? reason.message : String(reason);
}
