/**
 * What a pipeline would run, read from the final YAML of a preview: proof that it is one of ours before the hub starts
 * it. It protects against a wrong pipeline chosen in the settings and against one whose parameters do not reach the
 * task; whoever may change the pipeline can do anything, which is what approvals on its connections are for.
 */
import { plainText } from "./plain-text.ts";
import type { RunParameters } from "./run-request.ts";
import { requestParameter } from "./pipeline-parameters.ts";
import { parseYaml, type YamlMapping, type YamlValue } from "./yaml-reader.ts";

export type OurTask = "BackupProject" | "VerifyBackup" | "RestoreItem";

/** Ids of tasks/<name>/task.json. */
export const taskIds: Readonly<Record<OurTask, string>> = {
  BackupProject: "c063cdfd-e831-477a-a0c8-87e2d4132846",
  RestoreItem: "00793417-e3c5-4a6a-befb-c9467dd10f54",
  VerifyBackup: "f4a68592-20ce-43d7-9cce-65b102d6ef2d",
};

export interface ProofRequest {
  readonly task: OurTask;
  /** What the preview was given: each must reach the task's input of the same name. */
  readonly parameters: RunParameters;
  /** The project whose backups are meant. */
  readonly project: { readonly id: string; readonly name: string };
}

/** What people should see before they agree. */
export interface PipelineFacts {
  readonly serviceConnections: readonly string[];
  readonly variableGroups: readonly string[];
  readonly environments: readonly string[];
  /** Everything else that runs beside our task. */
  readonly otherTasks: readonly string[];
}

export type PipelineProof =
  | ({ readonly isProven: true } & PipelineFacts)
  /** One sentence on what was found, one on what to do. */
  | { readonly isProven: false; readonly found: string; readonly remedy: string };

/** `finalYaml` as the preview gave it. */
export function provePipeline(finalYaml: string, request: ProofRequest): PipelineProof {
  const { task } = request;
  let content: YamlValue;
  try {
    content = parseYaml(finalYaml);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return refused(`The pipeline's final YAML cannot be read: ${error.message}.`, copyRemedy(task));
  }
  const mappings = [...mappingsIn(content)];
  const tasks = mappings.filter((step) => typeof step.task === "string");
  const ours = tasks.filter((step) => isTask(step, task));
  const [own, second] = ours;
  if (own === undefined) return refused(`This pipeline contains no ${task} task.`, copyRemedy(task));
  if (second !== undefined) return refused(`This pipeline contains ${ours.length} ${task} tasks.`, copyRemedy(task));
  if (own.enabled === "false")
    return refused(`The ${task} task of this pipeline is switched off.`, "Take 'enabled: false' out of its YAML.");
  const problem = inputProblem(own, request) ?? projectProblem(own, request);
  if (problem !== undefined) return refused(`${problem} in this pipeline.`, copyRemedy(task));
  return { isProven: true, ...factsOf(mappings, own) };
}

function refused(found: string, remedy: string): PipelineProof {
  return { isProven: false, found, remedy };
}

function copyRemedy(task: OurTask): string {
  const page = { BackupProject: "backup", VerifyBackup: "verify", RestoreItem: "restore" }[task];
  return `Choose another pipeline in Set up, or copy the YAML of the ${page} pipeline from there into this one.`;
}

function* mappingsIn(value: YamlValue): Generator<YamlMapping> {
  if (typeof value === "string") return;
  if (!isMapping(value)) {
    for (const member of value) yield* mappingsIn(member);
    return;
  }
  yield value;
  for (const member of Object.values(value)) yield* mappingsIn(member);
}

function isMapping(value: YamlValue | undefined): value is YamlMapping {
  return typeof value === "object" && !Array.isArray(value);
}

/** `RestoreItem@1`, `<publisher>.project-backup.RestoreItem@1`, `<id>@1`. */
function isTask({ task }: YamlMapping, wanted: OurTask): boolean {
  const [name = "", version] = typeof task === "string" ? task.split("@") : [];
  const last = name.split(".").at(-1) ?? "";
  return (
    version?.split(".")[0] === "1" &&
    [wanted, taskIds[wanted]].some((known) => known.toLowerCase() === last.toLowerCase())
  );
}

function inputProblem(step: YamlMapping, { parameters }: ProofRequest): string | undefined {
  const inputs = isMapping(step.inputs) ? step.inputs : {};
  for (const [name, sent] of Object.entries(parameters)) {
    if (name === requestParameter) continue;
    const input = inputs[name];
    const got = typeof input === "string" ? input : undefined;
    if (got === undefined) return `The parameter ${name} does not reach the task's input ${name}`;
    if (!isSame(got, sent))
      return `The task's input ${name} is "${plainText(got).slice(0, 80)}" and not what was asked for`;
  }
  return undefined;
}

/** Without the input, the task means the project that it runs in. */
function projectProblem({ inputs }: YamlMapping, { task, project }: ProofRequest): string | undefined {
  const name = task === "RestoreItem" ? "sourceProject" : "projects";
  const given = isMapping(inputs) ? inputs[name] : undefined;
  const lines = typeof given === "string" ? given.split(/\r?\n/).map((line) => line.trim().toLowerCase()) : [];
  const named = lines.filter((line) => line !== "");
  const own = ["*", project.id, project.name, "$(System.TeamProject)", "$(System.TeamProjectId)"];
  if (named.length === 0 || own.some((text) => named.includes(text.toLowerCase()))) return undefined;
  return `The task's input ${name} names "${plainText(named.join(", ")).slice(0, 80)}" and not this project`;
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [one, other].map((text) => text.trim().replace(/\s+/g, " "));
  return left === right || (/^(true|false)$/i.test(other) && left?.toLowerCase() === right?.toLowerCase());
}

const connectionInputs = ["azureSubscription", "azureDevOpsConnection"];
/** What `checkout` becomes. */
const checkoutTask = "6d15af64-176c-496d-b583-fd2ae21d4df4";

function factsOf(mappings: readonly YamlMapping[], own: YamlMapping): PipelineFacts {
  const inputs = mappings.map(({ inputs: given }) => given).filter(isMapping);
  const tasks = mappings.filter((step) => step !== own).flatMap(({ task }) => (typeof task === "string" ? [task] : []));
  const steps = mappings.filter((mapping) => !inputs.includes(mapping));
  const scripts = steps.flatMap((step) =>
    ["script", "bash", "pwsh", "powershell"].filter((key) => typeof step[key] === "string"),
  );
  return {
    serviceConnections: texts(inputs.flatMap((given) => connectionInputs.map((name) => given[name]))),
    variableGroups: texts(mappings.map(({ group }) => group)),
    environments: texts(mappings.map(({ environment }) => (isMapping(environment) ? environment.name : environment))),
    otherTasks: texts([...tasks.filter((name) => !name.startsWith(checkoutTask)), ...scripts]),
  };
}

function texts(values: readonly (YamlValue | undefined)[]): readonly string[] {
  return [
    ...new Set(values.filter((value): value is string => typeof value === "string" && value !== "").map(plainText)),
  ];
}
