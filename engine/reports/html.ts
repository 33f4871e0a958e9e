/**
 * Reports as pages that stand alone: no script, nothing loaded from anywhere, foreign text escaped, and a policy
 * that lets a browser do nothing else even if an escape were missing.
 */
import { withFieldName } from "../foundation/field-names.ts";
import { bytesForPeople, counted } from "../foundation/text.ts";
import type { RestorePlan, VerifiedStream, VerifyResult } from "../operations/results.ts";
import { formatHead } from "../vault/format/head-pin.ts";
import { markupText } from "./escape.ts";
import { immutabilityText } from "./immutability.ts";
import { byKind, countOf, plannedGroups, type PlannedGroup } from "./items.ts";
import { pageStyle, pageStyleHash } from "./page-style.ts";
import { isSound } from "./verify-summary.ts";
import { durationForPeople, figure, kindTitle, timeForPeople } from "./wording.ts";

export function verifyHtml(result: VerifyResult): string {
  const sound = isSound(result) && !result.tooOld;
  return htmlPage({
    title: `Verification of backup ${result.vault}`,
    badge: sound
      ? { tone: "good", text: "Nothing is damaged" }
      : { tone: "bad", text: isSound(result) ? "The backup is too old" : "Damage was found" },
    body: [verifyFacts(result), logPart(result), streamsPart(result.streams)],
  });
}

export function planHtml(plan: RestorePlan, groups = plannedGroups(plan.steps)): string {
  const hopeless = countOf(groups.filter(({ word }) => word === "cannot"));
  return htmlPage({
    title: `Restore plan: ${plan.source.project.name} to ${plan.target.project.name}`,
    badge:
      hopeless === 0
        ? { tone: "good", text: counted(countOf(groups), "item") }
        : { tone: "bad", text: `${counted(hopeless, "item")} cannot be restored` },
    body: [planFacts(plan), ...[...byKind(groups)].map(([kind, own]) => planPart(kind, own))],
  });
}

function verifyFacts(result: VerifyResult): string {
  const newest = result.newestCompleteAt === undefined ? "none" : timeForPeople(result.newestCompleteAt);
  return facts([
    ["Level", result.level],
    ["Sample", result.sample],
    ["Snapshots", result.snapshots.join(", ")],
    ["Newest complete snapshot", newest],
    ["Read", `${counted(result.checkedObjects, "object")}, ${bytesForPeople(result.checkedBytes)}`],
    ["Immutability", immutabilityText(result)],
    ["Log's head", `${formatHead(result.head)}${result.headPinned ? "" : " (not pinned)"}`],
    ["Signing keys", result.signerPinned ? "pinned" : "not pinned: those in the vault are believed"],
    ["Took", durationForPeople(result.durationMs)],
  ]);
}

function logPart({ log }: VerifyResult): string {
  if (log.length === 0) return "";
  return htmlTable(
    "The vault's log",
    ["", "Found"],
    log.map(({ severity, message }) => [toned(severity), markupText(message)]),
  );
}

function streamsPart(streams: readonly VerifiedStream[]): string {
  const damagedFirst = [...streams].sort((a, b) => Number(isDamaged(b)) - Number(isDamaged(a)));
  return htmlTable(
    `Streams (${figure(streams.length)})`,
    ["", "Stream", "Snapshots", "Read", "Found"],
    damagedFirst.map((stream) => [
      isDamaged(stream) ? toned("damage") : `<span class="good">sound</span>`,
      streamName(stream),
      `${figure(stream.snapshots.length)}${isDamaged(stream) ? `: ${markupText(stream.snapshots.join(", "))}` : ""}`,
      bytesForPeople(stream.checkedBytes),
      stream.findings.map(({ item, message }) => found(item, message)).join("<br>"),
    ]),
  );
}

function isDamaged({ findings }: VerifiedStream): boolean {
  return findings.some(({ severity }) => severity === "damage");
}

function streamName({ stream, name }: VerifiedStream): string {
  return name === undefined ? markupText(stream) : `${markupText(name)}<br><small>${markupText(stream)}</small>`;
}

function found(item: string | undefined, message: string): string {
  return markupText(item === undefined ? message : `${item}: ${message}`);
}

function toned(severity: "note" | "warning" | "damage"): string {
  return severity === "damage" ? `<strong class="bad">damaged</strong>` : severity;
}

function planFacts(plan: RestorePlan): string {
  const { source, target, conflictPolicy, stale, notes = [] } = plan;
  return facts([
    ["From", `${source.project.name} (${source.organizationUrl})`],
    ["To", `${target.createsProject ? "new project " : ""}${target.project.name} (${target.organizationUrl})`],
    ["Snapshot", `${plan.snapshot}, taken ${timeForPeople(plan.takenAt)}`],
    ["What exists and differs", conflictPolicy],
    ...notes.map((note): [string, string] => ["Worth knowing", note]),
    ...stale.map(({ stream, asOf }): [string, string] => ["Older content", `${stream}: ${timeForPeople(asOf)}`]),
    ["planHash", plan.hash],
  ]);
}

function planPart(kind: string, groups: readonly PlannedGroup[]): string {
  return htmlTable(
    `${kindTitle(kind)} (${figure(countOf(groups))})`,
    ["", "Item", "Name", "What and why"],
    groups.flatMap(planRows),
  );
}

function planRows({ word, count, items }: PlannedGroup): readonly (readonly string[])[] {
  const action = word === "cannot" ? `<strong class="bad">cannot</strong>` : word;
  const rows = items.map(({ key, name, changes, reasons }) => [
    action,
    markupText(key),
    markupText(name),
    [...reasons, ...changes.map(withFieldName)].map((line) => markupText(line)).join("<br>"),
  ]);
  if (count === items.length) return rows;
  return [
    ...rows,
    [action, "", `… and ${figure(count - items.length)} more`, "They stand in what this run has attached."],
  ];
}

/** Values are escaped here. */
function facts(rows: readonly (readonly [name: string, value: string])[]): string {
  const lines = rows.map(([name, value]) => `<dt>${markupText(name)}</dt><dd>${markupText(value, 2000)}</dd>`);
  return `<dl>${lines.join("\n")}</dl>`;
}

/** Cells are markup: escaped before. */
function htmlTable(title: string, columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, row: readonly string[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  return [
    `<h2>${markupText(title)}</h2>`,
    `<table><thead>${cells("th", columns)}</thead><tbody>`,
    ...rows.map((row) => cells("td", row)),
    `</tbody></table>`,
  ].join("\n");
}

function htmlPage({
  title,
  badge,
  body,
}: {
  readonly title: string;
  readonly badge: { readonly tone: "good" | "bad"; readonly text: string };
  readonly body: readonly string[];
}): string {
  const policy = `default-src 'none'; style-src '${pageStyleHash}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${markupText(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<h1>${markupText(title)}</h1>
<p class="badge ${badge.tone}">${markupText(badge.text)}</p>
${body.filter((part) => part !== "").join("\n")}
</body>
</html>
`;
}
