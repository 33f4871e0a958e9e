import type { ContainerClient } from "@azure/storage-blob";
import { chunksOf, equalBytes } from "../foundation/bytes.ts";
import type { Clock } from "../foundation/clock.ts";
import { BackupError, hasCode } from "../foundation/errors.ts";
import type { RetryPolicy } from "../foundation/retry.ts";
import type { TokenSource } from "./access-token.ts";
import { asked, containerClient } from "./azure-blob-client.ts";
import { azureBlobRequests } from "./azure-blob-requests.ts";
import { blobReader } from "./blob-reader.ts";
import {
  blockPool,
  newBlockId,
  TooManyBlocks,
  uploadInBlocks,
  type BlockPool,
  type BlockSink,
} from "./block-upload.ts";
import { parseContainerAddress } from "./container-address.ts";
import type { DeletingStore, ObjectBody, ObjectInfo, ObjectReader } from "./object-store.ts";
import { samePieces, type Piece } from "./same-pieces.ts";
import { serviceCalls, type ServiceCalls } from "./service-calls.ts";
import { saysItExists, saysItIsKept, ServiceFailure } from "./service-failure.ts";

export interface AzureBlobStoreOptions {
  /** Any cloud's or Azurite's; may carry a SAS. */
  readonly containerUrl: string;
  /** A SAS kept apart; may begin with `?`. */
  readonly sas?: string | undefined;
  /** Entra sign-in; used when there is no SAS. */
  readonly credential?: TokenSource | undefined;
  readonly md5: (bytes: Uint8Array) => Uint8Array;
  readonly clock: Clock;
  /** Between 0 and 1. */
  readonly random: () => number;
  /** Blocks in flight, over all uploads of this store; each is in memory. 3 when absent. */
  readonly parallelUploads?: number;
  /** 5 MiB when absent: of 50,000 blocks that makes 244 GiB, what a repository may have. */
  readonly blockBytes?: number;
  /** Objects per listing page; the service's 5000 when absent. */
  readonly pageSize?: number;
  readonly retry?: RetryPolicy;
  /** Ends all waiting and sending; its reason is thrown. */
  readonly signal?: AbortSignal;
}

const BLOCK_BYTES = 5 * 1024 * 1024;
const PARALLEL_UPLOADS = 3;

/** The store on Azure Blob. Throws INPUT_CONTAINER_URL or INPUT_CONTAINER_SAS at once; sends nothing yet. */
export function azureBlobStore(options: AzureBlobStoreOptions): DeletingStore {
  const parts = partsOf(options);
  return {
    ...parts.reader,
    create: (name, bytes) => create(parts, name, bytes),
    createFrom: (name, chunks) => createFrom(parts, name, chunks),
    delete: (name) => remove(parts, name),
  };
}

interface Parts {
  readonly container: ContainerClient;
  readonly calls: ServiceCalls;
  readonly reader: ObjectReader;
  readonly pool: BlockPool;
  readonly md5: (bytes: Uint8Array) => Uint8Array;
  readonly random: () => number;
}

function partsOf(options: AzureBlobStoreOptions): Parts {
  const { clock, random, md5, signal, retry } = options;
  const address = parseContainerAddress(options.containerUrl, options.sas);
  const credential = address.sas === undefined ? options.credential : undefined;
  if (credential !== undefined && address.url.startsWith("http:")) throw tokenOverHttp(address.url);
  const signIn = address.sas !== undefined ? "sas" : credential === undefined ? "none" : "token";
  const container = containerClient(address, credential);
  const calls = serviceCalls({ address, signIn, clock, random, signal, ...(retry === undefined ? {} : { retry }) });
  const requests = azureBlobRequests(container, options.pageSize);
  return {
    container,
    calls,
    reader: blobReader({ requests, calls, clock, signal }),
    pool: blockPool(options.parallelUploads ?? PARALLEL_UPLOADS, options.blockBytes ?? BLOCK_BYTES),
    md5,
    random,
  };
}

function tokenOverHttp(url: string): BackupError {
  return new BackupError({
    code: "INPUT_CONTAINER_URL",
    message: `containerUrl ${url} is not encrypted, and a service connection signs in over https only`,
    hint: "Use the https address of the container.",
  });
}

async function create(parts: Parts, name: string, bytes: Uint8Array): Promise<ObjectInfo> {
  if (bytes.length > parts.pool.blockBytes) return createFrom(parts, name, chunksOf(bytes));
  const pieces = [{ length: bytes.length, isSame: (stored: Uint8Array) => equalBytes(stored, bytes) }];
  return createdOrSame(parts, { name, pieces }, () => put(parts, { name, bytes, digest: parts.md5(bytes) }));
}

async function createFrom(parts: Parts, name: string, chunks: AsyncIterable<Uint8Array>): Promise<ObjectInfo> {
  const pieces: Piece[] = [];
  const digestOf = (bytes: Uint8Array, index: number): Uint8Array => {
    const digest = parts.md5(bytes);
    pieces[index] = { length: bytes.length, isSame: (stored) => equalBytes(parts.md5(stored), digest) };
    return digest;
  };
  const sink: BlockSink<Date | undefined> = {
    put: (bytes) => put(parts, { name, bytes, digest: digestOf(bytes, 0) }),
    stage: ({ id, index, bytes }) => stage(parts, id, { name, bytes, digest: digestOf(bytes, index) }),
    commit: (ids) => commit(parts, name, ids),
  };
  return createdOrSame(parts, { name, pieces }, () => uploadInBlocks(chunks, sink, parts));
}

