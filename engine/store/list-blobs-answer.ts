import type { ListedBlob } from "./blob-reader.ts";
import { objectProtection } from "./protection-answer.ts";
import { dateOf } from "./service-failure.ts";
import { childOf, parseSmallXml, type XmlElement } from "./small-xml.ts";

/** One page of List Blobs; undefined when the text is not exactly that. `withProtection`: it was asked for. */
export function parseListBlobs(
  text: string,
  { withProtection = false }: { readonly withProtection?: boolean } = {},
): { readonly items: readonly ListedBlob[]; readonly next: string | undefined } | undefined {
  const root = parseSmallXml(text);
  const blobs = childOf(root, "Blobs");
  const next = childOf(root, "NextMarker");
  if (root?.name !== "EnumerationResults" || blobs === undefined || next === undefined) return undefined;
  const items: ListedBlob[] = [];
  for (const element of blobs.children) {
    const item = element.name === "Blob" ? listedBlob(element, withProtection) : undefined;
    if (item === undefined) return undefined;
    items.push(item);
  }
  return { items, next: next.text === "" ? undefined : next.text };
}

/** The service's error code in an error's body; empty when there is none. */
export function errorCodeOf(text: string): string {
  const root = parseSmallXml(text);
  return root?.name === "Error" ? (childOf(root, "Code")?.text ?? "") : "";
}

function listedBlob(element: XmlElement, withProtection: boolean): ListedBlob | undefined {
  const properties = childOf(element, "Properties");
  const name = nameOf(childOf(element, "Name"));
  const length = childOf(properties, "Content-Length")?.text ?? "";
  const createdAt = dateOf((childOf(properties, "Creation-Time") ?? childOf(properties, "Last-Modified"))?.text);
  if (name === undefined || createdAt === undefined || !/^\d{1,15}$/.test(length)) return undefined;
  const protection = withProtection ? protectionIn(properties) : undefined;
  return { name, length: Number(length), createdAt, version: childOf(element, "VersionId")?.text, protection };
}

function protectionIn(properties: XmlElement | undefined): ListedBlob["protection"] {
  const until = childOf(properties, "ImmutabilityPolicyUntilDate")?.text;
  return objectProtection({
    mode: childOf(properties, "ImmutabilityPolicyMode")?.text,
    until: until === undefined ? undefined : new Date(until),
    isHeld: childOf(properties, "LegalHold")?.text === "true",
  });
}

/** Names that XML cannot hold come percent-encoded, and say so. */
function nameOf(element: XmlElement | undefined): string | undefined {
  if (element === undefined) return undefined;
  if (!/\sEncoded="true"/.test(element.attributes)) return element.text;
  try {
    return decodeURIComponent(element.text);
  } catch {
    return undefined;
  }
}
