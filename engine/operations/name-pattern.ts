/**
 * Patterns people write for kinds and names: `git-repositories`, `git-repositories/Web*`, `work-items/42`. `*`
 * stands for any text, `?` for one character; letters match without case, as Azure DevOps compares names.
 */
export interface NamePattern {
  readonly text: string;
  readonly kind: string;
  /** Matches the name or id; absent when the whole kind is meant. */
  readonly name: string | undefined;
}

/** Splits at the first slash; `*` alone stands for every kind. */
export function namePattern(text: string): NamePattern {
  const slash = text.indexOf("/");
  if (slash < 0) return { text, kind: text, name: undefined };
  const name = text.slice(slash + 1);
  return { text, kind: text.slice(0, slash), name: name === "*" ? undefined : name };
}

export function matchesName(pattern: string, ...candidates: readonly (string | undefined)[]): boolean {
  if (!/[*?]/.test(pattern)) return candidates.some((candidate) => candidate?.toLowerCase() === pattern.toLowerCase());
  const expression = new RegExp(`^${Array.from(pattern, expressionOf).join("")}$`, "isu");
  return candidates.some((candidate) => candidate !== undefined && expression.test(candidate));
}

function expressionOf(character: string): string {
  if (character === "*") return "[^]*";
  if (character === "?") return "[^]";
  return character.replace(/[\\^$.*+?()[\]{}|/-]/gu, "\\$&");
}
