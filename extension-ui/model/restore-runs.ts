/** Runs of the restore pipeline as rows of the Restores tab; also those that somebody started elsewhere. */
import { plainText } from "./plain-text.ts";
import type { Run } from "./project-services.ts";
import type { ResultView } from "./restore-result.ts";

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

function modeOf({ previewOnly, destination }: Run["parameters"]): RestoreRunRow["mode"] {
  if (destination === "archive") return "archive";
  // The pipeline's own default: what does not say otherwise only shows the plan.
  return previewOnly?.toLowerCase() === "false" ? "restore" : "preview";
}

/** `12 created, 3 updated`; what is zero is left out. */
export function outcomeLine({ created, updated, skipped, failed }: ResultView): string {
  const parts: readonly (readonly [number, string])[] = [
    [failed, "failed"],
    [created, "created"],
    [updated, "updated"],
    [skipped, "skipped"],
  ];
  const told = parts.filter(([count]) => count > 0).map(([count, word]) => `${count.toLocaleString("en-GB")} ${word}`);
  return told.length === 0 ? "Nothing to do" : told.join(", ");
}
