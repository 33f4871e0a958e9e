/** Pipelines of the project and their runs, over REST. */
import { BackupError } from "../../engine/foundation/errors.ts";
import { isObject, objectAt, stringAt, type JsonObject } from "../../engine/foundation/json.ts";
import type { Artifact, PipelineRef, Pipelines, ProjectFacts, Run, RunRequest } from "../model/project-services.ts";
import type { Rest, RestRequest } from "./rest.ts";
import { pipelineOf, runOf, stepsOf, valuesOf } from "./run-answers.ts";

const pageSize = 1000;
const mostPages = 20;

export function pipelinesOver(rest: Rest, project: ProjectFacts): Pipelines {
  const place = [project.id, "_apis"];
  return {
    async list() {
      const path = [...place, "pipelines"];
      const query = { $top: pageSize, orderBy: "name asc" };
      return refsOf(await everyPage(rest, { method: "GET", path, query, purpose: "list the pipelines" }));
    },
    async byFile(yamlFile) {
      const query = { yamlFilename: yamlFile, includeAllProperties: "true", $top: pageSize };
      const path = [...place, "build", "definitions"];
      const found = await everyPage(rest, { method: "GET", path, query, purpose: `find the pipelines of ${yamlFile}` });
      return refsOf(found.filter((definition) => isOfFile(definition, yamlFile)));
    },
    async preview(request) {
      const purpose = `preview pipeline ${request.pipelineId}`;
      const path = [...place, "pipelines", String(request.pipelineId), "preview"];
      const { json } = await rest.ask({
        method: "POST",
        path,
        body: { ...bodyOf(request), previewRun: true },
        purpose,
      });
      const yaml = isObject(json) ? stringAt(json, "finalYaml") : undefined;
      if (yaml === undefined) throw unexpected(purpose);
      return yaml;
    },
    async start(request) {
      const purpose = `start pipeline ${request.pipelineId}`;
      const path = [...place, "pipelines", String(request.pipelineId), "runs"];
      const { json } = await rest.ask({ method: "POST", path, body: bodyOf(request), purpose });
      const run = wholeRun(json, { project, purpose });
      return { ...run, parameters: { ...request.parameters, ...run.parameters } };
    },
    async run(id) {
      const purpose = `read run ${id}`;
      const { json } = await rest.ask({ method: "GET", path: [...place, "build", "builds", String(id)], purpose });
      return wholeRun(json, { project, purpose });
    },
    async runs(pipelineIds, top) {
      if (pipelineIds.length === 0) return [];
      const query = { definitions: pipelineIds.join(","), $top: top, queryOrder: "queueTimeDescending" };
      const path = [...place, "build", "builds"];
      const { json } = await rest.ask({ method: "GET", path, query, purpose: "list the runs" });
      return valuesOf(json).flatMap((build) => runOf(build, project) ?? []);
    },
    async steps(id) {
      const path = [...place, "build", "builds", String(id), "timeline"];
      return stepsOf((await rest.ask({ method: "GET", path, purpose: `read the progress of run ${id}` })).json);
    },
    async cancel(id) {
      const path = [...place, "build", "builds", String(id)];
      await rest.ask({ method: "PATCH", path, body: { status: "cancelling" }, purpose: `cancel run ${id}` });
    },
    attachments: (id, type) => attachments(rest, place, { id, type }),
    artifacts: (id) => artifacts(rest, { id, project }),
  };
}

async function artifacts(rest: Rest, run: RunPlace): Promise<readonly Artifact[]> {
  const path = [run.project.id, "_apis", "build", "builds", String(run.id), "artifacts"];
  const { json } = await rest.ask({ method: "GET", path, purpose: `list the artifacts of run ${run.id}` });
  return valuesOf(json).flatMap((artifact) => artifactOf(artifact, run) ?? []);
}

interface RunPlace {
  readonly id: number;
  readonly project: ProjectFacts;
}

/** The address is made here, from the organisation that the page runs in. */
function artifactOf(artifact: JsonObject, { id, project }: RunPlace): Artifact | undefined {
  const name = stringAt(artifact, "name");
  if (name === undefined) return undefined;
  const query = new URLSearchParams({ artifactName: name, "api-version": "7.1", $format: "zip" });
  const builds = `${project.organizationUrl}/${project.id}/_apis/build/builds`;
  return { name, downloadUrl: `${builds}/${id}/artifacts?${query.toString()}` };
}

async function everyPage(rest: Rest, request: RestRequest): Promise<readonly JsonObject[]> {
  const found: JsonObject[] = [];
  let continuationToken: string | undefined;
  for (let page = 0; page < mostPages; page += 1) {
    const answer = await rest.ask({ ...request, query: { ...request.query, continuationToken } });
    found.push(...valuesOf(answer.json));
    continuationToken = answer.continuationToken;
    if (continuationToken === undefined) break;
  }
  return found;
}

function refsOf(answers: readonly JsonObject[]): readonly PipelineRef[] {
  return answers.flatMap((answer) => pipelineOf(answer) ?? []);
}

/** The service may give more than the filter asks for. */
function isOfFile(definition: JsonObject, yamlFile: string): boolean {
  const file = stringAt(objectAt(definition, "process") ?? {}, "yamlFilename") ?? "";
  return bare(file) === bare(yamlFile);
}

function bare(path: string): string {
  return path.replace(/^\/+/, "").toLowerCase();
}

function bodyOf({ parameters }: RunRequest): object {
  return { templateParameters: parameters };
}

function wholeRun(
  json: unknown,
  { project, purpose }: { readonly project: ProjectFacts; readonly purpose: string },
): Run {
  const run = isObject(json) ? runOf(json, project) : undefined;
  if (run === undefined) throw unexpected(purpose);
  return run;
}

/** A run's attachments in the order the service lists them. */
async function attachments(
  rest: Rest,
  place: readonly string[],
  { id, type }: { readonly id: number; readonly type: string },
): Promise<readonly string[]> {
  const build = [...place, "build", "builds", String(id)];
  const purpose = `read what run ${id} attached`;
  const { json } = await rest.ask({ method: "GET", path: [...build, "attachments", type], purpose });
  const contents: string[] = [];
  for (const attachment of valuesOf(json)) {
    const record = recordOf(attachment);
    const name = stringAt(attachment, "name");
    if (record === undefined || name === undefined) continue;
    contents.push(await rest.text({ method: "GET", path: [...build, ...record, "attachments", type, name], purpose }));
  }
  return contents;
}

/** Timeline and record of an attachment stand only in its own address; the rest of that address is not used. */
function recordOf(attachment: JsonObject): readonly [timeline: string, record: string] | undefined {
  const href = stringAt(objectAt(objectAt(attachment, "_links") ?? {}, "self") ?? {}, "href") ?? "";
  const [, timeline, record] = /\/builds\/\d+\/([0-9a-f-]{36})\/([0-9a-f-]{36})\/attachments\//i.exec(href) ?? [];
  return timeline === undefined || record === undefined ? undefined : [timeline, record];
}

function unexpected(purpose: string): BackupError {
  return new BackupError({
    code: "ADO_UNAVAILABLE",
    message: `Azure DevOps answered something unexpected to ${purpose}`,
    hint: "Look at the runs of the pipeline in Azure Pipelines before you try again.",
  });
}
