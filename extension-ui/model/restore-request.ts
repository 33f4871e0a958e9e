/**
 * The restore panel's choices as parameters of the restore pipeline (setup-pipelines.ts): first a preview, which makes
 * the plan and its hash, then the same choices with that hash. The pipeline does nothing when the plan has become
 * another one in between.
 */
import { isNonce, withRequestId, type RunParameters } from "./run-request.ts";
import {
  conflictPolicies,
  everything,
  restoreDestinations,
  workItemHistories,
  type RestoreParameter,
} from "./pipeline-parameters.ts";

export type Destination = (typeof restoreDestinations)[number];
export type ConflictPolicy = (typeof conflictPolicies)[number];
export type WorkItemHistory = (typeof workItemHistories)[number];

export interface RestoreChoice {
  /** Selectors, one each: see `selectorOf`. */
  readonly items: readonly string[];
  /** Run id of the snapshot, `latest`, `recommended` or an ISO time. */
  readonly snapshot: string;
  readonly destination: Destination;
  /** Empty: the project that was backed up. */
  readonly targetProject: string;
  readonly createProject: boolean;
  readonly conflictPolicy: ConflictPolicy;
  readonly workItemHistory: WorkItemHistory;
}

/** Leaves everything as it is that exists. */
export function defaultChoice(items: readonly string[], snapshot: string): RestoreChoice {
  return {
    items,
    snapshot,
    destination: "azureDevOps",
    targetProject: "",
    createProject: false,
    conflictPolicy: "skip",
    workItemHistory: "attach",
  };
}

/** `work-items/42`, `git-repositories/<guid>`, `git-repositories/<guid>:refs/heads/main`: by ids, so that no name is ambiguous. */
export function selectorOf(stream: string, itemId?: string): string {
  if (itemId === undefined) return stream.includes("/") ? stream : `${stream}/*`;
  return stream.includes("/") ? `${stream}:${itemId}` : `${stream}/${itemId}`;
}

export interface ChoiceProblem {
  readonly field: RestoreParameter;
  readonly message: string;
}

const mostItems = 1000;
/** Inputs of tasks travel as environment variables, which Windows cuts at 32,767 characters. */
const mostCharacters = 30_000;

/** Empty when the choice can be sent. One sentence per problem. */
export function choiceProblems(choice: RestoreChoice): readonly ChoiceProblem[] {
  return [...itemProblems(choice.items), ...snapshotProblems(choice.snapshot), ...targetProblems(choice)];
}

function itemProblems(items: readonly string[]): readonly ChoiceProblem[] {
  const problem = (message: string): ChoiceProblem => ({ field: "items", message });
  if (items.length === 0) return [problem("Choose at least one item to restore.")];
  if (items.length > mostItems || items.join("\n").length > mostCharacters)
    return [
      problem(`${items.length} items are too many for one run. Choose whole repositories or whole kinds instead.`),
    ];
  const broken = items.find((item) => item.trim() === "" || hasLineBreak(item));
  if (broken !== undefined) return [problem("An item is empty or spans several lines. Write one item per line.")];
  const expanded = items.find(isExpanded);
  if (expanded !== undefined)
    return [problem(`${shown(expanded)} holds $(…), which the agent would replace. Name the item by its id.`)];
  const unknown = items.find((item) => item !== everything && !/^[a-z][a-z-]*(\/.+)?$/.test(item));
  return unknown === undefined
    ? []
    : [problem(`${shown(unknown)} is no item. Write <kind>/<name or id>, for example work-items/42.`)];
}

function snapshotProblems(snapshot: string): readonly ChoiceProblem[] {
  const isKnown = /^[0-9A-Za-z-]{1,64}$/.test(snapshot) || /^\d{4}-\d{2}-\d{2}T[\d:.]{1,20}Z$/.test(snapshot);
  return isKnown ? [] : [{ field: "snapshot", message: "Choose the snapshot to restore from." }];
}

function targetProblems({ destination, targetProject, createProject }: RestoreChoice): readonly ChoiceProblem[] {
  if (destination === "archive") return [];
  const problem = (message: string): readonly ChoiceProblem[] => [{ field: "targetProject", message }];
  const name = targetProject.trim();
  if (name === "") return createProject ? problem("Name the project that is to be created.") : [];
  if (isExpanded(name)) return problem("The name holds $(…), which the agent would replace.");
  if (name.length > 64) return problem("Names of projects have at most 64 characters.");
  // https://learn.microsoft.com/azure/devops/organizations/settings/naming-restrictions
  const forbidden = /[\\/:*?"'<>;#$*{},+=[\]|]|\p{Cc}/u;
  if (forbidden.test(name) || name.startsWith("_") || /^\.|\.$/.test(name))
    return problem(`${shown(name)} is no name of a project: it holds a character that Azure DevOps does not allow.`);
  return [];
}

function hasLineBreak(text: string): boolean {
  return /[\p{Cc}\u2028\u2029]/u.test(text);
}

/** The agent replaces `$(name)` in inputs, also with secrets. */
function isExpanded(text: string): boolean {
  return text.includes("$(");
}

function shown(text: string): string {
  return `"${text.length > 80 ? `${text.slice(0, 80)}…` : text}"`;
}

/** The run that only makes the plan. Throws for a choice with problems. */
export function previewParameters(choice: RestoreChoice, nonce: string): RunParameters {
  return parametersOf(choice, { previewOnly: "true" }, nonce);
}

/** The run that carries out the plan with this hash, and no other. */
export function applyParameters(choice: RestoreChoice, planHash: string, nonce: string): RunParameters {
  if (!/^[0-9a-f]{64}$/.test(planHash)) throw new RangeError("A plan's hash has 64 hexadecimal digits");
  return parametersOf(choice, { previewOnly: "false", planHash }, nonce);
}

/** An archive changes nothing, so it needs no plan. */
export function archiveParameters(choice: RestoreChoice, nonce: string): RunParameters {
  return parametersOf({ ...choice, destination: "archive" }, { previewOnly: "false" }, nonce);
}

/**
 * Parameters that hold their default in the pipeline are left out when they are empty: Azure Pipelines takes an empty
 * text for a value that is missing.
 */
function parametersOf(
  choice: RestoreChoice,
  step: { readonly previewOnly: "true" | "false"; readonly planHash?: string },
  nonce: string,
): RunParameters {
  const [problem] = choiceProblems(choice);
  if (problem !== undefined) throw new RangeError(problem.message);
  if (!isNonce(nonce)) throw new RangeError("A nonce has 16 hexadecimal digits");
  const isArchive = choice.destination === "archive";
  const target = isArchive ? "" : choice.targetProject.trim();
  const parameters = {
    items: choice.items.map((item) => item.trim()).join("\n"),
    snapshot: choice.snapshot,
    destination: choice.destination,
    ...(target === "" ? {} : { targetProject: target }),
    createProject: String(!isArchive && choice.createProject),
    conflictPolicy: choice.conflictPolicy,
    workItemHistory: choice.workItemHistory,
    ...step,
  } satisfies Partial<Record<RestoreParameter, string>>;
  return withRequestId(parameters, nonce);
}
