/** JSON patch documents as work item tracking reads them. */
import { isObject } from "../../../engine/foundation/json.ts";
import type { JsonObject, JsonValue } from "../../../engine/foundation/json.ts";
import { badRequest, fieldNotFound } from "./errors.ts";
import { fieldOf } from "./fields.ts";
import type { FieldDefinition } from "./fields.ts";
import { quoted } from "./values.ts";

export type Operation =
  | { readonly kind: "test rev"; readonly value: JsonValue }
  | { readonly kind: "test field"; readonly field: FieldDefinition; readonly value: JsonValue }
  | { readonly kind: "set field"; readonly field: FieldDefinition; readonly value: JsonValue }
  | { readonly kind: "set format"; readonly field: FieldDefinition; readonly value: string }
  | { readonly kind: "set id"; readonly value: number }
  | { readonly kind: "add relation"; readonly rel: string; readonly url: string; readonly attributes: JsonObject }
  | { readonly kind: "remove relation"; readonly index: number }
  | { readonly kind: "edit relation"; readonly index: number; readonly attributes: JsonObject };

interface RawOperation {
  readonly op: string;
  readonly path: readonly string[];
  readonly value: JsonValue;
}

/** The service takes the operations' numbers, too. */
const NUMBERED = ["add", "remove", "replace", "move", "copy", "test"];

export function operationsOf(body: JsonValue | undefined): Operation[] {
  if (!Array.isArray(body) || body.length === 0) {
    throw badRequest(
      "VssPropertyValidationException",
      "You must pass a valid patch document in the body of the request.",
    );
  }
  return (body as readonly JsonValue[]).map((one) => operationOf(rawOf(one)));
}

function rawOf(value: JsonValue): RawOperation {
  if (!isObject(value)) throw badRequest("VssPropertyValidationException", "A patch operation must be an object.");
  const members = new Map(Object.entries(value).map(([key, member]) => [key.toLowerCase(), member]));
  const op = members.get("op");
  const path = members.get("path");
  if (typeof path !== "string" || !path.startsWith("/")) {
    throw badRequest("VssPropertyValidationException", `The patch path '${quoted(path)}' is not valid.`);
  }
  return {
    op: typeof op === "number" ? (NUMBERED[op] ?? "") : quoted(op).toLowerCase(),
    path: path
      .slice(1)
      .split("/")
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~")),
    value: members.get("value") ?? null,
  };
}

function operationOf(raw: RawOperation): Operation {
  switch (raw.path[0]?.toLowerCase()) {
    case "fields":
      return fieldOperation(raw);
    case "relations":
      return relationOperation(raw);
    case "rev":
      if (raw.op === "test") return { kind: "test rev", value: raw.value };
      break;
    case "id":
      return { kind: "set id", value: Number(raw.value) };
    case "multilinefieldsformat":
      return { kind: "set format", field: knownField(raw.path[1] ?? ""), value: quoted(raw.value) };
    default:
  }
  throw unsupported(raw);
}

function unsupported(raw: RawOperation): Error {
  return badRequest(
    "VssPropertyValidationException",
    `VS403650: The operation '${raw.op}' on '/${raw.path.join("/")}' is not supported.`,
  );
}

function knownField(name: string): FieldDefinition {
  const field = fieldOf(name);
  if (!field) throw fieldNotFound(name);
  return field;
}

function fieldOperation(raw: RawOperation): Operation {
  const field = knownField(raw.path[1] ?? "");
  if (raw.op === "test") return { kind: "test field", field, value: raw.value };
  if (raw.op === "remove") return { kind: "set field", field, value: null };
  if (raw.op === "add" || raw.op === "replace") return { kind: "set field", field, value: raw.value };
  throw unsupported(raw);
}

function relationOperation(raw: RawOperation): Operation {
  const [, position = ""] = raw.path;
  if (raw.op === "add" && position === "-" && isObject(raw.value)) return addedRelation(raw, raw.value);
  if (!/^\d+$/.test(position)) throw unsupported(raw);
  const index = Number(position);
  if (raw.op === "remove" && raw.path.length === 2) return { kind: "remove relation", index };
  const attributes = editedAttributes(raw);
  if (!attributes) throw unsupported(raw);
  return { kind: "edit relation", index, attributes };
}

function addedRelation(raw: RawOperation, { rel, url, attributes }: JsonObject): Operation {
  if (typeof rel !== "string" || typeof url !== "string") throw unsupported(raw);
  return { kind: "add relation", rel, url, attributes: isObject(attributes) ? attributes : {} };
}

/** `/relations/0/attributes/comment`, or all attributes with the whole relation. */
function editedAttributes({ op, path, value }: RawOperation): JsonObject | undefined {
  const [, , member, attribute] = path;
  if (member === "attributes" && attribute !== undefined) return { [attribute]: op === "remove" ? null : value };
  const edited = op === "replace" && isObject(value) ? value.attributes : undefined;
  return isObject(edited) ? edited : undefined;
}

/** The negative id by which a batch calls an item before it exists. */
export function requestedId(body: JsonValue | undefined): number | undefined {
  for (const operation of operationsOf(body))
    if (operation.kind === "set id" && operation.value < 0) return operation.value;
  return undefined;
}
