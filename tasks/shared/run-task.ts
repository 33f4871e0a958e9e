/**
 * Runs a task's body: the only place that catches, that prints the one error line, and that sets the result.
 * A cancelled run ends as Failed and says that it can be continued.
 */
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, type Clock } from "../../engine/foundation/clock.ts";
import { BackupError, describeError } from "../../engine/foundation/errors.ts";
import { inert } from "../../engine/foundation/text.ts";
import { agentReporter } from "./agent-reporter.ts";
import { workingAgent, type Agent } from "./agent.ts";
import type { Reporter } from "../../engine/foundation/reporter.ts";

export interface TaskRun {
  readonly agent: Agent;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Between 0 and 1. */
  readonly random: () => number;
  /** Aborted when the run is cancelled. */
  readonly signal: AbortSignal;
  /** Removed at the end, whatever happens. */
  readonly temporaryFolder: string;
}

export interface TaskOutcome {
  readonly result: "Succeeded" | "SucceededWithIssues" | "Failed";
  readonly message: string;
}

const cancelled = new BackupError({
  code: "CANCELLED",
  message: "The run was cancelled",
  hint: "Run it again: it continues where it stopped.",
});

export async function runTask(body: (run: TaskRun) => Promise<TaskOutcome>): Promise<void> {
  const agent = workingAgent();
  const abort = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT", "SIGBREAK"] as const) process.on(signal, () => abort.abort(cancelled));
  const temporaryFolder = await mkdtemp(join(agent.variable("Agent.TempDirectory") ?? tmpdir(), "project-backup-"));
  const clock = systemClock;
  const run: TaskRun = {
    agent,
    clock,
    reporter: agentReporter(agent, clock),
    random: secureFraction,
    signal: abort.signal,
    temporaryFolder,
  };
  try {
    const outcome = await body(run);
    agent.complete(outcome.result, outcome.message);
    process.exitCode = outcome.result === "Failed" ? 1 : 0;
  } catch (error) {
    fail(agent, abort.signal.aborted ? cancelled : error);
  } finally {
    await rm(temporaryFolder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}

const fractionSteps = 2 ** 32;

function secureFraction(): number {
  return randomInt(fractionSteps) / fractionSteps;
}

function fail(agent: Agent, error: unknown): void {
  const line = inert(describeError(error), 2000);
  agent.command("task.logissue", { type: "error" }, line);
  // What is not a BackupError is a bug of ours, and its stack is what a report needs.
  if (!(error instanceof BackupError) && error instanceof Error)
    agent.print(`Please report this: ${error.stack ?? ""}`);
  agent.complete("Failed", line);
  process.exitCode = 1;
}
