import type { Clock } from "../foundation/clock.ts";
import { BackupError } from "../foundation/errors.ts";
import type { RetryPolicy } from "../foundation/retry.ts";
import {
  blobReader,
  type BlobHead,
  type BlobPage,
  type BlobRequests,
  type ContainerHead,
  type OpenBlob,
  type OpenRequest,
  type PageRequest,
} from "./blob-reader.ts";
import { parseContainerAddress, type ContainerAddress } from "./container-address.ts";
import { errorCodeOf, parseListBlobs } from "./list-blobs-answer.ts";
import type { ObjectReader } from "./object-store.ts";
import { serviceCalls } from "./service-calls.ts";
import { dateOf, failureOfAnswer, ServiceFailure } from "./service-failure.ts";
import { checkStorageHost } from "./storage-hosts.ts";

export interface FetchBlobReaderOptions {
  readonly containerUrl: string;
  /** A SAS kept apart; may begin with `?`. */
  readonly sas?: string | undefined;
  /** Gives a current Entra access token for Azure Storage; used when there is no SAS. */
  readonly token?: (() => Promise<string>) | undefined;
  readonly clock: Clock;
  /** Between 0 and 1. */
  readonly random: () => number;
  readonly fetch?: typeof globalThis.fetch;
  readonly pageSize?: number;
  readonly retry?: RetryPolicy;
  readonly signal?: AbortSignal;
}

const API_VERSION = "2023-11-03";

/** What a person must do when a page's request does not get through at all. */
const UNREACHABLE_HINT =
  "Check the address and the network. In a browser also: the storage account's firewall must let this machine in, and " +
  "its CORS settings for the blob service must allow this page's origin with the methods GET, HEAD, OPTIONS, the " +
  "headers x-ms-*,authorization,if-match,range, and expose x-ms-*,etag,content-length,content-range,date.";

/**
 * A reader over plain fetch, for pages and for Node. Throws STORAGE_HOST_FOREIGN, INPUT_CONTAINER_URL or
 * INPUT_CONTAINER_SAS at once; sends nothing yet. A redirect is never followed, so what signs in stays where it was
 * meant for. Reading the service's time needs the Date header to be exposed by the CORS rule.
 */
export function fetchBlobReader(options: FetchBlobReaderOptions): ObjectReader {
  const { clock, random, signal, retry } = options;
  checkStorageHost(options.containerUrl.trim());
  const address = parseContainerAddress(options.containerUrl, options.sas);
  const token = address.sas === undefined ? options.token : undefined;
  const signIn = address.sas !== undefined ? "sas" : token === undefined ? "none" : "token";
  const context = { address, signIn, unreachableHint: UNREACHABLE_HINT } as const;
  const calls = serviceCalls({ ...context, clock, random, signal, ...(retry === undefined ? {} : { retry }) });
  const sender = { address, token, fetch: options.fetch ?? globalThis.fetch, pageSize: options.pageSize };
  return blobReader({ requests: fetchRequests(sender), calls, clock, signal });
}

interface Sender {
  readonly address: ContainerAddress;
  readonly token: (() => Promise<string>) | undefined;
  readonly fetch: typeof globalThis.fetch;
  readonly pageSize: number | undefined;
}

interface Sending {
  readonly method: "GET" | "HEAD";
  readonly name?: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
}

function fetchRequests(sender: Sender): BlobRequests {
  return {
    open: (request, signal) => open(sender, request, signal),
    head: (name, signal) => head(sender, name, signal),
    page: (request, signal) => page(sender, request, signal),
    container: (signal) => containerHead(sender, signal),
  };
}

async function send(sender: Sender, sending: Sending, signal: AbortSignal): Promise<Response> {
  const answer = await answered(sender, sending, signal);
  if (answer.ok) return answer;
  const body = await answer.text().catch(() => "");
  throw failureOfAnswer(answer.status, (name) => answer.headers.get(name), errorCodeOf(body));
}

async function answered(sender: Sender, sending: Sending, signal: AbortSignal): Promise<Response> {
  const url = urlOf(sender.address, sending);
  const headers = { ...sending.headers, ...(await authorization(sender)) };
  try {
    // fetch must be called as a bare function: browsers refuse it as a method of something else.
    const { fetch } = sender;
    const request = { method: sending.method, headers, signal, cache: "no-store", redirect: "error" } as const;
    return await fetch(url, request);
  } catch (error) {
    throw noAnswer(error);
  }
}

