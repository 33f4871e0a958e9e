/**
 * A document as its record holds it: what the service sent, and the names behind ids of things that the vault does not
 * keep, so that they are known again elsewhere.
 */
import { isObject, objectAt, stringAt, type JsonObject } from "../../foundation/json.ts";
import type { SourceProject } from "../kind.ts";
import { referencesIn } from "./references.ts";
import type { DocumentKind, ForeignKind, NamedThing, Place } from "./declaration.ts";

export interface StoredForm {
  readonly document: JsonObject;
  /** `<kind>/<id>` → name. */
  readonly names: Readonly<Record<string, string>>;
}

/** Undefined for what is no record of a document. */
export function storedForm(record: JsonObject): StoredForm | undefined {
  const document = objectAt(record, "document");
  if (document === undefined) return undefined;
  const names = Object.entries(objectAt(record, "names") ?? {});
  return {
    document,
    names: Object.fromEntries(names.filter((entry): entry is [string, string] => typeof entry[1] === "string")),
  };
}

/** The record of a document. Foreign things are listed once in a run, and only where a document names one. */
export async function recordOf(kind: DocumentKind, raw: JsonObject, source: SourceProject): Promise<JsonObject> {
  const names: Record<string, string> = {};
  for (const { reference, id } of referencesIn(kind.content(raw), kind.references ?? [])) {
    const foreign = foreignOf(kind, reference.kind);
    const found = foreign === undefined ? undefined : (await foreignThings(foreign, source)).get(id);
    if (found !== undefined) names[`${reference.kind}/${id}`] = found;
  }
  return { document: raw, ...(Object.keys(names).length === 0 ? {} : { names }) };
}

export function foreignOf({ foreign = [] }: DocumentKind, name: string): ForeignKind | undefined {
  return foreign.find(({ kind }) => kind === name);
}

/** Id → name. Where the identity may not list them, nothing is known of them; that is no gap of the document. */
async function foreignThings(foreign: ForeignKind, source: SourceProject): Promise<ReadonlyMap<string, string>> {
  const things = await source.once(`${foreign.kind}/${source.project.id}`, () => listedOrNone(foreign, source));
  return new Map(things.map(({ id, name }) => [id.toLowerCase(), name]));
}

async function listedOrNone(foreign: ForeignKind, place: Place): Promise<readonly NamedThing[]> {
  try {
    return await foreign.list(place);
  } catch (error) {
    if (isObject(error) && /^ADO_(?:FORBIDDEN|UNAUTHORIZED|NOT_FOUND)$/.test(stringAt(error, "code") ?? "")) return [];
    throw error;
  }
}
