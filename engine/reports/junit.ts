/** A verification as test results: one test for each stream, and one for the log. Azure DevOps then keeps the trend. */
import type { VerifiedStream, VerifyResult } from "../operations/results.ts";
import { markupText } from "./escape.ts";
import { kindTitle, timeForPeople } from "./wording.ts";
import { kindOf } from "../vault/format/stream-ids.ts";

type Finding = VerifiedStream["findings"][number];

interface TestCase {
  readonly className: string;
  readonly name: string;
  readonly durationMs: number;
  readonly failures: readonly string[];
  readonly remarks: readonly string[];
}

const maxLines = 50;
const maxLine = 2000;

export function verifyJunit(result: VerifyResult): string {
  const cases = [logCase(result), ...result.streams.map(streamCase)];
  const failed = cases.filter(({ failures }) => failures.length > 0).length;
  const figures = `tests="${cases.length}" failures="${failed}" errors="0" skipped="0" time="${seconds(result.durationMs)}"`;
  const name = markupText(`Backup ${result.vault}, level ${result.level}, sample ${result.sample}`);
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<testsuites ${figures}>`,
    `  <testsuite name="${name}" ${figures}>`,
    ...cases.map(caseLines),
    `  </testsuite>`,
    `</testsuites>`,
    "",
  ].join("\n");
}

/** The log's own findings, and whether it reaches up to now. */
function logCase({ log, tooOld, newestCompleteAt }: VerifyResult): TestCase {
  const newest = newestCompleteAt === undefined ? "none" : timeForPeople(newestCompleteAt);
  return {
    className: "Vault",
    name: "Log: signatures, chain, head and age",
    durationMs: 0,
    failures: [
      ...damageLines(log),
      ...(tooOld ? [`the newest complete snapshot is older than maxAgeHours allows: ${newest}`] : []),
    ],
    remarks: remarkLines(log),
  };
}

function streamCase({ stream, name, snapshots, findings, durationMs }: VerifiedStream): TestCase {
  const failures = damageLines(findings);
  const concerned = failures.length === 0 ? [] : [`Snapshots concerned: ${snapshots.join(", ")}`];
  return {
    className: kindTitle(kindOf(stream)),
    name: name === undefined ? stream : `${name} (${stream})`,
    durationMs,
    failures: [...failures, ...concerned],
    remarks: remarkLines(findings),
  };
}

function damageLines(findings: readonly Finding[]): readonly string[] {
  return findings.filter(({ severity }) => severity === "damage").map(describe);
}

function remarkLines(findings: readonly Finding[]): readonly string[] {
  return findings.filter(({ severity }) => severity !== "damage").map(describe);
}

function describe({ item, code, message }: Finding): string {
  return `${code}: ${item === undefined ? "" : `${item}: `}${message}`;
}

function caseLines({ className, name, durationMs, failures, remarks }: TestCase): string {
  const attributes = `classname="${markupText(className)}" name="${markupText(name)}" time="${seconds(durationMs)}"`;
  const inner = [
    ...(failures.length === 0
      ? []
      : [
          `      <failure type="damage" message="${markupText(failures[0] ?? "", maxLine)}">${body(failures)}</failure>`,
        ]),
    ...(remarks.length === 0 ? [] : [`      <system-out>${body(remarks)}</system-out>`]),
  ];
  if (inner.length === 0) return `    <testcase ${attributes}/>`;
  return [`    <testcase ${attributes}>`, ...inner, `    </testcase>`].join("\n");
}

function body(lines: readonly string[]): string {
  const shown = lines.slice(0, maxLines).map((line) => markupText(line, maxLine));
  if (lines.length > shown.length) shown.push(`… and ${lines.length - shown.length} more`);
  return shown.join("\n");
}

function seconds(durationMs: number): string {
  return (durationMs / 1000).toFixed(3);
}
