/**
 * Areas and iterations: two trees of the same form. A node is known by its full path (`Shop\Web`), as work items
 * name it; restoring goes top-down, and the first segment becomes the target project's name.
 */
import {
  createNode,
  readTree,
  updateNode,
  type ClassificationNode,
  type TreeGroup,
} from "../azure-devops/classification.ts";
import { canonicalJson, objectAt, stringAt, type JsonObject } from "../foundation/json.ts";
import { backUpDocuments, type StoredDocument } from "./documents.ts";
import { archiveRecords, selectedRecords, verifyRecords } from "./records-support.ts";
import type {
  Absence,
  ApplyContext,
  BackupWork,
  ResourceKind,
  Selection,
  SourceProject,
  SourceStream,
  Step,
  StepResult,
  TargetProject,
} from "./kind.ts";

const schema = 1;

/** The kind of one of the two trees. */
export function classificationKind(name: TreeGroup, title: string): ResourceKind {
  return {
    name,
    title,
    restoreAfter: ["project"],
    applying: "ordered",
    permissions: {
      backUp: [{ scope: "vso.work", permission: "View permissions for the nodes" }],
      restore: [{ scope: "vso.work_write", permission: "Create child nodes" }],
    },
    streams: async function* () {
      yield { id: name, name: title, facts: {} };
    },
    absence: async (): Promise<Absence> => ({ status: "missing", reason: "the tree always exists" }),
    backUp: async (stream, work) => backUpTree(name, stream, work),
    references: async function* () {
      // Paths carry their parents with them: see plan.
    },
    plan: (selection, target) => planTree(name, selection, target),
    apply: (step, context) => applyNode(name, step, context),
    verify: (stream) => verifyRecords(stream, ({ value }) => stringAt(value, "path") !== undefined),
    archive: (selection, into) =>
      archiveRecords(selection, into, ({ key }) => `${name}/${String(key).replaceAll("\\", "/")}.json`),
  };
}

async function backUpTree(name: TreeGroup, stream: SourceStream, work: BackupWork): ReturnType<ResourceKind["backUp"]> {
  const { azureDevOps, project }: SourceProject = work.source;
  const nodes = await readTree(azureDevOps, project.id, name);
  return backUpDocuments(stream, work, { documents: nodes.map(documentOf), schema });
}

function documentOf(node: ClassificationNode): StoredDocument {
  const value: JsonObject = { path: node.path, node: node.raw };
  return {
    key: node.path,
    value,
    significant: { path: node.path, id: node.id, attributes: objectAt(node.raw, "attributes") ?? {} },
    item: { name: node.path, type: node.path.includes("\\") ? "node" : "root" },
  };
}

async function* planTree(name: TreeGroup, selection: Selection, target: TargetProject): AsyncGenerator<Step> {
  const live = new Map<string, ClassificationNode>();
  if (!target.isNew)
    for (const node of await readTree(target.azureDevOps, target.project.id, name))
      live.set(node.path.toLowerCase(), node);
  const planned = new Set<string>();
  for await (const { value } of withParents(selection)) {
    const step = stepOf({ name, stream: selection.stream.line.s, value, live }, target);
    if (step === undefined || planned.has(step.key)) continue;
    planned.add(step.key);
    yield step;
  }
}

/** The selected nodes and everything above them, parents first. */
async function* withParents(selection: Selection): AsyncGenerator<{ readonly value: JsonObject }> {
  if (selection.keys === "all") {
    const all: JsonObject[] = [];
    for await (const { value } of selection.stream.records()) all.push(value);
    yield* all.sort((a, b) => depthOf(a) - depthOf(b)).map((value) => ({ value }));
    return;
  }
  const wanted = new Set<string>();
  for (const key of selection.keys) {
    const segments = key.split("\\");
    for (let length = 1; length <= segments.length; length += 1) wanted.add(segments.slice(0, length).join("\\"));
  }
  for await (const { value } of selectedRecords({ ...selection, keys: wanted })) yield { value };
}

function depthOf(value: JsonObject): number {
  return (stringAt(value, "path") ?? "").split("\\").length;
}

interface Node {
  readonly name: TreeGroup;
  readonly stream: string;
  readonly value: JsonObject;
  readonly live: ReadonlyMap<string, ClassificationNode>;
}

function stepOf({ name, stream, value, live }: Node, target: TargetProject): Step | undefined {
  const path = stringAt(value, "path");
  const node = objectAt(value, "node");
  if (path === undefined || node === undefined || !path.includes("\\")) return undefined;
  const targetPath = movedPath(path, target.project.name);
  const base = { kind: name, stream, key: path, name: path, phase: "create" as const };
  const existing = live.get(targetPath.toLowerCase());
  const attributes = objectAt(node, "attributes");
  const detail: JsonObject = { path: targetPath, ...(attributes === undefined ? {} : { attributes }) };
  if (existing === undefined) return { ...base, action: "create", changes: [`new node ${targetPath}`], detail };
  const differs =
    attributes !== undefined && canonicalJson(attributes) !== canonicalJson(objectAt(existing.raw, "attributes") ?? {});
  if (!differs) return { ...base, action: "skip", changes: [], reason: "exists", detail };
  const changes = [`dates of ${targetPath}`];
  if (target.conflictPolicy === "overwrite") return { ...base, action: "update", changes, detail };
  return {
    ...base,
    action: "skip",
    changes,
    reason: "exists with other dates; conflictPolicy leaves it alone",
    detail,
  };
}

/** The path with the target project's name at its root. */
export function movedPath(path: string, projectName: string): string {
  return [projectName, ...path.split("\\").slice(1)].join("\\");
}

async function applyNode(name: TreeGroup, step: Step, { target }: ApplyContext): Promise<StepResult> {
  const path = movedPath(step.key, target.project.name);
  const segments = path.split("\\").slice(1);
  const own = segments.at(-1) ?? "";
  const parent = segments.slice(0, -1);
  const attributes = objectAt(step.detail ?? {}, "attributes");
  const node = { name: own, ...(attributes === undefined ? {} : { attributes }) };
  if (step.action === "create") {
    const { created } = await createNode(target.azureDevOps, target.project.id, { group: name, parent, node });
    target.ids.set(name, step.key, path);
    return { outcome: created ? "created" : "adopted", newId: path };
  }
  target.ids.set(name, step.key, path);
  if (step.action === "update")
    await updateNode(target.azureDevOps, target.project.id, { group: name, path: segments, node });
  return { outcome: step.action === "update" ? "updated" : "skipped", newId: path };
}
