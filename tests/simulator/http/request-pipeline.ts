/**
 * What the service does around every handler, in its order: faults, sign-in, route and host, api-version, scope,
 * visibility, rate limit, the handler itself, error bodies, traffic log.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { JsonValue } from "../../../engine/foundation/json.ts";
import { acceptedForm } from "./accept-options.ts";
import { emptyAnswer, jsonAnswer, send, signInPage, signInRedirect, unauthorizedAnswer } from "./answer.ts";
import type { PlainAnswer } from "./answer.ts";
import { appliedVersion, askedVersion } from "./api-version.ts";
import { corsHeaders, preflightAnswer } from "./cors.ts";
import { errorBody, notAuthorized, projectNotFound, resourceNotFound } from "./errors.ts";
import { damage } from "./faults.ts";
import type { Exchange, Fault, Faults } from "./faults.ts";
import type { GitMount } from "../git/git-mount.ts";
import { locationsOf } from "./locations.ts";
import type { Match, Router } from "./router.ts";
import { SimError } from "../service.ts";
import type { SimProject, SimRequest } from "../service.ts";
import { maySee } from "../project/sight.ts";
import { hasScope } from "./sign-in.ts";
import type { SimToken } from "./sign-in.ts";
import type { SimulatorState } from "../state.ts";
import { blockedMessage } from "./throttle.ts";
import type { StorageHost } from "../storage/storage-host.ts";
import type { Throttle } from "./throttle.ts";
import type { Traffic } from "./traffic.ts";
import { addressOf, bodyOf } from "./wire.ts";
import type { Address } from "./wire.ts";

export interface Pipeline {
  readonly state: SimulatorState;
  readonly router: Router;
  readonly git: GitMount;
  readonly faults: Faults;
  readonly throttle: Throttle;
  readonly traffic: Traffic;
  readonly storage: StorageHost;
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly address: Address;
  readonly exchange: Exchange;
  readonly content: Uint8Array;
}

/** Serves one request; never throws. */
export async function serve(pipeline: Pipeline, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const address = addressOf(request, pipeline.state.organization.name);
  response.on("error", () => undefined);
  const preflight = preflightAnswer(request);
  if (preflight !== undefined) {
    send(response, preflight);
    return;
  }
  pipeline.traffic.count(`${request.method ?? "GET"} ${address.path}`);
  const { content, json } = address.isGit ? { content: new Uint8Array(), json: undefined } : await bodyOf(request);
  const exchange = exchangeOf(request, address, json);
  const call: Call = { request, response, address, exchange, content };
  const fault = pipeline.faults.take(exchange);
  if (fault === undefined) {
    const answer = pipeline.storage.taken(request) ?? (await answerOf(pipeline, call));
    if (answer !== undefined) finish(pipeline, call, { answer });
  } else await serveFaulty(pipeline, call, fault);
}

async function serveFaulty(pipeline: Pipeline, call: Call, fault: Fault): Promise<void> {
  const { request, response, address } = call;
  if (fault.kind === "resetBefore") return void response.destroy();
  if (fault.kind === "delay") await pause(fault.delayMs);
  damage(response, fault);
  const answer = answerOfFault(fault, address.organizationUrl) ?? (await answerOf(pipeline, call));
  if (answer === undefined) return;
  const isMoved = fault.kind === "redirectToStorage";
  finish(pipeline, call, { answer: isMoved ? pipeline.storage.put(answer, request) : answer, fault });
}

function exchangeOf(request: IncomingMessage, address: Address, body: JsonValue | undefined): Exchange {
  return {
    method: request.method ?? "GET",
    host: address.host,
    path: address.path,
    query: address.query,
    headers: headersOf(request),
    body,
  };
}

function headersOf(request: IncomingMessage): Record<string, string | undefined> {
  const entries = Object.entries(request.headers);
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]));
}

function answerOfFault(fault: Fault, organizationUrl: string): PlainAnswer | undefined {
  if (fault.kind === "signInPage") return signInPage();
  if (fault.kind === "signInRedirect") return signInRedirect(new URL(organizationUrl).origin);
  if (fault.kind !== "status") return undefined;
  if (fault.status === 401) return unauthorizedAnswer(organizationUrl);
  const message = fault.message ?? (fault.status === 429 ? blockedMessage("") : "The service is unavailable.");
  const wait = fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) };
  const error = new SimError(fault.status, "VssServiceException", message);
  return jsonAnswer(fault.status, errorBody(error), { headers: wait });
}

