/**
 * HTTP for the wire client and LFS: streaming both ways, patient with throttling, strict with credentials.
 *
 * - Credentials go to the remote's own origin only, never after a redirect to another one.
 * - 429, 503 and connections that fail before an answer are tried again; so every request must be safe to repeat.
 * - A connection may be silent for minutes (the server counts objects): only idleness ends it, never total time.
 */
import * as http from "node:http";
import * as https from "node:https";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { Clock } from "../foundation/clock.ts";
import { BackupError, hasCode } from "../foundation/errors.ts";
import { retrying } from "../foundation/retry.ts";
import type { RetryDecision } from "../foundation/retry.ts";
import type { GitRemote } from "./git-access.ts";
import { connectionError, httpError, isPage, retryAfterMs } from "./http-errors.ts";

/** An Authorization header for one origin: no other one gets it, wherever a request goes. */
export interface Credentials {
  readonly origin: string;
  /** Asked anew for each request. */
  readonly authorization: () => Promise<string>;
}

export interface HttpRequest {
  /** For messages. */
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly credentials?: Credentials;
  readonly body?: Uint8Array;
  /** Instead of `body`: opened anew for each try; `length` bytes. */
  readonly stream?: { readonly length: number; readonly open: () => Promise<AsyncIterable<Uint8Array>> };
  /** Follow redirects (only sensible for the first GET of a repository). */
  readonly followRedirects?: boolean;
  /** Statuses that are an answer; default 200. */
  readonly accept?: readonly number[];
  /** HTML is an answer, not a sign-in page. */
  readonly acceptPages?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Where the answer came from in the end. */
  readonly url: string;
  /** Decompressed. Throws GIT_TRUNCATED when the connection breaks. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** How requests are paced with others of the same identity. */
export interface RequestPace {
  /** Resolves when the next request may go. */
  wait(): Promise<void>;
  /** Told of every answer's status and headers (Retry-After, X-RateLimit-*). */
  heard(answer: { readonly status: number; readonly headers: Readonly<Record<string, string | undefined>> }): void;
}

export interface HttpOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal?: AbortSignal | undefined;
  /** Connections for an origin, e.g. through the agent's proxy. Default: keep-alive connections of our own. */
  readonly agentFor?: ((url: URL) => http.Agent | undefined) | undefined;
  readonly pace?: RequestPace | undefined;
  /** Default 10 minutes. */
  readonly idleTimeoutMs?: number | undefined;
}

export function credentialsOf(remote: GitRemote): Credentials {
  return { origin: addressOf(remote.url).origin, authorization: () => remote.authorization() };
}

/** Parses an http or https address; anything else (`file:`, `ext::`, `ssh:`, text) throws GIT_PROTOCOL. */
export function addressOf(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address !== undefined && /^https?:$/.test(address.protocol)) return address;
  throw new BackupError({
    code: "GIT_PROTOCOL",
    message: `${url} is no http or https address`,
    hint: "Use the address that the repository shows under Clone, HTTPS.",
  });
}

