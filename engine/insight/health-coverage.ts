/** Whether the newest backup covers the whole project, and what to do about what it lacks. */
import { isWhole, type Coverage } from "../vault/format/coverage.ts";
import { coverageLine } from "../vault/format/coverage-words.ts";
import type { HealthFinding } from "./health-finding.ts";
import { isUsable } from "./recovery-point.ts";
import type { Snapshot } from "./known-vault.ts";

/** Of the newest snapshot that is there and sound; undefined where no version has counted it. */
export function coverageOfNewest(snapshots: readonly Snapshot[]): Coverage | undefined {
  return snapshots.find(isUsable)?.sum.coverage;
}

export function coverageFindings({ snapshots }: { readonly snapshots: readonly Snapshot[] }): readonly HealthFinding[] {
  const coverage = coverageOfNewest(snapshots);
  if (coverage === undefined || isWhole(coverage)) return [];
  return [
    {
      id: "coverage",
      severity: "warning",
      title: "The newest backup does not cover the whole project",
      detail: `${coverageLine(coverage)}.`,
      remedy: remedies.flatMap(([figure, remedy]) => ((coverage[figure] ?? 0) > 0 ? [remedy] : [])).join(" "),
    },
  ];
}

const remedies: readonly (readonly [keyof Coverage, string])[] = [
  [
    "disabled",
    "Enable a disabled repository for the time of one backup, or leave it out on purpose with the input exclude.",
  ],
  [
    "hidden",
    "Give the backup's identity access again to what it no longer sees, or acknowledge its end with the input exclude.",
  ],
  ["unread", "Give the backup's identity Reader rights on what it could never read."],
  ["kindsNotRead", "Give the backup's identity the scopes of the kinds that it may not read, or exclude those kinds."],
  [
    "kindsUnsure",
    "Let the backup sign in with an access token or a service connection that may read all repositories: the job's token may be kept from some.",
  ],
  [
    "lacking",
    "The summary of the newest backup names what Azure DevOps did not deliver; every backup asks again. Take a file off its work item, or push a Git LFS object again, when it is lost for good.",
  ],
];
