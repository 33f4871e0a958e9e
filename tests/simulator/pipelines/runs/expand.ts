/** A pipeline file with its template expressions carried out: what the service calls the final YAML. */
import { evaluate, holds, type Parameters } from "./expressions.ts";
import { isList, isMap, mapsAt, type Yaml, type YamlMap } from "./yaml.ts";

/** `stages` with the one default stage when the file names jobs or steps only. Parameters are gone. */
export function expand(document: YamlMap, parameters: Parameters): YamlMap {
  const members = Object.entries(document).filter(([key]) => key !== "parameters");
  const expanded = expandMap(Object.fromEntries(members), parameters);
  const { stages, jobs, steps, pool, ...head } = expanded;
  if (stages !== undefined) return expanded;
  const inPool = pool === undefined ? {} : { pool };
  const own = jobs ?? [{ job: "Job", ...inPool, steps: steps ?? [] }];
  return { ...head, ...(jobs === undefined ? {} : inPool), stages: [{ stage: "__default", jobs: own }] };
}

export function jobsOf(expanded: YamlMap): readonly YamlMap[] {
  return mapsAt(expanded, "stages").flatMap((stage) => mapsAt(stage, "jobs"));
}

function expandValue(value: Yaml, parameters: Parameters): Yaml {
  if (isMap(value)) return expandMap(value, parameters);
  if (isList(value)) return expandList(value, parameters);
  return value.replace(/\$\{\{(.*?)\}\}/gs, (_, expression: string) => evaluate(expression, parameters));
}

/** In lists, `- ${{ if … }}:` brings in the items below it; `else` belongs to the `if` of the item before. */
function expandList(list: readonly Yaml[], parameters: Parameters): readonly Yaml[] {
  const choose = chooser(parameters);
  return list.flatMap((item) => {
    const [key, value] = isMap(item) ? (Object.entries(item)[0] ?? []) : [];
    const condition = conditionOf(key ?? "");
    if (condition === undefined || value === undefined) return [expandValue(item, parameters)];
    if (!choose(condition)) return [];
    return isList(value) ? expandList(value, parameters) : [expandValue(value, parameters)];
  });
}

function expandMap(map: YamlMap, parameters: Parameters): YamlMap {
  const choose = chooser(parameters);
  const entries = Object.entries(map).flatMap(([key, value]) => {
    const condition = conditionOf(key);
    if (condition === undefined) return [[key, expandValue(value, parameters)] as const];
    return isMap(value) && choose(condition) ? Object.entries(expandMap(value, parameters)) : [];
  });
  return Object.fromEntries(entries);
}

interface Condition {
  readonly word: string;
  readonly expression: string;
}

/** Says of one condition after the other whether it applies: the first of a chain that holds. */
function chooser(parameters: Parameters): (condition: Condition) => boolean {
  let isTaken = false;
  return ({ word, expression }) => {
    if (word === "if") isTaken = false;
    const applies = !isTaken && (word === "else" || holds(expression, parameters));
    isTaken ||= applies;
    return applies;
  };
}

function conditionOf(key: string): Condition | undefined {
  const [, word = "", expression = ""] = /^\$\{\{\s*(if|elseif|else)\b(.*)\}\}$/s.exec(key) ?? [];
  return word === "" ? undefined : { word, expression };
}
