/** Pipeline files as values, and values as pipeline files. Scalars stay text, as the service's templates see them. */
import { badRequest } from "../../http/errors.ts";

export type Yaml = string | readonly Yaml[] | YamlMap;
export interface YamlMap {
  readonly [key: string]: Yaml;
}

interface Node {
  readonly type: string;
  readonly value?: string;
  readonly children?: readonly (Node | null)[];
}

/** Throws the service's refusal for a file that is no YAML. */
export async function parseYaml(file: string, text: string): Promise<YamlMap> {
  const { parsers } = await import("prettier/plugins/yaml");
  const root = parsed(file, () => parsers.yaml.parse(text, {} as never) as Node);
  const content = firstOf(firstOf(root, "document"), "documentBody")?.children?.[0];
  const value = valueOf(content ?? undefined);
  if (!isMap(value)) throw badRequest("PipelineValidationException", `${file}: A mapping was expected`);
  return value;
}

function parsed(file: string, parse: () => Node): Node {
  try {
    return parse();
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw badRequest("PipelineValidationException", `${file}: ${reason}`);
  }
}

function firstOf(node: Node | undefined, type: string): Node | undefined {
  return node?.children?.find((child) => child?.type === type) ?? undefined;
}

function valueOf(node: Node | undefined): Yaml {
  if (node === undefined) return "";
  const children = (node.children ?? []).filter((child): child is Node => child !== null);
  if (node.type === "sequence" || node.type === "flowSequence")
    return children.map((child) =>
      valueOf(
        child.type === "sequenceItem" || child.type === "flowSequenceItem" ? (child.children?.[0] ?? undefined) : child,
      ),
    );
  if (node.type === "mapping" || node.type === "flowMapping")
    return Object.fromEntries(children.map((item) => [keyOf(item), valueOf(contentOf(item, "mappingValue"))]));
  return node.value ?? "";
}

function contentOf(item: Node, part: "mappingKey" | "mappingValue"): Node | undefined {
  return firstOf(item, part)?.children?.[0] ?? undefined;
}

function keyOf(item: Node): string {
  return contentOf(item, "mappingKey")?.value ?? "";
}

export function isMap(value: Yaml | undefined): value is YamlMap {
  return typeof value === "object" && !Array.isArray(value);
}

export function isList(value: Yaml | undefined): value is readonly Yaml[] {
  return Array.isArray(value);
}

/** The text under a key, or nothing. */
export function textAt(map: YamlMap, key: string): string | undefined {
  const value = map[key];
  return typeof value === "string" ? value : undefined;
}

export function mapsAt(map: YamlMap, key: string): readonly YamlMap[] {
  const value = map[key];
  return isList(value) ? value.filter(isMap) : [];
}

/** The members that are text. */
export function stringsOf(map: YamlMap): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(map).flatMap(([key, value]) => (typeof value === "string" ? [[key, value]] : [])),
  );
}

export function printYaml(map: YamlMap): string {
  return `${mapLines(map).join("\n")}\n`;
}

function mapLines(map: YamlMap): readonly string[] {
  return Object.entries(map).flatMap(([key, value]) => {
    if (isList(value)) return value.length === 0 ? [`${key}: []`] : [`${key}:`, ...value.flatMap(itemLines)];
    if (isMap(value)) return [`${key}:`, ...mapLines(value).map(indented)];
    if (!value.includes("\n")) return [`${key}: ${scalar(value)}`.trimEnd()];
    return [`${key}: ${value.endsWith("\n") ? "|" : "|-"}`, ...value.trimEnd().split("\n").map(indented)];
  });
}

function itemLines(item: Yaml): readonly string[] {
  if (!isMap(item)) return [`- ${isList(item) ? JSON.stringify(item) : scalar(item)}`];
  return mapLines(item).map((line, index) => `${index === 0 ? "- " : "  "}${line}`);
}

function indented(line: string): string {
  return line === "" ? "" : `  ${line}`;
}

function scalar(text: string): string {
  return /^[\w$(/.][^:#"'\t]*$/.test(text) && text.trim() === text ? text : JSON.stringify(text);
}
