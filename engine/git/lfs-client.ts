import { createHash } from "node:crypto";
import { chunksOf, readAll } from "../foundation/bytes.ts";
import { mapConcurrent } from "../foundation/concurrency.ts";
import { hasCode } from "../foundation/errors.ts";
import type { GitRemote, LfsObjectSource, LfsPointer } from "./git-access.ts";
import type { GitHttp, HttpAnswer } from "./http-transport.ts";
import { lfsBatch, lfsContentError, lfsError, lfsPost, maxBatch } from "./lfs-batch.ts";
import type { LfsAction, LfsVerdict } from "./lfs-batch.ts";

type LfsDownload = LfsPointer & { readonly chunks: AsyncIterable<Uint8Array> | undefined; readonly reason?: string };

/** Links expire: one batch holds no more than can be read in a few minutes, unless one object alone is larger. */
const maxBatchBytes = 1_000_000_000;
const maxResumes = 3;
const smallBytes = 1024 * 1024;
const readAhead = 6;
const contentAttempts = 2;
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
    yield* mapConcurrent(verdicts, readAhead, (verdict) => readIfSmall(() => downloadOf(http, verdict)));
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
async function readIfSmall(open: () => LfsDownload): Promise<LfsDownload> {
  const first = open();
  if (first.chunks === undefined || first.size > smallBytes) return first;
  let download = first;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return { ...download, chunks: chunksOf(await readAll(download.chunks ?? chunksOf(), smallBytes)) };
    } catch (error) {
      if (!hasCode(error, "GIT_LFS_CONTENT")) return { ...download, chunks: failed(error) };
      // A byte may have been wrong on its way only.
      if (attempt === contentAttempts) return { ...download, chunks: undefined, reason: error.message };
      download = open();
    }
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

function downloadOf(http: GitHttp, { oid, size, download, error }: LfsVerdict): LfsDownload {
  if (error !== undefined && absentCodes.has(error.code)) {
    return { oid, size, chunks: undefined, reason: `${error.message} (${error.code})` };
  }
  if (download === undefined) throw lfsError({ oid }, error?.message ?? "the server offers no download");
  return { oid, size, chunks: checkedContent({ oid, size }, (from) => contentFrom(http, { oid, download, from })) };
}

/** Content with its size and hash checked; reading stops where the pointer's size is passed. */
async function* checkedContent(
  { oid, size }: LfsPointer,
  open: (from: number) => Promise<AsyncIterable<Uint8Array>>,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let received = 0;
  for await (const chunk of resumed(open)) {
    received += chunk.length;
    if (received > size) throw lfsContentError({ oid }, `more than the ${size} bytes came that its pointer says`);
    hash.update(chunk);
    yield chunk;
  }
  if (received !== size) throw lfsContentError({ oid }, `${received} bytes came instead of ${size}`);
  if (hash.digest("hex") !== oid) throw lfsContentError({ oid }, "the content that came has another hash");
}

/** A broken connection is taken up where it broke. */
async function* resumed(open: (from: number) => Promise<AsyncIterable<Uint8Array>>): AsyncGenerator<Uint8Array> {
  let received = 0;
  for (let resumes = 0; ; resumes += 1) {
    try {
      for await (const chunk of await open(received)) {
        received += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (!hasCode(error, "GIT_TRUNCATED") || resumes === maxResumes) throw error;
    }
  }
}

async function contentFrom(
  http: GitHttp,
  { oid, download, from }: { readonly oid: string; readonly download: LfsAction; readonly from: number },
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
  return answer.status === 206 ? answer.body : withoutFirst(answer, from);
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
