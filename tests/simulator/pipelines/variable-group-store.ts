/** Variable groups of projects: values that pipelines share, secret ones among them. */
import type { PipelineVariables } from "./variables.ts";
import { badRequest } from "../http/errors.ts";
import type { SimIdentity, SimProject } from "../service.ts";

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
}

export function variableGroupStore(context: {
  readonly timestamp: () => string;
  readonly owner: SimIdentity;
}): VariableGroupStore {
  const groups: VariableGroupRecord[] = [];
  const find = (projectId: string, name: string): VariableGroupRecord | undefined =>
    groups.find((one) => one.projectId === projectId && one.name.toLowerCase() === name.toLowerCase());
  return {
    variableGroups: (projectId) => groups.filter((one) => one.projectId === projectId),
    variableGroup: find,
    addVariableGroup: (project, { name, description = "", variables }) => {
      if (find(project.id, name) !== undefined)
        throw badRequest("VariableGroupExistsException", `Variable group with name '${name}' already exists.`);
      const record = {
        id: groups.length + 1,
        ...{ projectId: project.id, name, description, variables },
        createdOn: context.timestamp(),
        createdBy: context.owner,
      };
      groups.push(record);
      return record;
    },
  };
}
