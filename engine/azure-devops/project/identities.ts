/**
 * Identities, to find in the target whom the source meant (learn.microsoft.com/rest/api/azure/devops/ims/identities).
 */
import { stringAt, objectAt } from "../../foundation/json.ts";
import type { JsonObject } from "../../foundation/json.ts";
import type { AzureDevOps, Query } from "../azure-devops.ts";
import { requiredText } from "../reading/fields.ts";
import { listWithGaps } from "../reading/paging.ts";

export interface Identity {
  readonly id: string;
  /** Legacy form, which ACLs use. */
  readonly descriptor: string | undefined;
  readonly subjectDescriptor: string | undefined;
  readonly displayName: string;
  /** Mail address or account name. */
  readonly account: string | undefined;
  readonly mail: string | undefined;
  readonly isActive: boolean;
  readonly raw: JsonObject;
}

export type IdentitySelection =
  | { readonly descriptors: readonly string[] }
  | { readonly ids: readonly string[] }
  | { readonly subjectDescriptors: readonly string[] }
  /** `General` looks at names, accounts and mail addresses alike. */
  | { readonly search: string; readonly filter?: "General" | "AccountName" | "DisplayName" | "MailAddress" };

/** Those found; the service leaves unknown ones out. Long lists are asked for in pieces. */
export async function readIdentities(
  azureDevOps: AzureDevOps,
  selection: IdentitySelection,
): Promise<readonly Identity[]> {
  const found: Identity[] = [];
  for (const query of queriesOf(selection)) {
    const answer = await azureDevOps.call({ area: "ims", path: ["identities"], query });
    for (const raw of listWithGaps(answer, "GET identities")) if (raw !== null) found.push(identityFrom(raw));
  }
  return found;
}

/** Keeps the address of one request well below what servers take. */
const maxQueryLength = 1_500;

function* queriesOf(selection: IdentitySelection): Generator<Query> {
  if ("search" in selection) {
    yield { searchFilter: selection.filter ?? "General", filterValue: selection.search };
  } else if ("ids" in selection) {
    for (const identityIds of portions(selection.ids)) yield { identityIds };
  } else if ("descriptors" in selection) {
    for (const descriptors of portions(selection.descriptors)) yield { descriptors };
  } else {
    for (const subjectDescriptors of portions(selection.subjectDescriptors)) yield { subjectDescriptors };
  }
}

function* portions(values: readonly string[]): Generator<readonly string[]> {
  let portion: string[] = [];
  let length = 0;
  for (const value of values) {
    const own = encodeURIComponent(value).length + 3;
    if (portion.length > 0 && length + own > maxQueryLength) {
      yield portion;
      portion = [];
      length = 0;
    }
    portion.push(value);
    length += own;
  }
  if (portion.length > 0) yield portion;
}

function identityFrom(raw: JsonObject): Identity {
  const id = requiredText(raw, "id", "identity");
  const property = (name: string): string | undefined =>
    stringAt(objectAt(objectAt(raw, "properties") ?? {}, name) ?? {}, "$value");
  return {
    id,
    descriptor: stringAt(raw, "descriptor"),
    subjectDescriptor: stringAt(raw, "subjectDescriptor"),
    displayName: stringAt(raw, "customDisplayName") ?? stringAt(raw, "providerDisplayName") ?? id,
    account: property("Account"),
    mail: property("Mail"),
    isActive: raw.isActive !== false,
    raw,
  };
}
