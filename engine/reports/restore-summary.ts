/** What a restore did: failures first, then what came out, under which ids, and what differs from the snapshot. */
import { withFieldName } from "../foundation/field-names.ts";
import { counted } from "../foundation/text.ts";
import type { DoneStep, RestoreResult } from "../operations/results.ts";
import { markdownText } from "./escape.ts";
import {
  byKind,
  countOf,
  countsOf,
  doneGroups,
  outcomes,
  type DoneGroup,
  type DoneItem,
  type Outcome,
} from "./items.ts";
import { code, page, section, table } from "./markdown.ts";
import { whereTo, worksheet } from "./plan-summary.ts";
import { durationForPeople, figure, kindTitle, outcomesText, timeForPeople } from "./wording.ts";

export function restoreSummary(result: RestoreResult): string {
  const groups = doneGroups(result.steps);
  return page([
    heading(result),
    failures(groups.filter(({ word }) => word === "failed")),
    facts(result, groups),
    ...[...byKind(groups.filter(({ word }) => word !== "failed"))].map(([kind, own]) => restored(kind, own)),
    differences(result.steps),
    worksheet(result.worksheet),
  ]);
}

function heading({ plan, failed, applied }: RestoreResult): string {
  if (!applied) return `## Restore ${whereTo(plan)}: nothing was changed`;
  return failed === 0
    ? `## ✅ Restore ${whereTo(plan)}: done`
    : `## ⚠️ Restore ${whereTo(plan)}: ${counted(failed, "item")} failed`;
}

function failures(failed: readonly DoneGroup[]): string {
  const count = countOf(failed);
  return section(`Failed (${figure(count)})`, {
    columns: ["What", "Why"],
    count,
    rows: failed
      .flatMap(({ items }) => items)
      .map(({ kind, name, messages, reasons }) => [
        `${kindTitle(kind)}: ${markdownText(name)}`,
        (messages.length > 0 ? messages : reasons).map((message) => markdownText(message)).join("<br>"),
      ]),
  });
}

function facts({ plan, durationMs, resumed, restoreId }: RestoreResult, groups: readonly DoneGroup[]): string {
  return table({
    columns: ["Snapshot", `${code(plan.snapshot)}, taken ${timeForPeople(plan.takenAt)}`],
    rows: [
      ["Items", outcomesText(countsOf(groups, outcomes))],
      ["Took", `${durationForPeople(durationMs)}${resumed ? ", continuing an earlier run that was not finished" : ""}`],
      ["Restore", code(restoreId)],
    ],
  });
}

const words: Readonly<Record<Outcome, string>> = {
  failed: "failed",
  created: "created",
  undeleted: "taken out of the recycle bin",
  adopted: "was there already, taken over",
  updated: "changed",
  skipped: "left alone",
};

function restored(kind: string, groups: readonly DoneGroup[]): string {
  const count = countOf(groups);
  const those = groups.flatMap(({ items }) => items);
  const isRenumbered = those.some((item) => newNumber(item) !== undefined);
  return section(`${kindTitle(kind)} (${figure(count)})`, {
    columns: ["Item", ...(isRenumbered ? ["New id"] : []), "Outcome"],
    count,
    figures: isRenumbered ? [1] : [],
    rows: those.map((item) => [
      markdownText(item.name),
      ...(isRenumbered ? [newNumber(item) ?? "–"] : []),
      outcomeOf(item),
    ]),
  });
}

/** People know things by number, not by GUID; GUIDs stand in the attached report. */
function newNumber({ key, newId }: DoneItem): string | undefined {
  return newId !== undefined && newId !== key && /^[0-9]+$/.test(newId) ? `**${newId}**` : undefined;
}

function outcomeOf({ outcome, reasons, messages }: DoneItem): string {
  const why = outcome === "skipped" ? [...new Set([...messages, ...reasons])] : messages;
  return [words[outcome], ...why.map((message) => markdownText(message))].join(": ");
}

/** Many items differ in the same way: each way once. */
function differences(steps: Iterable<DoneStep>): string {
  const differing = new Map<string, Differing>();
  for (const { kind, key, name, result } of steps) {
    for (const line of result.fidelity ?? []) {
      const difference = `${kindTitle(kind)}: ${withFieldName(line)}`;
      const own = differing.get(difference) ?? { names: [], keys: new Set() };
      differing.set(difference, own);
      if (own.keys.has(key)) continue;
      own.keys.add(key);
      if (own.names.length < maxNames) own.names.push(name);
    }
  }
  return section("Different from the snapshot", {
    columns: ["Difference", "Items"],
    rows: [...differing].map(([difference, own]) => [markdownText(difference), namesText(own)]),
  });
}

interface Differing {
  /** The first ones. */
  readonly names: string[];
  readonly keys: Set<string>;
}

const maxNames = 3;

function namesText({ names, keys }: Differing): string {
  const shown = names.map((name) => markdownText(name, 80)).join(", ");
  return keys.size > names.length ? `${shown} and ${figure(keys.size - names.length)} more` : shown;
}
