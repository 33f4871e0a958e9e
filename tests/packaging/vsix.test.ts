import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runTask } from "../support/run-task.ts";
import { pngSize, taskManifest, taskNames } from "../support/task-manifests.ts";
import { readZip } from "../support/zip-reader.ts";

let folder: string;
let archive: Uint8Array;
let files: ReadonlyMap<string, Uint8Array>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vsix-"));
  // dist/tasks as `npm test` has built it: other tests run the bundles meanwhile.
  await promisify(execFile)(process.execPath, ["scripts/package.mjs", "--no-build", "--output", folder]);
  const name = (await readdir(folder)).find((entry) => entry.endsWith(".vsix"));
  archive = await readFile(join(folder, name ?? "none"));
  files = readZip(archive);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("the package", () => {
  it("holds exactly what is meant to be shipped", () => {
    const ofTasks = taskNames.flatMap((task) =>
      ["icon.png", "index.js", "package.json", "task.json", ...(task === "RestoreItem" ? ["cleanup.js"] : [])].map(
        (name) => `${task}/${name}`,
      ),
    );

    const ofHub = [...files.keys()].filter((name) => name.startsWith("hub/"));
    const rest = [...files.keys()].filter((name) => !name.startsWith("hub/"));

    expect(ofHub.filter((name) => !/^hub\/(?:(?:chunks|fonts)\/)?[\w.-]+\.(?:html|js|css|woff2?)$/.test(name))).toEqual(
      [],
    );
    expect(ofHub).toEqual(
      expect.arrayContaining(
        ["hub", "report-tab"].flatMap((page) => ["html", "js", "css"].map((type) => `hub/${page}.${type}`)),
      ),
    );
    expect(rest.filter((name) => !name.startsWith("images/")).sort()).toEqual(
      [
        ...ofTasks,
        "LICENSE",
        "THIRD-PARTY-NOTICES.txt",
        "[Content_Types].xml",
        "extension.vsixmanifest",
        "extension.vsomanifest",
        "overview.md",
      ].sort(),
    );
  });

  it("is small enough for Azure DevOps Server", () => {
    expect(archive.length).toBeLessThan(25 * 1024 * 1024);
  });

  it("carries the release's version, in the extension and in each task", async () => {
    const { version }: { version: string } = JSON.parse(await readFile("package.json", "utf8"));
    const [, minor, patch] = version.split(".").map(Number);

    expect(textOf("extension.vsixmanifest")).toContain(`Version="${version}"`);
    for (const task of taskNames)
      expect(JSON.parse(textOf(`${task}/task.json`)).version).toEqual({ Major: 1, Minor: minor, Patch: patch });
  });

  it("has icons of the right sizes", () => {
    expect(pngSize(files.get("images/icon-128.png")!)).toEqual({ width: 128, height: 128 });
    for (const task of taskNames) expect(pngSize(files.get(`${task}/icon.png`)!)).toEqual({ width: 32, height: 32 });
  });

  it("gives away nothing of the machine it was made on, and no secret of the tests", async () => {
    const forbidden = [
      process.cwd(),
      tmpdir() === "/tmp" ? undefined : tmpdir(),
      "sourceMappingURL=",
      "-----BEGIN PRIVATE",
    ];
    const found = [...files].flatMap(([name, content]) =>
      forbidden.flatMap((text) =>
        text !== undefined && Buffer.from(content).includes(text) ? [`${name}: ${text}`] : [],
      ),
    );
    const keys = /AGE-SECRET-KEY-1[0-9A-Z]{50,}|pb[ao]k1[0-9a-z]{50,}/;

    expect(found).toEqual([]);
    for (const [name, content] of files)
      expect([name, keys.exec(Buffer.from(content).toString("latin1"))]).toEqual([name, null]);
  });

  it("names the licence of every package it contains", () => {
    const notices = textOf("THIRD-PARTY-NOTICES.txt");

    const ofTasks = ["@azure/identity", "@azure/storage-blob", "azure-devops-node-api", "azure-pipelines-task-lib"];
    const ofHub = ["@azure/msal-browser", "azure-devops-extension-sdk", "azure-devops-ui", "react", "react-dom"];

    for (const name of [...ofTasks, ...ofHub]) expect(notices).toContain(`\n${name} `);
    expect(notices.length).toBeGreaterThan(50_000);
  });
});

describe.each(taskNames)("%s out of the package", (task) => {
  beforeAll(async () => {
    for (const [name, content] of files) {
      if (!name.startsWith(`${task}/`)) continue;
      await mkdir(join(folder, "unpacked", dirname(name)), { recursive: true });
      await writeFile(join(folder, "unpacked", dirname(name), basename(name)), content);
    }
  });

  it("starts with nothing beside it, and says in one line what it misses", async () => {
    const tasksFolder = join(folder, "unpacked");

    const run = await runTask({
      task,
      tasksFolder,
      inputs: {},
      organizationUrl: "http://127.0.0.1:9/none",
      project: { id: "00000000-0000-4000-8000-000000000000", name: "None" },
      token: "",
      build: { id: 1, number: "1" },
    });

    expect(taskManifest(join(tasksFolder, task)).name).toBe(task);
    expect(run.result).toBe("Failed");
    expect(run.exitCode).toBe(1);
    expect(run.errors).toHaveLength(1);
    expect(run.errors[0]).toMatch(/^Input \w+ is empty/);
    expect(run.log).toEqual([]);
  });
});

function textOf(name: string): string {
  return Buffer.from(files.get(name)!).toString("utf8");
}
