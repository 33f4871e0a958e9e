/**
 * Runs as far as backup tasks and the hub look at them (learn.microsoft.com/rest/api/azure/devops/build); what runs
 * tell is in build-timeline-routes.ts and beside it.
 */
import { isObject } from "../../../engine/foundation/json.ts";
import type { JsonObject } from "../../../engine/foundation/json.ts";
import type { BuildRecord } from "./build-store.ts";
import { buildEnums } from "../http/enums.ts";
import { badRequest } from "../http/errors.ts";
import { identityRef } from "../project/identity-store.ts";
import { listAnswer, tokenPage } from "../http/paging.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { definitionReference, repositoryOfDefinition, shownQueue } from "./definition-view.ts";
import { buildAt, pipelineProject } from "./pipeline-routes.ts";
import { queueStore } from "./queue-store.ts";
import { projectReference } from "../project/project-routes.ts";

export function buildRoutes(state: SimulatorState): readonly Route[] {
  const template = "{project}/_apis/build/builds";
  const read = { method: "GET", version: "7.1", scope: "vso.build", enums: buildEnums } as const;
  return [
    { ...read, template, handle: (request) => builds(state, request) },
    { ...read, template: `${template}/{buildId}`, handle: (request) => build(state, request) },
    {
      ...read,
      method: "PATCH",
      scope: "vso.build_execute",
      template: `${template}/{buildId}`,
      handle: (request) => update(state, request),
    },
  ];
}

function buildBody(state: SimulatorState, record: BuildRecord, request: SimRequest): JsonObject {
  const { organizationUrl } = request;
  const definition = state.builds.definition(record.projectId, record.definitionId);
  const base = `${organizationUrl}/${record.projectId}`;
  const url = `${base}/_apis/build/Builds/${record.id}`;
  const person = identityRef(record.requestedFor, organizationUrl);
  return {
    _links: {
      self: { href: url },
      web: { href: `${base}/_build/results?buildId=${record.id}` },
      sourceVersionDisplayUri: { href: `${base}/_apis/build/builds/${record.id}/sources` },
      timeline: { href: `${base}/_apis/build/builds/${record.id}/Timeline` },
      badge: { href: `${base}/_apis/build/status/${record.definitionId}` },
    },
    properties: {},
    tags: record.tags,
    validationResults: [],
    plans: [{ planId: record.planId }],
    triggerInfo: {},
    ...(Object.keys(record.templateParameters).length === 0 ? {} : { templateParameters: record.templateParameters }),
    id: record.id,
    buildNumber: record.buildNumber,
    status: record.status,
    ...(record.result === undefined ? {} : { result: record.result }),
    queueTime: record.queueTime,
    ...(record.startTime === undefined ? {} : { startTime: record.startTime }),
    ...(record.finishTime === undefined ? {} : { finishTime: record.finishTime }),
    url,
    ...(definition === undefined ? {} : { definition: definitionReference(state, definition, request) }),
    buildNumberRevision: record.id,
    project: projectReference(state, pipelineProject(state, request), organizationUrl),
    uri: `vstfs:///Build/Build/${record.id}`,
    sourceBranch: record.sourceBranch,
    sourceVersion: record.sourceVersion,
    queue: shownQueue(state.part(queueStore).defaultOf(record.projectId)),
    priority: "normal",
    reason: record.reason,
    requestedFor: person,
    requestedBy: person,
    lastChangedDate: record.finishTime ?? record.startTime ?? record.queueTime,
    lastChangedBy: person,
    orchestrationPlan: { planId: record.planId },
    logs: { id: 0, type: "Container", url: `${base}/_apis/build/builds/${record.id}/logs` },
    repository: repositoryOfDefinition(state, definition, organizationUrl),
    keepForever: false,
    retainedByRelease: false,
    triggeredByBuild: null,
    appendCommitMessageToRunName: true,
  };
}

/** Filters take names and numbers, as the two sorts of clients send them. */
const statusNumbers: Readonly<Record<string, string>> = {
  "1": "inprogress",
  "2": "completed",
  "4": "cancelling",
  "32": "notstarted",
  "47": "all",
  "63": "all",
};
const resultNumbers: Readonly<Record<string, string>> = {
  "2": "succeeded",
  "4": "partiallysucceeded",
  "8": "failed",
  "32": "canceled",
};

function filterOf(text: string | null, numbers: Readonly<Record<string, string>>): readonly string[] | undefined {
  if (text === null || text === "") return undefined;
  const names = text.split(",").map((one) => numbers[one.trim()] ?? one.trim().toLowerCase());
  return names.includes("all") ? undefined : names;
}

function builds(state: SimulatorState, request: SimRequest): SimAnswer {
  const { query } = request;
  const ids = query.get("definitions")?.split(",").map(Number);
  const statuses = filterOf(query.get("statusFilter"), statusNumbers);
  const results = filterOf(query.get("resultFilter"), resultNumbers);
  const tags = query.get("tagFilters")?.split(",") ?? [];
  const branch = query.get("branchName");
  const wanted = state.builds
    .builds(pipelineProject(state, request).id)
    .filter((one) => ids === undefined || ids.includes(one.definitionId))
    .filter((one) => statuses === undefined || statuses.includes(one.status.toLowerCase()))
    .filter((one) => results === undefined || results.includes((one.result ?? "none").toLowerCase()))
    .filter((one) => tags.every((tag) => one.tags.includes(tag)) && (branch ?? one.sourceBranch) === one.sourceBranch);
  const isAscending = /ascending/i.test(query.get("queryOrder") ?? "");
  const { page, headers } = tokenPage(isAscending ? [...wanted].reverse() : wanted, query, { defaultTop: 1000 });
  return listAnswer(
    page.map((one) => buildBody(state, one, request)),
    headers,
  );
}

function build(state: SimulatorState, request: SimRequest): SimAnswer {
  return { body: buildBody(state, buildAt(state, request), request) };
}

/** People change a run only to cancel it. */
function update(state: SimulatorState, request: SimRequest): SimAnswer {
  const record = buildAt(state, request);
  const status = isObject(request.body) ? request.body.status : undefined;
  const isCancel = status === 4 || (typeof status === "string" && status.toLowerCase() === "cancelling");
  if (!isCancel) throw badRequest("InvalidBuildException", "The status of a build can only be set to cancelling.");
  state.builds.cancelRun(record);
  return { body: buildBody(state, record, request) };
}
