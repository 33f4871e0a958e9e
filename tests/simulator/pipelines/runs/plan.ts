/** From a pipeline's file to what an agent has to do. */
import type { BuildStore } from "../build-store.ts";
import type { DefinitionRecord } from "../definition-store.ts";
import type { PipelineVariable, PipelineVariables } from "../variables.ts";
import { badRequest } from "../../http/errors.ts";
import { expand, jobsOf } from "./expand.ts";
import type { Parameters } from "./expressions.ts";
import { parametersOf } from "./parameters.ts";
import { isList, isMap, mapsAt, parseYaml, printYaml, stringsOf, textAt, type YamlMap } from "./yaml.ts";
import type { StepPlan } from "../steps.ts";

export interface RunPlan {
  readonly finalYaml: string;
  readonly job: string;
  readonly steps: readonly StepPlan[];
  readonly variables: PipelineVariables;
  /** Azure Repos that the job names, as the file names them: `Repository` or `Project/Repository`. */
  readonly repositories: readonly string[];
}

export interface PlanRequest {
  /** `/pipelines/restore.yml`, for messages. */
  readonly file: string;
  readonly yaml: string;
  readonly parameters: Parameters;
  readonly definition: DefinitionRecord;
  readonly builds: BuildStore;
}

/** Throws the service's refusal for a file it cannot run. */
export async function planOf({ file, yaml, parameters, definition, builds }: PlanRequest): Promise<RunPlan> {
  const document = await parseYaml(file, yaml);
  const final = expand(document, parametersOf(file, document, parameters));
  const [job] = jobsOf(final);
  if (job === undefined) throw badRequest("PipelineValidationException", `${file}: No job was found to run.`);
  return {
    finalYaml: printYaml(final),
    job: textAt(job, "job") ?? "Job",
    steps: mapsAt(job, "steps").flatMap(stepOf),
    variables: { ...definition.variables, ...variablesOf(final, { file, definition, builds }) },
    repositories: repositoriesOf(final, job),
  };
}

/** Repositories of `resources` that the job checks out or lists in `uses`: the others its token does not open. */
function repositoriesOf(final: YamlMap, job: YamlMap): readonly string[] {
  const uses = isMap(job.uses) && isList(job.uses.repositories) ? job.uses.repositories : [];
  const used = new Set<unknown>([...uses, ...mapsAt(job, "steps").map((step) => textAt(step, "checkout"))]);
  const resources = isMap(final.resources) ? mapsAt(final.resources, "repositories") : [];
  return resources
    .filter((one) => textAt(one, "type") === "git" && used.has(textAt(one, "repository")))
    .flatMap((one) => textAt(one, "name") ?? []);
}

function stepOf(step: YamlMap): readonly StepPlan[] {
  const [, task = "", version = ""] = /^(?:.*\.)?([\w-]+)@(\d+)$/.exec(textAt(step, "task") ?? "") ?? [];
  if (task === "") return [];
  const inputs = isMap(step.inputs) ? stringsOf(step.inputs) : {};
  return [{ task, version, displayName: textAt(step, "displayName") ?? task, inputs }];
}

function variablesOf(
  final: YamlMap,
  { file, definition, builds }: Pick<PlanRequest, "file" | "definition" | "builds">,
): PipelineVariables {
  if (isMap(final.variables)) return plainVariables(stringsOf(final.variables));
  const parts = mapsAt(final, "variables").map((entry): PipelineVariables => {
    const group = textAt(entry, "group");
    if (group === undefined) return plainVariables({ [textAt(entry, "name") ?? ""]: textAt(entry, "value") ?? "" });
    const found = builds.variableGroup(definition.projectId, group);
    if (found !== undefined) return found.variables;
    const message = `${file}: Variable group ${group} could not be found. The variable group does not exist or has not been authorized for use. For authorization details, refer to https://aka.ms/yamlauthz.`;
    throw badRequest("PipelineValidationException", message);
  });
  return Object.fromEntries(parts.flatMap((part) => Object.entries(part)));
}

function plainVariables(values: Readonly<Record<string, string>>): PipelineVariables {
  const entries = Object.entries(values).map(([name, value]): [string, PipelineVariable] => [name, { value }]);
  return Object.fromEntries(entries);
}