/** The answer, or undefined when Git has answered by itself. */
async function answerOf(pipeline: Pipeline, call: Call): Promise<PlainAnswer | undefined> {
  const { state } = pipeline;
  try {
    if (!call.address.isOrganization) throw resourceNotFound(call.address.path);
    const token = state.signIn.admit(call.request.headers.authorization, state.now());
    if (token === undefined) return stranger(state, call);
    const limit = pipeline.throttle.count(token.identity.id, state.now());
    for (const [name, value] of Object.entries(limit.headers)) call.response.setHeader(name, value);
    if (limit.refusal !== undefined) {
      throw new SimError(limit.refusal, "RequestBlockedException", blockedMessage(state.organization.id));
    }
    if (limit.delayMs > 0) await pause(limit.delayMs);
    if (call.address.isGit) {
      await pipeline.git.serve(call.request, call.response, token);
      return undefined;
    }
    return call.exchange.method === "OPTIONS" ? options(state, call.address) : await handled(pipeline, call, token);
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): PlainAnswer {
  if (error instanceof SimError) return jsonAnswer(error.status, errorBody(error));
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return jsonAnswer(500, errorBody(new SimError(500, "VssServiceException", `The simulator itself failed: ${text}`)));
}

/** 401 with an empty body, or what the sign-in desk was told to answer instead. */
function stranger(state: SimulatorState, { address, exchange }: Call): PlainAnswer {
  const { refusal } = state.signIn;
  if (refusal === "203") return signInPage();
  const isSuppressed = exchange.headers["x-tfs-fedauthredirect"]?.toLowerCase() === "suppress";
  if (refusal === "302" && !isSuppressed && !address.isGit)
    return signInRedirect(new URL(address.organizationUrl).origin);
  return unauthorizedAnswer(address.organizationUrl);
}

/** A personal access token is turned away like a stranger; tokens of other kinds are told that they may not. */
function withoutScope({ address }: Call, token: SimToken): PlainAnswer {
  if (token.kind !== "pat") throw notAuthorized(token.identity.id);
  return unauthorizedAnswer(address.organizationUrl);
}

function options(state: SimulatorState, address: Address): PlainAnswer {
  const area = address.segments.at(1) ?? "";
  const value = locationsOf(area, state.retiredVersions.get(area.toLowerCase()) ?? []);
  if (value.length === 0) throw resourceNotFound(address.path);
  return jsonAnswer(200, { count: value.length, value });
}

async function handled(pipeline: Pipeline, call: Call, token: SimToken): Promise<PlainAnswer> {
  const { address, exchange } = call;
  const found = pipeline.router.find({ method: exchange.method, host: address.host, segments: address.segments });
  if (found.kind === "verb") throw verbNotAllowed(exchange.method, found.allowed);
  if (found.kind !== "match") throw resourceNotFound(address.path);
  const { match } = found;
  const version = versionOf(pipeline.state, call, match);
  if (!hasScope(token, match.route.scope)) return withoutScope(call, token);
  const project = projectOf(pipeline.state, match, token);
  const answer = await match.route.handle(requestOf(pipeline.state, call, { match, version, token, project }));
  const status = answer.status ?? (answer.body === undefined && answer.content === undefined ? 204 : 200);
  if (answer.content !== undefined) {
    const headers = { "content-type": "application/octet-stream", ...answer.headers };
    return { status, headers, content: answer.content };
  }
  if (answer.body === undefined) return emptyAnswer(status, answer.headers);
  const { body, headers = {}, logged = body } = answer;
  return jsonAnswer(status, acceptedForm(body, exchange.headers.accept, match.route.enums), {
    version,
    headers,
    logged,
  });
}

function versionOf(state: SimulatorState, { address, exchange }: Call, { route }: Match): string {
  const marker = address.segments.findIndex((segment) => segment.toLowerCase() === "_apis");
  const area = (address.segments[marker + 1] ?? "").toLowerCase();
  return appliedVersion({
    method: exchange.method,
    asked: askedVersion(address.query, exchange.headers.accept),
    served: route.version,
    retired: state.retiredVersions.get(area) ?? [],
  });
}

function verbNotAllowed(method: string, allowed: readonly string[]): SimError {
  const message = `The requested resource does not support http method '${method}'. It supports ${allowed.join(", ")}.`;
  return new SimError(405, "VssResourceMethodNotSupportedException", message);
}

/** The project a `{project}` names; one that is not ready or hidden from the token does not exist. */
function projectOf(state: SimulatorState, match: Match, token: SimToken): SimProject | undefined {
  const name = match.params.project;
  if (name === undefined) return undefined;
  const project = state.projectOf(name);
  if (project === undefined || !maySee(state, token, project.id)) throw projectNotFound(name);
  if (state.projectStore.stateOf(project) !== "wellFormed") throw projectNotFound(name);
  return project;
}

function requestOf(
  state: SimulatorState,
  { address, exchange, content }: Call,
  {
    match,
    version,
    token,
    project,
  }: {
    readonly match: Match;
    readonly version: string;
    readonly token: SimToken;
    readonly project: SimProject | undefined;
  },
): SimRequest {
  return {
    method: exchange.method,
    organizationUrl: address.organizationUrl,
    params: match.params,
    project,
    query: address.query,
    body: exchange.body as JsonValue | undefined,
    content,
    headers: exchange.headers,
    identity: token.identity,
    version,
    maySee: (id) => maySee(state, token, id),
    isKeptFrom: (id) => token.hides.has(id),
  };
}

function finish(
  { traffic, state }: Pipeline,
  { response, request, exchange, address }: Call,
  { answer, fault }: { readonly answer: PlainAnswer; readonly fault?: Fault },
): void {
  const activity = { activityid: randomUUID(), "x-vss-e2eid": randomUUID(), "x-tfs-processid": state.organization.id };
  send(response, { ...answer, headers: { ...activity, ...corsHeaders(request), ...answer.headers } });
  if (address.isGit || !address.isOrganization || exchange.method === "OPTIONS") return;
  const requestType = exchange.headers["content-type"];
  const answerType = answer.headers["content-type"];
  traffic.record({
    method: exchange.method,
    url: `${new URL(address.organizationUrl).origin}${request.url ?? ""}`,
    status: answer.status,
    ...(exchange.headers.accept === undefined ? {} : { accept: exchange.headers.accept }),
    ...(requestType === undefined ? {} : { requestContentType: requestType }),
    ...(exchange.body === undefined ? {} : { requestBody: exchange.body as JsonValue }),
    ...(answerType === undefined ? {} : { contentType: answerType }),
    ...(answer.json === undefined ? {} : { responseBody: answer.json }),
    ...(fault === undefined ? {} : { fault: fault.kind }),
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
