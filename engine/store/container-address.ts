import { BackupError } from "../foundation/errors.ts";

/**
 * Where the vault's container is: an address of any Azure cloud or of Azurite, and the SAS that may come in its
 * query or apart from it. Checked here once, so that a slip of the hand is one clear line and not a riddle of the
 * service. The SAS is never part of an error.
 */
export interface ContainerAddress {
  /** Without query and without a slash at the end; safe to show. */
  readonly url: string;
  readonly container: string;
  /** Without `?`; undefined when the sign-in happens otherwise. */
  readonly sas: string | undefined;
  /** The input the SAS came in, for messages. */
  readonly sasInput: "containerUrl" | "containerSas";
}

const CONTAINER_NAME = /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/;
const EXAMPLE = "https://<account>.blob.core.windows.net/<container>";

/** Throws INPUT_CONTAINER_URL or INPUT_CONTAINER_SAS. */
export function parseContainerAddress(containerUrl: string, containerSas?: string): ContainerAddress {
  const url = checkedUrl(containerUrl.trim());
  const inUrl = url.search === "" ? undefined : normalSas(url.search, "containerUrl");
  const apart = containerSas === undefined || containerSas.trim() === "" ? undefined : containerSas;
  const sas = apart === undefined ? inUrl : normalSas(apart, "containerSas");
  if (inUrl !== undefined && apart !== undefined && inUrl !== sas) {
    throw badSas("containerSas", "is not the SAS that containerUrl carries", "Give the SAS in one of the two inputs.");
  }
  const container = containerOf(url);
  return {
    url: `${url.origin}${url.pathname.replace(/\/+$/, "")}`,
    container,
    sas,
    sasInput: apart === undefined ? "containerUrl" : "containerSas",
  };
}

function checkedUrl(text: string): URL {
  if (text === "") throw badUrl("is empty", `Give the address of the container, ${EXAMPLE}.`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw badUrl("is not an address", `Give the address of the container, ${EXAMPLE}.`);
  }
  const shown = `${url.protocol}//${url.host}`;
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw badUrl(`begins with ${url.protocol}`, `Give the https address of the container, ${EXAMPLE}.`);
  }
  if (url.protocol === "http:" && !isLocalHost(url.hostname)) {
    throw badUrl(`${shown} is not encrypted`, "Use https; plain http is for Azurite on this machine or network only.");
  }
  if (url.username !== "" || url.password !== "") {
    throw badUrl("carries a user name or password", "Take it out; a SAS or a service connection signs in.");
  }
  if (url.hash !== "") throw badUrl("has a part after #", "Copy the address of the container again.");
  if (url.hostname.includes(".dfs.")) {
    throw badUrl(`${shown} is the Data Lake endpoint`, "Use the blob endpoint of the same account (.blob. for .dfs.).");
  }
  return url;
}

/** Azurite's hosts: addresses and names without a dot. */
function isLocalHost(hostname: string): boolean {
  return /^[\d.]+$|^\[.*\]$|^[^.]+$/.test(hostname) || hostname.endsWith(".localhost");
}

function containerOf(url: URL): string {
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const isPathStyle = isLocalHost(url.hostname);
  const expected = isPathStyle ? 2 : 1;
  if (parts.length < expected) {
    const found = isPathStyle ? "names no account and container" : "names no container";
    throw badUrl(`${url.origin}${url.pathname} ${found}`, `Add the container: ${exampleFor(url)}.`);
  }
  if (parts.length > expected) {
    throw badUrl(
      `${url.origin}${url.pathname} goes below the container`,
      `Give the container alone: ${exampleFor(url)}; the vault needs a container of its own.`,
    );
  }
  const container = parts[expected - 1] ?? "";
  if (!CONTAINER_NAME.test(container)) {
    throw badUrl(
      `names the container "${container}", which Azure does not allow`,
      "A container name has 3 to 63 lower-case letters, digits and single hyphens.",
    );
  }
  return container;
}

function exampleFor(url: URL): string {
  return isLocalHost(url.hostname) ? `${url.origin}/<account>/<container>` : `${url.origin}/<container>`;
}

/**
 * A SAS as the portal, the command line or a URL gives it: `?` in front or not, the signature with its `+` and `=`
 * encoded or not. Nothing but encoding is touched.
 */
function normalSas(text: string, input: ContainerAddress["sasInput"]): string {
  const advice = "Copy the SAS token of the container again: it begins with sp= or sv= and holds sig=.";
  const bare = text.trim().replace(/^\?/, "");
  if (/^[a-z]+:\/\//i.test(bare)) throw badSas(input, "is an address, not a SAS", advice);
  if (/(^|;)(AccountKey|SharedAccessSignature)=/i.test(bare)) {
    throw badSas(input, "is a connection string, not a SAS", advice);
  }
  const members = bare.split("&").map((member) => member.split(/=(.*)/s));
  const parameters = new Map(
    members.map(([key = "", value = ""]) => [key, encodedOnce(key === "sig" ? value.replaceAll(" ", "+") : value)]),
  );
  for (const needed of ["sig", "sv"]) {
    if ((parameters.get(needed) ?? "") === "") throw badSas(input, `has no ${needed}= in it`, advice);
  }
  return [...parameters].map(([key, value]) => `${key}=${value}`).join("&");
}

function encodedOnce(value: string): string {
  try {
    return encodeURIComponent(decodeURIComponent(value));
  } catch {
    return encodeURIComponent(value);
  }
}

function badUrl(found: string, hint: string): BackupError {
  return new BackupError({ code: "INPUT_CONTAINER_URL", message: `containerUrl ${found}`, hint });
}

function badSas(input: ContainerAddress["sasInput"], found: string, hint: string): BackupError {
  return new BackupError({ code: "INPUT_CONTAINER_SAS", message: `The SAS in ${input} ${found}`, hint });
}
