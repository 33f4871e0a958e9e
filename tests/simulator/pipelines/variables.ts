/** Variables of pipelines and groups. */
import { isObject, stringAt, type JsonObject } from "../../../engine/foundation/json.ts";

export interface PipelineVariable {
  readonly value: string;
  readonly isSecret?: boolean;
  /** May be set by whoever starts a run. */
  readonly isSettable?: boolean;
}

export type PipelineVariables = Readonly<Record<string, PipelineVariable>>;

/** As a document has them. */
export function variablesIn(given: JsonObject): PipelineVariables {
  const entries = Object.entries(given).map(([name, variable]) => {
    const { isSecret, allowOverride } = isObject(variable) ? variable : {};
    const value = isObject(variable) ? (stringAt(variable, "value") ?? "") : "";
    return [
      name,
      {
        value,
        ...(isSecret === true ? { isSecret: true } : {}),
        ...(allowOverride === true ? { isSettable: true } : {}),
      },
    ] as const;
  });
  return Object.fromEntries(entries);
}

/** As the service shows them: values of secrets are never shown. */
export function shownVariables(kept: JsonObject): JsonObject {
  const shown = Object.entries(kept).map(([name, variable]) => [
    name,
    isObject(variable) && variable.isSecret === true ? { ...variable, value: null } : variable,
  ]);
  return Object.fromEntries(shown) as JsonObject;
}

/** The form in which a document keeps them. */
export function keptForm(variables: PipelineVariables): JsonObject {
  const entries = Object.entries(variables).map(([name, { value, isSecret, isSettable }]) => [
    name,
    {
      value,
      ...(isSecret === true ? { isSecret } : {}),
      ...(isSettable === true ? { allowOverride: true } : {}),
    },
  ]);
  return Object.fromEntries(entries) as JsonObject;
}