function urlOf({ url, sas }: ContainerAddress, { name, query }: Sending): string {
  const path = name === undefined ? "" : `/${name.split("/").map(encodeURIComponent).join("/")}`;
  const version = sas === undefined ? {} : { "api-version": API_VERSION };
  const parameters = Object.entries<string | undefined>({ ...query, ...version }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
  );
  const search = [...parameters, ...(sas === undefined ? [] : [sas])].join("&");
  return `${url}${path}${search === "" ? "" : `?${search}`}`;
}

/** With a SAS the version stands in the query: a header would make browsers ask for leave before every request. */
async function authorization({ address, token }: Sender): Promise<Readonly<Record<string, string>>> {
  if (address.sas !== undefined) return {};
  const version = { "x-ms-version": API_VERSION };
  return token === undefined ? version : { ...version, authorization: `Bearer ${await token()}` };
}

/** The browser hides why; Node tells in the cause. The error itself is not kept: it may hold the address. */
function noAnswer(error: unknown): unknown {
  if (error instanceof BackupError || !(error instanceof Error)) return error;
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "no answer";
  return new ServiceFailure({ status: undefined, serviceCode: error.name === "AbortError" ? "aborted" : code });
}

async function open(sender: Sender, request: OpenRequest, signal: AbortSignal): Promise<OpenBlob> {
  const { name, offset, count, version, etag } = request;
  const isRanged = offset > 0 || count !== undefined;
  const range = `bytes=${offset}-${count === undefined ? "" : offset + count - 1}`;
  const answer = await send(
    sender,
    {
      method: "GET",
      name,
      query: { versionid: version },
      headers: { ...(isRanged ? { range } : {}), ...(etag === undefined ? {} : { "if-match": etag }) },
    },
    signal,
  );
  const length = lengthOf(answer);
  if (length === undefined || (isRanged && answer.status !== 206)) throw unreadable(answer);
  const reader = answer.body?.getReader();
  return {
    length,
    totalLength: totalOf(answer) ?? offset + length,
    etag: answer.headers.get("etag") ?? undefined,
    date: dateOf(answer.headers.get("date")),
    chunks: chunksFrom(reader),
    cancel: () => void reader?.cancel().catch(() => undefined),
  };
}

async function* chunksFrom(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): AsyncGenerator<Uint8Array> {
  if (reader === undefined) return;
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value;
  } catch (error) {
    throw noAnswer(error);
  }
}

function lengthOf(answer: Response): number | undefined {
  const header = answer.headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

function totalOf(answer: Response): number | undefined {
  const total = /^bytes \d+-\d+\/(\d{1,15})$/.exec(answer.headers.get("content-range") ?? "")?.[1];
  return total === undefined ? undefined : Number(total);
}

async function head(sender: Sender, name: string, signal: AbortSignal): Promise<BlobHead> {
  const answer = await send(sender, { method: "HEAD", name }, signal);
  const length = lengthOf(answer);
  const createdAt = dateOf(answer.headers.get("x-ms-creation-time") ?? answer.headers.get("last-modified"));
  if (length === undefined || createdAt === undefined) throw unreadable(answer);
  return { length, createdAt, date: dateOf(answer.headers.get("date")) };
}

async function page(sender: Sender, request: PageRequest, signal: AbortSignal): Promise<BlobPage> {
  const { prefix, marker, withVersions, withProtection } = request;
  const include = [
    ...(withVersions ? ["versions"] : []),
    ...(withProtection ? ["immutabilitypolicy", "legalhold"] : []),
  ];
  const query = {
    restype: "container",
    comp: "list",
    prefix,
    marker,
    include: include.length === 0 ? undefined : include.join(","),
    maxresults: sender.pageSize?.toString(),
  };
  const answer = await send(sender, { method: "GET", query }, signal);
  const text = await answer.text().catch((error: unknown) => {
    throw noAnswer(error);
  });
  const parsed = parseListBlobs(text, { withProtection });
  if (parsed === undefined) throw unreadable(answer);
  return { ...parsed, date: dateOf(answer.headers.get("date")) };
}

async function containerHead(sender: Sender, signal: AbortSignal): Promise<ContainerHead> {
  const { headers } = await send(sender, { method: "HEAD", query: { restype: "container" } }, signal);
  const says = (name: string): boolean => headers.get(name) === "true";
  return {
    protection: {
      hasPolicy: says("x-ms-has-immutability-policy"),
      isHeld: says("x-ms-has-legal-hold"),
      isByVersion: says("x-ms-immutable-storage-with-versioning-enabled"),
    },
    date: dateOf(headers.get("date")),
  };
}

function unreadable(answer: Response): ServiceFailure {
  void answer.body?.cancel().catch(() => undefined);
  return new ServiceFailure({ status: answer.status, serviceCode: "unreadable answer" });
}
