/**
 * What an answer of the batch API tells us to do: an address with headers. The answer is foreign, so it may name the
 * organisation's hosts and Azure's blob hosts only, and no header that another service would act on.
 */
import { isAzureBlobHost, isAzureDevOpsHost } from "../foundation/azure-hosts.ts";
import { objectAt, stringAt } from "../foundation/json.ts";
import type { JsonObject } from "../foundation/json.ts";
import { inert } from "../foundation/text.ts";
import type { GitRemote } from "./git-access.ts";
import { credentialsOf } from "./http-transport.ts";
import type { Credentials } from "./http-transport.ts";

export interface LfsAction {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Ours, when the answer brings none of its own; the transport keeps them to the remote's origin. */
  readonly credentials?: Credentials;
}

/** An action that is not followed, and why. */
export interface RefusedAction {
  readonly refused: string;
}

/** A token and visible text (RFC 9110, 5.1 and 5.5); anything else could end the header and begin another. */
const headerName = /^[!#$%&'*+.^_`|~0-9a-z-]{1,100}$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]{0,8192}$/;
/**
 * Names where a request goes, how it is framed, whom it comes from, or what metadata and identity services of clouds
 * ask for. No LFS server needs them.
 */
const foreignHeader =
  /^(?:host|connection|content-length|transfer-encoding|te|trailer|upgrade|expect|keep-alive|forwarded|via|cookie|range)$|^(?:proxy|x-forwarded|x-original|x-identity|x-aws|x-google)-|metadata/;

export function actionOf(action: JsonObject | undefined, remote: GitRemote): LfsAction | RefusedAction | undefined {
  const href = action && stringAt(action, "href");
  if (action === undefined || href === undefined) return undefined;
  const found = addressOf(href, new URL(remote.url));
  if ("refused" in found) return found;
  const headers = headersOf(objectAt(action, "header") ?? {});
  const { url } = found;
  return { url, headers, ...(headers.authorization === undefined ? { credentials: credentialsOf(remote) } : {}) };
}

function addressOf(href: string, remote: URL): { readonly url: string } | RefusedAction {
  if (!URL.canParse(href)) return { refused: "the server's link to it is no address" };
  const url = sameScheme(new URL(href), remote);
  if (mayAnswerFor(url, remote)) return { url: url.href };
  const where = inert(`${url.protocol}//${url.host}`, 200);
  return {
    refused: `the server's link to it leads to ${where}, which is neither the organisation's nor Azure's storage`,
  };
}

function mayAnswerFor(url: URL, remote: URL): boolean {
  if (url.username + url.password !== "") return false;
  const isSecure = url.protocol === "https:";
  if (url.hostname === remote.hostname) return isSecure || (url.protocol === "http:" && remote.protocol === "http:");
  if (!isSecure || url.port !== "") return false;
  return isAzureBlobHost(url.hostname) || (isAzureDevOpsHost(remote.hostname) && isAzureDevOpsHost(url.hostname));
}

function headersOf(header: JsonObject): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  for (const [key, value] of Object.entries(header)) {
    const name = key.toLowerCase();
    const isOurs = headerName.test(name) && !foreignHeader.test(name);
    if (isOurs && typeof value === "string" && headerValue.test(value)) headers.set(name, value);
  }
  return Object.fromEntries(headers);
}

/** Servers behind TLS offload name themselves http: the same host is then asked by https, as the remote is. */
function sameScheme(url: URL, remote: URL): URL {
  if (url.hostname !== remote.hostname || remote.protocol !== "https:" || url.protocol !== "http:") return url;
  const secure = new URL(url);
  secure.protocol = "https:";
  secure.port = remote.port;
  return secure;
}
