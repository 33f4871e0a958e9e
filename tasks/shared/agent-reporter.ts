/** The engine's reporter on an agent's log: a few lines, warnings as issues, progress now and then. */
import type { Clock } from "../../engine/foundation/clock.ts";
import type { Progress, Reporter } from "../../engine/foundation/reporter.ts";
import { bytesForPeople, inert } from "../../engine/foundation/text.ts";
import type { Agent } from "./agent.ts";

/** Between two lines of progress; the bar on the page moves more often. */
const progressLineMs = 15_000;
const progressBarMs = 1_000;
/** Azure Pipelines shows some ten issues of a task; the summary lists all. */
const maxIssues = 10;

export function agentReporter(agent: Agent, clock: Clock): Reporter {
  let lastLine = clock.monotonicMs();
  let lastBar = -Infinity;
  let issues = 0;
  const starts = new Map<string, number>();
  return {
    info: (line) => agent.print(line),
    warn(line) {
      issues += 1;
      if (issues <= maxIssues) agent.command("task.logissue", { type: "warning" }, inert(line, 1000));
      else agent.print(`Warning: ${line}`);
    },
    progress(progress) {
      const now = clock.monotonicMs();
      if (!starts.has(progress.activity)) starts.set(progress.activity, now);
      if (progress.total !== undefined && progress.total > 0 && now - lastBar >= progressBarMs) {
        lastBar = now;
        const percent = Math.min(100, Math.floor((100 * progress.done) / progress.total));
        agent.command("task.setprogress", { value: String(percent) }, inert(progress.activity, 100));
      }
      if (now - lastLine < progressLineMs) return;
      lastLine = now;
      agent.print(progressLine(progress, now - (starts.get(progress.activity) ?? now)));
    },
    addSecret: (secret) => agent.addSecret(secret),
  };
}

/** `Git repositories: 120 of 500, 84.2 MB stored, 12 a second, about 32 s left`. */
export function progressLine({ activity, done, total, bytes }: Progress, elapsedMs: number): string {
  const perSecond = elapsedMs > 0 ? (1000 * done) / elapsedMs : 0;
  const parts = [total === undefined ? `${done}` : `${done} of ${total}`];
  if (bytes !== undefined) parts.push(`${bytesForPeople(bytes)} stored`);
  if (perSecond >= 0.1) parts.push(`${perSecond >= 10 ? Math.round(perSecond) : perSecond.toFixed(1)} a second`);
  if (total !== undefined && perSecond > 0 && done < total)
    parts.push(`about ${timeLeft((total - done) / perSecond)} left`);
  return `${activity}: ${parts.join(", ")}`;
}

function timeLeft(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
