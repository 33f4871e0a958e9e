/** Files that runs have published: whole, as a zip, behind an address of the service. */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import { listAnswer } from "../http/paging.ts";
import type { BuildRecord } from "./build-store.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { buildAt } from "./pipeline-routes.ts";

export function buildArtifactRoutes(state: SimulatorState): readonly Route[] {
  const template = "{project}/_apis/build/builds/{buildId}/artifacts";
  const read = { method: "GET", version: "7.1", scope: "vso.build" } as const;
  return [{ ...read, template, handle: (request) => artifacts(state, request) }];
}

/** All of them, or the one that is named: as facts, or (`$format=zip`) its content. */
function artifacts(state: SimulatorState, request: SimRequest): SimAnswer {
  const build = buildAt(state, request);
  const name = request.query.get("artifactName");
  if (name === null) return listAnswer(build.artifacts.map((one) => described(one, build, request)));
  const found = build.artifacts.find((one) => one.name === name);
  if (found === undefined)
    throw new SimError(404, "ArtifactNotFoundException", `Artifact ${name} was not found for build ${build.id}.`);
  const isZip = request.query.get("$format") === "zip" || request.headers.accept === "application/zip";
  return isZip ? { content: found.content } : { body: described(found, build, request) };
}

function described(
  { name, content, recordId }: BuildRecord["artifacts"][number],
  { id, projectId, artifacts: all }: BuildRecord,
  { organizationUrl }: SimRequest,
): JsonObject {
  const url = `${organizationUrl}/${projectId}/_apis/build/builds/${id}/artifacts?artifactName=${encodeURIComponent(name)}&api-version=7.1`;
  return {
    id: all.findIndex((one) => one.name === name) + 1,
    name,
    source: recordId,
    resource: {
      type: "Container",
      data: `#/${id}/${name}`,
      properties: { artifactsize: String(content.length) },
      url,
      downloadUrl: `${url}&$format=zip`,
    },
  };
}
