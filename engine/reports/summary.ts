/** Summaries for the page of a pipeline run: Markdown. */
export { backupSummary } from "./backup-summary.ts";
export { planSummary } from "./plan-summary.ts";
export { restoreSummary } from "./restore-summary.ts";
export { verifySummary } from "./verify-summary.ts";
