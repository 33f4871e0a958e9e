import { createHash } from "node:crypto";
import { once } from "node:events";
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { setTimeout as wait } from "node:timers/promises";
import {
  containerHeaders,
  deleteRefusal,
  mayAskAboutContainer,
  protectedListing,
  withoutInclude,
  type StorageProtection,
} from "./storage-protection.ts";

/**
 * A proxy in front of Azurite that adds what a real storage account does on bad days. Signatures stay valid: a
 * path-style signature covers neither host nor port.
 */
export interface StorageFaults {
  /** Answers a share of the matching requests with a status instead of passing them on. */
  status?:
    | {
        readonly status: number;
        readonly code?: string;
        /** From 0 to 1; spread evenly and the same in each run. All when absent. */
        readonly share?: number;
        readonly retryAfterSeconds?: number;
        readonly only?: RequestMatch;
        /** Stops after this many answers. */
        times?: number;
      }
    | undefined;
  /** The account is full: each request that would store bytes is refused from its `fromWrite`-th (1) on. */
  full?: { readonly fromWrite?: number; readonly status?: number; readonly code?: string } | undefined;
  /** The SAS expires: everything from this request on (from 1, counted since the proxy started) is refused. */
  sasExpiresAtRequest?: number | undefined;
  /** Rights are taken away: matching requests are refused with 403 and this code. */
  forbid?: { readonly code: string; readonly only?: RequestMatch } | undefined;
  /** Passes the request on, then cuts the connection instead of answering. */
  loseResponses?: { readonly only: RequestMatch; times: number } | undefined;
  /** Cuts the body of the next `times` matching reads after this share of it. */
  truncateReads?: { readonly only?: RequestMatch; readonly share?: number; times: number } | undefined;
  /** Flips one bit in the middle of the body of the next `times` matching reads. */
  flipReads?: { readonly only?: RequestMatch; times: number } | undefined;
  /** Flips one bit in the body of the next `times` matching writes, as a bad network card would. */
  flipWrites?: { readonly only?: RequestMatch; times: number } | undefined;
  delayMs?: number | undefined;
  /** The service's clock is ahead (or behind) by this much. */
  clockSkewMs?: number | undefined;
}

export type RequestKind = "read" | "info" | "list" | "put" | "block" | "commit" | "delete" | "other";

export interface StorageRequest {
  readonly kind: RequestKind;
  readonly method: string;
  /** Blob name below the container, decoded; empty for the container itself. */
  readonly name: string;
}

export type RequestMatch = (request: StorageRequest) => boolean;

export interface StorageCounts {
  /** Requests in all, refused ones too. */
  requests: number;
  readonly byKind: Record<RequestKind, number>;
  /** Body bytes sent to the store and read from it. */
  bytesWritten: number;
  bytesRead: number;
  /** Requests with a body whose Content-MD5 was sent and right. */
  bodiesWithMd5: number;
  /** Requests this proxy answered or spoilt itself. */
  faults: number;
}

export interface StorageProxy {
  /** `http://127.0.0.1:port`: put it in place of the target's origin. */
  readonly url: string;
  /** Rewrites a container or account address of the target to go through the proxy. */
  readonly through: (targetUrl: string) => string;
  readonly faults: StorageFaults;
  /** Immutable storage: none at first. */
  readonly protection: StorageProtection;
  readonly counts: StorageCounts;
  /** Latest requests, oldest first. */
  readonly log: readonly StorageRequest[];
  resetCounts(): void;
  stop(): Promise<void>;
}

interface ProxyState {
  readonly target: URL;
  readonly agent: Agent;
  readonly faults: StorageFaults;
  readonly protection: StorageProtection;
  readonly counts: StorageCounts;
  readonly log: StorageRequest[];
  requestsSeen: number;
  writesSeen: number;
  statusShare: number;
}

