/** The logs of a run, whole or by lines. */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import type { BuildRecord } from "./build-store.ts";
import { listAnswer, numberOf } from "../http/paging.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { buildAt } from "./pipeline-routes.ts";

export function buildLogRoutes(state: SimulatorState): readonly Route[] {
  const template = "{project}/_apis/build/builds/{buildId}/logs";
  const read = { method: "GET", version: "7.1", scope: "vso.build" } as const;
  return [
    { ...read, template, handle: (request) => logs(state, request) },
    { ...read, template: `${template}/{logId}`, handle: (request) => log(state, request) },
  ];
}

export function logReference(build: BuildRecord, id: number, { organizationUrl }: SimRequest): JsonObject {
  const url = `${organizationUrl}/${build.projectId}/_apis/build/builds/${build.id}/logs/${id}`;
  return { id, type: "Container", url };
}

function logs(state: SimulatorState, request: SimRequest): SimAnswer {
  const build = buildAt(state, request);
  return listAnswer(
    build.logs.map(({ id, lines, createdOn, lastChangedOn }) => ({
      lineCount: lines.length,
      createdOn,
      lastChangedOn,
      ...logReference(build, id, request),
    })),
  );
}

/** Lines as a JSON list for those who ask for JSON, else as text. */
function log(state: SimulatorState, request: SimRequest): SimAnswer {
  const build = buildAt(state, request);
  const found = build.logs.find(({ id }) => String(id) === request.params.logId);
  if (found === undefined)
    throw new SimError(404, "BuildLogNotFoundException", `Could not find log ${request.params.logId ?? ""}.`);
  const start = numberOf(request.query, "startLine", 1);
  const end = numberOf(request.query, "endLine", found.lines.length);
  const lines = found.lines.slice(Math.max(start, 1) - 1, end);
  const text = lines.map((line) => `${line}\r\n`).join("");
  if (/application\/json/i.test(request.headers.accept ?? ""))
    return { body: { count: lines.length, value: lines }, logged: text };
  return { content: Buffer.from(text), headers: { "content-type": "text/plain; charset=utf-8" } };
}
