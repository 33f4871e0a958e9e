import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Agent } from "../../../tasks/shared/agent.ts";
import { publishLines } from "../../../tasks/shared/publish.ts";

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
