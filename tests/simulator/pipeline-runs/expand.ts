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
  if (isList(value)) return value.flatMap((item) => expandItem(item, parameters));
  return value.replace(/\$\{\{(.*?)\}\}/gs, (_, expression: string) => evaluate(expression, parameters));
}

/** In lists, `- ${{ if … }}:` brings in the items below it. */
function expandItem(item: Yaml, parameters: Parameters): readonly Yaml[] {
  if (!isMap(item) || conditionOf(Object.keys(item)[0] ?? "") === undefined) return [expandValue(item, parameters)];
  return chosen(item, parameters).flatMap((value) =>
    isList(value) ? value.flatMap((one) => expandItem(one, parameters)) : [expandValue(value, parameters)],
  );
}

function expandMap(map: YamlMap, parameters: Parameters): YamlMap {
  const conditional = chosen(map, parameters).filter(isMap);
  const plain = Object.entries(map).filter(([key]) => conditionOf(key) === undefined);
  const entries = plain.map(([key, value]) => [key, expandValue(value, parameters)] as const);
  const added = conditional.flatMap((one) => Object.entries(expandMap(one, parameters)));
  return Object.fromEntries([...entries, ...added]);
}

/** What stands below the conditions that hold. */
function chosen(map: YamlMap, parameters: Parameters): readonly Yaml[] {
  let isTaken = false;
  return Object.entries(map).flatMap(([key, value]) => {
    const condition = conditionOf(key);
    if (condition === undefined) return [];
    if (condition.word === "if") isTaken = false;
    const applies = !isTaken && (condition.word === "else" || holds(condition.expression, parameters));
    isTaken ||= applies;
    return applies ? [value] : [];
  });
}

function conditionOf(key: string): { readonly word: string; readonly expression: string } | undefined {
  const [, word = "", expression = ""] = /^\$\{\{\s*(if|elseif|else)\b(.*)\}\}$/s.exec(key) ?? [];
  return word === "" ? undefined : { word, expression };
}
