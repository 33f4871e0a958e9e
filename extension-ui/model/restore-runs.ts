/** Runs of the restore pipeline as rows of the Restores tab; also those that somebody started elsewhere. */
import { outcomesText } from "../../engine/foundation/wording.ts";
import { plainText } from "./plain-text.ts";
import type { Run } from "./project-services.ts";
import type { ResultView } from "./restore-result.ts";
import type { ProgressIssue } from "./run-progress.ts";

export interface RestoreRunRow {
  readonly run: Run;
  readonly mode: "preview" | "restore" | "archive";
  /** First items, as they were asked for. */
  readonly items: readonly string[];
  /** How many more there are. */
  readonly moreItems: number;
  readonly snapshot: string;
  /** Empty: the project that was backed up. */
  readonly target: string;
  readonly policy: string;
}

const shownItems = 3;

/** Newest first. Runs of other pipelines are left out. */
export function restoreRunRows(runs: readonly Run[], restorePipelineId: number): readonly RestoreRunRow[] {
  return runs
    .filter(({ pipeline }) => pipeline.id === restorePipelineId)
    .toSorted((one, other) => other.queuedAt.localeCompare(one.queuedAt) || other.id - one.id)
    .map(rowOf);
}

function rowOf(run: Run): RestoreRunRow {
  const { parameters } = run;
  const items = (parameters.items ?? "")
    .split(/\r?\n/)
    .map(plainText)
    .filter((item) => item !== "");
  return {
    run,
    mode: modeOf(parameters),
    items: items.slice(0, shownItems),
    moreItems: Math.max(0, items.length - shownItems),
    snapshot: plainText(parameters.snapshot ?? "latest"),
    target: plainText(parameters.targetProject ?? ""),
    policy: plainText(parameters.conflictPolicy ?? "skip"),
  };
}

/** What the run was to do. */
export function modeOf({ previewOnly, destination }: Run["parameters"]): RestoreRunRow["mode"] {
  if (destination === "archive") return "archive";
  // The pipeline's own default: what does not say otherwise only shows the plan.
  return previewOnly?.toLowerCase() === "false" ? "restore" : "preview";
}

/** `12 created, 3 undeleted`; what is zero is left out. */
export function outcomeLine({ counts }: Pick<ResultView, "counts">): string {
  return outcomesText(counts);
}

/** What a run of a restore says first: its trouble where it has any, else what became of the items. */
export function runLine(issues: readonly ProgressIssue[], result: ResultView | undefined): string {
  const [worst] = [...issues].sort((a, b) => Number(b.severity === "error") - Number(a.severity === "error"));
  const told = result?.applied === true ? [outcomeLine(result)] : [];
  return [...(worst === undefined ? [] : [worst.message]), ...told].join(" · ");
}
