/** What a restore did: failures first, then what came out, under which ids, and what differs from the snapshot. */
import { withFieldName } from "../foundation/field-names.ts";
import { counted } from "../foundation/text.ts";
import type { RestoreResult } from "../operations/results.ts";
import { markdownText } from "./escape.ts";
import { byKind, doneItems, type DoneItem, type Outcome } from "./items.ts";
import { code, page, section, table } from "./markdown.ts";
import { whereTo, worksheet } from "./plan-summary.ts";
import { durationForPeople, figure, kindTitle, timeForPeople } from "./wording.ts";

export function restoreSummary(result: RestoreResult): string {
  const items = doneItems(result.steps);
  return page([
    heading(result),
    failures(items),
    facts(result),
    ...[...byKind(items)].map(([kind, own]) => restored(kind, own)),
    differences(items),
    worksheet(result.worksheet),
  ]);
}

function heading({ plan, failed, applied }: RestoreResult): string {
  if (!applied) return `## Restore ${whereTo(plan)}: nothing was changed`;
  return failed === 0
    ? `## ✅ Restore ${whereTo(plan)}: done`
    : `## ⚠️ Restore ${whereTo(plan)}: ${counted(failed, "item")} failed`;
}

function failures(items: readonly DoneItem[]): string {
  const failed = items.filter(({ outcome }) => outcome === "failed");
  return section(`Failed (${figure(failed.length)})`, {
    columns: ["What", "Why"],
    rows: failed.map(({ kind, name, messages, reasons }) => [
      `${kindTitle(kind)}: ${markdownText(name)}`,
      (messages.length > 0 ? messages : reasons).map((message) => markdownText(message)).join("<br>"),
    ]),
  });
}

function facts({ plan, created, updated, skipped, durationMs, resumed, restoreId }: RestoreResult): string {
  return table({
    columns: ["Snapshot", `${code(plan.snapshot)}, taken ${timeForPeople(plan.takenAt)}`],
    rows: [
      ["Items", `${figure(created)} created, ${figure(updated)} updated, ${figure(skipped)} left alone`],
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

function restored(kind: string, items: readonly DoneItem[]): string {
  const those = items.filter(({ outcome }) => outcome !== "failed");
  const isRenumbered = those.some((item) => newNumber(item) !== undefined);
  return section(`${kindTitle(kind)} (${figure(those.length)})`, {
    columns: ["Item", ...(isRenumbered ? ["New id"] : []), "Outcome"],
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
function differences(items: readonly DoneItem[]): string {
  const names = new Map<string, string[]>();
  for (const { kind, name, fidelity } of items) {
    for (const line of fidelity) {
      const difference = `${kindTitle(kind)}: ${withFieldName(line)}`;
      names.set(difference, [...(names.get(difference) ?? []), name]);
    }
  }
  return section("Different from the snapshot", {
    columns: ["Difference", "Items"],
    rows: [...names].map(([difference, own]) => [markdownText(difference), namesText(own)]),
  });
}

const maxNames = 3;

function namesText(names: readonly string[]): string {
  const shown = names.slice(0, maxNames).map((name) => markdownText(name, 80));
  return names.length > shown.length
    ? `${shown.join(", ")} and ${figure(names.length - shown.length)} more`
    : shown.join(", ");
}
