/** The timeline of a run. */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import type { BuildRecord } from "./build-store.ts";
import { timelineEnums } from "../http/enums.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import type { TimelineRecord } from "./timeline.ts";
import { logReference } from "./build-log-routes.ts";
import { buildAt } from "./pipeline-routes.ts";

export function buildTimelineRoutes(state: SimulatorState): readonly Route[] {
  const template = "{project}/_apis/build/builds/{buildId}/timeline";
  const read = { method: "GET", version: "7.1", scope: "vso.build", enums: timelineEnums } as const;
  return [template, `${template}/{timelineId}`].map((one) => ({
    ...read,
    template: one,
    handle: (request) => timeline(state, request),
  }));
}

function timeline(state: SimulatorState, request: SimRequest): SimAnswer {
  const build = buildAt(state, request);
  const wanted = request.params.timelineId ?? build.timelineId;
  if (wanted.toLowerCase() !== build.timelineId)
    throw new SimError(404, "TimelineNotFoundException", `The timeline ${wanted} was not found.`);
  const changes = build.timeline.map(({ changeId }) => changeId);
  const newest = build.timeline.reduce((at, one) => (one.lastModified > at ? one.lastModified : at), build.queueTime);
  return {
    body: {
      records: build.timeline.map((record) => recordBody(build, record, request)),
      lastChangedBy: build.requestedFor.id,
      lastChangedOn: newest,
      id: build.timelineId,
      changeId: changes.reduce((sum, change) => sum + change, 0),
      url: `${request.organizationUrl}/${build.projectId}/_apis/build/builds/${build.id}/Timeline/${build.timelineId}`,
    },
  };
}

function recordBody(build: BuildRecord, record: TimelineRecord, request: SimRequest): JsonObject {
  const { issues, task } = record;
  return {
    previousAttempts: [],
    id: record.id,
    parentId: record.parentId ?? null,
    type: record.type,
    name: record.name,
    startTime: record.startTime ?? null,
    finishTime: record.finishTime ?? null,
    currentOperation: record.currentOperation ?? null,
    percentComplete: record.percentComplete ?? null,
    state: record.state,
    result: record.result ?? null,
    resultCode: null,
    changeId: record.changeId,
    lastModified: record.lastModified,
    workerName: record.startTime === undefined ? null : "Hosted Agent",
    order: record.order,
    details: null,
    errorCount: issues.filter(({ type }) => type === "error").length,
    warningCount: issues.filter(({ type }) => type === "warning").length,
    url: null,
    log: record.logId === undefined ? null : logReference(build, record.logId, request),
    task: task === undefined ? null : { ...task },
    attempt: 1,
    identifier: record.identifier,
    ...(issues.length === 0 ? {} : { issues: issues.map(({ type, message }) => issueBody(type, message)) }),
  };
}

function issueBody(type: string, message: string): JsonObject {
  return { type, category: "General", message, data: { type, logFileLineNumber: "1" } };
}
