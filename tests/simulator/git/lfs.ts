/**
 * Git LFS as Azure Repos serves it: batch API, download, upload with verify. Objects lie in a folder by their
 * SHA-256. Mount it behind the server's own sign-in: it looks at no credentials.
 */
import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { answeredByFault, writeBody } from "./git-faults.ts";
import type { GitFaultAction, GitFaults } from "./git-faults.ts";
import { parseGitPath } from "./git-http.ts";
import type { GitAddress, HttpHandler } from "./git-http.ts";

export interface LfsOptions {
  /** Folder of the repository's objects; undefined when there is no such repository. */
  readonly storageFolder: (address: GitAddress) => string | undefined;
  /** Overrides where actions point to, e.g. at another host. Default: this server. */
  readonly actionUrl?: (action: "download" | "upload" | "verify", oid: string, repositoryUrl: string) => string;
  /** Headers the batch answer tells clients to send, e.g. a token of its own. */
  readonly actionHeaders?: Readonly<Record<string, string>>;
  /** Goes by the object's id alone, whatever size it is asked for. */
  readonly ignoresSizes?: boolean;
  readonly faults?: GitFaults;
}

/** What tests change about LFS while the server runs. */
export type LfsBehaviour = { -readonly [Key in "actionUrl" | "actionHeaders" | "ignoresSizes"]?: LfsOptions[Key] };

interface LfsObject {
  readonly oid: string;
  readonly size: number;
}

const objectsPath = /^info\/lfs\/objects\/(batch|[0-9a-f]{64})(\/verify)?$/;
const lfsType = "application/vnd.git-lfs+json";

/** Where an object lies below a storage folder. */
export function lfsObjectPath(storageFolder: string, oid: string): string {
  return join(storageFolder, oid.slice(0, 2), oid.slice(2, 4), oid);
}

/** True for paths that belong to this handler: `/{org}/{project}/_git/{repo}/info/lfs/…`. */
export function isLfsPath(path: string): boolean {
  return parseGitPath(path)?.rest.startsWith("info/lfs/") === true;
}

export function lfsHandler(options: LfsOptions): HttpHandler {
  return async (request, response) => {
    const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "localhost"}`);
    const address = parseGitPath(url.pathname);
    const folder = address && options.storageFolder(address);
    const [, action, verify] = objectsPath.exec(address?.rest ?? "") ?? [];
    if (folder === undefined || action === undefined) return answerJson(response, 404, { message: "Not found" });
    const fault = options.faults?.take(action === "batch" ? "lfs-batch" : "lfs-object", url.pathname);
    if (await answeredByFault(fault, response)) return;
    await answerAction({ request, response, folder, fault, options, url }, action, verify !== undefined);
  };
}

async function answerAction(exchange: Exchange, action: string, isVerify: boolean): Promise<void> {
  if (action === "batch") return answerBatch(exchange);
  return isVerify ? answerVerify(exchange) : answerObject(exchange, action);
}

async function answerObject(exchange: Exchange, oid: string): Promise<void> {
  return exchange.request.method === "PUT" ? receiveObject(exchange, oid) : sendObject(exchange, oid);
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly folder: string;
  readonly fault: GitFaultAction | undefined;
  readonly options: LfsOptions;
  readonly url: URL;
}

async function answerJson(response: ServerResponse, status: number, body: unknown): Promise<void> {
  response.writeHead(status, { "content-type": lfsType });
  response.end(JSON.stringify(body));
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    return undefined;
  }
}

function isLfsObject(value: unknown): value is LfsObject {
  const { oid, size } = (value ?? {}) as Partial<LfsObject>;
  return typeof oid === "string" && /^[0-9a-f]{64}$/.test(oid) && typeof size === "number" && size >= 0;
}

async function storedSize(folder: string, oid: string): Promise<number | undefined> {
  return stat(lfsObjectPath(folder, oid)).then(
    ({ size }) => size,
    () => undefined,
  );
}

async function answerBatch(exchange: Exchange): Promise<void> {
  const { request, response, options, url } = exchange;
  const batch = (await readJson(request)) as { operation?: unknown; objects?: unknown } | undefined;
  const isValid = batch?.operation === "download" || batch?.operation === "upload";
  if (!isValid || !Array.isArray(batch.objects) || !batch.objects.every(isLfsObject)) {
    return answerJson(response, 422, { message: "The batch request is not valid." });
  }
  if (batch.objects.length > 100) return answerJson(response, 413, { message: "Too many objects in one batch." });
  const repositoryUrl = url.origin + url.pathname.replace(/\/info\/lfs\/.*$/, "");
  const actionOf = (action: "download" | "upload" | "verify", oid: string): object => ({
    href: (options.actionUrl ?? defaultActionUrl)(action, oid, repositoryUrl),
    ...(options.actionHeaders === undefined ? {} : { header: options.actionHeaders }),
  });
  const objects: object[] = [];
  for (const { oid, size } of batch.objects) {
    const stored = await storedSize(exchange.folder, oid);
    const isStored = stored !== undefined && (options.ignoresSizes === true || stored === size);
    objects.push({ oid, size, ...verdict(batch.operation, { oid, isStored, actionOf }) });
  }
  await answerJson(response, 200, { transfer: "basic", objects });
}

function defaultActionUrl(action: "download" | "upload" | "verify", oid: string, repositoryUrl: string): string {
  return `${repositoryUrl}/info/lfs/objects/${oid}${action === "verify" ? "/verify" : ""}`;
}

function verdict(
  operation: unknown,
  {
    oid,
    isStored,
    actionOf,
  }: { oid: string; isStored: boolean; actionOf: (action: "download" | "upload" | "verify", oid: string) => object },
): object {
  if (operation === "upload") {
    return isStored ? {} : { actions: { upload: actionOf("upload", oid), verify: actionOf("verify", oid) } };
  }
  if (isStored) return { actions: { download: actionOf("download", oid) } };
  return { error: { code: 404, message: "Object does not exist" } };
}

async function sendObject({ response, folder, fault }: Exchange, oid: string): Promise<void> {
  const size = await storedSize(folder, oid);
  if (size === undefined) return answerJson(response, 404, { message: "Object does not exist" });
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": String(size) });
  await writeBody(createReadStream(lfsObjectPath(folder, oid)), response, fault);
}

async function receiveObject({ request, response, folder }: Exchange, oid: string): Promise<void> {
  const path = lfsObjectPath(folder, oid);
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${randomUUID()}`;
  const hash = createHash("sha256");
  const file = await open(unfinished, "wx");
  try {
    for await (const chunk of request) {
      hash.update(chunk as Buffer);
      await file.write(chunk as Buffer);
    }
  } finally {
    await file.close();
  }
  if (hash.digest("hex") !== oid) {
    await rm(unfinished);
    return answerJson(response, 422, { message: "The content does not match its object id." });
  }
  await rename(unfinished, path);
  await answerJson(response, 200, {});
}

async function answerVerify({ request, response, folder }: Exchange): Promise<void> {
  const object = await readJson(request);
  if (!isLfsObject(object)) return answerJson(response, 422, { message: "The verify request is not valid." });
  const isStored = (await storedSize(folder, object.oid)) === object.size;
  if (isStored) return answerJson(response, 200, {});
  await answerJson(response, 404, { message: "Object does not exist" });
}
