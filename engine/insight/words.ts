/**
 * What anomalies mean and what to do about them: the one list for runs, reports and the hub. Titles and details are
 * plain statements; what the names of streams are, only those know who can read an index.
 */
import { counted } from "../foundation/text.ts";
import { figure, timeForPeople } from "../foundation/wording.ts";
import type { Anomaly } from "../vault/format/log-entry.ts";

export interface AnomalyWords {
  readonly title: string;
  /** Since when, and how often by chance; no full stop, empty where nothing more is known. */
  readonly detail: string;
  /** Sentences. */
  readonly remedy: string;
}

export interface WordFacts {
  /** Name of a stream; undefined where it is not known. */
  readonly nameOf?: ((stream: string) => string | undefined) | undefined;
  /** The recommended snapshot, for people; undefined where none is kept. */
  readonly point?: { readonly id: string; readonly at: string } | undefined;
}

interface Subject extends WordFacts {
  readonly anomaly: Anomaly;
}

interface Entry {
  readonly title: (subject: Subject) => string;
  readonly remedy: (point: string) => string;
}

const entries: Readonly<Record<string, Entry>> = {
  "content-scrambled": {
    title: (subject) => `${shareOf(subject, isOfGit(subject) ? "file" : "changed item")} now look encrypted`,
    remedy: (point) => `Lock the branch, revoke the token; restore from ${point}`,
  },
  "files-lost": {
    title: (subject) => `${whose(subject)} lost ${percentOf(subject)} of ${its(subject)} files`,
    remedy: (point) => `Ask who pushed; restore the branch from ${point}`,
  },
  "files-replaced": {
    title: (subject) => `${whose(subject)} had ${percentOf(subject)} of ${its(subject)} files replaced`,
    remedy: (point) => `Ask who pushed; restore the branch from ${point}`,
  },
  "history-rewritten": {
    title: ({ anomaly, ...facts }) => {
      const lost = anomaly.n === 0 ? "Commits" : counted(anomaly.n, "commit");
      return `${lost} of the default branch of ${whose({ anomaly, ...facts })} are no longer part of it`;
    },
    remedy: (point) => `Push the old tip back from ${point}`,
  },
  "branches-rewritten": {
    title: (subject) => `${shareOf(subject, "branch", "branches")} were rewritten`,
    remedy: (point) => `Push the old tips back from ${point}`,
  },
  "branches-deleted": {
    title: (subject) => `${shareOf(subject, "branch", "branches")} deleted`,
    remedy: (point) => `Bring them back from ${point}`,
  },
  "tags-deleted": {
    title: (subject) => `${shareOf(subject, "tag")} deleted`,
    remedy: (point) => `Bring them back from ${point}`,
  },
  "mass-delete": {
    title: (subject) => `${thingsOf(subject)} deleted`,
    remedy: (point) => `Ask who deleted them. Undelete, or bring them back from ${point}`,
  },
  "mass-change": {
    title: (subject) => `${thingsOf(subject)} changed`,
    remedy: (point) => `Ask who changed them. Roll back to ${point}`,
  },
  "states-reset": {
    title: (subject) => `${thingsOf(subject)} put back to their first state`,
    remedy: (point) => `Ask who changed them. Roll back to ${point}`,
  },
  "mass-disappearance": {
    title: (subject) => `${thingsOf(subject)} cannot be seen any more, without evidence that they were deleted`,
    remedy: () => "Check rights and token; nothing is dropped",
  },
  "permissions-removed": {
    title: ({ anomaly }) => `Protection was lowered: ${partOf(anomaly, "permission")} removed`,
    remedy: (point) => `Restore the permissions first, then content, from ${point}`,
  },
  "administrator-added": {
    title: ({ anomaly: { n } }) => counted(n, "new administrator"),
    remedy: () => "Ask who added them; take the right away if nobody did",
  },
  "policies-removed": {
    title: ({ anomaly }) => `Protection was lowered: ${partOf(anomaly, "branch policy", "branch policies")} removed`,
    remedy: (point) => `Restore the policies first, then content, from ${point}`,
  },
  "protection-lowered": {
    title: (subject) =>
      `Protection was lowered: the default branch of ${whose(subject)} was rewritten soon after its policy was removed`,
    remedy: (point) => `Restore the policy first, then the branch, from ${point}`,
  },
  "clock-skew": {
    title: ({ anomaly: { n } }) =>
      `The agent's clock and the storage service's clock differ by ${counted(n, "minute")}`,
    remedy: () => "Set the agent's clock",
  },
};

