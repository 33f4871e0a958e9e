/** Runs and their attachments, as far as backup tasks and the hub look at them (rest-reference §8.16). */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import type { BuildRecord } from "../build-store.ts";
import { identityRef } from "../identities.ts";
import { listAnswer, tokenPage } from "../paging.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { buildAt, definitionReference, pipelineProject, queue, repositoryOfDefinition } from "./pipelines.ts";
import { projectReference } from "./projects.ts";

type Handler = (state: SimulatorState, request: SimRequest) => SimAnswer;

export function buildRoutes(state: SimulatorState): readonly Route[] {
  const read = (template: string, handler: Handler): Route => ({
    method: "GET",
    template: `{project}/_apis/build/builds${template}`,
    version: "7.1",
    scope: "vso.build",
    handle: (request) => handler(state, request),
  });
  return [
    read("", builds),
    read("/{buildId}", build),
    read("/{buildId}/timeline", timeline),
    read("/{buildId}/timeline/{timelineId}", timeline),
    read("/{buildId}/attachments/{type}", attachments),
    read("/{buildId}/{timelineId}/{recordId}/attachments/{type}/{name}", attachment),
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
    id: record.id,
    buildNumber: record.buildNumber,
    status: record.status,
    ...(record.result === undefined ? {} : { result: record.result }),
    queueTime: record.queueTime,
    startTime: record.startTime,
    ...(record.finishTime === undefined ? {} : { finishTime: record.finishTime }),
    url,
    ...(definition === undefined ? {} : { definition: definitionReference(state, definition, request) }),
    buildNumberRevision: record.id,
    project: projectReference(state, pipelineProject(state, request), organizationUrl),
    uri: `vstfs:///Build/Build/${record.id}`,
    sourceBranch: record.sourceBranch,
    sourceVersion: record.sourceVersion,
    queue,
    priority: "normal",
    reason: record.reason,
    requestedFor: person,
    requestedBy: person,
    lastChangedDate: record.finishTime ?? record.startTime,
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
  "32": "notstarted",
  "47": "all",
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

function timeline(state: SimulatorState, request: SimRequest): SimAnswer {
  const record = buildAt(state, request);
  const url = `${request.organizationUrl}/${record.projectId}/_apis/build/builds/${record.id}/Timeline/${record.timelineId}`;
  return {
    body: {
      records: [
        {
          previousAttempts: [],
          id: record.jobId,
          parentId: null,
          type: "Job",
          name: "Job",
          startTime: record.startTime,
          finishTime: record.finishTime ?? null,
          currentOperation: null,
          percentComplete: null,
          state: record.status === "completed" ? "completed" : "inProgress",
          result: record.result ?? null,
          resultCode: null,
          changeId: 1,
          lastModified: record.finishTime ?? record.startTime,
          workerName: "Hosted Agent",
          order: 1,
          details: null,
          errorCount: 0,
          warningCount: 0,
          url: null,
          log: null,
          task: null,
          attempt: 1,
          identifier: "Job.__default",
        },
      ],
      lastChangedBy: record.requestedFor.id,
      lastChangedOn: record.finishTime ?? record.startTime,
      id: record.timelineId,
      changeId: 1,
      url,
    },
  };
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
