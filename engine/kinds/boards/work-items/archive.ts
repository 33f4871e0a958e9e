/** Work items as files for people: the JSON as stored, a readable page each, and their attachments. */
import { stringAt, type JsonObject } from "../../../foundation/json.ts";
import type { ArchiveFolder, Selection } from "../../kind.ts";
import { liveComments } from "./comments.ts";
import { fieldsOf, type WorkItemRecord } from "./record.ts";
import { relationsOf } from "./relations.ts";
import { selectedWorkItems } from "./selection.ts";
import { titleOf, typeOf } from "./comparison/counterparts.ts";

export async function archiveWorkItems(selection: Selection, into: ArchiveFolder): Promise<void> {
  const files = await into.sibling("work-items/files");
  const written = new Set<string>();
  for await (const record of selectedWorkItems(selection)) {
    await into.write(`work-items/${record.id}.json`, `${JSON.stringify(record, undefined, 2)}\n`);
    await into.write(`work-items/${record.id}.html`, pageOf(record));
    for (const [id, { name }] of Object.entries(record.files ?? {})) {
      const file = written.has(id) ? undefined : await files?.file(id);
      written.add(id);
      if (file !== undefined) await into.write(`work-items/attachments/${id}/${name}`, file.chunks);
    }
  }
}

/** Everything in it is foreign text: no scripts run, nothing is loaded from elsewhere. */
function pageOf(record: WorkItemRecord): string {
  const fields = Object.entries(fieldsOf(record.item)).map(([name, value]) => row(name, shown(value)));
  const links = relationsOf(record.item).map(({ rel, url, attributes }) =>
    row(stringAt(attributes, "name") ?? rel, url),
  );
  const comments = liveComments(record.comments ?? []).map(
    ({ author, createdAt, text }) =>
      `<h3>${escaped(author)}, ${escaped(createdAt)}</h3><pre>${escaped(plain(text))}</pre>`,
  );
  const title = `${typeOf(record.item)} ${record.id}: ${titleOf(record)}`;
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escaped(title)}</title>`,
    "<style>body{font:14px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}td{padding:.2em .6em;vertical-align:top}pre{white-space:pre-wrap}</style></head><body>",
    `<h1>${escaped(title)}</h1>`,
    record.deleted === true ? "<p>It was in the recycle bin.</p>" : "",
    `<h2>Fields</h2><table>${fields.join("")}</table>`,
    links.length === 0 ? "" : `<h2>Links and files</h2><table>${links.join("")}</table>`,
    comments.length === 0 ? "" : `<h2>Comments</h2>${comments.join("")}`,
    `<p>${record.revisions.length} revisions stand in ${record.id}.json.</p></body></html>`,
    "",
  ].join("\n");
}

function row(name: string, value: string): string {
  return `<tr><td>${escaped(name)}</td><td><pre>${escaped(value)}</pre></td></tr>`;
}

function shown(value: unknown): string {
  if (typeof value === "string") return plain(value);
  const identity =
    typeof value === "object" && value !== null ? stringAt(value as JsonObject, "displayName") : undefined;
  return identity ?? JSON.stringify(value);
}

function plain(text: string): string {
  return text
    .replace(/<br\s*\/?>|<\/(?:p|div|li|h\d)>/gi, "\n")
    .replace(/<[^>]*>/g, "")
    .replaceAll("&nbsp;", " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .trim();
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
