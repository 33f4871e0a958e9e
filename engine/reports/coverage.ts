/** How much of the project a backup covers, in its summary. */
import type { BackupResult } from "../operations/results.ts";
import { isWhole } from "../vault/format/coverage.ts";
import { coverageFigures, coverageLine } from "../vault/format/coverage-words.ts";
import { markdownText } from "./escape.ts";
import { section, table } from "./markdown.ts";
import { figure, kindTitle, placeText } from "./wording.ts";

/** Everything is stored or left out on purpose, and the snapshot is complete: only then anything is green. */
export function isFullyBackedUp({ status, coverage }: Pick<BackupResult, "status" | "coverage">): boolean {
  return status === "complete" && (coverage === undefined || isWhole(coverage));
}

export function coveragePart({ coverage, kindsNotRead, kindsUnsure }: BackupResult): string {
  if (coverage === undefined) return "";
  const figures = coverageFigures(coverage);
  const kinds = [
    ...(kindsNotRead.length === 0 ? [] : [`Not read: ${titlesOf(kindsNotRead)}.`]),
    ...(kindsUnsure.length === 0 ? [] : [`May hold more than was shown: ${titlesOf(kindsUnsure)}.`]),
  ];
  return [
    `### ${isWhole(coverage) ? "✅" : "⚠️"} Coverage`,
    `${coverageLine(coverage)}.`,
    table({
      columns: figures.map(({ name }) => name),
      figures: figures.map((_, place) => place),
      rows: [figures.map(({ count }) => figure(count))],
    }),
    ...kinds,
  ].join("\n\n");
}

/** Kinds that the identity may not read and that were never stored. */
export function notCoveredPart({ notCovered }: BackupResult): string {
  return section(`Not covered (${figure(notCovered.length)})`, {
    columns: ["What", "Found", "What to do"],
    rows: notCovered.map((gap) => [
      markdownText(placeText(gap)),
      `${markdownText(gap.message)} (${markdownText(gap.code)})`,
      markdownText(gap.cure),
    ]),
  });
}

function titlesOf(kinds: readonly string[]): string {
  return kinds.map((kind) => markdownText(kindTitle(kind))).join(", ");
}
