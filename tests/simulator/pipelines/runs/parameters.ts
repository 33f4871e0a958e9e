/** Runtime parameters of a pipeline file: what is given, what is allowed, what is missing. */
import { badRequest } from "../../http/errors.ts";
import type { Parameters } from "./expressions.ts";
import { isList, mapsAt, textAt, type YamlMap } from "./yaml.ts";

/** The value of every parameter. Throws the service's refusal for unknown, missing and unfit ones, all in one. */
export function parametersOf(file: string, document: YamlMap, given: Parameters): Parameters {
  const declared = mapsAt(document, "parameters");
  const names = new Map(declared.map((one) => [(textAt(one, "name") ?? "").toLowerCase(), one]));
  const unknown = Object.keys(given)
    .filter((name) => !names.has(name.toLowerCase()))
    .map((name) => `Unexpected parameter '${name}'`);
  const read = declared.map((declaration) => readOne(declaration, given));
  const problems = [...unknown, ...read.flatMap(({ problem }) => problem ?? [])];
  if (problems.length > 0)
    throw badRequest("PipelineValidationException", problems.map((problem) => `${file}: ${problem}`).join("\n"));
  return Object.fromEntries(read.map(({ name, value }) => [name, value]));
}

interface Read {
  readonly name: string;
  readonly value: string;
  readonly problem?: string;
}

function readOne(declaration: YamlMap, given: Parameters): Read {
  const name = textAt(declaration, "name") ?? "";
  const key = Object.keys(given).find((one) => one.toLowerCase() === name.toLowerCase());
  const value = (key === undefined ? undefined : given[key]) ?? textAt(declaration, "default");
  if (value === undefined || (value === "" && textAt(declaration, "default") !== ""))
    return { name, value: "", problem: `A value for the '${name}' parameter must be provided.` };
  const problem = unfit(declaration, name, value);
  return problem === undefined ? { name, value: normal(declaration, value) } : { name, value, problem };
}

function unfit(declaration: YamlMap, name: string, value: string): string | undefined {
  const type = (textAt(declaration, "type") ?? "string").toLowerCase();
  if (type === "boolean" && !/^(true|false)$/i.test(value))
    return `The '${name}' parameter value '${value}' is not a valid Boolean.`;
  if (type === "number" && !/^-?\d+(\.\d+)?$/.test(value))
    return `The '${name}' parameter value '${value}' is not a valid Number.`;
  const values = isList(declaration.values) ? declaration.values.filter((one) => typeof one === "string") : [];
  if (values.length > 0 && !values.includes(value))
    return `The '${name}' parameter value '${value}' is not a valid value. Valid values: ${values.join(", ")}.`;
  return undefined;
}

function normal(declaration: YamlMap, value: string): string {
  if (textAt(declaration, "type")?.toLowerCase() !== "boolean") return value;
  return value.toLowerCase() === "true" ? "True" : "False";
}
