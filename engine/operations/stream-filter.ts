/** Which kinds and streams a backup takes: `include` and `exclude` of the task. */
import { BackupError } from "../foundation/errors.ts";
import { matchesName, namePattern, type NamePattern } from "./name-pattern.ts";

export interface StreamFilter {
  /** Some stream of the kind may be taken. */
  takesKind(kind: string): boolean;
  takes(stream: { readonly id: string; readonly name?: string }): boolean;
}

/** Throws INPUT_FILTER for a kind that does not exist. Without `include` everything is taken. */
export function streamFilter(
  lists: { readonly include: readonly string[]; readonly exclude: readonly string[] },
  kinds: readonly string[],
): StreamFilter {
  const include = parse("include", lists.include, kinds);
  const exclude = parse("exclude", lists.exclude, kinds);
  return {
    takesKind: (kind) =>
      (include.length === 0 || include.some((pattern) => isOf(pattern, kind))) &&
      !exclude.some((pattern) => isOf(pattern, kind) && pattern.name === undefined),
    takes: (stream) =>
      (include.length === 0 || include.some((pattern) => covers(pattern, stream))) &&
      !exclude.some((pattern) => covers(pattern, stream)),
  };
}

function parse(input: string, lines: readonly string[], kinds: readonly string[]): readonly NamePattern[] {
  return lines.map((line) => {
    const pattern = namePattern(line.trim());
    if (pattern.kind === "*" || kinds.includes(pattern.kind)) return pattern;
    throw new BackupError({
      code: "INPUT_FILTER",
      message: `Input ${input} names the kind "${pattern.kind}", which does not exist`,
      hint: `Use one of: ${kinds.join(", ")}; add /<name> to narrow, e.g. git-repositories/Web*.`,
    });
  });
}

function isOf(pattern: NamePattern, kind: string): boolean {
  return pattern.kind === "*" || pattern.kind === kind;
}

function covers(pattern: NamePattern, stream: { readonly id: string; readonly name?: string }): boolean {
  const [kind = "", id] = stream.id.split("/");
  return isOf(pattern, kind) && (pattern.name === undefined || matchesName(pattern.name, stream.name, id));
}
