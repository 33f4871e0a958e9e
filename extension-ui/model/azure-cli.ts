/** Azure CLI commands to copy, for bash and for PowerShell (Azure Cloud Shell has both). Values are always quoted. */

/** `'…'`, with quotes inside it kept apart. */
export function shellQuoted(text: string): string {
  return /^[\w./:@=+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** `'…'` for PowerShell, in which nothing but the quote itself means something. */
export function powershellQuoted(text: string): string {
  return /^[\w./:=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`;
}

/** What another command prints, with something behind it. */
export interface Asked {
  readonly asks: AzCall;
  readonly then: string;
}

export type CliOption = readonly [name: string, ...values: readonly (string | Asked)[]];

/** One call of Azure CLI, for whichever shell. */
export interface AzCall {
  readonly words: string;
  readonly options: readonly CliOption[];
}

export const shells = ["bash", "powershell"] as const;
export type Shell = (typeof shells)[number];

export function azCall(words: string, ...options: readonly CliOption[]): AzCall {
  return { words, options };
}

/** The call on one line. Both shells put what a command prints into `"$(…)"`. */
export function azLine({ words, options }: AzCall, shell: Shell, separator = " "): string {
  const quoted = shell === "bash" ? shellQuoted : powershellQuoted;
  const valueOf = (value: string | Asked): string =>
    typeof value === "string" ? quoted(value) : `"$(${azLine(value.asks, shell)})${value.then}"`;
  const parts = options.map(([name, ...values]) => [`--${name}`, ...values.map(valueOf)].join(" "));
  return [`az ${words}`, ...parts].join(separator);
}

/** `az <words> \` and an option per line, for bash. */
export function azCommand(words: string, ...options: readonly CliOption[]): string {
  return azLine(azCall(words, ...options), "bash", " \\\n  ");
}

/** The same of a call. */
export function bashCommand({ words, options }: AzCall): string {
  return azCommand(words, ...options);
}

/** What a page needs to read a vault with fetch; and nothing that writes. */
export const corsMethods = ["GET", "HEAD", "OPTIONS"] as const;
export const corsAllowedHeaders = "x-ms-*,authorization,if-match,if-none-match,range";
export const corsExposedHeaders = "x-ms-*,etag,content-length,content-range,date";

/** Lets pages of this origin read the account's blobs, given the right to. */
export function corsCommand(account: string, origin: string): string {
  return bashCommand(corsCall(account, origin));
}

export function corsCall(account: string, origin: string): AzCall {
  return azCall(
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
export function roleCommand(role: string, assignee: string, place: ContainerPlace): string {
  return bashCommand(roleCall(role, [["assignee", assignee]], place));
}

/** `assignee`: the options that say who. */
export function roleCall(role: string, assignee: readonly CliOption[], { account, container }: ContainerPlace): AzCall {
  const asks = azCall("storage account show", ["name", account], ["query", "id"], ["output", "tsv"]);
  const scope = { asks, then: `/blobServices/default/containers/${container}` };
  return azCall("role assignment create", ...assignee, ["role", role], ["scope", scope]);
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
