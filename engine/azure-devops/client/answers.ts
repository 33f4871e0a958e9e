import { fromUtf8, readAll } from "../../foundation/bytes.ts";
import { BackupError } from "../../foundation/errors.ts";
import { arrayAt, isObject, objectAt, parseObject, stringAt } from "../../foundation/json.ts";
import type { JsonObject, JsonValue } from "../../foundation/json.ts";
import { inert } from "../../foundation/text.ts";
import { scopeOf } from "./service-areas.ts";
import type { ApiRequest } from "../azure-devops.ts";
import { requestName } from "../reading/request-name.ts";
import { truncated } from "../reading/truncated.ts";
import type { RawAnswer } from "./transport.ts";

/*
 * Everything that can be wrong in an answer, turned into the error codes of azure-devops.ts.
 * A sign-in page and a cut-off body come with status 200; neither may ever be read as "nothing there".
 */

const maxJsonBytes = 256 * 1024 * 1024;
const maxErrorBytes = 1024 * 1024;

/**
 * The JSON of a 2xx answer; null where the service sends none (204, and writes without a body).
 * Throws the error the answer stands for.
 */
export async function jsonOf(answer: RawAnswer, request: ApiRequest, timeoutMs: number): Promise<JsonValue> {
  refuseSignInPage(answer, request);
  if (answer.status < 200 || answer.status > 299) throw await refusalOf(answer, request);
  const text = await textOf(answer, request, { timeoutMs, maxBytes: maxJsonBytes });
  if (text.trim() === "") return emptyBody(answer, request);
  return parsedJson(text, request);
}

/** Throws unless a download may begin. */
export async function requireContent(answer: RawAnswer, request: ApiRequest): Promise<void> {
  // A file that happens to be HTML is sent as an attachment; a page to sign in is not.
  if (answer.header("content-disposition") === undefined || answer.status !== 200) refuseSignInPage(answer, request);
  if (answer.status !== 200) throw await refusalOf(answer, request);
}

/** True when the address is one where people sign in. */
export function isSignInAddress(url: URL): boolean {
  return (
    /\/_(signin|signedin|signout)\b/i.test(url.pathname) ||
    /^(login\.|app\.vssps\.visualstudio\.com$|aex\.dev\.azure\.com$|spsprod)/i.test(url.hostname)
  );
}

export function unauthorized(request: ApiRequest, found: string, answer?: RawAnswer): BackupError {
  return new BackupError({
    code: "ADO_UNAUTHORIZED",
    message: `${requestName(request)}: Azure DevOps did not accept the sign-in (${found})`,
    hint:
      "The token is wrong, has expired, was revoked, belongs to another organisation, or its kind is switched off by " +
      `policy. Make a new one with ${scopeOf(request, isWrite(request))}, or check the job's authorisation scope.`,
    context: answer === undefined ? {} : contextOf(answer, undefined),
  });
}

/** What a refused sign-in means once the service has taken the very same one for something else. */
export function refusedThough(refusal: BackupError, request: ApiRequest): BackupError {
  const scope = scopeOf(request, isWrite(request));
  return new BackupError({
    code: "ADO_FORBIDDEN",
    message: `${requestName(request)}: Azure DevOps takes the token, but not for this`,
    hint: `Give the token the scope ${scope}; where it has it, Azure DevOps was troubled: run again.`,
    cause: refusal,
    context: refusal.context,
  });
}

function refuseSignInPage(answer: RawAnswer, request: ApiRequest): void {
  const isPage = (answer.header("content-type") ?? "").toLowerCase().startsWith("text/html");
  if (answer.status === 203 || (isPage && answer.status >= 200 && answer.status < 300)) {
    answer.cancel();
    throw unauthorized(request, "it answered with a sign-in page", answer);
  }
}

/** The error a 3xx, 4xx or 5xx answer stands for. */
async function refusalOf(answer: RawAnswer, request: ApiRequest): Promise<BackupError> {
  const body = parseObject(await errorText(answer, request));
  const said = saidBy(body);
  if (answer.status === 401) return unauthorized(request, said ?? "401", answer);
  const code = codeOf(answer.status, body);
  return new BackupError({
    code,
    message: `${requestName(request)}: Azure DevOps answered ${answer.status}${quoted(said, answer)}`,
    hint: hintFor(code, request, answer),
    context: contextOf(answer, body),
  });
}

function codeOf(status: number, body: JsonObject | undefined): string {
  if (status === 400 && isVersionError(body)) return "ADO_VERSION";
  if (status === 403) return "ADO_FORBIDDEN";
  if (status === 404) return "ADO_NOT_FOUND";
  if (status === 409 || status === 412) return "ADO_CONFLICT";
  if (status === 429) return "ADO_THROTTLED";
  return status >= 500 || status === 408 ? "ADO_UNAVAILABLE" : "ADO_REQUEST";
}

