/** Writes answers: JSON, binary, errors, the sign-in page. */
import type { ServerResponse } from "node:http";
import type { JsonValue } from "../../../engine/foundation/json.ts";

export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly content: Uint8Array;
  /** The JSON behind `content`, for the traffic log. */
  readonly json?: JsonValue;
}

export interface JsonAnswerOptions {
  readonly version?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The usual form of an answer that the client asked for in another one: published descriptions know only that. */
  readonly logged?: JsonValue;
}

export function jsonAnswer(
  status: number,
  json: JsonValue,
  { version, headers = {}, logged = json }: JsonAnswerOptions = {},
): PlainAnswer {
  const type = `application/json; charset=utf-8${version === undefined ? "" : `; api-version=${version}`}`;
  return {
    status,
    headers: { "content-type": type, ...headers },
    content: Buffer.from(JSON.stringify(json)),
    json: logged,
  };
}

export function emptyAnswer(status: number, headers: Readonly<Record<string, string>> = {}): PlainAnswer {
  return { status, headers, content: new Uint8Array() };
}

/** 401 as the service answers it: without a word. */
export function unauthorizedAnswer(organizationUrl: string): PlainAnswer {
  return emptyAnswer(401, { "www-authenticate": `Basic realm="${organizationUrl}/"` });
}

export function textAnswer(status: number, text: string): PlainAnswer {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, content: Buffer.from(text) };
}

export function signInPage(): PlainAnswer {
  const html =
    "<!DOCTYPE html><html><head><title>Azure DevOps Services | Sign In</title></head><body>Sign in to continue.</body></html>";
  return { status: 203, headers: { "content-type": "text/html; charset=utf-8" }, content: Buffer.from(html) };
}

/** The sign-in page lives on another host: a client that follows must not take its credential along. */
export function signInRedirect(signInUrl: string): PlainAnswer {
  return emptyAnswer(302, { location: `${signInUrl}/_signin?realm=dev.azure.com&protocol=` });
}

export function send(response: ServerResponse, answer: PlainAnswer): void {
  if (response.destroyed) return;
  const hasBody = answer.status !== 204 && answer.status !== 304;
  response.writeHead(answer.status, {
    ...answer.headers,
    ...(hasBody ? { "content-length": String(answer.content.length) } : {}),
  });
  response.end(hasBody ? answer.content : undefined);
}
