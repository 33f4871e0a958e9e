import type { BlobItem, ContainerClient } from "@azure/storage-blob";
import { asked } from "./azure-blob-client.ts";
import type {
  BlobHead,
  BlobPage,
  BlobRequests,
  ContainerHead,
  ListedBlob,
  OpenBlob,
  OpenRequest,
  PageRequest,
} from "./blob-reader.ts";
import { objectProtection } from "./protection-answer.ts";
import { ServiceFailure } from "./service-failure.ts";

/** The reader's requests through Azure's SDK. */
export function azureBlobRequests(container: ContainerClient, pageSize?: number): BlobRequests {
  return {
    open: (request, signal) => asked(() => open(container, request, signal)),
    head: (name, signal) => asked(() => head(container, name, signal)),
    page: (request, signal) => asked(() => page(container, { ...request, pageSize }, signal)),
    container: (signal) => asked(() => containerHead(container, signal)),
  };
}

async function open(container: ContainerClient, request: OpenRequest, signal: AbortSignal): Promise<OpenBlob> {
  const current = container.getBlobClient(request.name);
  const blob = request.version === undefined ? current : current.withVersion(request.version);
  const answer = await blob.download(request.offset, request.count, {
    abortSignal: signal,
    maxRetryRequests: 0,
    ...(request.etag === undefined ? {} : { conditions: { ifMatch: request.etag } }),
  });
  const { readableStreamBody: body, contentLength, contentRange, etag } = answer;
  if (body === undefined || contentLength === undefined || etag === undefined) throw unreadable();
  body.on("error", () => undefined); // a cancelled or idle body may still fail; who reads it is told by the iterator
  return {
    length: contentLength,
    totalLength: contentRange === undefined ? contentLength : totalOf(contentRange),
    etag,
    date: answer.date,
    chunks: body as AsyncIterable<Uint8Array>,
    cancel: () => {
      if ("destroy" in body && typeof body.destroy === "function") body.destroy();
    },
  };
}

/** `bytes 0-99/1234` */
export function totalOf(contentRange: string): number {
  const total = /^bytes \d+-\d+\/(\d+)$/.exec(contentRange)?.[1];
  if (total === undefined) throw unreadable();
  return Number(total);
}

async function head(container: ContainerClient, name: string, abortSignal: AbortSignal): Promise<BlobHead> {
  const answer = await container.getBlobClient(name).getProperties({ abortSignal });
  const createdAt = answer.createdOn ?? answer.lastModified;
  if (answer.contentLength === undefined || createdAt === undefined) throw unreadable();
  return { length: answer.contentLength, createdAt, date: answer.date };
}

async function page(
  container: ContainerClient,
  request: PageRequest & { readonly pageSize: number | undefined },
  abortSignal: AbortSignal,
): Promise<BlobPage> {
  const { prefix, marker, withVersions, withProtection, pageSize } = request;
  const include = {
    includeVersions: withVersions,
    includeImmutabilityPolicy: withProtection,
    includeLegalHold: withProtection,
  };
  const listing = container.listBlobsFlat({ prefix, ...include, abortSignal }).byPage({
    ...(marker === undefined ? {} : { continuationToken: marker }),
    ...(pageSize === undefined ? {} : { maxPageSize: pageSize }),
  });
  const step = await listing.next().catch(notAListing);
  if (step.done === true) throw unreadable();
  const { segment, continuationToken, date } = step.value;
  return {
    items: segment.blobItems.map((item) => listedBlob(item, withProtection)),
    next: continuationToken === "" ? undefined : continuationToken,
    date,
  };
}

/** The SDK stumbles over an answer that is no listing; to us it is a refusal and never an empty list. */
function notAListing(error: unknown): never {
  throw error instanceof TypeError ? unreadable() : error;
}

function listedBlob({ name, properties, versionId }: BlobItem, withProtection: boolean): ListedBlob {
  const createdAt = properties.createdOn ?? properties.lastModified;
  if (properties.contentLength === undefined) throw unreadable();
  const { immutabilityPolicyMode: mode, immutabilityPolicyExpiresOn: until, legalHold } = properties;
  const protection = withProtection ? objectProtection({ mode, until, isHeld: legalHold === true }) : undefined;
  return { name, length: properties.contentLength, createdAt, version: versionId, protection };
}

async function containerHead(container: ContainerClient, abortSignal: AbortSignal): Promise<ContainerHead> {
  const answer = await container.getProperties({ abortSignal });
  const { hasImmutabilityPolicy, hasLegalHold, isImmutableStorageWithVersioningEnabled, date } = answer;
  return {
    protection: {
      hasPolicy: hasImmutabilityPolicy === true,
      isHeld: hasLegalHold === true,
      isByVersion: isImmutableStorageWithVersioningEnabled === true,
    },
    date,
  };
}

function unreadable(): ServiceFailure {
  return new ServiceFailure({ status: 200, serviceCode: "unreadable answer" });
}
