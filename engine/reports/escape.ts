/**
 * Foreign text (titles, branch names, messages of services) inside reports: it shows as what it is and is never
 * markup, a link, a mention or a logging command.
 */
import { inert } from "../foundation/text.ts";

const maxText = 400;

/** For one place inside a line of Markdown (GitHub's flavour, with HTML allowed): a table cell, a list item. */
export function markdownText(text: string, maxLength = maxText): string {
  return wellFormed(inert(text, maxLength))
    .replace(/[\\`*_[\]|~#$@]/g, "\\$&")
    .replace(/[&<>]/g, entity)
    .replace(/:\/\//g, ":\\/\\/")
    .replace(/\bwww\./gi, (www) => `${www.slice(0, 3)}\\.`)
    .replace(/^(\s*)([-+=])/, "$1\\$2")
    .replace(/^(\s*\d+)([.)])/, "$1\\$2");
}

/** For text and for values of quoted attributes in HTML and XML. */
export function markupText(text: string, maxLength = maxText): string {
  return wellFormed(inert(text, maxLength)).replace(/[&<>"']/g, entity);
}

/** What `inert` leaves that XML 1.0 and UTF-8 cannot hold: halves of surrogate pairs, and two non-characters. */
function wellFormed(text: string): string {
  return text.replace(/[\ud800-\udfff\ufffe\uffff]/gu, "\ufffd");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function entity(character: string): string {
  return entities[character] ?? character;
}