/** Starts a proxy; `target` is any address on the origin of Azurite. */
export async function startStorageProxy(options: {
  readonly target: string;
  readonly port?: number;
}): Promise<StorageProxy> {
  const state: ProxyState = {
    target: new URL(options.target),
    agent: new Agent({ keepAlive: true }),
    faults: {},
    protection: {},
    counts: newCounts(),
    log: [],
    requestsSeen: 0,
    writesSeen: 0,
    statusShare: 0,
  };
  const server = createServer((request, response) => {
    pass(state, request, response).catch(() => response.destroy());
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    through: (targetUrl) => targetUrl.replace(state.target.origin, url),
    faults: state.faults,
    protection: state.protection,
    counts: state.counts,
    log: state.log,
    resetCounts: () => {
      Object.assign(state.counts, newCounts());
      state.log.length = 0;
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      state.agent.destroy();
    },
  };
}

function newCounts(): StorageCounts {
  const byKind = { read: 0, info: 0, list: 0, put: 0, block: 0, commit: 0, delete: 0, other: 0 };
  return { requests: 0, byKind, bytesWritten: 0, bytesRead: 0, bodiesWithMd5: 0, faults: 0 };
}

async function pass(state: ProxyState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const seen = requestOf(request);
  count(state, seen);
  if (state.faults.delayMs !== undefined) await wait(state.faults.delayMs);
  const refusal = refusalOf(state, seen) ?? (await protectionRefusal(state, seen, request));
  if (refusal !== undefined) {
    state.counts.faults += 1;
    request.resume();
    await once(request, "end").catch(() => undefined);
    refuse(state, response, refusal);
    return;
  }
  const body = await wholeBody(request);
  noteBody(state, request, body);
  const answer = await forward(state, request, spoilWrite(state, seen, body));
  await deliver(state, { seen, answer, response });
}

function requestOf(request: IncomingMessage): StorageRequest {
  const url = new URL(request.url ?? "/", "http://proxy");
  const name = decodeURIComponent(url.pathname.split("/").slice(3).join("/"));
  const method = request.method ?? "GET";
  return { kind: kindOf(method, url.searchParams, name), method, name };
}

function kindOf(method: string, query: URLSearchParams, name: string): RequestKind {
  const component = query.get("comp");
  if (component === "list") return "list";
  if (component === "block") return "block";
  if (component === "blocklist" && method === "PUT") return "commit";
  if (component !== null || name === "") return "other";
  const kinds: Readonly<Record<string, RequestKind>> = { GET: "read", HEAD: "info", PUT: "put", DELETE: "delete" };
  return kinds[method] ?? "other";
}

function count(state: ProxyState, seen: StorageRequest): void {
  state.requestsSeen += 1;
  if (isWrite(seen)) state.writesSeen += 1;
  state.counts.requests += 1;
  state.counts.byKind[seen.kind] += 1;
  state.log.push(seen);
  if (state.log.length > 10_000) state.log.shift();
}

function isWrite(seen: StorageRequest): boolean {
  return seen.kind === "put" || seen.kind === "block" || seen.kind === "commit";
}

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly retryAfterSeconds?: number | undefined;
}

function refusalOf(state: ProxyState, seen: StorageRequest): Refusal | undefined {
  const { faults } = state;
  if (faults.sasExpiresAtRequest !== undefined && state.requestsSeen >= faults.sasExpiresAtRequest) {
    return { status: 403, code: "AuthenticationFailed" };
  }
  if (faults.forbid !== undefined && matches(faults.forbid.only, seen))
    return { status: 403, code: faults.forbid.code };
  if (faults.full !== undefined && isWrite(seen) && state.writesSeen >= (faults.full.fromWrite ?? 1)) {
    return { status: faults.full.status ?? 409, code: faults.full.code ?? "AccountLimitExceeded" };
  }
  return statusFault(state, seen);
}

async function protectionRefusal(
  state: ProxyState,
  { kind, name }: StorageRequest,
  request: IncomingMessage,
): Promise<Refusal | undefined> {
  const { protection: rules } = state;
  const path = request.url ?? "/";
  if (isAboutContainer(path) && !mayAskAboutContainer(path))
    return { status: 403, code: "AuthorizationPermissionMismatch" };
  if (kind === "list" && rules.refusesToTell !== undefined && asksForProtection(request)) return rules.refusesToTell;
  if (kind !== "delete" || Object.keys(rules).length === 0) return undefined;
  const answer = await sendOn(state, request, { method: "HEAD", body: Buffer.alloc(0) });
  const { headers, statusCode = 500 } = answer.resume();
  if (statusCode >= 300) return undefined;
  const code = deleteRefusal(name, rules, { headers, now: new Date(serviceDate(state)) });
  return code === undefined ? undefined : { status: 409, code };
}

function isAboutContainer(path: string): boolean {
  const { searchParams } = new URL(path, "http://proxy");
  return searchParams.get("restype") === "container" && !searchParams.has("comp");
}

function statusFault(state: ProxyState, seen: StorageRequest): Refusal | undefined {
  const fault = state.faults.status;
  if (fault === undefined || !matches(fault.only, seen) || fault.times === 0) return undefined;
  state.statusShare += fault.share ?? 1;
  if (state.statusShare < 1) return undefined;
  state.statusShare -= 1;
  if (fault.times !== undefined) fault.times -= 1;
  const code = fault.code ?? (fault.status === 503 ? "ServerBusy" : "InternalError");
  return { status: fault.status, code, retryAfterSeconds: fault.retryAfterSeconds };
}

function matches(only: RequestMatch | undefined, seen: StorageRequest): boolean {
  return only === undefined || only(seen);
}

