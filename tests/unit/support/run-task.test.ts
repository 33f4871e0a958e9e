import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseCommand, SecretMask } from "../../support/agent-commands.ts";
import { runTask, type TaskRequest } from "../../support/run-task.ts";

const manifest = {
  name: "BackupProject",
  inputs: [{ name: "projects", defaultValue: "$(System.TeamProject)" }, { name: "agentKey" }],
};

let tasksFolder: string;

beforeEach(async () => {
  tasksFolder = await mkdtemp(join(tmpdir(), "runner-"));
});

afterEach(async () => {
  await rm(tasksFolder, { recursive: true, force: true });
});

/** A task of a few lines, run as the real ones are. */
async function run(script: string, over: Partial<TaskRequest> = {}): ReturnType<typeof runTask> {
  const folder = join(tasksFolder, "BackupProject");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "task.json"), JSON.stringify(manifest));
  await writeFile(join(folder, "index.js"), script);
  return runTask({
    task: "BackupProject",
    inputs: {},
    organizationUrl: "http://127.0.0.1:1/contoso",
    project: { id: "p1", name: "Contoso Shop" },
    token: "job-token-text",
    build: { id: 7, number: "20261122.7" },
    tasksFolder,
    ...over,
  });
}

describe("a logging command", () => {
  it("is unescaped as an agent does it", () => {
    const line = "##vso[task.logissue type=warning;code=a%3Bb%5Dc;]50%AZP25 of%0D%0Alines";

    expect(parseCommand(line)).toEqual({
      name: "task.logissue",
      properties: { type: "warning", code: "a;b]c" },
      data: "50% of\r\nlines",
    });
  });

  it("is heard anywhere in a line, but not when it is made inert", () => {
    expect(parseCommand("title: ##VSO[task.complete result=Failed;]")?.name).toBe("task.complete");
    expect(parseCommand("title: #\u200b#vso[task.complete result=Failed;]")).toBeUndefined();
  });
});

describe("secrets in lines", () => {
  it("are hidden from when they are known, the longest first", () => {
    const mask = new SecretMask();
    mask.add("secret");
    mask.add("secret-and-more");

    expect(mask.apply("a secret-and-more, a secret")).toBe("a ***, a ***");
  });
});

describe("a task run as an agent runs it", () => {
  it("gets inputs with their defaults, variables and the job's token, and little else", async () => {
    const names = ["INPUT_PROJECTS", "BUILD_BUILDID", "SYSTEM_TEAMPROJECTID", "SYSTEM_COLLECTIONURI", "VITEST"];
    const done = await run(`for (const name of ${JSON.stringify(names)}) console.log(name, process.env[name]);`);

    expect(done.log).toEqual([
      "INPUT_PROJECTS Contoso Shop",
      "BUILD_BUILDID 7",
      "SYSTEM_TEAMPROJECTID p1",
      "SYSTEM_COLLECTIONURI http://127.0.0.1:1/contoso/",
      "VITEST undefined",
    ]);
  });

  it("is told when a test names an input that does not exist", async () => {
    await expect(run("", { inputs: { projcts: "*" } })).rejects.toThrow("BackupProject has no input projcts");
  });

  it("gives its result, outputs, files and issues", async () => {
    const done = await run(`
      const file = require("node:path").join(process.env.AGENT_TEMPDIRECTORY, "a.md");
      require("node:fs").writeFileSync(file, "# Summary");
      console.log("##vso[task.uploadsummary]" + file);
      console.log("##vso[task.addattachment type=t;name=n]" + file);
      console.log("##vso[task.setvariable variable=BackupStatus;isOutput=true;]complete");
      console.log("##vso[task.logissue type=warning]careful");
      console.log("##vso[task.setprogress value=50]halfway");
      console.log("##vso[task.complete result=SucceededWithIssues;]done");`);

    expect(done).toMatchObject({
      result: "SucceededWithIssues",
      message: "done",
      exitCode: 0,
      outputs: { BackupStatus: "complete" },
      warnings: ["careful"],
      summaries: [{ name: "a", markdown: "# Summary" }],
      attachments: [{ type: "t", name: "n", content: "# Summary" }],
      progress: [{ percent: 50, text: "halfway" }],
    });
  });

  it("shows no secret, and keeps what was printed apart for those who look for leaks", async () => {
    const lines: string[] = [];
    const done = await run(
      `console.log("key " + process.env.INPUT_AGENTKEY); console.log("##vso[task.setsecret]derived"); console.log("derived");`,
      { inputs: { agentKey: "pbak1secret" }, onLine: (line) => lines.push(line) },
    );

    expect(lines).toEqual(["key ***", "***"]);
    expect(done.log).toEqual(lines);
    expect(done.unmasked).toBe("key pbak1secret\nderived");
  });

  it("can be killed with all it has started", async () => {
    const kill = new AbortController();
    const pids: number[] = [];
    const done = await run(
      `const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
       console.log("child " + child.pid); setInterval(() => {}, 1000);`,
      {
        kill: kill.signal,
        onLine: (line) => {
          pids.push(Number(line.split(" ")[1]));
          kill.abort();
        },
      },
    );

    expect(done.result).toBeUndefined();
    await expect.poll(() => isAlive(pids[0] ?? 0), { timeout: 5_000 }).toBe(false);
  });
});

/** A process that has ended but was not yet collected by its parent counts as ended. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
