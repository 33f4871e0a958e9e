import { BackupError } from "../foundation/errors.ts";
import { inert } from "../foundation/text.ts";

/**
 * The address of an organisation as everything else uses it: scheme, host, path, no trailing slash.
 * Takes `https://dev.azure.com/{organisation}`, `https://{organisation}.visualstudio.com` (with or without
 * `DefaultCollection`) and `https://{server}/{…}/{collection}`; plain http only for servers of one's own.
 * Throws INPUT, naming what is wrong with the address.
 */
export function organizationUrlOf(address: string): string {
  const url = parsed(address);
  const segments = url.pathname.split("/").filter((segment) => segment !== "");
  if (url.hostname === "dev.azure.com") return cloudUrl(url, segments);
  if (url.hostname.endsWith(".dev.azure.com"))
    throw wrong(shown(url), "it is the address of one of its services", cloudForm);
  if (url.hostname.endsWith(".visualstudio.com")) return legacyUrl(url, segments);
  return serverUrl(url, segments);
}

const cloudForm = "Give the organisation's address, e.g. https://dev.azure.com/contoso";
const serverForm = "Give the address of the collection, e.g. https://server/tfs/DefaultCollection";

function parsed(address: string): URL {
  const text = address.trim();
  if (text === "") throw wrong(address, "it is empty", cloudForm);
  if (!URL.canParse(text)) throw wrong(address, "it is not a URL", cloudForm);
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw wrong(shown(url), "it is not an https address", cloudForm);
  if (url.password !== "")
    throw wrong(
      url.host,
      "it contains a password",
      "Take the password out of the address; tokens have their own input",
    );
  return url;
}

function cloudUrl(url: URL, segments: readonly string[]): string {
  const [organization, ...rest] = segments;
  requireHttps(url);
  if (organization === undefined) throw wrong(shown(url), "the organisation is missing", cloudForm);
  refuseMore(url, rest, `https://dev.azure.com/${organization}`);
  return `https://dev.azure.com/${organization}`;
}

function legacyUrl(url: URL, segments: readonly string[]): string {
  const isService = url.hostname.split(".").length !== 3;
  if (isService) throw wrong(shown(url), "it is the address of one of its services", cloudForm);
  requireHttps(url);
  const rest = segments[0]?.toLowerCase() === "defaultcollection" ? segments.slice(1) : segments;
  refuseMore(url, rest, `https://${url.hostname}`);
  return `https://${url.hostname}`;
}

function serverUrl(url: URL, segments: readonly string[]): string {
  if (segments.length === 0) throw wrong(shown(url), "the organisation or collection is missing", serverForm);
  if (segments.some((segment) => segment.startsWith("_"))) {
    throw wrong(shown(url), "it is the address of a page inside a project", serverForm);
  }
  return `${url.protocol}//${url.host}/${segments.join("/")}`;
}

function requireHttps(url: URL): void {
  if (url.protocol !== "https:") throw wrong(shown(url), "it is not encrypted", `Use https://${url.host}`);
}

function refuseMore(url: URL, rest: readonly string[], organizationUrl: string): void {
  if (rest.length === 0) return;
  throw wrong(
    shown(url),
    "it is the address of a project or of something in it",
    `Use ${organizationUrl} and name the project in its own input`,
  );
}

/** Without user name and query, where tokens get pasted. */
function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

function wrong(address: string, found: string, cure: string): BackupError {
  return new BackupError({
    code: "INPUT",
    message: `'${inert(address, 200)}' is not the address of an Azure DevOps organisation: ${found}`,
    hint: `${cure}.`,
  });
}
