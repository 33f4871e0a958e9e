/** The api-version rules of the service (learn.microsoft.com/azure/devops/integrate/concepts/rest-api-versioning). */
import { badRequest } from "./errors.ts";
import type { SimError } from "../service.ts";

export const newestVersion = "7.2";
export const releasedVersion = "7.1";

interface Version {
  readonly number: number;
  readonly isPreview: boolean;
  readonly resource: number | undefined;
}

export interface VersionQuestion {
  readonly method: string;
  /** What the request names, undefined when it names none. */
  readonly asked: string | undefined;
  /** The route's own, `7.1` or `7.1-preview.4`. */
  readonly served: string;
  /** Releases that are switched off for the route's area. */
  readonly retired: readonly string[];
}

/** The api-version a request names, in its query or its Accept header. */
export function askedVersion(query: URLSearchParams, accept: string | undefined): string | undefined {
  const inQuery = [...query].find(([name]) => name.toLowerCase() === "api-version")?.[1];
  return inQuery ?? /api-version=([^;,\s]+)/i.exec(accept ?? "")?.[1];
}

/** Which version applies. Throws the service's refusal. */
export function appliedVersion({ method, asked, served, retired }: VersionQuestion): string {
  if (asked === undefined) {
    if (method !== "GET") throw notSpecified(method);
    return served;
  }
  const version = parsed(asked);
  if (version === undefined) throw badRequest("VssVersionNotSupportedException", `"${asked}" is not an api-version.`);
  if (version.number > Number(newestVersion)) throw outOfRange(asked);
  if (retired.includes(asked.split("-")[0] ?? "")) throw noLongerSupported(asked);
  checkPreview(asked, version, { served, retired });
  return asked;
}

function checkPreview(
  asked: string,
  version: Version,
  { served, retired }: { readonly served: string; readonly retired: readonly string[] },
): void {
  const own = parsed(served);
  const newest = retired.includes(releasedVersion) ? newestVersion : releasedVersion;
  const isReleased = own?.isPreview !== true && version.number <= Number(newest);
  if (!version.isPreview && !isReleased) throw previewNeeded(asked);
  if (own?.isPreview !== true || own.resource === undefined) return;
  if ((version.resource ?? own.resource) > own.resource) throw unknownResource(asked, served);
}

function parsed(text: string): Version | undefined {
  const [, number, preview, resource] = /^(\d+\.\d+)(-preview(?:\.(\d+))?)?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  return {
    number: Number(number),
    isPreview: preview !== undefined,
    resource: resource === undefined ? undefined : Number(resource),
  };
}

function notSpecified(method: string): SimError {
  const message = `No api-version was supplied for the "${method}" request. The version must be supplied either as part of the Accept header (e.g. "application/json; api-version=1.0") or as a query parameter (e.g. "?api-version=1.0").`;
  return badRequest("VssVersionNotSpecifiedException", message);
}

function outOfRange(asked: string): SimError {
  const message = `The requested REST API version of ${asked} is out of range for this server. The latest REST API version this server supports is ${newestVersion}.`;
  return badRequest("VssVersionOutOfRangeException", message);
}

function noLongerSupported(asked: string): SimError {
  const message = `The requested REST API version of ${asked} is no longer supported by this resource. The earliest REST API version it supports is ${newestVersion}.`;
  return badRequest("VssVersionNotSupportedException", message);
}

function previewNeeded(asked: string): SimError {
  const message = `The requested version "${asked}" of the resource is under preview. The -preview flag must be supplied in the api-version for such requests. For example: "${asked}-preview"`;
  return badRequest("VssInvalidPreviewVersionException", message);
}

function unknownResource(asked: string, served: string): SimError {
  const message = `The requested resource version of "${asked}" is not supported; the newest api-version of this resource is "${served}".`;
  return badRequest("VssResourceVersionNotSupportedException", message);
}
