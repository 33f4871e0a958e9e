/** A kind whose things live in memory: what the engine does with any kind, without a service behind it. */
import { stringAt, type JsonObject } from "../../engine/foundation/json.ts";
import { backUpDocuments } from "../../engine/kinds/documents/back-up-documents.ts";
import { archiveRecords, selectedRecords, verifyRecords } from "../../engine/kinds/documents/records.ts";
import type { ApplyContext, Gap, ResourceKind, Selection, Step, TargetProject } from "../../engine/kinds/kind.ts";
import { translated } from "../../engine/kinds/restore/references.ts";

/** Things by their ids: `name`, and `needs` with the id of a thing of the kind that it depends on. */
export type Things = Map<string, { readonly name: string; readonly color?: string; readonly needs?: string }>;

export interface MemoryKind {
  readonly kind: ResourceKind;
  /** The same without the way back. */
  readonly keptOnly: ResourceKind;
  readonly source: Things;
  readonly target: Things;
  /** What it was given to work with, by what it was asked for. */
  readonly given: Map<string, readonly object[]>;
  readonly gaps: Gap[];
  /** Called before a step is done; what it throws is thrown. */
  before: (step: Step, context: ApplyContext) => void;
}

export function memoryKind(name: string, dependsOn?: string): MemoryKind {
  const memory: MemoryKind = {
    kind: { ...sides(), restore: restoring() },
    keptOnly: sides(),
    source: new Map(),
    target: new Map(),
    given: new Map(),
    gaps: [],
    before: () => undefined,
  };
  const note = (what: string, ...objects: readonly object[]): void => void memory.given.set(what, objects);
  return memory;

  function sides(): ResourceKind {
    const permission = { scope: "vso.project", permission: "View project-level information" };
    return {
      name,
      title: `Things of ${name}`,
      permissions: { backUp: [permission], restore: [permission] },
      streams: async function* (source) {
        note("streams", source);
        yield { id: name, name, facts: {} };
      },
      absence: async () => ({ status: "missing", reason: "it always exists" }),
      async backUp(stream, work) {
        note("backUp", work, work.source);
        const documents = [...memory.source].map(([key, value]) => ({ key, value, item: { name: value.name } }));
        return { ...(await backUpDocuments(stream, work, { documents, schema: 1 })), gaps: memory.gaps };
      },
      verify(stream, tools) {
        note("verify", tools);
        return verifyRecords(stream);
      },
      archive: (selection, into) => archiveRecords(selection, into, ({ key }) => `${name}/${key}.json`),
    };
  }

  function restoring(): NonNullable<ResourceKind["restore"]> {
    return {
      after: dependsOn === undefined ? [] : [dependsOn],
      applying: "concurrent",
      references: async function* (selection: Selection) {
        for await (const { key, value } of selectedRecords(selection)) {
          const id = stringAt(value, "needs");
          if (dependsOn !== undefined && id !== undefined) yield { kind: dependsOn, id, neededBy: `${name} ${key}` };
        }
      },
      plan: async function* (selection: Selection, target: TargetProject) {
        note("plan", target);
        for await (const { key, value } of selectedRecords(selection))
          yield stepFor(String(key), value, target.conflictPolicy);
      },
      async apply(step, context) {
        note("apply", context, context.target);
        memory.before(step, context);
        const stored = (await context.selection.stream.record(step.key)) ?? {};
        if (step.action === "skip") return { outcome: "skipped" };
        const id = step.targetId ?? `made-${memory.target.size + 1}`;
        memory.target.set(id, inTarget(stored, context.target));
        const outcome = step.targetId === undefined ? "created" : "updated";
        return { outcome, newId: id, ids: [[`${name}.name`, stringAt(stored, "name") ?? "", `name of ${id}`]] };
      },
    };
  }

  function stepFor(key: string, value: JsonObject, policy: TargetProject["conflictPolicy"]): Step {
    const base = { kind: name, stream: name, key, name: stringAt(value, "name") ?? key, phase: "create" as const };
    const [targetId, found] = [...memory.target].find(([, other]) => other.name === value.name) ?? [];
    if (targetId === undefined) return { ...base, action: "create", changes: ["new"] };
    if (found?.color === value.color) return { ...base, action: "skip", changes: [], reason: "is as stored", targetId };
    if (policy === "overwrite") return { ...base, action: "update", changes: ["color"], targetId };
    return { ...base, action: "skip", changes: ["color"], reason: "differs", targetId };
  }

  function inTarget(stored: JsonObject, target: TargetProject): { readonly name: string; readonly needs?: string } {
    const { needs, ...rest } = stored as { readonly name: string; readonly needs?: string };
    if (needs === undefined || dependsOn === undefined) return rest;
    const now = translated([dependsOn, needs], target);
    return now.status === "known" ? { ...rest, needs: now.id } : { ...rest, needs: now.status };
  }
}
