/**
 * Just enough XML for the blob service's answers, strictly: elements, attributes, text, the five named entities and
 * numeric ones. Anything else (comments, CDATA, document types, unclosed elements) makes it undefined. Node has no
 * DOMParser, and a parser library would be more code in the page than the page's reader itself.
 */
export interface XmlElement {
  readonly name: string;
  readonly attributes: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface OpenElement {
  readonly name: string;
  readonly attributes: string;
  text: string;
  readonly children: XmlElement[];
}

const TOKEN = /<(\/?)([A-Za-z][\w.:-]*)((?:\s+[\w.:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The root element, or undefined for anything that is not one whole document. */
export function parseSmallXml(text: string): XmlElement | undefined {
  const body = text.replace(/^\ufeff?<\?xml[^>]*\?>/, "").trim();
  const root: OpenElement = { name: "", attributes: "", text: "", children: [] };
  const open: OpenElement[] = [root];
  let end = 0;
  for (const token of body.matchAll(TOKEN)) {
    end = token.index + token[0].length;
    if (!take(token, open)) return undefined;
  }
  const isWhole = end === body.length && open.length === 1 && root.children.length === 1 && root.text.trim() === "";
  return isWhole ? root.children[0] : undefined;
}

function take(token: RegExpExecArray, open: OpenElement[]): boolean {
  const [, slash, name, attributes = "", selfClosing, text] = token;
  const current = open.at(-1);
  if (current === undefined) return false;
  if (text !== undefined) {
    const decoded = decodeEntities(text);
    current.text += decoded ?? "";
    return decoded !== undefined;
  }
  if (slash === "/") return current.name === name && open.length > 1 && open.pop() !== undefined;
  const element: OpenElement = { name: name ?? "", attributes, text: "", children: [] };
  current.children.push(element);
  if (selfClosing !== "/") open.push(element);
  return true;
}

const ENTITY = /&(amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});/g;

function decodeEntities(text: string): string | undefined {
  const decoded = text.replace(ENTITY, (_, body: string) => NAMED[body] ?? characterOf(body));
  return text.replace(ENTITY, "").includes("&") ? undefined : decoded;
}

function characterOf(body: string): string {
  const code = body.startsWith("#x") ? parseInt(body.slice(2), 16) : Number(body.slice(1));
  return code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
}

/** The only child of that name; undefined when there is none or more than one. */
export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  const found = (element?.children ?? []).filter((child) => child.name === name);
  return found.length === 1 ? found[0] : undefined;
}
