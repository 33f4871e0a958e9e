/** What a verification found: damage first, then how far one can rely on the rest. */
import { bytesForPeople, counted } from "../foundation/text.ts";
import type { VerifiedStream, VerifyResult } from "../operations/results.ts";
import { formatHead } from "../vault/format/head-pin.ts";
import { markdownText } from "./escape.ts";
import { immutabilityText } from "./immutability.ts";
import { alarm, code, list, page, section, table } from "./markdown.ts";
import { durationForPeople, figure, timeForPeople } from "./wording.ts";

type Finding = VerifiedStream["findings"][number];

export function verifySummary(result: VerifyResult): string {
  return page([
    heading(result),
    alarm("The backup is too old", ageLines(result)),
    damage(result),
    facts(result),
    remarks(result),
    trust(result),
  ]);
}

/** Damage of streams or of the log. */
export function isSound({ damaged, log }: VerifyResult): boolean {
  return damaged === 0 && log.every(({ severity }) => severity !== "damage");
}

function heading(result: VerifyResult): string {
  const { level, damaged, log } = result;
  if (isSound(result)) return `## ✅ Verification (${level}): nothing is damaged`;
  const parts = [
    ...(damaged > 0 ? [`${counted(damaged, "stream")} damaged`] : []),
    ...(log.some(({ severity }) => severity === "damage") ? ["the log is not sound"] : []),
  ];
  return `## ❌ Verification (${level}): ${parts.join(", ")}`;
}

function ageLines({ tooOld, newestCompleteAt }: VerifyResult): readonly string[] {
  if (!tooOld) return [];
  if (newestCompleteAt === undefined) return ["there is no complete snapshot at all"];
  return [`the newest complete snapshot was taken ${timeForPeople(newestCompleteAt)}`];
}

function damage({ streams, log }: VerifyResult): string {
  const isDamage = ({ severity }: Finding): boolean => severity === "damage";
  const ofLog = log.filter(isDamage).map((finding) => ["The vault's log", describe(finding), "all"]);
  const ofStreams = streams.flatMap((stream) =>
    stream.findings.filter(isDamage).map((finding) => [nameOf(stream), describe(finding), concerned(stream)]),
  );
  const rows = [...ofLog, ...ofStreams];
  return section(`Damage (${figure(rows.length)})`, { columns: ["What", "Found", "Snapshots concerned"], rows });
}

function describe({ item, message }: Finding): string {
  return markdownText(item === undefined ? message : `${item}: ${message}`);
}

function nameOf({ stream, name }: VerifiedStream): string {
  return markdownText(name === undefined ? stream : `${name} (${stream})`);
}

const maxSnapshots = 5;

function concerned({ snapshots }: VerifiedStream): string {
  const shown = snapshots.slice(-maxSnapshots).map((snapshot) => code(snapshot));
  const more = snapshots.length - shown.length;
  return more > 0 ? `${shown.join(" ")} and ${figure(more)} earlier` : shown.join(" ");
}

const levels: Readonly<Record<VerifyResult["level"], string>> = {
  catalogue: "every object that the signed log reaches is there, with its size",
  stored: "the stored bytes are those the signed log names",
  content: "the stored bytes are those the signed log names, open with the recovery key and are what they should be",
  drill: "restored into a project of its own and compared",
};

function facts(result: VerifyResult): string {
  const { level, sample, snapshots, streams, checkedObjects, checkedBytes, durationMs, newestCompleteAt } = result;
  const sampled = sample === "100%" ? "" : `, sample ${markdownText(sample)}`;
  const rows = [
    ["Streams", figure(streams.length)],
    ["Read", `${counted(checkedObjects, "object")}, ${bytesForPeople(checkedBytes)}${sampled}`],
    ["Newest complete snapshot", newestCompleteAt === undefined ? "none" : timeForPeople(newestCompleteAt)],
    ["Immutability", immutabilityText(result)],
    ["Took", durationForPeople(durationMs)],
    ...(result.rtoSeconds === undefined ? [] : [["Time to restore", durationForPeople(result.rtoSeconds * 1000)]]),
  ];
  return `Checked: ${levels[level]}.\n\n${table({ columns: ["Snapshots", snapshotsText(snapshots)], rows })}`;
}

function snapshotsText(snapshots: readonly string[]): string {
  if (snapshots.length === 0) return "none";
  return snapshots.length === 1 ? code(snapshots[0] ?? "") : figure(snapshots.length);
}

function remarks({ streams, log }: VerifyResult): string {
  const all = [
    ...log.map((finding) => ["The vault's log", finding] as const),
    ...streams.flatMap((stream) => stream.findings.map((finding) => [nameOf(stream), finding] as const)),
  ].filter(([, { severity }]) => severity !== "damage");
  return section(`Worth knowing (${figure(all.length)})`, {
    columns: ["What", "Found"],
    rows: all.map(([name, finding]) => [name, describe(finding)]),
  });
}

function trust({ headPinned, signerPinned, head }: VerifyResult): string {
  const lines = [
    `The log's head is ${code(formatHead(head))}.`,
    ...(signerPinned
      ? []
      : ["The signing keys are not pinned (input signer): a vault that was swapped as a whole looks sound."]),
    ...(headPinned
      ? []
      : ["The head is not pinned (input vaultHead): newest snapshots that were removed are not missed."]),
  ];
  return `### How far this can be relied on\n\n${list(lines)}`;
}
