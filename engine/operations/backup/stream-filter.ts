/** Which kinds and streams a backup takes: `include` and `exclude` of the task. */
import { BackupError } from "../../foundation/errors.ts";
import { matchesName, namePattern, type NamePattern } from "../name-pattern.ts";

export interface StreamFilter {
  /** Some stream of the kind may be taken. */
  takesKind(kind: string): boolean;
  takes(stream: { readonly id: string; readonly name?: string }): boolean;
  /** A line of `include` is about this very kind. */
  isNamed(kind: string): boolean;
  /** All that is wanted of the kind is named one by one, without wildcards, and was found. */
  isListed(kind: string): boolean;
  /** Lines of `include` that took no stream so far. */
  idle(): readonly string[];
}

/** Throws INPUT_FILTER for a kind that does not exist, or when nothing can be taken. Without `include` everything is. */
export function streamFilter(
  lists: { readonly include: readonly string[]; readonly exclude: readonly string[] },
  kinds: readonly string[],
): StreamFilter {
  const include = parse("include", lists.include, kinds);
  const exclude = parse("exclude", lists.exclude, kinds);
  const busy = new Set<NamePattern>();
  const takesKind = (kind: string): boolean =>
    (include.length === 0 || include.some((pattern) => isOf(pattern, kind))) &&
    !exclude.some((pattern) => isOf(pattern, kind) && pattern.name === undefined);
  if (!kinds.some(takesKind)) throw nothingLeft();
  return {
    takesKind,
    takes(stream) {
      if (exclude.some((pattern) => covers(pattern, stream))) return false;
      const covering = include.filter((pattern) => covers(pattern, stream));
      for (const pattern of covering) busy.add(pattern);
      return include.length === 0 || covering.length > 0;
    },
    isNamed: (kind) => include.some((pattern) => pattern.kind === kind),
    isListed(kind) {
      const own = include.filter((pattern) => isOf(pattern, kind));
      return own.length > 0 && own.every((pattern) => isExact(pattern) && busy.has(pattern));
    },
    idle: () => include.filter((pattern) => !busy.has(pattern)).map(({ text }) => text),
  };
}

function nothingLeft(): BackupError {
  return new BackupError({
    code: "INPUT_FILTER",
    message: "Inputs include and exclude leave nothing to back up",
    hint: "Take a kind out of exclude, or add one to include.",
  });
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

function isExact({ kind, name }: NamePattern): boolean {
  return kind !== "*" && name !== undefined && !/[*?]/.test(name);
}

function covers(pattern: NamePattern, stream: { readonly id: string; readonly name?: string }): boolean {
  const [kind = "", id] = stream.id.split("/");
  return isOf(pattern, kind) && (pattern.name === undefined || matchesName(pattern.name, stream.name, id));
}
