/** What a restore would do, before anything is touched. */
import { withFieldName } from "../foundation/field-names.ts";
import { counted } from "../foundation/text.ts";
import type { RestorePlan } from "../operations/results.ts";
import { markdownText } from "./escape.ts";
import {
  byKind,
  countOf,
  differingCount,
  plannedGroups,
  type Action,
  type PlannedGroup,
  type PlannedItem,
} from "./items.ts";
import { alarm, code, list, page, section, table, toCopy } from "./markdown.ts";
import { figure, kindTitle, timeForPeople } from "./wording.ts";

export function planSummary(plan: RestorePlan, groups = plannedGroups(plan.steps)): string {
  return page([
    `## Restore plan: ${whereTo(plan)}`,
    facts(plan),
    alarm(
      "Worth knowing",
      (plan.notes ?? []).map((note) => markdownText(note)),
    ),
    alarm(
      "Older than the snapshot",
      plan.stale.map(({ stream, asOf }) => `${markdownText(stream)}: as it was at ${timeForPeople(asOf)}`),
    ),
    alarm(
      "Not in this snapshot",
      (plan.neverStored ?? []).map((line) => markdownText(line)),
    ),
    cannot(groups.filter(({ word }) => word === "cannot")),
    counts(groups),
    ...details(groups),
    groups.length === 0 ? "Nothing in this snapshot matches the selection." : leftAlone(plan, groups),
    `### Apply exactly this plan\n\n${toCopy(`planHash: ${plan.hash}`)}`,
  ]);
}

/** `Fabrikam → new project Fabrikam Copy`, with the organisation where it is another one. */
export function whereTo({ source, target }: RestorePlan): string {
  const organization =
    source.organizationUrl === target.organizationUrl ? "" : ` in ${markdownText(target.organizationUrl)}`;
  const project = `${target.createsProject ? "new project " : ""}${markdownText(target.project.name)}`;
  return `${markdownText(source.project.name)} → ${project}${organization}`;
}

const policies: Readonly<Record<string, string>> = {
  skip: "left alone (conflictPolicy skip)",
  overwrite: "made exactly as in the snapshot (conflictPolicy overwrite)",
  rename: "kept, and the restored one gets another name (conflictPolicy rename)",
};

function facts({ snapshot, takenAt, conflictPolicy }: RestorePlan): string {
  return table({
    columns: ["Snapshot", `${code(snapshot)}, taken ${timeForPeople(takenAt)}`],
    rows: [["What exists and differs", policies[conflictPolicy] ?? markdownText(conflictPolicy)]],
  });
}

function cannot(hopeless: readonly PlannedGroup[]): string {
  const count = countOf(hopeless);
  return section(`Cannot be restored (${figure(count)})`, {
    columns: ["What", "Why"],
    count,
    rows: hopeless
      .flatMap(({ items }) => items)
      .map(({ kind, name, reasons }) => [
        `${kindTitle(kind)}: ${markdownText(name)}`,
        reasons.map((reason) => markdownText(reason)).join("; "),
      ]),
  });
}

/** A plan that does nothing must not look as if there were nothing to do. */
function leftAlone({ steps, conflictPolicy }: RestorePlan, groups: readonly PlannedGroup[]): string {
  const differing = differingCount(steps);
  const acts = groups.some(({ word }) => word !== "skip" && word !== "cannot");
  if (differing === 0 || acts) return "";
  const cure = conflictPolicy === "skip" ? ": conflictPolicy overwrite would make them as in the snapshot" : "";
  return `**Nothing would be restored, although ${counted(differing, "item")} differ from the snapshot**${cure}.`;
}

const actionColumns: readonly (readonly [Action, string])[] = [
  ["create", "Create"],
  ["undelete", "Undelete"],
  ["update", "Update"],
  ["skip", "Leave alone"],
  ["cannot", "Cannot"],
];

function counts(groups: readonly PlannedGroup[]): string {
  if (groups.length === 0) return "";
  return table({
    columns: ["", ...actionColumns.map(([, title]) => title)],
    figures: actionColumns.map((_, place) => place + 1),
    rows: [...byKind(groups)].map(([kind, own]) => [
      kindTitle(kind),
      ...actionColumns.map(([action]) => {
        const group = own.find(({ word }) => word === action);
        return group === undefined ? "–" : figure(group.count);
      }),
    ]),
  });
}

const verbs: Readonly<Record<Action, string>> = {
  create: "to create",
  undelete: "to take out of the recycle bin",
  update: "to change",
  skip: "to leave alone",
  cannot: "that cannot be restored",
};

/** By kind and action: what happens to each item, and why. */
function details(groups: readonly PlannedGroup[]): readonly string[] {
  return groups
    .filter(({ word }) => word !== "cannot")
    .map(({ kind, word, count, items }) =>
      section(`${kindTitle(kind)}: ${counted(count, "item")} ${verbs[word]}`, {
        columns: ["Item", word === "skip" ? "Why" : "What is done"],
        count,
        rows: items.map((item) => [markdownText(item.name), whatAndWhy(word, item)]),
      }),
    );
}

const maxChanges = 8;

function whatAndWhy(action: Action, { changes, reasons }: PlannedItem): string {
  const shown = changes.slice(0, maxChanges).map((change) => markdownText(withFieldName(change)));
  if (changes.length > shown.length) shown.push(`… and ${figure(changes.length - shown.length)} more`);
  const why = reasons.map((reason) => markdownText(reason));
  return (action === "skip" ? [...why, ...shown] : [...shown, ...why]).join("<br>") || "–";
}

/** One line per thing a person has to do by hand afterwards. */
export function worksheet(lines: readonly string[]): string {
  if (lines.length === 0) return "";
  const intro = "A backup cannot hold these. Enter them again before what needs them is used:";
  return `### Secrets to enter again\n\n${intro}\n\n${list(lines.map((line) => `[ ] ${markdownText(line)}`))}`;
}
