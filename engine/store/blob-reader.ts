import { chunksOf } from "../foundation/bytes.ts";
import type { Clock } from "../foundation/clock.ts";
import { BackupError } from "../foundation/errors.ts";
import type {
  ByteRange,
  ContainerProtection,
  ListOptions,
  ObjectBody,
  ObjectInfo,
  ObjectProtection,
  ObjectReader,
  ObjectVersion,
  ReadOptions,
} from "./object-store.ts";
import { resumingBody, type OpenBody } from "./resuming-body.ts";
import type { ServiceCalls } from "./service-calls.ts";
import { isTransient, ServiceFailure } from "./service-failure.ts";

/**
 * The four requests a reader needs, as one request each: no retries, a ServiceFailure for every refusal.
 * Azure's SDK and plain fetch are the two ways to send them; what readers promise is written once, below.
 */
export interface BlobRequests {
  open(request: OpenRequest, signal: AbortSignal): Promise<OpenBlob>;
  head(name: string, signal: AbortSignal): Promise<BlobHead>;
  page(request: PageRequest, signal: AbortSignal): Promise<BlobPage>;
  container(signal: AbortSignal): Promise<ContainerHead>;
}

export interface ContainerHead {
  readonly protection: ContainerProtection;
  readonly date: Date | undefined;
}

export interface OpenRequest {
  readonly name: string;
  readonly offset: number;
  /** To the end when absent. */
  readonly count?: number | undefined;
  readonly version?: string | undefined;
  /** The object must still be this one. */
  readonly etag?: string | undefined;
}

export interface OpenBlob extends OpenBody {
  /** Bytes announced for this body. */
  readonly length: number;
  /** Bytes of the whole object. */
  readonly totalLength: number;
  /** Undefined where a page may not see it. */
  readonly etag: string | undefined;
  readonly date: Date | undefined;
}

export interface BlobHead {
  readonly length: number;
  readonly createdAt: Date;
  readonly date: Date | undefined;
}

export interface PageRequest {
  readonly prefix: string;
  readonly marker: string | undefined;
  readonly withVersions: boolean;
  readonly withProtection: boolean;
}

export interface BlobPage {
  readonly items: readonly ListedBlob[];
  /** Undefined on the last page. */
  readonly next: string | undefined;
  readonly date: Date | undefined;
}

export interface ListedBlob {
  readonly name: string;
  readonly length: number;
  readonly createdAt: Date;
  readonly version: string | undefined;
  /** Undefined where it was not asked for, and where what was told makes no sense. */
  readonly protection: ObjectProtection | undefined;
}

/** A name no vault uses: asking for it tells the time. */
const CLOCK_NAME = "clock";
const REOPEN_PAUSE_MS = 250;
/** Of an answer to one request; a listing's page is of a megabyte or more. */
const HEAD_TIMEOUT_MS = 60_000;
const PAGE_TIMEOUT_MS = 2 * 60_000;
/** Waiting for all pages of a listing: this, and a second for each 50 names. */
const LISTING_PATIENCE_MS = 30 * 60_000;
const NAMES_PER_MS = 0.05;
/** More than any container of backups holds; beyond it somebody only wants a listing not to end. */
const MOST_NAMES = 50_000_000;
/** The service may answer a page without names and say that there are more, but not again and again. */
const MOST_EMPTY_PAGES = 100;
/** Of one name; the first-created ones count. */
const MOST_VERSIONS = 1000;

