/**
 * Variable groups of projects: values that pipelines share, secret ones among them. The documents are the truth;
 * `VariableGroupRecord` is how runs of pipelines look at one.
 */
import { isObject, objectAt, stringAt, type JsonObject } from "../../../engine/foundation/json.ts";
import { DocumentStore, type SimDocument } from "../documents/document-store.ts";
import { badRequest } from "../http/errors.ts";
import type { SimHost, SimIdentity, SimProject } from "../service.ts";
import { variablesIn, type PipelineVariables } from "./variables.ts";

export interface VariableGroupRecord {
  readonly id: number;
  readonly projectId: string;
  readonly name: string;
  readonly description: string;
  readonly createdOn: string;
  readonly createdBy: SimIdentity;
  readonly variables: PipelineVariables;
}

export interface VariableGroupStore {
  variableGroups(projectId: string): readonly VariableGroupRecord[];
  variableGroup(projectId: string, name: string): VariableGroupRecord | undefined;
  /** Throws when the project has one of that name. */
  addVariableGroup(
    project: SimProject,
    group: { readonly name: string; readonly description?: string; readonly variables: PipelineVariables },
  ): VariableGroupRecord;
  /** Sets variables of a group that is there; the others stay. Gives them all as they were. */
  changeVariables(projectId: string, name: string, changes: PipelineVariables): PipelineVariables;
}

/** A part of the host. */
export function variableGroupDocuments(host: SimHost): DocumentStore {
  return new DocumentStore(host);
}

/** Throws when another group of the project has the name. */
export function requireFreeName(store: DocumentStore, projectId: string, group: { id?: string; name: string }): void {
  const isTaken = store
    .of(projectId)
    .some(({ id, body }) => id !== group.id && stringAt(body, "name")?.toLowerCase() === group.name.toLowerCase());
  if (isTaken)
    throw badRequest("VariableGroupExistsException", `Variable group with name '${group.name}' already exists.`);
}

export function variableGroupStore(documents: DocumentStore): VariableGroupStore {
  return {
    variableGroups: (projectId) => documents.of(projectId).map(recordOf),
    variableGroup: (projectId, name) =>
      documents
        .of(projectId)
        .map(recordOf)
        .find((one) => one.name.toLowerCase() === name.toLowerCase()),
    addVariableGroup: (project, { name, description = "", variables }) => {
      requireFreeName(documents, project.id, { name });
      const kept = Object.entries(variables).map(([key, { value, isSecret }]) => [
        key,
        { value, ...(isSecret === true ? { isSecret } : {}) },
      ]);
      const body: JsonObject = {
        ...{ name, description, type: "Vsts" },
        variables: Object.fromEntries(kept) as JsonObject,
      };
      return recordOf(documents.add(project, { body }));
    },
    changeVariables: (projectId, name, changes) => {
      const group = documents.of(projectId).find(({ body }) => stringAt(body, "name") === name);
      if (group === undefined) throw new Error(`there is no variable group ${name}`);
      const before = recordOf(group).variables;
      const variables = { ...objectAt(group.body, "variables"), ...changes } as JsonObject;
      documents.update(group.id, { body: { ...group.body, variables } });
      return before;
    },
  };
}

function recordOf({ id, projectId, body, createdOn, createdBy }: SimDocument): VariableGroupRecord {
  return {
    id: Number(id),
    projectId,
    name: stringAt(body, "name") ?? "",
    description: stringAt(body, "description") ?? "",
    createdOn,
    createdBy,
    variables: variablesIn(objectAt(body, "variables") ?? {}),
  };
}

/** What is kept of variables that are written: an empty secret that was there keeps its value. */
export function keptVariables(given: JsonObject, before: JsonObject): JsonObject {
  const entries = Object.entries(given).map(([name, variable]) => {
    if (!isObject(variable)) return [name, { value: "" }];
    const old = objectAt(before, name);
    const isUntold = variable.isSecret === true && (variable.value ?? null) === null;
    return [name, isUntold && old?.isSecret === true ? { ...variable, value: old.value ?? "" } : variable];
  });
  return Object.fromEntries(entries) as JsonObject;
}
