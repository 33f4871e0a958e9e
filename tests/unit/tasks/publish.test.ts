import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Agent } from "../../../tasks/shared/agent.ts";
import { publishAttachment, publishLines, publishSummary } from "../../../tasks/shared/publish.ts";
import { zipArchive } from "../../../tasks/shared/zip-archive.ts";

type Command = Parameters<Agent["command"]>;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "publish-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** An agent with a temporary folder of its own, which masks one secret and remembers its commands. */
function anAgent(commands: Command[]): Agent {
  const nothing = (): undefined => undefined;
  return {
    isDebugging: false,
    input: nothing,
    secret: nothing,
    variable: (name) => (name === "Agent.TempDirectory" ? folder : undefined),
    jobToken: nothing,
    connection: nothing,
    addSecret: nothing,
    clean: (text) => text.replaceAll("s3cret-token", "***"),
    print: nothing,
    command: (...command) => void commands.push(command),
    setOutput: nothing,
    complete: nothing,
  };
}

it("attaches a file with every line in its order, secrets masked", () => {
  const commands: Command[] = [];
  const lines = Array.from({ length: 12_000 }, (_, number) => JSON.stringify({ number }));

  const list = { name: "plan.ndjson", lines: [...lines, `{"name":"s3cret-token"}`] };
  publishLines(anAgent(commands), "devops-backup.plan-steps", list);

  const [[name, properties, file] = ["", {}, ""]] = commands;
  expect([name, properties]).toEqual(["task.addattachment", { type: "devops-backup.plan-steps", name: "plan.ndjson" }]);
  expect(file.startsWith(folder)).toBe(true);
  expect(readFileSync(file, "utf8")).toBe(`${[...lines, `{"name":"***"}`].join("\n")}\n`);
});

it.runIf(process.platform !== "win32")("writes nothing that another user of the machine can read", async () => {
  const commands: Command[] = [];
  const agent = anAgent(commands);
  publishSummary(agent, "Backup of Shop", "# Backup");
  publishAttachment(agent, { type: "devops-backup.snapshot", name: "snapshot.json", json: "{}" });
  publishLines(agent, "devops-backup.plan-steps", { name: "plan.ndjson", lines: ["{}"] });
  const zip = join(folder, "archive.zip");
  const archive = zipArchive(zip);
  await archive.write("a.txt", "content");
  await archive.close();

  const files = [...commands.map(([, , file]) => file), zip];
  expect(files.map((file) => (statSync(file).mode & 0o777).toString(8))).toEqual(files.map(() => "600"));
  const folders = commands.map(([, , file]) => dirname(file));
  expect(folders.map((place) => (statSync(place).mode & 0o777).toString(8))).toEqual(folders.map(() => "700"));
});

it("leaves no archive and no report behind once the job is over", async () => {
  const archive = join(folder, "project-backup-archive", "20261122T180544Z-7f3a9c1e");
  mkdirSync(archive, { recursive: true });
  writeFileSync(join(archive, "Shop.zip"), "not encrypted");
  writeFileSync(join(folder, "of-another-task.txt"), "stays");

  vi.stubEnv("AGENT_TEMPDIRECTORY", folder);
  await import("../../../tasks/RestoreItem/cleanup.ts");
  vi.unstubAllEnvs();

  expect(existsSync(join(folder, "project-backup-archive"))).toBe(false);
  expect(existsSync(join(folder, "of-another-task.txt"))).toBe(true);
});
