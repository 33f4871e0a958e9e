/** Tags of runs: by which the hub finds its own. */
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import type { BuildRecord } from "./build-store.ts";
import { badRequest } from "../http/errors.ts";
import { buildAt } from "./pipeline-routes.ts";

export function buildTagRoutes(state: SimulatorState): readonly Route[] {
  const template = "{project}/_apis/build/builds/{buildId}/tags";
  const change = (handler: (build: BuildRecord, request: SimRequest) => void) => (request: SimRequest) => {
    const build = buildAt(state, request);
    handler(build, request);
    return tagList(build);
  };
  const write = { version: "7.1", scope: "vso.build_execute" } as const;
  const one = `${template}/{tag}`;
  return [
    { method: "GET", version: "7.1", scope: "vso.build", template, handle: change(() => undefined) },
    {
      ...write,
      method: "POST",
      template,
      handle: change((build, { body }) => {
        for (const tag of textsOf(body)) state.builds.addTag(build, tag);
      }),
    },
    {
      ...write,
      method: "PUT",
      template: one,
      handle: change((build, { params }) => state.builds.addTag(build, params.tag ?? "")),
    },
    {
      ...write,
      method: "DELETE",
      template: one,
      handle: change((build, { params }) => {
        const at = build.tags.indexOf(params.tag ?? "");
        if (at >= 0) build.tags.splice(at, 1);
      }),
    },
  ];
}

function tagList({ tags }: BuildRecord): SimAnswer {
  return { body: { count: tags.length, value: [...tags] } };
}

function textsOf(body: unknown): readonly string[] {
  if (Array.isArray(body) && body.every((tag) => typeof tag === "string")) return body;
  throw badRequest("VssPropertyValidationException", "A list of tags was expected.");
}