export interface BlobReaderParts {
  readonly requests: BlobRequests;
  readonly calls: ServiceCalls;
  readonly clock: Pick<Clock, "monotonicMs" | "sleep">;
  /** Ends all waiting; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

export function blobReader(parts: BlobReaderParts): ObjectReader {
  return {
    read: (name, options = {}) => read(parts, name, options),
    info: (name) => info(parts, name),
    list: (prefix, options = {}) => list(parts, prefix, options),
    containerProtection: () => containerProtection(parts),
    versionsOf: (name) => versionsOf(parts, name),
    serviceTime: () => serviceTime(parts),
  };
}

async function read(parts: BlobReaderParts, name: string, { range, version }: ReadOptions): Promise<ObjectBody> {
  const wanted = { name, version, offset: range?.offset ?? 0, count: range?.length };
  if (wanted.count === 0) return nothing(parts, name);
  const first = await open(parts, wanted, range);
  const length = range?.length ?? first.totalLength;
  const chunks = resumingBody({
    name,
    length,
    first,
    reopen: (done) =>
      open(parts, { ...wanted, offset: wanted.offset + done, count: length - done, etag: first.etag }, range),
    pause: (fruitless) => parts.clock.sleep(REOPEN_PAUSE_MS * 2 ** fruitless, parts.signal),
    monotonicMs: () => parts.clock.monotonicMs(),
    errorOf: (failure) => parts.calls.errorOf(failure, { action: "read", name }),
  });
  return { length, chunks };
}

async function nothing(parts: BlobReaderParts, name: string): Promise<ObjectBody> {
  const found = await info(parts, name);
  if (found === undefined) {
    throw parts.calls.errorOf(new ServiceFailure({ status: 404, serviceCode: "BlobNotFound" }), {
      action: "read",
      name,
    });
  }
  return { length: 0, chunks: chunksOf() };
}

async function open(parts: BlobReaderParts, request: OpenRequest, range: ByteRange | undefined): Promise<OpenBlob> {
  const { calls, requests } = parts;
  try {
    const blob = await calls.tryCall((signal) => requests.open(request, signal), HEAD_TIMEOUT_MS);
    calls.noteDate(blob.date);
    if (range !== undefined && range.offset + range.length > blob.totalLength) {
      blob.cancel();
      throw tooShort(request.name, range, `${blob.totalLength}`);
    }
    return blob;
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    if (range !== undefined && error.status === 416) throw tooShort(request.name, range, `at most ${range.offset}`);
    throw calls.errorOf(error, { action: "read", name: request.name });
  }
}

function tooShort(name: string, range: ByteRange, found: string): BackupError {
  return new BackupError({
    code: "STORE_TRUNCATED",
    message: `Object ${name} has ${found} bytes, expected ${range.offset + range.length} or more`,
    hint: "The stored object is damaged: verify the vault and restore from an earlier snapshot.",
  });
}

async function info({ calls, requests }: BlobReaderParts, name: string): Promise<ObjectInfo | undefined> {
  try {
    const head = await calls.tryCall((signal) => requests.head(name, signal), HEAD_TIMEOUT_MS);
    calls.noteDate(head.date);
    return { name, length: head.length, createdAt: head.createdAt.toISOString() };
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    if (error.serviceCode === "BlobNotFound") return undefined;
    throw calls.errorOf(error, { action: "read", name });
  }
}

async function* list(
  parts: BlobReaderParts,
  prefix: string,
  { withProtection = false, withVersions = false }: ListOptions,
): AsyncGenerator<ObjectInfo> {
  const wanted = { prefix, withVersions, withProtection };
  for await (const { name, length, createdAt, protection } of listed(parts, wanted)) {
    const info = { name, length, createdAt: createdAt.toISOString() };
    yield protection === undefined ? info : { ...info, protection };
  }
}

/**
 * Pages to the last; the order and the prefix of each name are checked, so that a strange listing is never believed, and
 * none goes on for ever.
 */
async function* listed(
  parts: BlobReaderParts,
  { prefix, withVersions, withProtection }: Omit<PageRequest, "marker">,
): AsyncGenerator<ListedBlob> {
  let marker: string | undefined;
  let previous = "";
  const limits = listingLimits(parts);
  let tellsProtection = withProtection;
  do {
    const page = await limits.within(() =>
      pageOf(parts, { prefix, marker, withVersions, withProtection: tellsProtection }),
    );
    tellsProtection = page.tellsProtection;
    parts.calls.noteDate(page.date);
    for (const item of page.items) {
      const isInOrder = withVersions ? item.name >= previous : item.name > previous;
      if (!isInOrder || !item.name.startsWith(prefix)) throw strangeListing("is not in name order", item.name);
      previous = item.name;
      yield item;
    }
    marker = page.next;
  } while (marker !== undefined);
}

/** Counts what a listing has come to and how long it was waited for; throws when it does not look like ending. */
function listingLimits({ clock, calls }: BlobReaderParts): {
  within(ask: () => Promise<TellingPage>): Promise<TellingPage>;
} {
  const markers = new Set<string>();
  let names = 0;
  let emptyPages = 0;
  let waitedMs = 0;
  return {
    async within(ask) {
      const askedAt = clock.monotonicMs();
      const page = await ask();
      waitedMs += clock.monotonicMs() - askedAt;
      names += page.items.length;
      emptyPages = page.items.length === 0 ? emptyPages + 1 : 0;
      const last = page.items.at(-1)?.name ?? "its beginning";
      if (page.next === undefined) return page;
      if (markers.has(page.next) || emptyPages > MOST_EMPTY_PAGES || names > MOST_NAMES)
        throw strangeListing("does not end", last);
      if (waitedMs > LISTING_PATIENCE_MS + names / NAMES_PER_MS)
        throw calls.errorOf(new ServiceFailure({ status: undefined, serviceCode: "no data in time" }), {
          action: "list",
        });
      markers.add(page.next);
      return page;
    },
  };
}

type TellingPage = BlobPage & { readonly tellsProtection: boolean };

/** An account without the feature may refuse to tell how objects are protected: that must not cost the listing. */
async function pageOf({ calls, requests }: BlobReaderParts, request: PageRequest): Promise<TellingPage> {
  if (request.withProtection) {
    try {
      const page = await calls.tryCall((signal) => requests.page(request, signal), PAGE_TIMEOUT_MS);
      return { ...page, tellsProtection: true };
    } catch (error) {
      if (!(error instanceof ServiceFailure)) throw error;
      if (!isRefusal(error)) throw calls.errorOf(error, { action: "list" });
    }
  }
  const plain = { ...request, withProtection: false };
  try {
    const page = await calls.tryCall((signal) => requests.page(plain, signal), PAGE_TIMEOUT_MS);
    return { ...page, tellsProtection: false };
  } catch (error) {
    throw error instanceof ServiceFailure ? calls.errorOf(error, { action: "list" }) : error;
  }
}

/** The service has understood and will not. */
function isRefusal(failure: ServiceFailure): boolean {
  return failure.status !== undefined && !isTransient(failure);
}

async function containerProtection({ calls, requests }: BlobReaderParts): Promise<ContainerProtection | undefined> {
  try {
    const head = await calls.tryCall((signal) => requests.container(signal), HEAD_TIMEOUT_MS);
    calls.noteDate(head.date);
    return head.protection;
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    if (isRefusal(error)) return undefined;
    throw calls.errorOf(error, { action: "list" });
  }
}

function strangeListing(what: string, name: string): BackupError {
  return new BackupError({
    code: "STORE_REQUEST",
    message: `The container's listing ${what} near ${JSON.stringify(name.slice(0, 200))}`,
    hint: "Use a storage account without hierarchical namespace, and check what lies between it and this machine.",
  });
}

async function versionsOf(parts: BlobReaderParts, name: string): Promise<readonly ObjectVersion[]> {
  const versions: ObjectVersion[] = [];
  for await (const item of listed(parts, { prefix: name, withVersions: true, withProtection: false })) {
    if (item.name !== name) break; // names that only begin with this one come after it
    if (item.version === undefined) continue;
    if (versions.length === MOST_VERSIONS) break;
    versions.push({ version: item.version, length: item.length, createdAt: item.createdAt.toISOString() });
  }
  return versions.sort((left, right) => (left.version < right.version ? -1 : 1));
}

async function serviceTime({ calls, requests }: BlobReaderParts): Promise<Date> {
  const known = calls.latestDate();
  if (known !== undefined) return known;
  try {
    const head = await calls.tryCall((signal) => requests.head(CLOCK_NAME, signal), HEAD_TIMEOUT_MS);
    calls.noteDate(head.date);
  } catch (error) {
    if (!(error instanceof ServiceFailure) || error.status === undefined) throw unreachable(calls, error);
  }
  const date = calls.latestDate();
  if (date !== undefined) return date;
  throw new BackupError({
    code: "STORE_REQUEST",
    message: "The storage service's answers carry no readable Date",
    hint: "Check what lies between the storage account and this machine; in a browser, expose the Date header in the account's CORS rule.",
  });
}

function unreachable(calls: ServiceCalls, error: unknown): unknown {
  return error instanceof ServiceFailure ? calls.errorOf(error, { action: "read" }) : error;
}
