/** Azure CLI commands to copy. Values are always quoted for a POSIX shell (Azure Cloud Shell, bash). */

/** `'…'`, with quotes inside it kept apart. */
export function shellQuoted(text: string): string {
  return /^[\w./:@=+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export type CliOption = readonly [name: string, ...values: readonly string[]];

/** `az <words> \` and an option per line. */
export function azCommand(words: string, ...options: readonly CliOption[]): string {
  const lines = options.map(([name, ...values]) => [`--${name}`, ...values.map(shellQuoted)].join(" "));
  return [`az ${words}`, ...lines].join(" \\\n  ");
}

/** What a page needs to read a vault with fetch; and nothing that writes. */
export const corsMethods = ["GET", "HEAD", "OPTIONS"] as const;
export const corsAllowedHeaders = "x-ms-*,authorization,if-match,if-none-match,range";
export const corsExposedHeaders = "x-ms-*,etag,content-length,content-range,date";

/** Lets pages of this origin read the account's blobs, given the right to. */
export function corsCommand(account: string, origin: string): string {
  return azCommand(
    "storage cors add",
    ["account-name", account],
    ["services", "b"],
    ["methods", ...corsMethods],
    ["origins", origin],
    ["allowed-headers", corsAllowedHeaders],
    ["exposed-headers", corsExposedHeaders],
    ["max-age", "3600"],
  );
}

export interface ContainerPlace {
  readonly account: string;
  readonly container: string;
}

/** Account and container of `https://<account>.blob.<cloud>/<container>`; undefined for other addresses. */
export function placeOf(containerUrl: string): ContainerPlace | undefined {
  if (!URL.canParse(containerUrl)) return undefined;
  const { protocol, hostname, pathname } = new URL(containerUrl);
  const [, account] = /^([a-z0-9]{3,24})\.blob\.[a-z0-9.-]+$/.exec(hostname) ?? [];
  const [, container] = /^\/([a-z0-9-]{3,63})\/?$/.exec(pathname) ?? [];
  return protocol !== "https:" || account === undefined || container === undefined ? undefined : { account, container };
}

/** A role for somebody on this container alone; `assignee`: sign-in name or object id. */
export function roleCommand(role: string, assignee: string, { account, container }: ContainerPlace): string {
  const id = `"$(az storage account show --name ${shellQuoted(account)} --query id --output tsv)/blobServices/default/containers/${container}"`;
  return [azCommand("role assignment create", ["assignee", assignee], ["role", role]), `--scope ${id}`].join(" \\\n  ");
}

/** A user delegation SAS that only reads and lists; Azure allows it seven days at most. */
export function readSasCommand({ account, container }: ContainerPlace, expiresAt: string): string {
  return azCommand(
    "storage container generate-sas",
    ["account-name", account],
    ["name", container],
    ["permissions", "rl"],
    ["expiry", expiresAt],
    ["https-only"],
    ["as-user"],
    ["auth-mode", "login"],
    ["output", "tsv"],
  );
}
