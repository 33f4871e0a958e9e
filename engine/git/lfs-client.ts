import { createHash } from "node:crypto";
import { chunksOf, readAll } from "../foundation/bytes.ts";
import { mapConcurrent } from "../foundation/concurrency.ts";
import { hasCode } from "../foundation/errors.ts";
import { inert } from "../foundation/text.ts";
import type { GitRemote, LfsObjectSource, LfsPointer } from "./git-access.ts";
import type { GitHttp, HttpAnswer } from "./http-transport.ts";
import { lfsBatch, lfsError, lfsPost, maxBatch } from "./lfs-batch.ts";
import type { LfsAction } from "./lfs-action.ts";
import type { LfsVerdict } from "./lfs-batch.ts";

type LfsDownload = LfsPointer & { readonly chunks: AsyncIterable<Uint8Array> | undefined; readonly refused?: string };

/** Links expire: one batch holds no more than can be read in a few minutes, unless one object alone is larger. */
const maxBatchBytes = 1_000_000_000;
const maxResumes = 3;
const smallBytes = 1024 * 1024;
const readAhead = 6;
const maxAnswerBytes = 1024 * 1024;
/** The object is not there, was removed, or cannot be valid: worth telling, not a failure of the transfer. */
const absentCodes: ReadonlySet<number> = new Set([404, 410, 422]);

/** See GitAccess.downloadLfs. */
export async function* downloadLfs(
  http: GitHttp,
  remote: GitRemote,
  pointers: readonly LfsPointer[],
): AsyncGenerator<LfsDownload> {
  for (const batch of batchesOf(pointers)) {
    const verdicts = await downloadVerdicts(http, remote, batch);
    yield* mapConcurrent(verdicts, readAhead, (verdict) => readIfSmall(downloadOf(http, verdict)));
  }
}

/** A server without LFS has none of the objects: the repository itself was just read, so it is no missing right. */
async function downloadVerdicts(
  http: GitHttp,
  remote: GitRemote,
  pointers: readonly LfsPointer[],
): Promise<readonly LfsVerdict[]> {
  try {
    return await lfsBatch(http, remote, { operation: "download", pointers });
  } catch (error) {
    if (!hasCode(error, "GIT_NOT_FOUND")) throw error;
    return pointers.map((pointer) => ({ ...pointer, error: { code: 404, message: "the server offers no LFS" } }));
  }
}

/** Small objects are read at once, several at a time: one after the other, each would cost a round trip. */
async function readIfSmall(download: LfsDownload): Promise<LfsDownload> {
  if (download.chunks === undefined || download.size > smallBytes) return download;
  try {
    return { ...download, chunks: chunksOf(await readAll(download.chunks, smallBytes)) };
  } catch (error) {
    return { ...download, chunks: failed(error) };
  }
}

/** Throws when it is read, so that one object's failure is met where the object is used. */
// eslint-disable-next-line require-yield
async function* failed(error: unknown): AsyncGenerator<Uint8Array> {
  throw error;
}

function* batchesOf(pointers: readonly LfsPointer[]): Generator<readonly LfsPointer[]> {
  let batch: LfsPointer[] = [];
  let bytes = 0;
  for (const pointer of pointers) {
    const isFull = batch.length === maxBatch || bytes + pointer.size > maxBatchBytes;
    if (isFull && batch.length > 0) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(pointer);
    bytes += pointer.size;
  }
  if (batch.length > 0) yield batch;
}

function downloadOf(http: GitHttp, { oid, size, download, error, refused }: LfsVerdict): LfsDownload {
  if (error !== undefined && absentCodes.has(error.code)) {
    return { oid, size, chunks: undefined };
  }
  if (refused !== undefined) return { oid, size, chunks: undefined, refused };
  if (download === undefined) throw lfsError({ oid }, error?.message ?? "the server offers no download");
  return {
    oid,
    size,
    chunks: checkedContent({ oid, size }, (from) => contentFrom(http, { oid, size, download, from })),
  };
}

