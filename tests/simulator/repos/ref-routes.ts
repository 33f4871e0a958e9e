/**
 * Refs by REST: list with filters and pages, create, move, delete, lock
 * (learn.microsoft.com/rest/api/azure/devops/git).
 */
import { arrayAt, isObject, stringAt } from "../../../engine/foundation/json.ts";
import type { JsonObject, JsonValue } from "../../../engine/foundation/json.ts";
import { badRequest, repositoryNotFound } from "../http/errors.ts";
import { identityRef } from "../project/identity-store.ts";
import { isOn, listAnswer, tokenPage } from "../http/paging.ts";
import type { RepositoryRecord } from "./repository-store.ts";
import { runGit, tryGit } from "../git/run-git.ts";
import type { Route, SimAnswer, SimIdentity, SimRequest } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { inAndOutOfProject, repositoryAt } from "./repository-routes.ts";

interface Ref {
  readonly name: string;
  readonly objectId: string;
  readonly peeledId: string;
}

const noObject = /^0+$/;

export function gitRefRoutes(state: SimulatorState): readonly Route[] {
  const template = "_apis/git/repositories/{repositoryId}/refs";
  const write = { version: "7.1", scope: "vso.code_write" };
  return [
    ...inAndOutOfProject({ method: "GET", template, version: "7.1", scope: "vso.code", handle: (r) => list(state, r) }),
    ...inAndOutOfProject({ method: "POST", template, ...write, handle: (r) => update(state, r) }),
    ...inAndOutOfProject({ method: "PATCH", template, ...write, handle: (r) => lock(state, r) }),
  ];
}

/** A disabled repository's content is out of reach. */
function readable(state: SimulatorState, request: SimRequest): RepositoryRecord {
  const repository = repositoryAt(state, request);
  if (repository.isDisabled) throw repositoryNotFound(repository.name);
  return repository;
}

function refsOf(folder: string): Ref[] {
  const format = "%(refname) %(objectname) %(*objectname)";
  const lines = runGit(["-C", folder, "for-each-ref", `--format=${format}`]).split("\n");
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const [name = "", objectId = "", peeledId = ""] = line.split(" ");
      return { name, objectId, peeledId };
    });
}

function list(state: SimulatorState, request: SimRequest): SimAnswer {
  const repository = readable(state, request);
  const { query } = request;
  const start = `refs/${query.get("filter") ?? ""}`;
  const part = query.get("filterContains")?.toLowerCase() ?? "";
  const all = refsOf(state.repositories.folderOf(repository));
  const wanted = all.filter(({ name }) => name.startsWith(start) && name.toLowerCase().includes(part));
  const { page, headers } = tokenPage(wanted, query, { defaultTop: query.has("continuationToken") ? 1000 : Infinity });
  const isPeeled = isOn(query, "peelTags");
  return listAnswer(
    page.map((ref) => refBody(repository, ref, { request, state, isPeeled })),
    headers,
  );
}

function refBody(
  repository: RepositoryRecord,
  ref: Ref,
  context: { readonly request: SimRequest; readonly state: SimulatorState; readonly isPeeled: boolean },
): JsonObject {
  const { organizationUrl } = context.request;
  const creator = repository.pushes.find(({ updates }) => updates.some((update) => update.ref === ref.name))?.pushedBy;
  const lockedBy = repository.locks.get(ref.name);
  const path = `${repository.projectId}/_apis/git/repositories/${repository.id}/refs`;
  return {
    name: ref.name,
    objectId: ref.objectId,
    ...(context.isPeeled && ref.peeledId !== "" ? { peeledObjectId: ref.peeledId } : {}),
    ...(lockedBy === undefined ? {} : { isLocked: true, isLockedBy: identityRef(lockedBy, organizationUrl) }),
    creator: identityRef(creator ?? context.state.owner, organizationUrl),
    url: `${organizationUrl}/${path}?filter=${encodeURIComponent(ref.name.slice("refs/".length))}`,
  };
}

/** 200 even when updates are refused: each has its own result. */
function update(state: SimulatorState, request: SimRequest): SimAnswer {
  const repository = readable(state, request);
  const updates = arrayAt({ updates: request.body ?? null }, "updates");
  if (updates === undefined)
    throw badRequest("ArgumentNullException", "Value cannot be null. Parameter name: refUpdates");
  const done: { ref: string; oldOid: string; newOid: string }[] = [];
  const results = updates.map((one) => {
    const { ref, oldOid, newOid } = parsedUpdate(one);
    const status = moved({ state, repository, by: request.identity }, { ref, oldOid, newOid });
    if (status === "succeeded") done.push({ ref, oldOid, newOid });
    return {
      repositoryId: repository.id,
      name: ref,
      oldObjectId: oldOid,
      newObjectId: newOid,
      isLocked: repository.locks.has(ref),
      updateStatus: status,
      success: status === "succeeded",
    };
  });
  if (done.length > 0) state.repositories.pushed(repository, done, request.identity);
  return listAnswer(results);
}

function parsedUpdate(one: JsonValue): { readonly ref: string; readonly oldOid: string; readonly newOid: string } {
  const body = isObject(one) ? one : {};
  return {
    ref: stringAt(body, "name") ?? "",
    oldOid: stringAt(body, "oldObjectId") ?? "",
    newOid: stringAt(body, "newObjectId") ?? "",
  };
}

function moved(
  {
    state,
    repository,
    by,
  }: { readonly state: SimulatorState; readonly repository: RepositoryRecord; readonly by: SimIdentity },
  update: { readonly ref: string; readonly oldOid: string; readonly newOid: string },
): string {
  const { ref, oldOid, newOid } = update;
  if (ref.startsWith("refs/pull/")) return "rejectedByPlugin";
  const lockedBy = repository.locks.get(ref);
  if (lockedBy !== undefined && lockedBy.id !== by.id) return "locked";
  if (repository.refusal?.(update) !== undefined) return "rejectedByPolicy";
  const folder = state.repositories.ownFolderOf(repository);
  if (tryGit(["check-ref-format", ref]).status !== 0) return "invalidRefName";
  const current = tryGit(["-C", folder, "rev-parse", "--verify", "--quiet", ref]).stdout.trim();
  if (current !== (noObject.test(oldOid) ? "" : oldOid)) return "staleOldObjectId";
  if (noObject.test(newOid)) {
    runGit(["-C", folder, "update-ref", "-d", ref]);
    return "succeeded";
  }
  if (tryGit(["-C", folder, "cat-file", "-e", newOid]).status !== 0) return "unresolvableToCommit";
  return tryGit(["-C", folder, "update-ref", ref, newOid]).status === 0 ? "succeeded" : "unresolvableToCommit";
}

function lock(state: SimulatorState, request: SimRequest): SimAnswer {
  const repository = readable(state, request);
  const name = `refs/${(request.query.get("filter") ?? "").replace(/^refs\//, "")}`;
  const ref = refsOf(state.repositories.folderOf(repository)).find((one) => one.name === name);
  if (ref === undefined) throw refNotFound(name);
  const isLocked = isObject(request.body) ? request.body.isLocked : undefined;
  if (isLocked === true) repository.locks.set(name, request.identity);
  if (isLocked === false) repository.locks.delete(name);
  return { body: refBody(repository, ref, { request, state, isPeeled: false }) };
}

function refNotFound(name: string): SimError {
  return new SimError(404, "GitRefNotFoundException", `TF401173: The Git ref ${name} does not exist.`);
}