function refuse(state: ProxyState, response: ServerResponse, refusal: Refusal): void {
  const xml = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${refusal.code}</Code><Message>Refused by the storage proxy.</Message></Error>`;
  response.writeHead(refusal.status, {
    "content-type": "application/xml",
    "x-ms-error-code": refusal.code,
    date: serviceDate(state),
    ...(refusal.retryAfterSeconds === undefined ? {} : { "retry-after": String(refusal.retryAfterSeconds) }),
  });
  response.end(response.req.method === "HEAD" ? undefined : xml);
}

function serviceDate(state: ProxyState): string {
  return new Date(Date.now() + (state.faults.clockSkewMs ?? 0)).toUTCString();
}

async function wholeBody(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function noteBody(state: ProxyState, request: IncomingMessage, body: Buffer): void {
  state.counts.bytesWritten += body.length;
  const md5 = request.headers["content-md5"];
  if (md5 !== undefined && md5 === createHash("md5").update(body).digest("base64")) state.counts.bodiesWithMd5 += 1;
}

/** True, and one fewer left, when a fault with a number of times applies now. */
function applies(
  fault: { readonly only?: RequestMatch; times: number } | undefined,
  seen: StorageRequest,
): fault is { times: number } {
  if (fault === undefined || fault.times <= 0 || !matches(fault.only, seen)) return false;
  fault.times -= 1;
  return true;
}

function spoilWrite(state: ProxyState, seen: StorageRequest, body: Buffer): Buffer {
  if (body.length === 0 || !isWrite(seen) || !applies(state.faults.flipWrites, seen)) return body;
  state.counts.faults += 1;
  return withBitFlipped(body);
}

function withBitFlipped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const middle = copy.length >> 1;
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}

async function forward(state: ProxyState, request: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
  return sendOn(state, request, { method: request.method ?? "GET", body });
}

async function sendOn(
  state: ProxyState,
  request: IncomingMessage,
  { method, body }: { readonly method: string; readonly body: Buffer },
): Promise<IncomingMessage> {
  const outgoing = httpRequest({
    host: state.target.hostname,
    port: state.target.port,
    method,
    path: withoutInclude(request.url ?? "/").path,
    headers: request.headers,
    agent: state.agent,
  });
  outgoing.end(body);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  return answer;
}

interface Delivery {
  readonly seen: StorageRequest;
  readonly answer: IncomingMessage;
  readonly response: ServerResponse;
}

async function deliver(state: ProxyState, delivery: Delivery): Promise<void> {
  const { seen, answer, response } = delivery;
  if (applies(state.faults.loseResponses, seen)) {
    state.counts.faults += 1;
    await wholeBody(answer);
    response.destroy();
    return;
  }
  const headers = headersOf(state, delivery);
  if (seen.kind === "list" && answer.statusCode === 200 && asksForProtection(response.req)) {
    const text = protectedListing((await wholeBody(answer)).toString("utf8"), state.protection);
    delete headers["transfer-encoding"];
    response.writeHead(200, { ...headers, "content-length": Buffer.byteLength(text) }).end(text);
    return;
  }
  response.writeHead(answer.statusCode ?? 502, headers);
  const isGoodRead = seen.kind === "read" && (answer.statusCode ?? 500) < 300;
  if (isGoodRead && (await deliverSpoilt(state, delivery))) return;
  if (isGoodRead) answer.on("data", (bytes: Buffer) => void (state.counts.bytesRead += bytes.length));
  await pipeline(answer, response);
}

function headersOf(state: ProxyState, { answer, response }: Delivery): Record<string, string | string[] | undefined> {
  const headers: Record<string, string | string[] | undefined> = { ...answer.headers };
  if (isAboutContainer(response.req.url ?? "/")) Object.assign(headers, containerHeaders(state.protection));
  if (state.faults.clockSkewMs !== undefined) headers.date = serviceDate(state);
  return headers;
}

function asksForProtection({ url = "/" }: IncomingMessage): boolean {
  return withoutInclude(url).asksForProtection;
}

async function deliverSpoilt(state: ProxyState, { seen, answer, response }: Delivery): Promise<boolean> {
  const { truncateReads } = state.faults;
  if (truncateReads !== undefined && applies(truncateReads, seen)) {
    state.counts.faults += 1;
    const body = await wholeBody(answer);
    const kept = body.subarray(0, Math.floor(body.length * (truncateReads.share ?? 0.5)));
    state.counts.bytesRead += kept.length;
    response.write(kept, () => response.destroy());
    return true;
  }
  if (applies(state.faults.flipReads, seen)) {
    state.counts.faults += 1;
    const body = withBitFlipped(await wholeBody(answer));
    state.counts.bytesRead += body.length;
    response.end(body);
    return true;
  }
  return false;
}
