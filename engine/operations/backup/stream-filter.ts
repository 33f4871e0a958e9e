/** Which kinds and streams a backup takes: `include` and `exclude` of the task. */
import { BackupError } from "../../foundation/errors.ts";
import { inert } from "../../foundation/text.ts";
import type { ResourceKind } from "../../kinds/kind.ts";
import { matchesName, namePattern, type NamePattern } from "../name-pattern.ts";

export interface StreamFilter {
  /** Some stream of the kind may be taken. */
  takesKind(kind: string): boolean;
  takes(stream: { readonly id: string; readonly name?: string }): boolean;
  /** The same for an item of a kind that keeps all in one stream and is narrowed by items. */
  takesItem(kind: string, item: { readonly id: string; readonly name?: string }): boolean;
  /** Lines of `include` about items of the kind, when all of what is wanted of it is named so and none was found. */
  nothingOf(kind: string): readonly string[];
  /** A line of `include` is about this very kind. */
  isNamed(kind: string): boolean;
  /** All that is wanted of the kind is named one by one, without wildcards, and was found. */
  isListed(kind: string): boolean;
  /** Lines of `include` that took no stream so far. */
  idle(): readonly string[];
}

type FilteredKind = Pick<ResourceKind, "name" | "narrowedBy">;

/**
 * Throws INPUT_FILTER for a kind that does not exist, for names of a kind that is only backed up whole, or when nothing
 * can be taken. Without `include` everything is.
 */
export function streamFilter(
  lists: { readonly include: readonly string[]; readonly exclude: readonly string[] },
  kinds: readonly FilteredKind[],
): StreamFilter {
  const byItems = new Set(kinds.flatMap(({ name, narrowedBy }) => (narrowedBy === "items" ? [name] : [])));
  const include = parse("include", lists.include, kinds);
  const exclude = parse("exclude", lists.exclude, kinds);
  const busy = new Set<NamePattern>();
  const takesKind = (kind: string): boolean =>
    (include.length === 0 || include.some((pattern) => isOf(pattern, kind))) &&
    !exclude.some((pattern) => isOf(pattern, kind) && pattern.name === undefined);
  if (!kinds.some(({ name }) => takesKind(name))) throw nothingLeft();
  const takenBy = (thing: Thing): boolean => {
    if (exclude.some((pattern) => covers(pattern, thing))) return false;
    const covering = include.filter((pattern) => covers(pattern, thing));
    for (const pattern of covering) busy.add(pattern);
    return include.length === 0 || covering.length > 0;
  };
  return {
    takesKind,
    takes: ({ id, name }) => {
      const [kind = "", key] = id.split("/");
      if (byItems.has(kind)) return takesKind(kind);
      return takenBy({ kind, ...(key === undefined ? {} : { id: key }), ...(name === undefined ? {} : { name }) });
    },
    takesItem: (kind, item) => takenBy({ kind, ...item }),
    nothingOf(kind) {
      const own = include.filter((pattern) => isOf(pattern, kind));
      const isNarrow = own.length > 0 && own.every(({ name }) => name !== undefined);
      return isNarrow && !own.some((pattern) => busy.has(pattern)) ? own.map(({ text }) => text) : [];
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

function parse(input: string, lines: readonly string[], kinds: readonly FilteredKind[]): readonly NamePattern[] {
  return lines.map((line) => {
    const pattern = namePattern(line.trim());
    if (pattern.kind === "*") return pattern;
    const kind = kinds.find(({ name }) => name === pattern.kind);
    if (kind !== undefined && (pattern.name === undefined || kind.narrowedBy !== undefined)) return pattern;
    if (kind !== undefined) throw onlyWhole(input, pattern, kinds);
    throw new BackupError({
      code: "INPUT_FILTER",
      message: `Input ${input} names the kind "${pattern.kind}", which does not exist`,
      hint: `Use one of: ${kinds.map(({ name }) => name).join(", ")}; add /<name> to narrow, e.g. git-repositories/Web*.`,
    });
  });
}

function onlyWhole(input: string, { text, kind }: NamePattern, kinds: readonly FilteredKind[]): BackupError {
  const narrow = kinds.flatMap(({ name, narrowedBy }) => (narrowedBy === undefined ? [] : [name]));
  return new BackupError({
    code: "INPUT_FILTER",
    message: `Input ${input} names "${inert(text)}", but ${kind} are backed up only as a whole`,
    hint: `Write ${kind} alone; names can be given for: ${narrow.join(", ")}.`,
  });
}

interface Thing {
  readonly kind: string;
  readonly id?: string;
  readonly name?: string;
}

function isOf(pattern: NamePattern, kind: string): boolean {
  return pattern.kind === "*" || pattern.kind === kind;
}

function isExact({ kind, name }: NamePattern): boolean {
  return kind !== "*" && name !== undefined && !/[*?]/.test(name);
}

function covers(pattern: NamePattern, { kind, id, name }: Thing): boolean {
  return isOf(pattern, kind) && (pattern.name === undefined || matchesName(pattern.name, name, id));
}
