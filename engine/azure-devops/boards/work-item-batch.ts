/**
 * Many creations and changes of work items in one request (`PATCH _apis/wit/$batch`). Each has its own status in the
 * answer, in the order of the request; one that is refused does not stop the others. No published specification has it;
 * its page is that of version 5.0 of the REST API.
 */
import { BackupError } from "../../foundation/errors.ts";
import { arrayAt, isObject, numberAt, objectAt, parseObject, stringAt } from "../../foundation/json.ts";
import type { JsonObject, JsonValue } from "../../foundation/json.ts";
import { inert } from "../../foundation/text.ts";
import type { AzureDevOps } from "../azure-devops.ts";
import { listWithGaps } from "../reading/paging.ts";
import { truncated } from "../reading/truncated.ts";
import type { PatchOperation, WriteRules } from "./work-items.ts";

/** What the service takes in one request. */
export const maxBatchWrites = 200;

export interface WorkItemWrite extends WriteRules {
  /** The item to change, or what is to be created where. */
  readonly of: { readonly id: number } | { readonly project: string; readonly type: string };
  readonly operations: readonly PatchOperation[];
}

/** The item as it is now, or why it is not: codes as for a request of its own. */
export type WriteOutcome = { readonly item: JsonObject } | { readonly refusal: BackupError };

const name = "PATCH wit/$batch";

/**
 * One outcome for each of at most `maxBatchWrites` writes, in their order. Throws ADO_TRUNCATED when the answer does not
 * say what became of them; what `AzureDevOps.call` throws, too.
 */
export async function writeWorkItems(
  azureDevOps: AzureDevOps,
  writes: readonly WorkItemWrite[],
): Promise<readonly WriteOutcome[]> {
  const answer = await azureDevOps.call({
    area: "wit",
    method: "PATCH",
    path: ["wit", "$batch"],
    body: writes.map(partOf),
  });
  const parts = listWithGaps(answer, name);
  if (parts.length !== writes.length)
    throw truncated(name, `it tells of ${parts.length} writes, but ${writes.length} were asked for`);
  return parts.map((part, index) => outcomeOf(part, writes[index]));
}

/** The api-version stands in each address: a batch has none of its own for its parts. */
const partVersion = "7.1";

function partOf({ of, operations, bypassRules, suppressNotifications }: WorkItemWrite): JsonObject {
  const project = "id" in of ? "" : `/${encodeURIComponent(of.project)}`;
  const item = "id" in of ? String(of.id) : `$${encodeURIComponent(of.type)}`;
  const query = [
    ...(bypassRules === undefined ? [] : [`bypassRules=${bypassRules}`]),
    ...(suppressNotifications === undefined ? [] : [`suppressNotifications=${suppressNotifications}`]),
    ...["$expand=all", `api-version=${partVersion}`],
  ];
  return {
    method: "PATCH",
    uri: `${project}/_apis/wit/workitems/${item}?${query.join("&")}`,
    headers: { "Content-Type": "application/json-patch+json" },
    body: operations.map((operation) => ({ ...operation })),
  };
}

function outcomeOf(part: JsonObject | null, write: WorkItemWrite | undefined): WriteOutcome {
  const status = part === null ? undefined : numberAt(part, "code");
  if (part === null || status === undefined) throw truncated(name, "a part of it has no status");
  const body = bodyOf(part.body);
  if (status < 200 || status > 299) return { refusal: refusalOf(status, body, write) };
  const id = body === undefined ? undefined : numberAt(body, "id");
  if (body === undefined || id === undefined) throw truncated(name, "a part of it has no work item");
  if (write !== undefined && "id" in write.of && write.of.id !== id)
    throw truncated(name, `it holds work item ${id} in the place of ${write.of.id}`);
  return { item: body };
}

/** JSON as a text, as the service has it, or as it is. */
function bodyOf(body: JsonValue | undefined): JsonObject | undefined {
  if (typeof body === "string") return parseObject(body);
  return isObject(body) ? body : undefined;
}

function refusalOf(status: number, body: JsonObject | undefined, write: WorkItemWrite | undefined): BackupError {
  const what = write === undefined || !("id" in write.of) ? "new work item" : `work item ${write.of.id}`;
  const said = body === undefined ? undefined : wordsOf(objectAt(body, "value") ?? body);
  return new BackupError({
    code: codeOf(status),
    message: `${name}, ${what}: Azure DevOps answered ${status}${said === undefined ? "" : `: "${said}"`}`,
    hint: "The message is Azure DevOps' own; the other work items of the request are not affected.",
    context: { status },
  });
}

function codeOf(status: number): string {
  if (status === 401) return "ADO_UNAUTHORIZED";
  if (status === 403) return "ADO_FORBIDDEN";
  if (status === 404) return "ADO_NOT_FOUND";
  if (status === 409 || status === 412) return "ADO_CONFLICT";
  if (status === 429) return "ADO_THROTTLED";
  return status >= 500 || status === 408 ? "ADO_UNAVAILABLE" : "ADO_REQUEST";
}

/** With the fields that a rule refused. */
function wordsOf(value: JsonObject): string | undefined {
  const message = stringAt(value, "Message") ?? stringAt(value, "message");
  if (message === undefined) return undefined;
  const rules = arrayAt(objectAt(value, "CustomProperties") ?? {}, "RuleValidationErrors") ?? [];
  const fields = rules.flatMap((rule) => (isObject(rule) ? [stringAt(rule, "fieldReferenceName") ?? ""] : []));
  const unnamed = fields.filter((field) => field !== "" && !message.includes(field));
  return inert(unnamed.length === 0 ? message.trim() : `${message.trim()} [${unnamed.join(", ")}]`, 400);
}