/** Content with its size and hash checked, read no further than its size; a broken connection is taken up where it broke. */
async function* checkedContent(
  { oid, size }: LfsPointer,
  open: (from: number) => Promise<AsyncIterable<Uint8Array>>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let received = 0;
  for (let resumes = 0; ; resumes += 1) {
    try {
      for await (const chunk of await open(received)) {
        received += chunk.length;
        checkLength({ oid, size }, received);
        hash.update(chunk);
        yield chunk;
      }
      break;
    } catch (error) {
      if (!hasCode(error, "GIT_TRUNCATED") || resumes === maxResumes) throw error;
    }
  }
  if (received !== size) throw lfsError({ oid }, `${received} bytes came instead of ${size}`, "GIT_LFS_CONTENT");
  if (hash.digest("hex") !== oid) throw lfsError({ oid }, "the content that came has another hash", "GIT_LFS_CONTENT");
}

function checkLength({ oid, size }: LfsPointer, received: number): void {
  if (received > size) throw lfsError({ oid }, `more than ${size} bytes came`, "GIT_LFS_CONTENT");
}

async function contentFrom(
  http: GitHttp,
  { oid, size, download, from }: LfsPointer & { readonly download: LfsAction; readonly from: number },
): Promise<AsyncIterable<Uint8Array>> {
  const answer = await http.send({
    name: `LFS object ${oid}`,
    method: "GET",
    url: download.url,
    headers: { ...download.headers, ...(from === 0 ? {} : { range: `bytes=${from}-` }) },
    accept: [200, 206],
    acceptPages: true, // an object may well be an HTML file
    ...(download.credentials === undefined ? {} : { credentials: download.credentials }),
  });
  if (answer.status === 206) return answer.body;
  const { "content-length": length, "content-encoding": encoding } = answer.headers;
  if (length !== undefined && encoding === undefined && Number(length) !== size) {
    await letGo(answer.body);
    throw lfsError({ oid }, `${inert(length, 20)} bytes are offered instead of ${size}`, "GIT_LFS_CONTENT");
  }
  return withoutFirst(answer, from);
}

/** A body that was begun and is not wanted any more gives its connection back. */
async function letGo(body: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = body[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.return?.();
}

async function* withoutFirst({ body }: HttpAnswer, bytes: number): AsyncGenerator<Uint8Array> {
  let toSkip = bytes;
  for await (const chunk of body) {
    if (chunk.length > toSkip) yield chunk.subarray(toSkip);
    toSkip = Math.max(0, toSkip - chunk.length);
  }
}

/** See GitAccess.uploadLfs. */
export async function uploadLfs(
  http: GitHttp,
  remote: GitRemote,
  objects: AsyncIterable<LfsObjectSource>,
): Promise<number> {
  let sent = 0;
  let batch: LfsObjectSource[] = [];
  for await (const object of objects) {
    batch.push(object);
    if (batch.length < maxBatch) continue;
    sent += await uploadBatch(http, remote, batch);
    batch = [];
  }
  return batch.length === 0 ? sent : sent + (await uploadBatch(http, remote, batch));
}

async function uploadBatch(http: GitHttp, remote: GitRemote, batch: readonly LfsObjectSource[]): Promise<number> {
  const sources = new Map(batch.map((source) => [source.oid, source]));
  const pointers = batch.map(({ oid, size }) => ({ oid, size }));
  let sent = 0;
  for (const verdict of await lfsBatch(http, remote, { operation: "upload", pointers })) {
    if (verdict.error !== undefined) throw lfsError(verdict, `the server refused it: ${verdict.error.message}`);
    if (verdict.refused !== undefined) throw lfsError(verdict, verdict.refused);
    const source = sources.get(verdict.oid);
    if (verdict.upload === undefined || source === undefined) continue;
    await uploadObject(http, source, { ...verdict, upload: verdict.upload });
    sent += 1;
  }
  return sent;
}

async function uploadObject(
  http: GitHttp,
  source: LfsObjectSource,
  { upload, verify }: LfsVerdict & { readonly upload: LfsAction },
): Promise<void> {
  const { oid, size } = source;
  const answer = await http.send({
    name: `LFS object ${oid}`,
    method: "PUT",
    url: upload.url,
    headers: { "content-type": "application/octet-stream", ...upload.headers },
    stream: { length: size, open: () => source.open() },
    accept: [200, 201, 204],
    ...(upload.credentials === undefined ? {} : { credentials: upload.credentials }),
  });
  await readAll(answer.body, maxAnswerBytes); // the connection can be used again once it is read
  if (verify === undefined) return;
  await lfsPost(http, { ...verify, body: { oid, size } });
}
