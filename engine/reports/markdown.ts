/** Pieces of Markdown. Cells and lines come in escaped (`markdownText`) or are our own words. */
import { figure } from "./wording.ts";

/** Longer lists are cut: a summary is read, the attachments hold everything. */
const maxRows = 100;
/** Longer lists are folded. */
const maxOpenRows = 12;

export interface Table {
  readonly columns: readonly string[];
  /** Columns of figures, by their place. */
  readonly figures?: readonly number[];
  readonly rows: readonly (readonly string[])[];
  /** How many rows there are, when `rows` are only the first ones. */
  readonly count?: number;
}

export function table({ columns, figures = [], rows, count = rows.length }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = columns.map((_, place) => (figures.includes(place) ? "---:" : "---"));
  const shown = rows.slice(0, maxRows);
  const more = count > shown.length ? ["", `… and ${figure(count - shown.length)} more.`] : [];
  return [line(columns), line(rule), ...shown.map(line), ...more].join("\n");
}

/** A titled table, folded when it is long; nothing when it has no rows. */
export function section(title: string, content: Table): string {
  const count = content.count ?? content.rows.length;
  if (count === 0) return "";
  const heading = `### ${title}`;
  if (count <= maxOpenRows) return `${heading}\n\n${table(content)}`;
  return `${heading}\n\n${folded(`Show ${figure(count)}`, table(content))}`;
}

/** `summary` must be our own words or escaped. */
export function folded(summary: string, content: string): string {
  return `<details>\n<summary>${summary}</summary>\n\n${content}\n\n</details>`;
}

export function list(lines: readonly string[]): string {
  const shown = lines.slice(0, maxRows).map((line) => `- ${line}`);
  if (lines.length > shown.length) shown.push(`- … and ${figure(lines.length - shown.length)} more`);
  return shown.join("\n");
}

/** A box that cannot be overlooked. */
export function alarm(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return "";
  return [`> **${title}**`, ">", ...lines.map((line) => `> - ${line}`)].join("\n");
}

export function code(text: string): string {
  return `\`${text.replaceAll("`", "'")}\``;
}

/** What a person copies. `text` must be one of our own formats: nothing in it is escaped. */
export function toCopy(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

export function page(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}
