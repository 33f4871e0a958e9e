/**
 * What a restore run attached (`devops-backup.restore-report`, form `project-backup/restore/v1`): by item what became
 * of it, with links to what was restored. Links are made here from the organisation that the page runs in, never taken
 * from the attachment.
 */
import { withFieldName } from "../../engine/foundation/field-names.ts";
import { objectAt, parseObject, stringAt, type JsonObject } from "../../engine/foundation/json.ts";
import { countAt, objectsAt, plainTextAt, plainTextsAt } from "./plain-text.ts";

export const resultAttachmentType = "devops-backup.restore-report";

export const restoreOutcomes = ["failed", "created", "undeleted", "adopted", "updated", "skipped"] as const;
export type RestoreOutcome = (typeof restoreOutcomes)[number];

export interface ResultRow {
  readonly id: string;
  readonly kind: string;
  readonly key: string;
  readonly name: string;
  readonly outcome: RestoreOutcome;
  /** Id in the target; empty when it has none. */
  readonly newId: string;
  readonly messages: readonly string[];
  /** What came out different from the snapshot, and why. */
  readonly fidelity: readonly string[];
  /** Page of the restored item; undefined when there is none to open, or it lies in another organisation. */
  readonly url: string | undefined;
}

export interface ResultView {
  readonly snapshot: string;
  readonly takenAt: string;
  readonly target: string;
  readonly conflictPolicy: string;
  readonly planHash: string;
  readonly resumed: boolean;
  readonly applied: boolean;
  readonly created: number;
  readonly updated: number;
  readonly skipped: number;
  readonly failed: number;
  readonly secretsToEnter: number;
  readonly durationMs: number;
  /** Of very many items the first ones of each kind and outcome. */
  readonly rows: readonly ResultRow[];
  /** Of all items. */
  readonly counts: Readonly<Record<RestoreOutcome, number>>;
}

/** Undefined for anything that is not a restore report of this form. */
export function parseResult(json: string, organizationUrl: string): ResultView | undefined {
  const report = parseObject(json);
  if (report?.form !== "project-backup/restore/v1") return undefined;
  const place = placeOf(objectAt(report, "target") ?? {}, organizationUrl);
  const rows = objectsAt(report, "items").map((item) => rowOf(item, place.url));
  return {
    snapshot: plainTextAt(report, "snapshot"),
    takenAt: plainTextAt(report, "takenAt"),
    target: place.name,
    conflictPolicy: plainTextAt(report, "conflictPolicy"),
    planHash: plainTextAt(report, "planHash"),
    resumed: report.resumed === true,
    applied: report.applied === true,
    created: countAt(report, "created"),
    updated: countAt(report, "updated"),
    skipped: countAt(report, "skipped"),
    failed: countAt(report, "failed"),
    secretsToEnter: countAt(report, "secretsToEnter"),
    durationMs: countAt(report, "durationMs"),
    rows,
    counts: countsOf(rows, objectAt(report, "counts") ?? {}),
  };
}

/** What is counted here, or more where the report says that it has left items out. */
function countsOf(rows: readonly ResultRow[], told: JsonObject): Readonly<Record<RestoreOutcome, number>> {
  const counts = { failed: 0, created: 0, undeleted: 0, adopted: 0, updated: 0, skipped: 0 };
  for (const { outcome } of rows) counts[outcome] += 1;
  for (const outcome of restoreOutcomes) counts[outcome] = Math.max(counts[outcome], countAt(told, outcome));
  return counts;
}

/** The newest report that can be read among a run's attachments. */
export function resultOfRun(attachments: readonly string[], organizationUrl: string): ResultView | undefined {
  return attachments.map((json) => parseResult(json, organizationUrl)).findLast((result) => result !== undefined);
}

function placeOf(
  target: JsonObject,
  organizationUrl: string,
): { readonly name: string; readonly url: string | undefined } {
  const project = objectAt(target, "project") ?? {};
  const name = plainTextAt(project, "name");
  const id = stringAt(project, "id") ?? "";
  const own = bare(organizationUrl);
  const isHere = bare(stringAt(target, "organizationUrl") ?? "") === own;
  // A project that the restore has made has no id in the plan.
  const segment = isGuid(id) ? id : nameSegment(stringAt(project, "name") ?? "");
  return { name, url: isHere && segment !== "" ? `${organizationUrl.replace(/\/+$/, "")}/${segment}` : undefined };
}

/** Empty for what is no name of a project: it would lead elsewhere. */
function nameSegment(name: string): string {
  return /^[^._\\/][^\\/]*$/.test(name) ? encodeURIComponent(name) : "";
}

function bare(url: string): string {
  return url.replace(/\/+$/, "").toLowerCase();
}

function isGuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

function rowOf(item: JsonObject, projectUrl: string | undefined): ResultRow {
  const kind = plainTextAt(item, "kind");
  const key = plainTextAt(item, "key");
  const newId = plainTextAt(item, "newId");
  const outcome = restoreOutcomes.find((known) => known === item.outcome) ?? "failed";
  return {
    id: `${kind}/${key}`,
    kind,
    key,
    name: plainTextAt(item, "name"),
    outcome,
    newId,
    messages: plainTextsAt(item, "messages"),
    fidelity: plainTextsAt(item, "fidelity").map(withFieldName),
    url:
      outcome === "failed" || projectUrl === undefined
        ? undefined
        : pageOf(kind, newId === "" ? key : newId, projectUrl),
  };
}

/** Only ids of the form that the kind has make an address. */
function pageOf(kind: string, id: string, projectUrl: string): string | undefined {
  if (kind === "work-items") return /^\d{1,10}$/.test(id) ? `${projectUrl}/_workitems/edit/${id}` : undefined;
  const guid = id.split("/").at(-1) ?? "";
  if (kind === "git-repositories") return isGuid(guid) ? `${projectUrl}/_git/${guid}` : undefined;
  return kind === "project" ? projectUrl : undefined;
}
