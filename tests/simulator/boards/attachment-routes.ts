/** Upload (in one piece or in chunks) and download of attachments. */
import { SimError } from "../service.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { badRequest, invalidArgument } from "./errors.ts";
import type { Attachment } from "./model.ts";
import * as requests from "./requests.ts";
import type { WorkItemTracking } from "./tracking.ts";

export function attachmentRoutes(tracking: WorkItemTracking): Route[] {
  const { routesAt, READ, WRITE } = requests;
  const at = "{project}?/_apis/wit/attachments";
  return [
    ...routesAt("POST", at, { ...WRITE, handle: (request) => uploaded(tracking, request) }),
    ...routesAt("PUT", `${at}/{id}`, { ...WRITE, handle: (request) => chunk(tracking, request) }),
    ...routesAt("GET", `${at}/{id}`, { ...READ, handle: (request) => downloaded(tracking, request) }),
  ];
}

function referenceAnswer(request: SimRequest, { id, fileName }: Attachment): SimAnswer {
  const where = request.project ? `/${request.project.id}` : "";
  const url = `${request.organizationUrl}${where}/_apis/wit/attachments/${id}?fileName=${encodeURIComponent(fileName)}`;
  return { status: 201, body: { id, url } };
}

function uploaded(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const fileName = requests.queryValue(request, "fileName") ?? "attachment";
  const isChunked = requests.queryValue(request, "uploadType")?.toLowerCase() === "chunked";
  if (isChunked) return referenceAnswer(request, tracking.attachments.register(fileName));
  return referenceAnswer(request, tracking.attachments.add(fileName, request.content));
}

function attachmentOf(tracking: WorkItemTracking, request: SimRequest): Attachment {
  const id = requests.param(request, "id");
  const attachment = tracking.attachments.find(id);
  if (!attachment)
    throw new SimError(404, "AttachmentNotFoundException", `TF237081: The attachment ${id} does not exist.`);
  return attachment;
}

function chunk(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const attachment = attachmentOf(tracking, request);
  const range = request.headers["content-range"] ?? "";
  const [, from, to, total] = /^(?:bytes )?(\d+)-(\d+)\/(\d+)$/i.exec(range.trim()) ?? [];
  if (from === undefined || to === undefined || total === undefined) {
    throw badRequest("VssPropertyValidationException", `VS403205: The Content-Range '${range}' is not valid.`);
  }
  if (Number(to) - Number(from) + 1 !== request.content.length) throw invalidArgument("Content-Range", range);
  tracking.attachments.append(attachment, { content: request.content, from: Number(from), total: Number(total) });
  return { ...referenceAnswer(request, attachment), status: 200 };
}

const TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  gif: "image/gif",
  svg: "image/svg+xml",
  txt: "text/plain",
  json: "application/json",
};

function downloaded(tracking: WorkItemTracking, request: SimRequest): SimAnswer {
  const attachment = attachmentOf(tracking, request);
  const content = tracking.attachments.contentOf(attachment);
  if (!content)
    throw new SimError(
      404,
      "AttachmentNotFoundException",
      `TF237081: The attachment ${attachment.id} is not complete.`,
    );
  const fileName = requests.queryValue(request, "fileName") ?? attachment.fileName;
  const extension = fileName.split(".").at(-1)?.toLowerCase() ?? "";
  const isDownload = requests.flag(request, "download");
  return {
    content,
    headers: {
      "content-type": isDownload ? "application/octet-stream" : (TYPES[extension] ?? "application/octet-stream"),
      "content-disposition": `${isDownload ? "attachment" : "inline"}; filename*=UTF-8''${encodeURIComponent(fileName)}`,
    },
  };
}