/**
 * The names of these errors are only partly known, so the message decides too
 * (learn.microsoft.com/azure/devops/integrate/concepts/rest-api-versioning).
 */
function isVersionError(body: JsonObject | undefined): boolean {
  if (body === undefined) return false;
  const typeKey = stringAt(body, "typeKey") ?? "";
  const message = stringAt(body, "message") ?? "";
  return /^Vss(\w*)Version/.test(typeKey) || /api[- ]version/i.test(message) || /REST API version/i.test(message);
}

function hintFor(code: string, request: ApiRequest, answer: RawAnswer): string {
  const scope = scopeOf(request, isWrite(request));
  switch (code) {
    case "ADO_FORBIDDEN":
      return `Give the identity that runs this the permission named there; its token needs the scope ${scope}.`;
    case "ADO_NOT_FOUND":
      return `It does not exist, or it is hidden from this identity: check its permissions and the token's scope ${scope}.`;
    case "ADO_CONFLICT":
      return "Somebody else changed or made it meanwhile; run again.";
    case "ADO_THROTTLED":
      return "The identity used up its share of Azure DevOps: run at another time, or lower the parallelism.";
    case "ADO_UNAVAILABLE":
      return `Azure DevOps is having trouble (see https://status.dev.azure.com); run again later.`;
    case "ADO_VERSION":
      return "This organisation or server speaks another version of the REST API; update the extension.";
    default:
      return answer.status >= 300 && answer.status < 400
        ? "The organisation may have been renamed or moved: give its present address."
        : "The request does not suit this organisation; the message above says why.";
  }
}

function quoted(said: string | undefined, answer: RawAnswer): string {
  const activity = activityOf(answer);
  return `${said === undefined ? "" : `: "${said}"`}${activity === undefined ? "" : ` (activity ${activity})`}`;
}

/** Azure DevOps' own words, with the fields a rule refused, on one line. */
function saidBy(body: JsonObject | undefined): string | undefined {
  if (body === undefined) return undefined;
  const message = stringAt(body, "message") ?? stringAt(body, "Message");
  const rules = arrayAt(objectAt(body, "customProperties") ?? {}, "RuleValidationErrors") ?? [];
  const refused = rules.flatMap((rule) => (isObject(rule) ? [stringAt(rule, "fieldReferenceName") ?? ""] : []));
  const fields = refused.filter((name) => name !== "" && message?.includes(name) !== true);
  if (message === undefined) return undefined;
  return inert(fields.length === 0 ? message.trim() : `${message.trim()} [${fields.join(", ")}]`, 400);
}

function contextOf(answer: RawAnswer, body: JsonObject | undefined): Record<string, string | number> {
  const typeKey = body === undefined ? undefined : stringAt(body, "typeKey");
  const activityId = activityOf(answer);
  return {
    status: answer.status,
    ...(typeKey !== undefined && { typeKey }),
    ...(activityId !== undefined && { activityId }),
  };
}

function activityOf(answer: RawAnswer): string | undefined {
  const id = answer.header("x-vss-e2eid") ?? answer.header("activityid");
  return id === undefined ? undefined : inert(id, 64);
}

async function errorText(answer: RawAnswer, request: ApiRequest): Promise<string> {
  try {
    return await textOf(answer, request, { timeoutMs: 30_000, maxBytes: maxErrorBytes });
  } catch {
    return ""; // The status alone has to do; the words were only for people.
  }
}

interface Bounds {
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

async function textOf(answer: RawAnswer, request: ApiRequest, { timeoutMs, maxBytes }: Bounds): Promise<string> {
  // Real time, not the clock: what is limited here is a socket that drips.
  const timer = setTimeout(() => answer.cancel(), timeoutMs);
  try {
    return fromUtf8(await readAll(answer.body, maxBytes));
  } catch (error) {
    if (error instanceof RangeError) throw truncated(requestName(request), `it is longer than ${maxBytes} bytes`);
    if (error instanceof TypeError) throw truncated(requestName(request), "it is not UTF-8");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function parsedJson(text: string, request: ApiRequest): JsonValue {
  try {
    return JSON.parse(text.replace(/^\ufeff/, "")) as JsonValue;
  } catch {
    throw truncated(requestName(request), "its JSON is cut off or broken");
  }
}

function emptyBody(answer: RawAnswer, request: ApiRequest): null {
  if (answer.status !== 200 || isWrite(request)) return null;
  throw truncated(requestName(request), "it is empty");
}

export function isWrite(request: ApiRequest): boolean {
  return (request.method ?? "GET") !== "GET" && request.isRead !== true;
}
