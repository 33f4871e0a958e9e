/** What a backup did, as the page of the pipeline run shows it: what needs a person first, figures after. */
import { bytesForPeople, counted } from "../foundation/text.ts";
import { alarmLine } from "../insight/told-alarms.ts";
import { anomalyText } from "../insight/words.ts";
import type { BackupResult, KindSummary, RetentionSummary } from "../operations/results.ts";
import { formatHead } from "../vault/format/head-pin.ts";
import { coveragePart, isFullyBackedUp, notCoveredPart } from "./coverage.ts";
import { markdownText } from "./escape.ts";
import { alarm, code, list, page, section, table, toCopy } from "./markdown.ts";
import { durationForPeople, figure, placeText } from "./wording.ts";

export function backupSummary(result: BackupResult): string {
  return page([
    heading(result),
    alarm(
      "Look at this first",
      result.alarms.map((told) => markdownText(alarmLine(told))),
    ),
    alarm(
      "Not backed up for too long",
      result.overdue.map((stream) => markdownText(stream)),
    ),
    figures(result),
    coveragePart(result),
    gaps(result),
    notCoveredPart(result),
    changes(result),
    notes(result),
    findings(result),
    retention(result.retention),
    drift(result.drift),
    pins(result),
  ]);
}

function heading(result: BackupResult): string {
  const { project, status, gaps: missing } = result;
  const name = markdownText(project.name);
  if (isFullyBackedUp(result)) return `## ✅ Backup of ${name}: complete`;
  if (status === "complete") return `## ⚠️ Backup of ${name}: complete, but not everything is covered`;
  const what = missing.length === 0 ? "something is not up to date" : counted(missing.length, "gap");
  return `## ⚠️ Backup of ${name}: partial, ${what}`;
}

function figures({ snapshot, seq, sum, durationMs, requests, firstSnapshot }: BackupResult): string {
  const place = firstSnapshot ? "the first one of this vault" : `entry ${figure(seq)} of the vault's log`;
  return table({
    columns: ["Snapshot", `${code(snapshot)} (${place})`],
    rows: [
      [
        "Stored",
        `**${bytesForPeople(sum.newBytes)}** by this run; the snapshot's content: ${bytesForPeople(sum.totalBytes)}`,
      ],
      ["Content", `${counted(sum.items, "item")} in ${counted(sum.streams, "stream")}; ${notWell(sum)}`],
      ["Took", `${durationForPeople(durationMs)}, ${counted(requests, "request")} to Azure DevOps`],
    ],
  });
}

function notWell(sum: BackupResult["sum"]): string {
  const parts = [
    ...(sum.changed > 0 ? [`${figure(sum.changed)} changed`] : []),
    ...(sum.stale > 0 ? [`${figure(sum.stale)} carried from an earlier snapshot`] : []),
    ...(sum.missing > 0 ? [`${figure(sum.missing)} missing`] : []),
    ...(sum.deleted > 0 ? [`${figure(sum.deleted)} deleted at the source`] : []),
    ...(sum.skipped > 0 ? [`${figure(sum.skipped)} left out by choice`] : []),
  ];
  return parts.length === 0 ? "nothing changed" : parts.join(", ");
}

function gaps({ gaps: missing }: BackupResult): string {
  return section(`Could not be read (${figure(missing.length)})`, {
    columns: ["What", "Found", "What to do"],
    rows: missing.map((gap) => [
      markdownText(placeText(gap)),
      `${markdownText(gap.message)} (${markdownText(gap.code)})`,
      markdownText(gap.cure),
    ]),
  });
}

function changes({ kinds, sum }: BackupResult): string {
  // A repeated run finds its snapshot made: nothing was read, so there are no figures by kind.
  if (sum.streams > 0 && kinds.every(({ streams }) => streams === 0)) return repeated;
  if (kinds.every(({ changedStreams, gaps: missing }) => changedStreams === 0 && missing === 0)) return "";
  const known = kinds.filter(({ streams, gaps: missing }) => streams > 0 || missing > 0);
  return section("What changed", {
    columns: ["", "Streams", "Changed", "Items added", "Items changed", "Items deleted", "Stored", "Gaps"],
    figures: [1, 2, 3, 4, 5, 6, 7],
    rows: known.map(kindRow),
  });
}

