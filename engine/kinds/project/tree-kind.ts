/**
 * Areas and iterations: two trees of the same form. A node is known by its number, so that renaming it is a change and
 * the catalogue can leave its name out; work items refer to it by its full path (`Shop\Web`). Restoring goes
 * top-down, and the first segment becomes the target project's name.
 */
import {
  createNode,
  readTree,
  updateNode,
  type ClassificationNode,
  type TreeGroup,
} from "../../azure-devops/project/classification.ts";
import { BackupError } from "../../foundation/errors.ts";
import { canonicalJson, objectAt, stringAt, type JsonObject } from "../../foundation/json.ts";
import { backUpDocuments, type StoredDocument } from "../documents/back-up-documents.ts";
import { archiveRecords, verifyRecords } from "../documents/records.ts";
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
  TranslatedId,
} from "../kind.ts";
import { movedPath } from "../restore/moved-path.ts";

const schema = 1;

/** The kind of one of the two trees. */
export function classificationKind(name: TreeGroup, title: string): ResourceKind {
  return {
    name,
    title,
    permissions: {
      backUp: [{ scope: "vso.work", permission: "View permissions for the nodes" }],
      restore: [{ scope: "vso.work_write", permission: "Create child nodes" }],
    },
    streams: async function* () {
      yield { id: name, name: title, facts: {} };
    },
    absence: async (): Promise<Absence> => ({ status: "missing", reason: "the tree always exists" }),
    backUp: async (stream, work) => backUpTree(name, stream, work),
    verify: (stream) => verifyRecords(stream, ({ value }) => stringAt(value, "path") !== undefined),
    archive: (selection, into) =>
      archiveRecords(
        selection,
        into,
        ({ key, value }) => `${name}/${(stringAt(value, "path") ?? String(key)).replaceAll("\\", "/")}.json`,
      ),
    restore: {
      after: ["project"],
      applying: "ordered",
      references: async function* () {
        // Paths carry their parents with them: see plan.
      },
      plan: (selection, target) => planTree(name, selection, target),
      covers: coveredKeys,
      apply: (step, context) => applyNode(name, step, context),
    },
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
    key: String(node.id),
    value,
    significant: { path: node.path, attributes: objectAt(node.raw, "attributes") ?? {} },
    item: { name: node.path, type: node.path.includes("\\") ? "node" : "root" },
  };
}

async function* planTree(name: TreeGroup, selection: Selection, target: TargetProject): AsyncGenerator<Step> {
  const live = new Map<string, ClassificationNode>();
  if (!target.isNew)
    for (const node of await readTree(target.azureDevOps, target.project.id, name))
      live.set(node.path.toLowerCase(), node);
  for await (const stored of withParents(selection)) {
    const step = stepOf({ ...stored, name, stream: selection.stream.line.s, live }, target);
    if (step !== undefined) yield step;
  }
}

interface Stored {
  readonly key: string;
  readonly value: JsonObject;
}

interface Chosen extends Stored {
  /** Selected itself, not only above a selected one. */
  readonly isSelected: boolean;
}

/** The selected nodes (by number or by path) and everything above them, parents first. */
async function* withParents({ keys, stream }: Selection): AsyncGenerator<Chosen> {
  const all: Stored[] = [];
  for await (const { key, value } of stream.records()) all.push({ key: String(key), value });
  const isSelected = ({ key, value }: Stored): boolean =>
    keys === "all" || keys.has(key) || keys.has(stringAt(value, "path") ?? "");
  const wanted = new Set<string>();
  for (const node of all.filter(isSelected))
    for (const path of pathsDownTo(stringAt(node.value, "path") ?? "")) wanted.add(path);
  const chosen = all.filter(({ value }) => wanted.has(stringAt(value, "path") ?? ""));
  for (const node of chosen.sort((a, b) => depthOf(a.value) - depthOf(b.value)))
    yield { ...node, isSelected: isSelected(node) };
}