export interface GitHttp {
  /** Throws GIT_* for every answer that is not accepted. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

const maxRedirects = 5;
const errorTextBytes = 16_384;
/** How often in all something is asked that is answered as if the token were none. */
export const signInAttempts = 4;
const retryPolicy = { attempts: 6, firstDelayMs: 1000, maxDelayMs: 60_000 };

export function gitHttp(options: HttpOptions): GitHttp {
  const own = {
    "http:": new http.Agent({ keepAlive: true, maxFreeSockets: 16 }),
    "https:": new https.Agent({ keepAlive: true, maxFreeSockets: 16 }),
  };
  const { clock, random, signal } = options;
  const agentFor = (url: URL): http.Agent =>
    options.agentFor?.(url) ?? own[url.protocol === "https:" ? "https:" : "http:"];
  return {
    send: (request) => {
      let refusals = 0;
      return retrying(
        async () => {
          await options.pace?.wait();
          return await accepted(await exchange(request, { options, agentFor }), request, options);
        },
        (error) => (isRefusal(error) && (refusals += 1) < signInAttempts ? { afterMs: 0 } : worthRepeating(error)),
        { policy: retryPolicy, clock, random, ...(signal === undefined ? {} : { signal }) },
      );
    },
    close: () => {
      for (const agent of Object.values(own)) agent.destroy();
    },
  };
}

/** 401 and sign-in pages: front ends answer so now and then to a good token. A permission that is missing is 403. */
export function isRefusal(error: unknown): boolean {
  return hasCode(error, "GIT_UNAUTHORIZED") && error.context.status !== undefined && error.context.status !== 403;
}

function worthRepeating(error: unknown): RetryDecision {
  if (hasCode(error, "GIT_THROTTLED")) return { afterMs: Number(error.context.retryAfterMs ?? 0) };
  const isTransient = hasCode(error, "GIT_UNAVAILABLE") && error.context.isRetryable !== false;
  return isTransient ? { afterMs: Number(error.context.retryAfterMs ?? 0) } : undefined;
}

interface Connection {
  readonly options: HttpOptions;
  readonly agentFor: (url: URL) => http.Agent;
}

/** One exchange with its redirects. */
async function exchange(request: HttpRequest, connection: Connection): Promise<HttpAnswer> {
  let url = addressOf(request.url);
  for (let redirects = 0; ; redirects += 1) {
    const answer = await oneExchange(request, url, connection);
    connection.options.pace?.heard(answer);
    const { location } = answer.headers;
    const isRedirect = answer.status >= 300 && answer.status < 400 && location !== undefined;
    if (!isRedirect || request.followRedirects !== true) return answer;
    await discard(answer.body);
    url = redirectTarget(location, url, request.name);
    if (redirects === maxRedirects) throw redirectError(request.name, "redirected too often");
  }
}

function redirectTarget(location: string, from: URL, name: string): URL {
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (target === undefined) throw redirectError(name, "redirected to something that is no address");
  if (/_signin|\/oauth2\/|^login\.|\.vssps\./i.test(`${target.hostname}${target.pathname}`)) {
    throw httpError({ name, status: 302, headers: { "content-type": "text/html" }, text: "" });
  }
  const isDowngrade = from.protocol === "https:" && target.protocol !== "https:";
  if (isDowngrade || !/^https?:$/.test(target.protocol)) throw redirectError(name, `redirected to ${target.protocol}`);
  target.username = "";
  target.password = "";
  return target;
}

function redirectError(name: string, found: string): BackupError {
  return new BackupError({
    code: "GIT_PROTOCOL",
    message: `${name} ${found}`,
    hint: "Use the repository's final https address.",
  });
}

async function oneExchange(request: HttpRequest, url: URL, { options, agentFor }: Connection): Promise<HttpAnswer> {
  const { credentials } = request;
  const authorization = credentials?.origin === url.origin ? await credentials.authorization() : undefined;
  const length = request.body?.length ?? request.stream?.length;
  const call = (url.protocol === "https:" ? https : http).request(url, {
    method: request.method,
    agent: agentFor(url),
    headers: {
      "user-agent": "git/2.40.0 (project-backup)", // services look for git/ to choose Git's error format
      ...request.headers,
      ...(authorization === undefined ? {} : { authorization }),
      ...(length === undefined ? {} : { "content-length": String(length) }),
    },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const response = await responseOf(call, request, options);
  const headers = plainHeaders(response.headers);
  return { status: response.statusCode ?? 0, headers, url: url.href, body: bodyOf(response, request.name, options) };
}

function plainHeaders(headers: http.IncomingHttpHeaders): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}

async function responseOf(
  call: http.ClientRequest,
  request: HttpRequest,
  { signal, idleTimeoutMs = 600_000 }: HttpOptions,
): Promise<http.IncomingMessage> {
  let response: http.IncomingMessage | undefined;
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    call.on("response", resolve);
    call.on("error", (error) => {
      if (response === undefined) reject(error);
    });
  });
  call.setTimeout(idleTimeoutMs, () => {
    // Nothing moves because we do not read: that is our store being slow, not the server.
    const isOurs = response !== undefined && response.readableLength > 0;
    if (isOurs) call.socket?.setTimeout(idleTimeoutMs);
    else call.destroy(new Error(`no data for ${idleTimeoutMs / 1000} s`));
  });
  try {
    const [, first] = await Promise.all([sendBody(call, request), answered]);
    response = first;
    return first;
  } catch (error) {
    call.destroy();
    signal?.throwIfAborted();
    throw error instanceof BackupError ? error : connectionError(error, request.name, false);
  }
}

async function sendBody(call: http.ClientRequest, { body, stream }: HttpRequest): Promise<void> {
  if (stream === undefined) {
    call.end(body);
    return;
  }
  const source = Readable.from(await stream.open(), { objectMode: false });
  // An answer may come before everything is sent (a refusal); it then counts, not the broken pipe.
  await new Promise<void>((resolve, reject) => {
    call.once("response", () => resolve());
    pipeline(source, call, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

async function* bodyOf(
  response: http.IncomingMessage,
  name: string,
  { signal }: HttpOptions,
): AsyncGenerator<Uint8Array> {
  const isZipped = response.headers["content-encoding"] === "gzip";
  // The callback is needed: pipeline reports through it what also comes out of the iteration.
  const source = isZipped ? pipeline(response, createGunzip(), () => undefined) : response;
  try {
    for await (const chunk of source) yield chunk as Uint8Array;
  } catch (error) {
    signal?.throwIfAborted();
    throw connectionError(error, name, true);
  }
}

async function accepted(answer: HttpAnswer, request: HttpRequest, { clock }: HttpOptions): Promise<HttpAnswer> {
  const { status, headers } = answer;
  if ((request.accept ?? [200]).includes(status) && (request.acceptPages === true || !isPage(answer))) return answer;
  const text = await beginningOf(answer.body);
  throw httpError({ status, headers, text, name: request.name }, retryAfterMs(headers["retry-after"], clock.now()));
}

/** Up to 16 KB of text, then lets go of the connection. */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      parts.push(chunk);
      length += chunk.length;
      if (length > errorTextBytes) break;
    }
  } catch {
    // The status has already said that it failed; what arrived of the text is enough.
  }
  return Buffer.concat(parts).toString("utf8");
}

async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  await beginningOf(body);
}
