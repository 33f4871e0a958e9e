/** Content of work item attachments, immutable for each GUID (learn.microsoft.com/rest/api/azure/devops/wit). */
import { concat } from "../../foundation/bytes.ts";
import { BackupError } from "../../foundation/errors.ts";
import { inert } from "../../foundation/text.ts";
import type { ApiRequest, AzureDevOps, Download } from "../azure-devops.ts";
import { requiredObject, requiredText } from "../reading/fields.ts";

export interface AttachmentRef {
  /** GUID. */
  readonly id: string;
  /** What relations of work items refer to. */
  readonly url: string;
}

export interface AttachmentContent {
  readonly name: string;
  readonly length: number;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Up to this length it is sent in one request; default 64 MiB. */
  readonly singleRequestBytes?: number;
  /** Size of the pieces of longer ones; default 16 MiB. */
  readonly pieceBytes?: number;
}

const mebibyte = 1024 * 1024;

export async function downloadAttachment(
  azureDevOps: AzureDevOps,
  project: string,
  { id, name }: { readonly id: string; readonly name: string },
): Promise<Download> {
  const query = { fileName: name, download: true };
  return azureDevOps.download({ area: "wit", project, path: ["wit", "attachments", id], query });
}

/**
 * Uploads content that nothing refers to yet. Throws ADO_REQUEST when the service refuses its size, and when the
 * content is not as long as announced (nothing usable is left then).
 */
export async function uploadAttachment(
  azureDevOps: AzureDevOps,
  project: string,
  content: AttachmentContent,
): Promise<AttachmentRef> {
  const isLong = content.length > (content.singleRequestBytes ?? 64 * mebibyte);
  return isLong ? inPieces(azureDevOps, project, content) : inOne(azureDevOps, project, content);
}

// An attachment without a reference harms nobody: that is why sending it may be repeated.

async function inOne(azureDevOps: AzureDevOps, project: string, content: AttachmentContent): Promise<AttachmentRef> {
  const parts: Uint8Array[] = [];
  for await (const piece of piecesOf(content, mebibyte)) parts.push(piece);
  const query = { fileName: content.name };
  const request: ApiRequest = {
    area: "wit",
    method: "POST",
    project,
    path: ["wit", "attachments"],
    query,
    isRepeatable: true,
  };
  return refFrom(await azureDevOps.upload({ ...request, content: concat(parts) }), content.name);
}

/** Register, then one PUT for each piece with its place in the whole (Content-Range). */
async function inPieces(azureDevOps: AzureDevOps, project: string, content: AttachmentContent): Promise<AttachmentRef> {
  const register: ApiRequest = {
    area: "wit",
    method: "POST",
    project,
    path: ["wit", "attachments"],
    query: { fileName: content.name, uploadType: "chunked" },
    isRepeatable: true,
  };
  const ref = refFrom(await azureDevOps.upload({ ...register, content: new Uint8Array(0) }), content.name);
  const query = { fileName: content.name };
  const request: ApiRequest = { area: "wit", method: "PUT", project, path: ["wit", "attachments", ref.id], query };
  let offset = 0;
  for await (const piece of piecesOf(content, content.pieceBytes ?? 16 * mebibyte)) {
    const range = `bytes ${offset}-${offset + piece.length - 1}/${content.length}`;
    await azureDevOps.upload({ ...request, isRepeatable: true, content: piece, headers: { "content-range": range } });
    offset += piece.length;
  }
  return ref;
}

/**
 * The content in pieces of one size, the last one shorter; checks the announced length before the last one is given
 * out.
 */
async function* piecesOf({ name, length, chunks }: AttachmentContent, size: number): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let held = 0;
  let given = 0;
  for await (const chunk of chunks) {
    for (let rest = chunk; rest.length > 0;) {
      const part = rest.subarray(0, size - held);
      parts.push(part);
      held += part.length;
      rest = rest.subarray(part.length);
      if (given + held > length) throw wrongLength(name, length);
      if (held < size || given + held === length) continue;
      yield concat(parts);
      given += held;
      parts = [];
      held = 0;
    }
  }
  if (given + held !== length) throw wrongLength(name, length);
  if (held > 0) yield concat(parts);
}

function wrongLength(name: string, length: number): BackupError {
  return new BackupError({
    code: "ADO_REQUEST",
    message: `The content for attachment '${inert(name, 100)}' is not ${length} bytes long as announced`,
    hint: "Verify the backup; the stored file does not fit its description.",
  });
}

function refFrom({ body }: { readonly body: Parameters<typeof requiredObject>[0] }, name: string): AttachmentRef {
  const what = `attachment ${name}`;
  const raw = requiredObject(body, what);
  return { id: requiredText(raw, "id", what), url: requiredText(raw, "url", what) };
}
