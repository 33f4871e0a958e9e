/** Hands files to the agent: summaries, attachments, test results. They lie where the agent cleans up after the job. */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Agent } from "./agent.ts";

export interface Attachment {
  /** e.g. `devops-backup.snapshot`. */
  readonly type: string;
  readonly name: string;
  readonly json: string;
}

export function publishSummary(agent: Agent, name: string, markdown: string): void {
  agent.command("task.uploadsummary", {}, fileOf(agent, `${name}.md`, markdown));
}

export function publishAttachment(agent: Agent, { type, name, json }: Attachment): void {
  agent.command("task.addattachment", { type, name }, fileOf(agent, name, json));
}

/** Line by line, so that a file may be larger than what fits into memory. */
export function publishLines(
  agent: Agent,
  type: string,
  { name, lines }: { readonly name: string; readonly lines: Iterable<string> },
): void {
  const file = fileOf(agent, name, "");
  const handle = openSync(file, "a");
  try {
    for (const line of lines) writeSync(handle, `${agent.clean(line)}\n`);
  } finally {
    closeSync(handle);
  }
  agent.command("task.addattachment", { type, name }, file);
}

export function publishPage(agent: Agent, name: string, html: string): void {
  agent.command("task.addattachment", { type: "devops-backup.report", name }, fileOf(agent, name, html));
}

export function publishTestResults(agent: Agent, title: string, junit: string): void {
  const file = fileOf(agent, "verification-junit.xml", junit);
  agent.command("results.publish", { type: "JUnit", mergeResults: "false", runTitle: title, resultFiles: file }, "");
}

let number = 0;

function fileOf(agent: Agent, name: string, content: string): string {
  number += 1;
  const folder = join(
    agent.variable("Agent.TempDirectory") ?? tmpdir(),
    "project-backup-reports",
    `${process.pid}-${number}`,
  );
  mkdirSync(folder, { recursive: true, mode: 0o700 }); // for the agent alone, which runs as who we are
  const file = join(folder, agent.clean(name).replace(/[^\w.-]/g, "_"));
  writeFileSync(file, agent.clean(content), { mode: 0o600 });
  return file;
}
