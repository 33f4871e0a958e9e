/**
 * Azure DevOps' REST interface with the token of the person who looks at the page. Small on purpose: JSON in and out,
 * one-line errors that carry the service's own words.
 */
import { BackupError } from "../../engine/foundation/errors.ts";
import type { Clock } from "../../engine/foundation/clock.ts";
import { parseObject, stringAt } from "../../engine/foundation/json.ts";
import { inert } from "../../engine/foundation/text.ts";

export interface RestOptions {
  /** Address of the organisation; with or without a slash at the end. */
  readonly organizationUrl: string;
  /** A current token; asked for before every request, and once more after a 401. */
  readonly token: () => Promise<string>;
  readonly clock: Clock;
  readonly fetch?: typeof globalThis.fetch;
}

export interface RestRequest {
  readonly method: "GET" | "POST" | "PATCH";
  /** Segments below the organisation, not yet encoded. */
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  /** What is asked for, for messages: `start the pipeline`. */
  readonly purpose: string;
}

export interface RestAnswer {
  /** Parsed JSON; undefined when there is none. */
  readonly json: unknown;
  /** Where the list goes on; undefined at its end. */
  readonly continuationToken: string | undefined;
}

export interface Rest {
  /** Throws ADO_SIGN_IN, ADO_FORBIDDEN, ADO_NOT_FOUND, ADO_REQUEST or ADO_UNAVAILABLE. */
  ask(request: RestRequest): Promise<RestAnswer>;
  /** The answer as it is, cut off by ADO_TOO_LARGE. */
  text(request: RestRequest): Promise<string>;
}

const apiVersion = "7.1";
const mostTextBytes = 64 << 20;
/** Waits of a reading request that the service has put off; a starting one is never repeated. */
const longestWaitMs = 10_000;
const waits = 2;

export function restClient(options: RestOptions): Rest {
  return {
    async ask(request) {
      const answer = await answered({ ...options, redirect: "error" }, request);
      const text = await textOf(answer, request);
      return { json: text === "" ? undefined : jsonOf(text, request), continuationToken: continuation(answer) };
    },
    async text(request) {
      // What runs have attached may lie on another host; browsers take the token out before they go there.
      return textOf(await answered({ ...options, redirect: "follow" }, request), request);
    },
  };
}

interface Sending extends RestOptions {
  readonly redirect: "error" | "follow";
}

async function answered(options: Sending, request: RestRequest): Promise<Response> {
  for (let waited = 0; ; waited += 1) {
    const answer = await signedIn(options, request);
    if (answer.ok && !isSignInPage(answer)) return answer;
    const pauseMs = pauseOf(answer, request);
    if (pauseMs === undefined || waited === waits) throw await refusal(answer, request);
    await answer.body?.cancel();
    await options.clock.sleep(pauseMs);
  }
}

/** A token may have run out between two clicks: once more with a fresh one. */
async function signedIn(options: Sending, request: RestRequest): Promise<Response> {
  const answer = await sent(options, request);
  if (answer.status !== 401) return answer;
  await answer.body?.cancel();
  return sent(options, request);
}

async function sent(options: Sending, request: RestRequest): Promise<Response> {
  const { method, body } = request;
  const headers: Record<string, string> = {
    accept: "application/json",
    authorization: `Bearer ${await options.token()}`,
    // Without it the service answers a missing sign-in with a redirect to a page.
    "x-tfs-fedauthredirect": "Suppress",
  };
  if (body !== undefined) headers["content-type"] = "application/json";
  const send = options.fetch ?? globalThis.fetch;
  try {
    return await send(addressOf(options.organizationUrl, request), {
      method,
      headers,
      credentials: "omit",
      redirect: options.redirect,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw new BackupError({
      code: "ADO_UNAVAILABLE",
      message: `Azure DevOps could not be reached to ${request.purpose}`,
      hint: "Check the network, then try again.",
      cause,
    });
  }
}

function addressOf(organizationUrl: string, { path, query }: RestRequest): string {
  const url = new URL(`${organizationUrl.replace(/\/+$/, "")}/${path.map(encodeURIComponent).join("/")}`);
  const members: Readonly<Record<string, string | number | undefined>> = { ...query, "api-version": apiVersion };
  for (const [key, value] of Object.entries(members)) if (value !== undefined) url.searchParams.set(key, String(value));
  return url.href;
}

/** 203 and pages in HTML are the sign-in page, whatever the status says. */
function isSignInPage(answer: Response): boolean {
  return answer.status === 203 || (answer.headers.get("content-type") ?? "").startsWith("text/html");
}

function pauseOf(answer: Response, { method }: RestRequest): number | undefined {
  if (method !== "GET" || ![429, 502, 503, 504].includes(answer.status)) return undefined;
  const seconds = Number(answer.headers.get("retry-after") ?? "1");
  const pauseMs = (Number.isFinite(seconds) && seconds > 0 ? seconds : 1) * 1000;
  return pauseMs > longestWaitMs ? undefined : pauseMs;
}

function continuation(answer: Response): string | undefined {
  const token = answer.headers.get("x-ms-continuationtoken");
  return token === null || token === "" ? undefined : token;
}

async function textOf(answer: Response, request: RestRequest): Promise<string> {
  const reader = answer.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    bytes += step.value.length;
    if (bytes > mostTextBytes) {
      await reader.cancel();
      throw new BackupError({
        code: "ADO_TOO_LARGE",
        message: `Azure DevOps answered more than ${mostTextBytes >> 20} MiB to ${request.purpose}`,
        hint: "Open the run in Azure Pipelines and download it there.",
      });
    }
    text += decoder.decode(step.value, { stream: true });
  }
  return text + decoder.decode();
}

function jsonOf(text: string, { purpose }: RestRequest): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BackupError({
      code: "ADO_UNAVAILABLE",
      message: `Azure DevOps answered something that is not JSON to ${purpose}`,
      hint: "Try again; if it stays so, something between this browser and Azure DevOps changes its answers.",
      cause,
    });
  }
}

async function refusal(answer: Response, { purpose }: RestRequest): Promise<BackupError> {
  const { status } = answer;
  const said = isSignInPage(answer) ? "" : messageIn(await answer.text().catch(() => ""));
  const words = said === "" ? `it answered ${status}` : said;
  const { code, hint } = meaningOf(isSignInPage(answer) ? 401 : status);
  return new BackupError({
    code,
    message: `Azure DevOps refused to ${purpose}: ${words.replace(/\.$/, "")}`,
    hint,
    context: { status },
  });
}

/** The service's own words; they name what is missing, for example a parameter or a permission. */
function messageIn(text: string): string {
  const answer = parseObject(text);
  return answer === undefined ? "" : inert(stringAt(answer, "message") ?? "", 600).trim();
}

function meaningOf(status: number): { readonly code: string; readonly hint: string } {
  if (status === 401) return { code: "ADO_SIGN_IN", hint: "Reload the page to sign in again." };
  if (status === 403)
    return { code: "ADO_FORBIDDEN", hint: "Ask an administrator of the project for this permission." };
  if (status === 404)
    return { code: "ADO_NOT_FOUND", hint: "It was deleted, or you may not see it. Check it in Set up." };
  if (status === 429 || status >= 500)
    return { code: "ADO_UNAVAILABLE", hint: "Azure DevOps is busy or has a problem. Try again in a minute." };
  return { code: "ADO_REQUEST", hint: "Check what was asked for, then try again." };
}