interface Upload {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** MD5: the service refuses bytes that changed on their way. */
  readonly digest: Uint8Array;
}

const CREATE_ONLY = { ifNoneMatch: "*" };

async function put(parts: Parts, upload: Upload): Promise<Date | undefined> {
  const { name, bytes, digest } = upload;
  try {
    const answer = await parts.calls.tryCall((abortSignal) => {
      // The SDK hands transactionalContentMD5 on for `upload` as for `stageBlock`; only its type leaves it out.
      const options = { abortSignal, conditions: CREATE_ONLY, transactionalContentMD5: digest };
      return asked(() => parts.container.getBlockBlobClient(name).upload(bytes, bytes.length, options));
    });
    parts.calls.noteDate(answer.date);
    return answer.lastModified;
  } catch (error) {
    if (!(error instanceof ServiceFailure) || !saysItExists(error)) throw error;
    if ((await parts.reader.info(name)) !== undefined) throw error;
    return putOverLeftovers(parts, upload);
  }
}

/** Blocks of an upload that was never committed can hold a name for a while; a commit takes it all the same. */
async function putOverLeftovers(parts: Parts, upload: Upload): Promise<Date | undefined> {
  const id = newBlockId(parts.random);
  await stage(parts, id, upload);
  return commit(parts, upload.name, [id]);
}

async function stage({ container, calls }: Parts, id: string, { name, bytes, digest }: Upload): Promise<void> {
  const answer = await calls.tryCall((abortSignal) => {
    const options = { abortSignal, transactionalContentMD5: digest };
    return asked(() => container.getBlockBlobClient(name).stageBlock(id, bytes, bytes.length, options));
  });
  calls.noteDate(answer.date);
}

async function commit({ container, calls }: Parts, name: string, ids: readonly string[]): Promise<Date | undefined> {
  const answer = await calls.tryCall((abortSignal) =>
    asked(() => container.getBlockBlobClient(name).commitBlockList([...ids], { abortSignal, conditions: CREATE_ONLY })),
  );
  calls.noteDate(answer.date);
  return answer.lastModified;
}

/**
 * The name may be taken: by our own attempt whose answer was lost, or by somebody else. The stored bytes decide.
 */
async function createdOrSame(
  parts: Parts,
  { name, pieces }: { readonly name: string; readonly pieces: readonly Piece[] },
  work: () => Promise<Date | undefined>,
): Promise<ObjectInfo> {
  const { calls, reader } = parts;
  try {
    const createdAt = await work();
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (createdAt !== undefined) return { name, length, createdAt: createdAt.toISOString() };
  } catch (error) {
    if (error instanceof TooManyBlocks) throw tooLarge(name, parts.pool.blockBytes);
    if (!(error instanceof ServiceFailure)) throw error;
    const stored = await takenBy(parts, name, error);
    if (!(await samePieces(stored.chunks, pieces))) throw otherBytes(name);
  }
  const info = await reader.info(name);
  if (info === undefined)
    throw calls.errorOf(new ServiceFailure({ status: 404, serviceCode: "BlobNotFound" }), { action: "create", name });
  return info;
}

/** A commit after somebody else's swept our blocks away; a SAS that may create but not overwrite. */
const MAY_MEAN_TAKEN: ReadonlySet<string> = new Set(["InvalidBlockList", "AuthorizationPermissionMismatch"]);

/** What is stored under the name that was refused; throws the refusal when the name is not taken after all. */
async function takenBy({ calls, reader }: Parts, name: string, failure: ServiceFailure): Promise<ObjectBody> {
  const refusal = calls.errorOf(failure, { action: "create", name });
  if (!saysItExists(failure) && !MAY_MEAN_TAKEN.has(failure.serviceCode)) throw refusal;
  try {
    return await reader.read(name);
  } catch (error) {
    throw hasCode(error, "STORE_NOT_FOUND", "STORE_FORBIDDEN") ? refusal : error;
  }
}

function otherBytes(name: string): BackupError {
  return new BackupError({
    code: "STORE_EXISTS",
    message: `Object ${name} is already there with other bytes`,
    hint: "Another run wrote it; stored objects are never overwritten.",
  });
}

function tooLarge(name: string, blockBytes: number): BackupError {
  return new BackupError({
    code: "STORE_REQUEST",
    message: `Object ${name} needs more blocks of ${blockBytes} bytes than Azure allows (50,000)`,
    hint: "Leave this item out with exclude and tell us its size.",
  });
}

async function remove({ container, calls }: Parts, name: string): Promise<boolean> {
  try {
    const answer = await calls.tryCall((abortSignal) =>
      asked(() => container.getBlobClient(name).delete({ abortSignal, deleteSnapshots: "include" })),
    );
    calls.noteDate(answer.date);
    return true;
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    if (error.serviceCode === "BlobNotFound") return true;
    if (saysItIsKept(error)) return false;
    throw calls.errorOf(error, { action: "delete", name });
  }
}
