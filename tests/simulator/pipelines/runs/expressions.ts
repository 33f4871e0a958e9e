/** `${{ … }}` of pipeline files: parameters, text, numbers and the functions that conditions are made of. */
import { badRequest } from "../../http/errors.ts";

type Value = string | number | boolean;

export type Parameters = Readonly<Record<string, string>>;

const functions: Readonly<Record<string, (...values: readonly Value[]) => Value>> = {
  eq: (left = "", right = "") => isSame(left, right),
  ne: (left = "", right = "") => !isSame(left, right),
  and: (...all) => all.every(isTrue),
  or: (...all) => all.some(isTrue),
  not: (value = "") => !isTrue(value),
  in: (value = "", ...all) => all.some((one) => isSame(one, value)),
  notin: (value = "", ...all) => !all.some((one) => isSame(one, value)),
  coalesce: (...all) => all.find((one) => one !== "") ?? "",
  contains: (text = "", part = "") => String(text).toLowerCase().includes(String(part).toLowerCase()),
  startswith: (text = "", part = "") => String(text).toLowerCase().startsWith(String(part).toLowerCase()),
  endswith: (text = "", part = "") => String(text).toLowerCase().endsWith(String(part).toLowerCase()),
  lower: (text = "") => String(text).toLowerCase(),
  upper: (text = "") => String(text).toUpperCase(),
};

/** The value of an expression as text. Throws the service's refusal for what it cannot read. */
export function evaluate(expression: string, parameters: Parameters): string {
  return textOf(valueOf(expression, parameters));
}

export function holds(expression: string, parameters: Parameters): boolean {
  return isTrue(valueOf(expression, parameters));
}

function valueOf(expression: string, parameters: Parameters): Value {
  const tokens = expression.match(/'(?:[^']|'')*'|[\w.-]+|[(),]|\S/g) ?? [];
  const reader = { tokens, at: 0, expression, parameters };
  const value = read(reader);
  if (reader.at < tokens.length) throw unexpected(reader);
  return value;
}

interface Reader {
  readonly tokens: readonly string[];
  readonly expression: string;
  readonly parameters: Parameters;
  at: number;
}

function read(reader: Reader): Value {
  const token = reader.tokens[reader.at] ?? "";
  if (reader.tokens[reader.at + 1] === "(") return call(reader, token);
  reader.at += 1;
  if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
  if (/^-?\d+(\.\d+)?$/.test(token)) return Number(token);
  if (/^(true|false)$/i.test(token)) return token.toLowerCase() === "true";
  const name = /^parameters\.([\w-]+)$/i.exec(token)?.[1];
  if (name !== undefined) return reader.parameters[name] ?? "";
  reader.at -= 1;
  throw unexpected(reader);
}

function call(reader: Reader, name: string): Value {
  const apply = functions[name.toLowerCase()];
  if (apply === undefined) throw unexpected(reader);
  const values: Value[] = [];
  reader.at += 2;
  while (reader.tokens[reader.at] !== ")") {
    values.push(read(reader));
    if (reader.tokens[reader.at] === ",") reader.at += 1;
    else if (reader.tokens[reader.at] !== ")") throw unexpected(reader);
  }
  reader.at += 1;
  return apply(...values);
}

function unexpected({ tokens, at, expression }: Reader): Error {
  const message = `Unrecognized value: '${tokens[at] ?? ""}'. Located within expression: '${expression}'. For more help, refer to https://go.microsoft.com/fwlink/?linkid=842996`;
  return badRequest("PipelineValidationException", message);
}

function isTrue(value: Value): boolean {
  if (typeof value === "string") return value !== "" && value.toLowerCase() !== "false";
  return Boolean(value);
}

function isSame(left: Value, right: Value): boolean {
  return textOf(left).toLowerCase() === textOf(right).toLowerCase();
}

function textOf(value: Value): string {
  if (typeof value === "boolean") return value ? "True" : "False";
  return String(value);
}
