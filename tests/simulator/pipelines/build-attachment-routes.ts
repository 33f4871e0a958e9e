/** What tasks attach to their runs. */
import { listAnswer } from "../http/paging.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { buildAt } from "./pipeline-routes.ts";

export function buildAttachmentRoutes(state: SimulatorState): readonly Route[] {
  const template = "{project}/_apis/build/builds/{buildId}";
  const read = { method: "GET", version: "7.1", scope: "vso.build" } as const;
  return [
    { ...read, template: `${template}/attachments/{type}`, handle: (request) => attachments(state, request) },
    {
      ...read,
      template: `${template}/{timelineId}/{recordId}/attachments/{type}/{name}`,
      handle: (request) => attachment(state, request),
    },
  ];
}

function attachments(state: SimulatorState, request: SimRequest): SimAnswer {
  const record = buildAt(state, request);
  const base = `${request.organizationUrl}/${record.projectId}/_apis/build/builds/${record.id}`;
  const wanted = record.attachments.filter(({ type }) => type.toLowerCase() === request.params.type?.toLowerCase());
  return listAnswer(
    wanted.map(({ name, type, timelineId, recordId }) => ({
      _links: {
        self: {
          href: `${base}/${timelineId}/${recordId}/attachments/${encodeURIComponent(type)}/${encodeURIComponent(name)}`,
        },
      },
      name,
    })),
  );
}

function attachment(state: SimulatorState, request: SimRequest): SimAnswer {
  const { params } = request;
  const found = buildAt(state, request).attachments.find(
    (one) =>
      one.timelineId === params.timelineId &&
      one.recordId === params.recordId &&
      one.type.toLowerCase() === params.type?.toLowerCase() &&
      one.name === params.name,
  );
  if (found !== undefined) return { content: found.content };
  throw new SimError(404, "AttachmentNotFoundException", `The attachment ${params.name ?? ""} was not found.`);
}
