import { isObject, numberAt, stringAt } from "../../foundation/json.ts";
import type { JsonObject, JsonValue } from "../../foundation/json.ts";
import { BackupError } from "../../foundation/errors.ts";
import type { ApiAnswer, ApiRequest, AzureDevOps, ListOf, Query } from "../azure-devops.ts";
import { requiredObject } from "./fields.ts";
import { requestName } from "./request-name.ts";
import { truncated } from "./truncated.ts";

/*
 * The four paging styles. What says "more" is the token, never the size of a page: a page may be
 * empty and have a token. Tokens are opaque. A token that comes twice would page for ever and is ADO_TRUNCATED.
 */

/** Lists that come all at once. */
export async function wholeList(azureDevOps: AzureDevOps, request: ApiRequest): Promise<ListOf> {
  const answer = await azureDevOps.call(request);
  if (answer.continuationToken !== undefined)
    throw truncated(requestName(request), "a list that is due whole has pages");
  return listOf(answer, requestName(request));
}

/** The first page only, for callers that want a few of many (`$top`); what follows is left out on purpose. */
export async function firstPage(azureDevOps: AzureDevOps, request: ApiRequest): Promise<ListOf> {
  return listOf(await azureDevOps.call(request), requestName(request));
}

/** Token in the header `x-ms-continuationtoken`, given back as `continuationToken=`. */
export async function* pagesByHeader(azureDevOps: AzureDevOps, request: ApiRequest): AsyncGenerator<ListOf> {
  const name = requestName(request);
  const next = tokenGuard(name);
  let token: string | undefined;
  do {
    const answer = await azureDevOps.call(withQuery(request, { continuationToken: token }));
    yield listOf(answer, name);
    token = next(answer.continuationToken);
  } while (token !== undefined);
}

export interface BodyPages {
  /** Where the items of a page are, e.g. `comments`. */
  readonly itemsAt: string;
  /** Where the token for the next page is. */
  readonly tokenAt: string;
}

/** Token in the body, given back as `continuationToken=`. */
export async function* pagesByBody(
  azureDevOps: AzureDevOps,
  request: ApiRequest,
  { itemsAt, tokenAt }: BodyPages,
): AsyncGenerator<ListOf> {
  const name = requestName(request);
  const next = tokenGuard(name);
  let token: string | undefined;
  do {
    const { body } = await azureDevOps.call(withQuery(request, { continuationToken: token }));
    const page = requiredObject(body, name);
    yield itemsOf(page[itemsAt], name);
    token = next(stringAt(page, tokenAt));
  } while (token !== undefined);
}

export interface SkipPages {
  readonly pageSize: number;
  /** Names of the two query parameters; `top` and `skip` without `$` in a few operations. */
  readonly top?: string;
  readonly skip?: string;
}

/**
 * `$top` and `$skip`. Only an empty page is the end: a page shorter than asked may just mean that the service gives
 * fewer at a time.
 */
export async function* pagesBySkip(
  azureDevOps: AzureDevOps,
  request: ApiRequest,
  { pageSize, top = "$top", skip = "$skip" }: SkipPages,
): AsyncGenerator<ListOf> {
  const name = requestName(request);
  let previous = "";
  for (let taken = 0; ;) {
    const page = listOf(await azureDevOps.call(withQuery(request, { [top]: pageSize, [skip]: taken })), name);
    if (page.length === 0) return;
    const text = JSON.stringify(page);
    if (text === previous) throw truncated(name, "the same page came twice");
    previous = text;
    yield page;
    taken += page.length;
  }
}

/** All items of all pages, one by one. */
export async function* itemsIn(pages: AsyncIterable<ListOf>): AsyncGenerator<JsonObject> {
  for await (const page of pages) yield* page;
}

/** The items of `{count, value: [...]}`; anything else throws ADO_TRUNCATED. */
export function listOf(answer: ApiAnswer, name: string): ListOf {
  return valuesOf(answer.body, name).map((member) => requiredObject(member, name));
}

/** Like listOf, for lists that hold null in the place of what was not found. */
export function listWithGaps(answer: ApiAnswer, name: string): readonly (JsonObject | null)[] {
  return valuesOf(answer.body, name).map((member) => (member === null ? null : requiredObject(member, name)));
}

/** Refuses to go round in circles; an empty token counts as none. */
export function tokenGuard(name: string): (token: string | undefined) => string | undefined {
  const seen = new Set<string>();
  return (token) => {
    if (token === undefined || token === "") return undefined;
    if (seen.has(token)) throw truncated(name, "the same continuation token came twice");
    seen.add(token);
    return token;
  };
}

export function withQuery(request: ApiRequest, query: Query): ApiRequest {
  return { ...request, query: { ...request.query, ...query } };
}

/** True for "it is not there, or not for us": the one failure that many callers treat as a value. */
export function isNotFound(error: unknown): boolean {
  return error instanceof BackupError && error.code === "ADO_NOT_FOUND";
}

function valuesOf(body: JsonValue, name: string): readonly JsonValue[] {
  if (Array.isArray(body)) return body as readonly JsonValue[];
  if (!isObject(body)) throw truncated(name, "a list is due");
  const values = body.value;
  const count = numberAt(body, "count");
  if (values === null && count === 0) return [];
  if (!Array.isArray(values)) throw truncated(name, "a list is due");
  if (count !== undefined && count > values.length) {
    throw truncated(name, `${values.length} of ${count} announced entries are there`);
  }
  return values as readonly JsonValue[];
}

function itemsOf(value: JsonValue | undefined, name: string): ListOf {
  if (!Array.isArray(value)) throw truncated(name, "a list is due");
  return (value as readonly JsonValue[]).map((member) => requiredObject(member, name));
}
