/**
 * Long texts of work items in another place: addresses of attachments and of restored work items, and mentions of
 * them, point to the new ones. Only full addresses and mention syntax are touched, never bare numbers.
 */
export interface TextRewriting {
  /** New address of an attachment by GUID; undefined leaves the old one. */
  attachment(id: string): string | undefined;
  /** New id of a work item; undefined leaves the old one. */
  workItem(id: string): string | undefined;
  /** Organisation and project the text was written in. */
  readonly source: {
    readonly organizationUrl: string;
    readonly project: { readonly id: string; readonly name: string };
  };
  readonly target: { readonly organizationUrl: string; readonly projectName: string };
  readonly format: "html" | "markdown";
}

const attachmentAddress =
  /https?:\/\/[^\s"'<>()]*?\/_apis\/wit\/attachments\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(\?[^\s"'<>()]*)?/gi;
const workItemAddress = /(https?:\/\/[^\s"'<>()]*?)\/([^/\s"'<>()]+)\/_workitems\/edit\/(\d+)/gi;
const htmlMention = /(<a\b[^>]*data-vss-mention=[^>]*>\s*#)(\d+)(\s*<\/a>)/gi;
/** As the service reads Markdown: a number sign at the start of a word, outside of addresses and headings. */
const markdownMention = /(^|[\s(\[,;:])#(\d+)(?![\w-])/g;

export function rewriteText(text: string, rewriting: TextRewriting): string {
  const withAttachments = text.replace(attachmentAddress, (whole: string, id: string, query: string | undefined) => {
    const address = rewriting.attachment(id.toLowerCase());
    return address === undefined ? whole : withFileName(address, query);
  });
  const withAddresses = withAttachments.replace(
    workItemAddress,
    (whole: string, base: string, projectName: string, id: string) => {
      const newId = isSource(base, projectName, rewriting) ? rewriting.workItem(id) : undefined;
      const { organizationUrl, projectName: targetName } = rewriting.target;
      return newId === undefined
        ? whole
        : `${organizationUrl}/${encodeURIComponent(targetName)}/_workitems/edit/${newId}`;
    },
  );
  if (rewriting.format === "markdown") {
    return withAddresses.replace(markdownMention, (whole: string, before: string, id: string) => {
      const newId = rewriting.workItem(id);
      return newId === undefined ? whole : `${before}#${newId}`;
    });
  }
  return withAddresses.replace(htmlMention, (whole: string, before: string, id: string, after: string) => {
    const newId = rewriting.workItem(id);
    return newId === undefined ? whole : `${before}${newId}${after}`;
  });
}

function withFileName(address: string, query: string | undefined): string {
  return address.includes("?") || query === undefined ? address : `${address}${query}`;
}

function isSource(base: string, projectName: string, { source }: TextRewriting): boolean {
  const name = safelyDecoded(projectName).toLowerCase();
  return (
    base.toLowerCase() === source.organizationUrl.toLowerCase() &&
    (name === source.project.name.toLowerCase() || name === source.project.id.toLowerCase())
  );
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
