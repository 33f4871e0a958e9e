/**
 * Ids of other things on their way into the target. One that nothing in the target corresponds to is never sent as it
 * is: what can do without it loses it, else the document cannot be restored, and the plan says why.
 */
import type { JsonObject } from "../../foundation/json.ts";
import type { TargetProject } from "../kind.ts";
import { idInTarget, referencesIn, translated, type Reference } from "./references.ts";
import type { DocumentKind, ForeignKind } from "./declaration.ts";
import { foreignOf, type StoredForm } from "./stored.ts";

export interface Translation {
  /** With the ids of the target. What the restore is yet to make has a text in its place that equals no id. */
  readonly content: JsonObject;
  /** One line for each reference that is left out. */
  readonly leftOut: readonly string[];
  /** Why the document cannot be restored here. */
  readonly obstacle: string | undefined;
}

interface Found {
  readonly now?: string;
  readonly why?: string;
}

/** `own` gives ids of documents of the same kind that the plan has found or is about to make. */
export async function translation(
  kind: DocumentKind,
  stored: StoredForm,
  { target, own }: { readonly target: TargetProject; readonly own: (id: string) => string | undefined },
): Promise<Translation> {
  const references = kind.references ?? [];
  const content = kind.content(stored.document);
  const found = new Map<string, Found>();
  const leftOut: string[] = [];
  let obstacle: string | undefined;
  for (const { reference, id } of referencesIn(content, references)) {
    const place = `${reference.kind}/${id}`;
    const one = found.get(place) ?? (await lookedUp({ kind, reference, id, stored, target, own }));
    if (one.why !== undefined && !found.has(place)) {
      if (reference.isOptional === true) leftOut.push(`leaves out ${reference.at}: ${one.why}`);
      else obstacle ??= one.why;
    }
    found.set(place, one);
  }
  const translate = ({ kind: other }: Reference, id: string): string | undefined => found.get(`${other}/${id}`)?.now;
  return { content: obstacle === undefined ? translated(content, references, translate) : content, leftOut, obstacle };
}

interface LookUp {
  readonly kind: DocumentKind;
  readonly reference: Reference;
  readonly id: string;
  readonly stored: StoredForm;
  readonly target: TargetProject;
  readonly own: (id: string) => string | undefined;
}

async function lookedUp(look: LookUp): Promise<Found> {
  const { kind, reference, id, target } = look;
  const foreign = foreignOf(kind, reference.kind);
  if (foreign !== undefined) return foreignId(foreign, look);
  const known = reference.kind === kind.name ? look.own(id) : target.ids.get(reference.kind, id);
  if (known !== undefined) return { now: known };
  if (await isInSnapshot(look)) return { now: `made from ${reference.kind}/${id}` };
  const kept = idInTarget(target, reference.kind, id);
  if (kept !== undefined) return { now: kept };
  return { why: `it uses ${reference.kind} ${id}, which neither this snapshot nor the target has` };
}

/** What the snapshot has is found or made by the same restore, before it is needed. */
async function isInSnapshot({ reference, id, target: { snapshot, ids } }: LookUp): Promise<boolean> {
  if (ids.isAwaited(reference.kind, id)) return true;
  if ((await snapshot.stream(`${reference.kind}/${id}`)) !== undefined) return true;
  return (await (await snapshot.stream(reference.kind))?.record(id)) !== undefined;
}

/** In the same project by its id; elsewhere by its name, which was stored with the document. */
async function foreignId(foreign: ForeignKind, { id, stored, target }: LookUp): Promise<Found> {
  if (target.isSource) return { now: id };
  const name = stored.names[`${foreign.kind}/${id}`];
  const what = `${foreign.one} ${name ?? id}`;
  if (target.isNew && name !== undefined && foreign.isInNew?.(name) === true)
    return { now: `made from ${foreign.kind}/${id}` };
  if (target.isNew) return { why: `it uses ${what}, which a new project does not have` };
  const things = await target.once(`${foreign.kind}/${target.project.id}`, () => foreign.list(target));
  const same = things.find((one) => one.id.toLowerCase() === id || one.name.toLowerCase() === name?.toLowerCase());
  if (same !== undefined) return { now: same.id };
  return {
    why: `it uses ${what}, which project ${target.project.name} does not have: create it there, then restore again`,
  };
}
