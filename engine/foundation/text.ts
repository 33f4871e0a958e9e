/**
 * Foreign text (titles, branch names, messages of services) made safe for one line of an agent's log:
 * control characters and line breaks become visible, and no `##vso[` or `##[` survives that an agent would obey.
 */
export function inert(text: string, maxLength = 500): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return cut
    .replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, visible)
    .replace(/##(?=vso\[|\[)/gi, "#\u200b#");
}

function visible(character: string): string {
  if (character === "\n" || character === "\r" || character === "\t") return " ";
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** `1 repository`, `3 repositories`. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${count.toLocaleString("en-GB")} ${count === 1 ? singular : plural}`;
}

/** Bytes for people: `17.1 kB`, `303 MB` (decimal units, as Azure's portal and git show them). */
export function bytesForPeople(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? "TB"}`;
}
