/** The most characters of a name that are kept for people to read. */
export const maxShownCharacters = 400;

/**
 * Text from the vault as it may be kept and shown: cut (a cut one ends with `…`), control characters and those that
 * turn the reading direction made visible. It is text only; whoever shows it must not read it as markup.
 */
export function shownText(text: string): string {
  const cut = text.length > maxShownCharacters ? cutText(text) : text;
  return cut.replace(/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, visible);
}

/** A copy of its own: a part of a long string would keep all of it in memory. */
function cutText(text: string): string {
  return `${Array.from(text.slice(0, maxShownCharacters)).join("")}…`;
}

function visible(character: string): string {
  if (character === "\n" || character === "\r" || character === "\t") return " ";
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
