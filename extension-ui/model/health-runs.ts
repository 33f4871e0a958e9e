/** Findings about the runs of the backup pipeline: a snapshot that was not made is in no vault. */
import { hoursBetween, severities, type HealthFinding } from "../../engine/insight/health-finding.ts";
import type { HealthReport } from "../../engine/insight/health.ts";
import type { Run } from "./project-services.ts";
import { isActive } from "./run-request.ts";

/** The run that ended last, when it failed or was canceled. `runs`: newest first. */
export function failedLast(runs: readonly Run[]): Run | undefined {
  const last = runs.find((run) => !isActive(run));
  return last?.state === "failed" || last?.state === "canceled" ? last : undefined;
}

export interface FailedRunFacts {
  readonly run: Run;
  /** What it complained of; empty when that is not known. */
  readonly reason: string;
  readonly now: Date;
}

export function failedRunFinding({ run, reason, now }: FailedRunFacts): HealthFinding {
  const at = run.finishedAt ?? run.queuedAt;
  const isOld = (hoursBetween(at, now) ?? 0) > 24;
  const word = run.state === "canceled" ? "was canceled" : "failed";
  return {
    id: "last-run-failed",
    run: run.id,
    severity: "warning",
    title: `The last backup run ${word}`,
    detail: [`Run ${run.id}, ${at}.`, reason].filter((part) => part !== "").join(" "),
    remedy: isOld
      ? "No run has come to an end since. Cure what its log names, see that the pipeline is scheduled, and back up now."
      : "Cure what its log names, and back up now.",
  };
}

/** The report with more findings, the worst first. Nothing says "no backup yet" beside snapshots that are lost. */
export function withFindings(report: HealthReport, more: readonly HealthFinding[]): HealthReport {
  const isLost = report.findings.some(({ id }) => lossIds.includes(id));
  const all = [...report.findings, ...more].filter(({ id }) => !(isLost && id === "no-snapshot"));
  const findings = all.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
  return { ...report, findings, worst: findings[0]?.severity ?? "good" };
}

const lossIds = ["reported-differently", "log-LOG_ROLLBACK", "log-LOG_FORK"];
