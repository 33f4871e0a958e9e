/** Reads what a request addresses and carries. */
import type { IncomingMessage } from "node:http";
import type { JsonValue } from "../../../engine/foundation/json.ts";

export interface Address {
  /** Host prefix: `` (dev.azure.com), `vssps`, … */
  readonly host: string;
  /** False when the path names another organisation. */
  readonly isOrganization: boolean;
  readonly isGit: boolean;
  /** Decoded segments below the organisation. */
  readonly segments: readonly string[];
  /** The same as one text. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** `http://host:port/{org}`. */
  readonly organizationUrl: string;
}

/** The hosts of the service, by the prefix of their names. */
export const hostPrefixes = [
  "vssps",
  "vsrm",
  "feeds",
  "pkgs",
  "vsaex",
  "vstmr",
  "almsearch",
  "auditservice",
  "extmgmt",
];

/** Segments are split before they are decoded: a value may hold `%2F`. */
export function addressOf(request: IncomingMessage, organization: string): Address {
  const [rawPath, rawQuery] = splitOnce(request.url ?? "/");
  const all = rawPath
    .split("/")
    .filter((part) => part !== "")
    .map(decoded);
  const host = hostOf(all);
  const [name = "", ...segments] = host === "" ? all : all.slice(1);
  return {
    host,
    isOrganization: name.toLowerCase() === organization.toLowerCase(),
    isGit: host === "" && segments.slice(0, 2).includes("_git"),
    segments,
    path: segments.join("/"),
    query: new URLSearchParams(rawQuery),
    organizationUrl: `http://${request.headers.host ?? "127.0.0.1"}/${organization}`,
  };
}

/** `/vssps/{org}/…` is a host's; `/vssps/_apis/…` would be an organisation of that name. */
function hostOf([first = "", second = "_"]: readonly string[]): string {
  const prefix = first.toLowerCase();
  return hostPrefixes.includes(prefix) && !second.startsWith("_") ? prefix : "";
}

function splitOnce(url: string): readonly [string, string] {
  const at = url.indexOf("?");
  return at < 0 ? [url, ""] : [url.slice(0, at), url.slice(at + 1)];
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The whole body, and its JSON when it says that it is some. */
export async function bodyOf(
  request: IncomingMessage,
): Promise<{ readonly content: Uint8Array; readonly json: JsonValue | undefined }> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const content = Buffer.concat(chunks);
  const isJson = (request.headers["content-type"] ?? "").includes("json") && content.length > 0;
  return { content, json: isJson ? parsed(content) : undefined };
}

function parsed(content: Buffer): JsonValue | undefined {
  try {
    return JSON.parse(content.toString("utf8")) as JsonValue;
  } catch {
    return undefined;
  }
}
