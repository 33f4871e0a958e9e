/** What a restore did: failures first, then what came out, under which ids, and what differs from the snapshot. */
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
  adopted: "found made by an earlier run",
  updated: "changed",
  skipped: "left alone",
};

function restored(kind: string, items: readonly DoneItem[]): string {
  const those = items.filter(({ outcome }) => outcome !== "failed");
  return section(`${kindTitle(kind)} (${figure(those.length)})`, {
    columns: ["Item", "Name", "Outcome"],
    rows: those.map((item) => [idOf(item), markdownText(item.name), outcomeOf(item)]),
  });
}

/** `42`, or `42 → 1017` when it is another one now. */
function idOf({ key, newId }: DoneItem): string {
  const isSame = newId === undefined || newId.toLowerCase() === key.toLowerCase();
  return isSame ? markdownText(key) : `${markdownText(key)} → **${markdownText(newId)}**`;
}

function outcomeOf({ outcome, reasons, messages }: DoneItem): string {
  const why = outcome === "skipped" ? [...new Set([...messages, ...reasons])] : messages;
  return [words[outcome], ...why.map((message) => markdownText(message))].join(": ");
}

function differences(items: readonly DoneItem[]): string {
  const rows = items.flatMap(({ kind, name, fidelity }) =>
    fidelity.map((line) => [`${kindTitle(kind)}: ${markdownText(name)}`, markdownText(line)]),
  );
  return section(`Different from the snapshot (${figure(rows.length)})`, { columns: ["What", "Difference"], rows });
}
