/**
 * Immutable storage as Azure has it and Azurite has not: policies of objects and holds in listings, what is said of the
 * container, and deletes that are refused. Rules may be changed while a test runs.
 */
import type { IncomingHttpHeaders } from "node:http";

export interface StorageProtection {
  /** Objects have a policy of their own from their creation on, for so many days. */
  policy?: { readonly mode: "locked" | "unlocked"; readonly days: number; readonly only?: NameMatch } | undefined;
  hold?: { readonly only?: NameMatch } | undefined;
  /** A policy for the whole container: nothing of it is told of single objects. */
  containerPolicy?: { readonly days: number } | undefined;
  /** Listings that ask for policies and holds are refused with this, as by accounts that cannot have them. */
  refusesToTell?: { readonly status: number; readonly code: string } | undefined;
}

export type NameMatch = (name: string) => boolean;

const dayMs = 86_400_000;
const asked = new Set(["immutabilitypolicy", "legalhold"]);

/** The address with only the parts of `include` that Azurite knows, and whether there were others. */
export function withoutInclude(path: string): { readonly path: string; readonly asksForProtection: boolean } {
  const url = new URL(path, "http://proxy");
  const include = (url.searchParams.get("include") ?? "").split(",").filter((part) => part !== "");
  const known = include.filter((part) => !asked.has(part));
  if (known.length === include.length) return { path, asksForProtection: false };
  if (known.length === 0) url.searchParams.delete("include");
  else url.searchParams.set("include", known.join(","));
  return { path: `${url.pathname}${url.search}`, asksForProtection: true };
}

/** A page of List Blobs with what the rules say of each blob. */
export function protectedListing(xml: string, rules: StorageProtection): string {
  return xml.replace(/<Blob>.*?<\/Blob>/gs, (blob) => {
    const name = textOf(blob, "Name");
    const createdAt = textOf(blob, "Creation-Time") || textOf(blob, "Last-Modified");
    return blob.replace("</Properties>", `${propertiesOf(name, new Date(createdAt), rules)}</Properties>`);
  });
}

function textOf(xml: string, element: string): string {
  const text = new RegExp(`<${element}[^>]*>([^<]*)</${element}>`).exec(xml)?.[1] ?? "";
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
}

function propertiesOf(name: string, createdAt: Date, rules: StorageProtection): string {
  const { days = 0, mode = "unlocked" } = rules.policy ?? {};
  const until = new Date(createdAt.getTime() + days * dayMs).toUTCString();
  const policy = `<ImmutabilityPolicyUntilDate>${until}</ImmutabilityPolicyUntilDate><ImmutabilityPolicyMode>${mode}</ImmutabilityPolicyMode>`;
  return `${hasPolicy(name, rules) ? policy : ""}${isHeld(name, rules) ? "<LegalHold>true</LegalHold>" : ""}`;
}

/** Headers of Get Container Properties. */
export function containerHeaders({ policy, containerPolicy }: StorageProtection): Readonly<Record<string, string>> {
  return {
    "x-ms-has-immutability-policy": String(containerPolicy !== undefined),
    "x-ms-has-legal-hold": "false",
    "x-ms-immutable-storage-with-versioning-enabled": String(policy !== undefined),
  };
}

/** A SAS of the container opens what is in it, and says nothing of the container itself. */
export function mayAskAboutContainer(path: string): boolean {
  return !new URL(path, "http://proxy").searchParams.has("sr");
}

/** The code of the refusal, when the object may not be deleted at `now`. */
export function deleteRefusal(
  name: string,
  rules: StorageProtection,
  { headers, now }: { readonly headers: IncomingHttpHeaders; readonly now: Date },
): string | undefined {
  if (isHeld(name, rules)) return "BlobImmutableDueToLegalHold";
  const created = headers["x-ms-creation-time"] ?? headers["last-modified"];
  const ageMs = now.getTime() - Date.parse(String(created));
  const ownDays = hasPolicy(name, rules) ? (rules.policy?.days ?? 0) : 0;
  const days = Math.max(ownDays, rules.containerPolicy?.days ?? 0);
  return ageMs < days * dayMs ? "BlobImmutableDueToPolicy" : undefined;
}

function hasPolicy(name: string, { policy }: StorageProtection): boolean {
  return policy !== undefined && (policy.only?.(name) ?? true);
}

function isHeld(name: string, { hold }: StorageProtection): boolean {
  return hold !== undefined && (hold.only?.(name) ?? true);
}