/** Every code that `judgeSnapshot` gives. */
export const anomalyCodes: readonly string[] = Object.keys(entries);

/** Codes of other versions stay readable. */
export function anomalyWords(anomaly: Anomaly, facts: WordFacts = {}): AnomalyWords {
  const entry = Object.hasOwn(entries, anomaly.code) ? entries[anomaly.code] : undefined;
  const { point } = facts;
  const from = point === undefined ? "an earlier snapshot" : `snapshot ${point.id} of ${timeForPeople(point.at)}`;
  return {
    title: entry?.title({ anomaly, ...facts }) ?? `${anomaly.code}: ${figure(anomaly.n)}`,
    detail: [sinceText(anomaly), chanceText(anomaly)].filter((text) => text !== "").join("; "),
    remedy: `${entry?.remedy(from) ?? "Update the extension to learn more"}${ending(anomaly)}.`,
  };
}

/** One line without what to do. */
export function anomalyText(anomaly: Anomaly, facts: WordFacts = {}): string {
  const { title, detail } = anomalyWords(anomaly, facts);
  return detail === "" ? title : `${title} (${detail})`;
}

function ending({ code, note }: Anomaly): string {
  return note === true || code === "clock-skew" ? "" : ", or acknowledge it if it was meant";
}

function sinceText({ since }: Anomaly): string {
  return since === undefined ? "" : `since ${timeForPeople(since.replace(/\.\d+Z$/, "Z"))}`;
}

const perYear = 1_000_000;

function chanceText({ chance, active }: Anomaly): string {
  if (chance === undefined || active === undefined) return "";
  const years = perYear / Math.max(1, chance);
  return `by chance ${often(years)} in a project of ${counted(active, "active repository", "active repositories")}`;
}

function often(years: number): string {
  if (years >= perYear) return "less than once in a million years";
  if (years < 1) return `${counted(Math.max(1, Math.round(1 / years)), "time")} a year`;
  return `once in ${years < 10 ? `${Number(years.toFixed(1))} years` : counted(Math.round(years), "year")}`;
}

function isOfGit({ anomaly: { streams } }: Subject): boolean {
  return kindOf(streams) === "git-repositories";
}

function kindOf(streams: Anomaly["streams"]): string | undefined {
  return streams?.[0]?.split("/")[0];
}

/** Name of the one repository, else how many. */
function whose({ anomaly: { hit, streams = [] }, nameOf }: Subject): string {
  const [only] = streams;
  if (only !== undefined && (hit ?? streams.length) === 1) return nameOf?.(only) ?? only;
  const count = hit ?? streams.length;
  return count === 0 ? "a repository" : counted(count, "repository", "repositories");
}

function its({ anomaly: { hit, streams = [] } }: Subject): string {
  return (hit ?? streams.length) === 1 ? "its" : "their";
}

/** Of what is counted here: `120 of 200 files of Web`. */
function shareOf(subject: Subject, one: string, many?: string): string {
  const part = partOf(subject.anomaly, one, many);
  return isOfGit(subject) ? `${part} of ${whose(subject)}` : part;
}

function partOf({ n, of }: Anomaly, one: string, many = `${one}s`): string {
  return of === undefined ? counted(n, one, many) : `${figure(n)} of ${counted(of, one, many)}`;
}

function percentOf({ anomaly: { n, of, level } }: Subject): string {
  const percent = of === undefined || of === 0 ? level : Math.round((100 * n) / of);
  return percent === undefined ? "many" : `${figure(percent)} %`;
}

/** `1,200 of 1,500 work items`; entries of versions before do not say of what. */
function thingsOf({ anomaly }: Subject): string {
  const kind = kindOf(anomaly.streams);
  if (kind === undefined) return counted(anomaly.n, "stream or item", "streams or items");
  if (kind === "git-repositories") return partOf(anomaly, "repository", "repositories");
  if (kind === "work-items") return partOf(anomaly, "work item");
  return `${partOf(anomaly, "item")} of ${kind.replaceAll("-", " ")}`;
}
