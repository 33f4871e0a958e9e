/** Space and what refspecs, revisions and globs use (git-check-ref-format); control characters are forbidden too. */
const forbiddenCharacters = /[\p{Cc} ~^:?*[\\]/u;

/**
 * True for full ref names that `git check-ref-format` accepts. Names like `refs/heads/-x` are fine for git; callers
 * must keep them out of option position.
 */
export function isRefName(name: string): boolean {
  if (!name.startsWith("refs/") || name.endsWith(".") || name.endsWith("/")) return false;
  if (forbiddenCharacters.test(name) || name.includes("..") || name.includes("@{")) return false;
  return name.split("/").every((part) => part !== "" && !part.startsWith(".") && !part.endsWith(".lock"));
}

/** Lower-case hex object id of the repository's hash. */
export function isOid(text: string, hash: "sha1" | "sha256"): boolean {
  return text.length === (hash === "sha256" ? 64 : 40) && /^[0-9a-f]+$/.test(text);
}
