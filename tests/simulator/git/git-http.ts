/**
 * Git over HTTP as Azure Repos serves it, in front of the real `git http-backend`: protocol v0 and v1 only, Azure's
 * capabilities, multi_ack demanded, system refs and policies refused per ref. `protocol: "any"` leaves git as it is
 * (v2 too). Mount it behind the server's own sign-in: it looks at no credentials.
 */
import { spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { answeredByFault, writeBody } from "./git-faults.ts";
import type { GitFaultAction, GitFaults } from "./git-faults.ts";
import { nextPacket, packet, readCommands, refusedUpdates, withRefusals } from "./git-push-rules.ts";
import type { BackendAnswer, GitMemory } from "./git-memory.ts";
import type { CommandSection, RefUpdate } from "./git-push-rules.ts";
import { inheritedEnvironment, programFolder } from "./run-git.ts";

export interface GitAddress {
  readonly organization: string;
  /** Name or id as the URL has it; the repository's when the URL leaves the project out. */
  readonly project: string;
  readonly repository: string;
}

export interface ServedRepository {
  /** Bare repository on disk. */
  readonly folder: string;
  readonly isDisabled?: boolean;
  /** Why this update is not allowed, e.g. a branch policy's TF402455; undefined when it is. */
  readonly refusal?: (update: RefUpdate) => string | undefined;
  /** Called after updates were sent to git and it answered. */
  readonly pushed?: (updates: readonly RefUpdate[]) => void;
  /** Larger pushes are refused (VS403654); the service's limit is 5 GB. */
  readonly maxPushBytes?: number;
}

export interface GitHttpOptions {
  readonly repositoryOf: (address: GitAddress) => ServedRepository | undefined;
  /** `azure` (default): v0/v1 with Azure's capabilities. `any`: whatever git speaks, v2 included. */
  readonly protocol?: "azure" | "any";
  /** Overrides what `azure` leaves in the upload-pack advertisement. */
  readonly capabilities?: readonly string[];
  readonly faults?: GitFaults;
  /** Keeps what git answered to reading requests; none when absent: git is asked each time. */
  readonly memory?: GitMemory | undefined;
}

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** As read from the service (docs/decisions/0006); object-format is kept so that SHA-256 repositories can be served. */
export const azureUploadCapabilities: readonly string[] = [
  ..."multi_ack thin-pack side-band side-band-64k no-progress multi_ack_detailed no-done shallow".split(" "),
  ..."allow-tip-sha1-in-want filter".split(" "),
];
const azureReceiveCapabilities = ["report-status", "delete-refs", "side-band-64k", "quiet"];

const requestKinds = { "info/refs": "refs", "git-upload-pack": "fetch", "git-receive-pack": "push" } as const;
type GitPath = keyof typeof requestKinds;

/** Splits `/{org}/{project}/_git/{repo}/<rest>`; undefined for other paths. A `.git` suffix is dropped. */
export function parseGitPath(path: string): (GitAddress & { readonly rest: string }) | undefined {
  const segments = path.split("/").filter((segment) => segment !== "");
  const marker = segments.indexOf("_git");
  const repository = segments[marker + 1];
  if (marker < 1 || repository === undefined) return undefined;
  const name = decodeURIComponent(repository).replace(/\.git$/, "");
  const project = marker > 1 ? decodeURIComponent(segments[marker - 1] ?? "") : name;
  const organization = decodeURIComponent(segments[0] ?? "");
  return { organization, project, repository: name, rest: segments.slice(marker + 2).join("/") };
}

export function gitHttpHandler(options: GitHttpOptions): HttpHandler {
  return async (request, response) => {
    const url = new URL(request.url ?? "/", "http://host");
    const address = parseGitPath(url.pathname);
    const path = address?.rest as GitPath | undefined;
    if (address === undefined || path === undefined || !(path in requestKinds)) {
      return answerText(response, 404, "Page not found.");
    }
    const fault = options.faults?.take(requestKinds[path], url.pathname);
    if (await answeredByFault(fault, response)) return;
    const repository = options.repositoryOf(address);
    if (repository === undefined) return answerText(response, 404, notFoundText(address.repository));
    if (repository.isDisabled === true) return answerText(response, 403, disabledText(address.repository));
    const exchange = { request, response, url, repository, options, fault };
    if (path === "info/refs") return answerRefs(exchange);
    return path === "git-upload-pack" ? answerFetch(exchange) : answerPush(exchange);
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly repository: ServedRepository;
  readonly options: GitHttpOptions;
  readonly fault: GitFaultAction | undefined;
}

function notFoundText(name: string): string {
  return `TF401019: The Git repository with name or identifier ${name} does not exist or you do not have permissions for the operation you are attempting.`;
}

function disabledText(name: string): string {
  return `TF401019: The Git repository with name or identifier ${name} is disabled. Contact the administrator of the repository.`;
}

async function answerText(response: ServerResponse, status: number, text: string): Promise<void> {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(text);
}

function isAzure({ options }: Exchange): boolean {
  return options.protocol !== "any";
}

async function answerRefs(exchange: Exchange): Promise<void> {
  const { answer } = reading(exchange, "info/refs");
  const { status, headers, body } = await answer;
  if (!isAzure(exchange)) {
    exchange.response.writeHead(status, headers);
    await writeBody(body, exchange.response, exchange.fault);
    return;
  }
  const advertisement: Buffer[] = [];
  for await (const chunk of body) advertisement.push(Buffer.from(chunk));
  exchange.response.writeHead(status, { ...headers, "x-tfs-processid": "00000000-0000-0000-0000-000000000000" });
  const isPush = exchange.url.searchParams.get("service") === "git-receive-pack";
  const kept = isPush ? azureReceiveCapabilities : (exchange.options.capabilities ?? azureUploadCapabilities);
  const rewritten =
    status === 200 ? withCapabilities(Buffer.concat(advertisement), kept) : Buffer.concat(advertisement);
  await writeBody(once(rewritten), exchange.response, exchange.fault);
}

/** The advertisement with only these capabilities (symref and object-format always stay). */
function withCapabilities(advertisement: Buffer, kept: readonly string[]): Buffer {
  const out: Buffer[] = [];
  for (let offset = 0, isDone = false; offset < advertisement.length;) {
    const { raw, payload } = nextPacket(advertisement, offset);
    offset += raw.length;
    const end = payload.indexOf(0);
    if (end < 0 || isDone) {
      out.push(raw);
      continue;
    }
    isDone = true;
    const words = payload
      .toString("utf8", end + 1)
      .trim()
      .split(" ");
    const left = words.filter((word) => kept.includes(word) || /^(symref|object-format)=/.test(word));
    out.push(packet(Buffer.concat([payload.subarray(0, end + 1), Buffer.from(`${left.join(" ")}\n`)])));
  }
  return Buffer.concat(out);
}

async function answerFetch(exchange: Exchange): Promise<void> {
  const { response, fault } = exchange;
  const commands = await readCommands(requestBody(exchange.request));
  const first = commands.lines[0];
  if (isAzure(exchange) && first !== undefined && !/ multi_ack(_detailed)?( |\n|$)/.test(first)) {
    const text = "TF401041: The Git protocol sent is not as expected (Clients must support multi-ack.).";
    return answerText(response, 400, text);
  }
  const isFetch = commands.lines.every((line) => !line.startsWith("command=ls-refs"));
  if (fault?.kind === "remote-error" && isFetch) {
    answerRemoteError(exchange, fault.text);
    return;
  }
  const backend = reading(exchange, "git-upload-pack", commands);
  const { status, headers, body } = await backend.answer;
  response.writeHead(status, headers);
  if (!(await writeBody(body, response, isFetch ? fault : undefined))) backend.end();
}

function answerRemoteError({ request, response, options }: Exchange, text: string): void {
  const isV2 = options.protocol === "any" && (request.headers["git-protocol"] ?? "").includes("version=2");
  response.writeHead(200, { "content-type": "application/x-git-upload-pack-result" });
  response.write(packet(isV2 ? "packfile\n" : "NAK\n"));
  response.write(packet("\u0002Azure Repos\n"));
  response.write(packet(`\u0003${text}\n`));
  response.end("0000");
}

/** Refused refs are taken out of what git gets and put back into its report as `ng <ref> <reason>`. */
async function answerPush(exchange: Exchange): Promise<void> {
  const { response, repository, fault } = exchange;
  const commands = await readCommands(requestBody(exchange.request), repository.maxPushBytes);
  const rules = isAzure(exchange) ? repository.refusal : undefined;
  const { allowed, updates, refused } = refusedUpdates(commands, isAzure(exchange), rules);
  const isSideBand = (commands.lines[0] ?? "").includes("side-band-64k");
  if (refused.length > 0 && updates.length === 0) {
    await drain(commands.rest); // the client sends its pack before it listens
    response.writeHead(200, { "content-type": "application/x-git-receive-pack-result" });
    await writeBody(once(withRefusals(Buffer.alloc(0), { refused, isSideBand })), response, fault);
    return;
  }
  const backend = startBackend(exchange, "git-receive-pack");
  const fed = feed(backend.input, allowed);
  const { status, headers, body } = await backend.answer;
  const report: Buffer[] = [];
  for await (const chunk of body) report.push(Buffer.from(chunk));
  const isTooLarge = await fed;
  if (isTooLarge) refused.push(...updates.splice(0).map(({ ref }) => ({ ref, reason: tooLargeText })));
  response.writeHead(status, headers);
  await writeBody(once(withRefusals(Buffer.concat(report), { refused, isSideBand })), response, fault);
  if (updates.length > 0) repository.pushed?.(updates);
}

const tooLargeText =
  "VS403654: The push was rejected because its size is greater than the limit for pushes in this repository.";

async function drain(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = chunks[Symbol.asyncIterator]();
  while ((await iterator.next()).done !== true);
}

function requestBody(request: IncomingMessage): AsyncIterable<Uint8Array> {
  return request.headers["content-encoding"] === "gzip" ? request.pipe(createGunzip()) : request;
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** Hands git the (changed) commands and the rest as it comes. True when the size limit cut it off. */
async function feed(input: Writable, commands: CommandSection): Promise<boolean> {
  try {
    await pipeline(async function* () {
      yield commands.raw;
      yield* commands.rest;
    }, input);
    return false;
  } catch (error) {
    input.end();
    return error instanceof RangeError; // else git ended early because it refuses; its answer says why
  }
}

interface Backend {
  readonly answer: Promise<BackendAnswer>;
  readonly end: () => void;
}

/** A request that changes nothing: answered by git, or by what git said before. */
function reading(exchange: Exchange, path: GitPath, commands?: CommandSection): Backend {
  const { memory } = exchange.options;
  let started: ReturnType<typeof startBackend> | undefined;
  const ask = async (sent = commands): Promise<BackendAnswer> => {
    started = startBackend(exchange, path);
    if (sent === undefined) started.input.end();
    else void feed(started.input, sent);
    return started.answer;
  };
  const end = (): void => started?.end();
  return { answer: memory === undefined ? ask() : remembered(exchange, { path, commands, memory, ask }), end };
}

interface Reading {
  readonly path: GitPath;
  readonly commands: CommandSection | undefined;
  readonly memory: GitMemory;
  readonly ask: (sent?: CommandSection) => Promise<BackendAnswer>;
}

async function remembered(exchange: Exchange, { path, commands, memory, ask }: Reading): Promise<BackendAnswer> {
  const rest: Uint8Array[] = [];
  for await (const chunk of commands?.rest ?? []) rest.push(chunk);
  const sent =
    commands === undefined ? undefined : { ...commands, raw: Buffer.concat([commands.raw, ...rest]), rest: none() };
  const { PATH_INFO, QUERY_STRING, CONTENT_TYPE, GIT_PROTOCOL } = backendEnvironment(exchange, path);
  const request = JSON.stringify([PATH_INFO, QUERY_STRING, CONTENT_TYPE, GIT_PROTOCOL]);
  const { folder } = exchange.repository;
  return memory.answer({ folder, request, body: sent?.raw ?? new Uint8Array() }, () => ask(sent));
}

async function* none(): AsyncGenerator<Uint8Array, void, undefined> {
  yield* [];
}

/** git's own program, without the `git` that would only start it. */
function startBackend(exchange: Exchange, path: GitPath): Backend & { readonly input: Writable } {
  const child = spawn(join(programFolder(), "git-http-backend"), [], {
    env: backendEnvironment(exchange, path),
    stdio: ["pipe", "pipe", "ignore"],
    windowsHide: true,
  });
  exchange.response.on("close", () => child.kill());
  return { input: child.stdin, answer: readCgi(child.stdout), end: () => void child.kill() };
}

function backendEnvironment(exchange: Exchange, path: GitPath): NodeJS.ProcessEnv {
  const { request, url, repository } = exchange;
  const protocol = isAzure(exchange) ? v1Only(request.headers["git-protocol"]) : request.headers["git-protocol"];
  return {
    ...inheritedEnvironment(),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_HTTP_EXPORT_ALL: "1",
    PATH_INFO: `/${path}`,
    PATH_TRANSLATED: `${repository.folder}/${path}`,
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method ?? "GET",
    CONTENT_TYPE: request.headers["content-type"] ?? "",
    REMOTE_USER: "user",
    REMOTE_ADDR: "127.0.0.1",
    ...(protocol === undefined ? {} : { GIT_PROTOCOL: String(protocol) }),
  };
}

/** The service answers v0 or v1 whatever a client asks for. */
function v1Only(protocol: string | string[] | undefined): string | undefined {
  return String(protocol ?? "").includes("version=1") ? "version=1" : undefined;
}

async function readCgi(output: AsyncIterable<Uint8Array>): Promise<BackendAnswer> {
  const chunks = output[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  for (let end = -1; end < 0; end = head.indexOf("\r\n\r\n")) {
    const next = await chunks.next();
    if (next.done === true) return { status: 500, headers: {}, body: once(Buffer.from("git http-backend failed")) };
    head = Buffer.concat([head, next.value]);
  }
  const end = head.indexOf("\r\n\r\n");
  const headers: Record<string, string> = {};
  for (const line of head.toString("latin1", 0, end).split("\r\n")) {
    const colon = line.indexOf(":");
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const status = Number.parseInt(headers.status ?? "200", 10);
  delete headers.status;
  return { status, headers, body: prefixed(head.subarray(end + 4), chunks) };
}

async function* prefixed(first: Buffer, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}
