/**
 * Long texts of work items in another place: addresses of attachments and of restored work items, and mentions of
 * them, point to the new ones. Only full addresses and mention syntax are touched, never bare numbers.
 */
import { attachmentAddresses } from "./record.ts";

export interface TextRewriting {
  /** New address of an attachment by GUID; undefined leaves the old one. */
  attachment(id: string): string | undefined;
  /** New id of a work item; undefined leaves the old one. */
  workItem(id: number): string | undefined;
  /** Organisation and project the text was written in. */
  readonly source: {
    readonly organizationUrl: string;
    readonly project: { readonly id: string; readonly name: string };
  };
  readonly target: { readonly organizationUrl: string; readonly projectName: string };
}

const workItemAddress = /(https?:\/\/[^\s"'<>()]*?)\/_workitems\/edit\/(\d+)/gi;
const htmlMention = /(<a\b[^>]*data-vss-mention=[^>]*>\s*#)(\d+)(\s*<\/a>)/gi;
/** As the service reads Markdown: a number sign at the start of a word, outside of code and headings. */
const markdownMention = /(```[\s\S]*?(?:```|$)|`[^`\n]*`)|(^|[\s([,;:])#(\d+)(?![\w-])/g;

export function rewriteText(text: string, format: "html" | "markdown", rewriting: TextRewriting): string {
  const withAttachments = text.replace(attachmentAddresses, (whole: string, ...groups: readonly unknown[]) => {
    const id = groups.slice(0, 2).find((group) => typeof group === "string");
    return (id === undefined ? undefined : rewriting.attachment(id.toLowerCase())) ?? whole;
  });
  const withAddresses = withAttachments.replace(workItemAddress, (whole: string, base: string, id: string) => {
    const newId = isSource(base, rewriting) ? rewriting.workItem(Number(id)) : undefined;
    const { organizationUrl, projectName } = rewriting.target;
    return newId === undefined
      ? whole
      : `${organizationUrl}/${encodeURIComponent(projectName)}/_workitems/edit/${newId}`;
  });
  return format === "markdown" ? inMarkdown(withAddresses, rewriting) : inHtml(withAddresses, rewriting);
}

function inHtml(text: string, rewriting: TextRewriting): string {
  return text.replace(htmlMention, (whole: string, ...groups: readonly string[]) => {
    const [before = "", id, after = ""] = groups;
    const newId = rewriting.workItem(Number(id));
    return newId === undefined ? whole : `${before}${newId}${after}`;
  });
}

function inMarkdown(text: string, rewriting: TextRewriting): string {
  return text.replace(markdownMention, (whole: string, ...groups: readonly (string | undefined)[]) => {
    const [code, before = "", id] = groups;
    const newId = code === undefined && id !== undefined ? rewriting.workItem(Number(id)) : undefined;
    return newId === undefined ? whole : `${before}#${newId}`;
  });
}

/** Work items the text speaks of. */
export function mentionedIn(text: string, format: "html" | "markdown", source: TextRewriting["source"]): Set<number> {
  const mentioned = new Set<number>();
  const target = { organizationUrl: source.organizationUrl, projectName: source.project.name };
  const workItem = (id: number): undefined => void mentioned.add(id);
  rewriteText(text, format, { source, target, workItem, attachment: () => undefined });
  return mentioned;
}

/** Texts that differ only in where their images lie have the same; `foreign` ones stay what they are. */
export function withoutAttachmentAddresses(text: string, foreign: ReadonlySet<string> = new Set()): string {
  return text.replace(attachmentAddresses, (whole: string, ...groups: readonly unknown[]) => {
    const id = groups.slice(0, 2).find((group) => typeof group === "string");
    return id !== undefined && foreign.has(id.toLowerCase()) ? whole : "attachment";
  });
}

/** `https://dev.azure.com/contoso/Shop`, or without the project: ids are the organisation's. */
function isSource(base: string, { source }: TextRewriting): boolean {
  const address = base.toLowerCase();
  const organization = source.organizationUrl.toLowerCase();
  if (address === organization) return true;
  if (!address.startsWith(`${organization}/`)) return false;
  const name = safelyDecoded(address.slice(organization.length + 1));
  return name === source.project.name.toLowerCase() || name === source.project.id.toLowerCase();
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