const repeated = "An earlier attempt of this run made the snapshot; its summary says what changed.";

function kindRow(kind: KindSummary): readonly string[] {
  const { title, streams, changedStreams, added, changed, deleted, newBytes, gaps: missing } = kind;
  const counts = [changedStreams, added, changed, deleted].map((count) => (count === 0 ? "–" : figure(count)));
  return [
    markdownText(title),
    figure(streams),
    ...counts,
    newBytes === 0 ? "–" : bytesForPeople(newBytes),
    missing === 0 ? "–" : `**${figure(missing)}**`,
  ];
}

/** What is unusual and no alarm: announced by the owner, or not rare enough. */
function notes({ anomalies, names }: BackupResult): string {
  const lines = anomalies
    .filter(({ note }) => note === true)
    .map((anomaly) => anomalyText(anomaly, { nameOf: (stream) => names.get(stream) }));
  return lines.length === 0
    ? ""
    : `### Unusual, but no alarm\n\n${list([...new Set(lines)].map((line) => markdownText(line)))}`;
}

function findings({ findings: found }: BackupResult): string {
  const rank = { damage: 0, warning: 1, note: 2 };
  const sorted = [...found].sort((a, b) => rank[a.severity] - rank[b.severity]);
  return section(`Worth knowing (${figure(found.length)})`, {
    columns: ["", "What", "Found"],
    rows: sorted.map((finding) => [
      finding.severity === "note" ? "note" : `**${finding.severity}**`,
      markdownText(placeText(finding)),
      markdownText(finding.message),
    ]),
  });
}

function retention(summary: RetentionSummary | undefined): string {
  if (summary === undefined) return "";
  const { kept, retired, objects, bytes, carriedOut, note } = summary;
  const what = `${counted(retired, "snapshot")} with ${counted(objects, "object")}, ${bytesForPeople(bytes)}`;
  const lines = [
    `${counted(kept, "snapshot")} kept.`,
    retired === 0 ? "Nothing to remove." : `${what} ${carriedOut ? "removed." : "to be removed."}`,
    ...(note === undefined ? [] : [markdownText(note)]),
  ];
  return `### Retention\n\n${lines.join(" ")}`;
}

function drift(lines: readonly string[]): string {
  if (lines.length === 0) return "";
  const intro = "Azure DevOps answered otherwise than this version expects; nothing is lost by it:";
  return `### Changes in Azure DevOps' interface\n\n${intro}\n\n${list(lines.map((line) => markdownText(line)))}`;
}

const ownerless =
  "No owner key may write to this vault: nobody can retire its snapshots, change its keys or acknowledge its alarms.";

/** Lines to paste into the pipeline. */
function pins({ signer, signerPinned, headPinned, head, vault, firstSnapshot }: BackupResult): string {
  const headLine = `The log's head is now ${code(formatHead(head))}.`;
  if (signerPinned && headPinned) return headLine;
  const toldBy = [...(signerPinned ? [] : ["who signed it"]), ...(headPinned ? [] : ["how far its log had got"])];
  const why = firstSnapshot
    ? "The vault is new."
    : `Nothing outside the storage told this run ${toldBy.join(" or ")}, so a vault that was swapped or cut off would not have been noticed.`;
  const lines = [
    ...(signerPinned ? [] : [`signer: ${signer}`]),
    ...(headPinned ? [] : [`vaultHead: ${vault}=${formatHead(head)}`]),
  ];
  return [
    "### Pin the vault",
    `${why} Give these inputs from now on, to this task and to VerifyBackup and RestoreItem${
      headPinned ? "" : " (later runs of the same pipeline find the head by themselves)"
    }:`,
    toCopy(lines.join("\n")),
    ...(signer.includes("owner=") ? [] : [ownerless]),
  ].join("\n\n");
}
