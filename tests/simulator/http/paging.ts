/** The service's ways of paging. */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import { badRequest } from "./errors.ts";
import type { SimAnswer } from "../service.ts";

export function listAnswer(value: readonly JsonObject[], headers: Readonly<Record<string, string>> = {}): SimAnswer {
  return { body: { count: value.length, value }, headers };
}

/** A number from the query, or the default. Throws for what is not a whole number of at least 0. */
export function numberOf(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name);
  if (text === null || text === "") return otherwise;
  if (!/^\d+$/.test(text))
    throw badRequest("VssPropertyValidationException", `The value '${text}' is not valid for ${name}.`);
  return Number(text);
}

/** `true` in any letter case. */
export function isOn(query: URLSearchParams, name: string): boolean {
  return query.get(name)?.toLowerCase() === "true";
}

/** A page by `$top` and `$skip`. */
export function skipPage<T>(all: readonly T[], query: URLSearchParams, defaultTop: number): readonly T[] {
  const skip = numberOf(query, "$skip", 0);
  return all.slice(skip, skip + numberOf(query, "$top", defaultTop));
}

export interface TokenPage<T> {
  readonly page: readonly T[];
  /** `x-ms-continuationtoken` when there is more. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A page by `$top` and the token of the page before; tokens hold the offset between characters that need encoding. */
export function tokenPage<T>(
  all: readonly T[],
  query: URLSearchParams,
  { defaultTop, plain = false }: { readonly defaultTop: number; readonly plain?: boolean },
): TokenPage<T> {
  const token = query.get("continuationToken") ?? "";
  const start = token === "" ? 0 : Number(plain ? token : /^next;(\d+)\+=\/$/.exec(token)?.[1]);
  if (!Number.isInteger(start))
    throw badRequest("InvalidContinuationTokenException", `The token '${token}' is not valid.`);
  const end = start + numberOf(query, "$top", defaultTop);
  const headers = end >= all.length ? {} : { "x-ms-continuationtoken": plain ? String(end) : `next;${end}+=/` };
  return { page: all.slice(start, end), headers };
}