async function coveredKeys(selection: Selection): Promise<(key: string) => boolean> {
  const keys = new Set<string>();
  for await (const { key } of withParents(selection)) keys.add(key);
  return (key) => keys.has(key);
}

/** `Shop`, `Shop\Web`, `Shop\Web\Checkout`. */
function pathsDownTo(path: string): readonly string[] {
  const segments = path.split("\\");
  return segments.map((_, index) => segments.slice(0, index + 1).join("\\"));
}

function depthOf(value: JsonObject): number {
  return (stringAt(value, "path") ?? "").split("\\").length;
}

interface Node extends Chosen {
  readonly name: TreeGroup;
  readonly stream: string;
  readonly live: ReadonlyMap<string, ClassificationNode>;
}

function stepOf({ name, stream, key, value, live, isSelected }: Node, target: TargetProject): Step | undefined {
  const path = stringAt(value, "path");
  const node = objectAt(value, "node");
  if (path === undefined || node === undefined || !path.includes("\\")) return undefined;
  const targetPath = movedPath(path, target.project.name);
  const attributes = objectAt(node, "attributes");
  const detail: JsonObject = { path: targetPath, ...(attributes === undefined ? {} : { attributes }) };
  const base = { kind: name, stream, key, name: path, phase: "create" as const, detail };
  const existing = live.get(targetPath.toLowerCase());
  if (existing === undefined) return { ...base, action: "create", changes: [`new node ${targetPath}`] };
  const found = { ...base, targetId: targetPath, ids: [pathId(name, path, targetPath)] };
  if (attributes === undefined || isSameJson(attributes, objectAt(existing.raw, "attributes") ?? {}))
    return { ...found, action: "skip", changes: [], reason: "exists" };
  const changes = [`dates of ${targetPath}`];
  if (target.conflictPolicy === "overwrite" && isSelected) return { ...found, action: "update", changes };
  const why = isSelected ? "conflictPolicy leaves it alone" : "it is only above what is restored, and left alone";
  return { ...found, action: "skip", changes, reason: `exists with other dates; ${why}` };
}

function isSameJson(left: JsonObject, right: JsonObject): boolean {
  return canonicalJson(left) === canonicalJson(right);
}

/** Work items name nodes by their paths. */
function pathId(name: TreeGroup, path: string, targetPath: string): TranslatedId {
  return [`${name}.path`, path, targetPath];
}

/** What is made comes from the snapshot; the plan only says which node, and whether it is to be made or changed. */
async function applyNode(name: TreeGroup, step: Step, { selection, target }: ApplyContext): Promise<StepResult> {
  const stored = await selection.stream.record(step.key);
  const storedPath = stringAt(stored ?? {}, "path");
  if (storedPath === undefined) throw notStored(step);
  const path = movedPath(storedPath, target.project.name);
  const segments = path.split("\\").slice(1);
  const own = segments.at(-1) ?? "";
  const parent = segments.slice(0, -1);
  const attributes = objectAt(objectAt(stored ?? {}, "node") ?? {}, "attributes");
  const node = { name: own, ...(attributes === undefined ? {} : { attributes }) };
  const found = { newId: path, ids: [pathId(name, storedPath, path)] };
  if (step.action === "create") {
    const { created } = await createNode(target.azureDevOps, target.project.id, { group: name, parent, node });
    return { outcome: created ? "created" : "adopted", ...found };
  }
  if (step.action === "update")
    await updateNode(target.azureDevOps, target.project.id, { group: name, path: segments, node });
  return { outcome: step.action === "update" ? "updated" : "skipped", ...found };
}

function notStored({ stream, key }: Step): BackupError {
  return new BackupError({
    code: "SELECTION_EMPTY",
    message: `Node ${key} of ${stream} is not in this snapshot`,
    hint: "Make a new plan: run the restore again, with previewOnly first.",
  });
}
