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
  type NodeContent,
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
  IdMap,
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
  const live = await liveTree(name, target);
  const places = new Map<string, Place>();
  for await (const stored of withParents(selection)) {
    const path = stringAt(stored.value, "path") ?? "";
    const node = path.includes("\\") ? counterpartOf({ ...stored, path }, { live, places, target }) : undefined;
    if (node === undefined) continue;
    const step = stepOf({ name, stream: selection.stream.line.s, node }, target);
    const now = node.existing?.path ?? node.wantedPath;
    places.set(path, { now, then: step.action === "update" && node.canBeRenamed ? node.wantedPath : now });
    yield step;
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

interface LiveTree {
  /** In lower case. */
  readonly byPath: ReadonlyMap<string, ClassificationNode>;
  readonly byId: ReadonlyMap<string, ClassificationNode>;
}

async function liveTree(name: TreeGroup, target: TargetProject): Promise<LiveTree> {
  const nodes = target.isNew ? [] : await readTree(target.azureDevOps, target.project.id, name);
  return {
    byPath: new Map(nodes.map((node) => [node.path.toLowerCase(), node])),
    byId: new Map(nodes.map((node) => [String(node.id), node])),
  };
}

/** Where a stored node is in the target, now and when its step is done. */
interface Place {
  readonly now: string;
  readonly then: string;
}

/** A stored node, and what it is in the target. */
interface Node extends Chosen {
  readonly path: string;
  /** Below its parent as that is there now, under its own name of then. */
  readonly wantedPath: string;
  /** By its number where ids are kept, whatever it is called now; else by its path. */
  readonly existing: ClassificationNode | undefined;
  /** What has its path. */
  readonly byPath: ClassificationNode | undefined;
  /** It lies elsewhere now, and is left there. */
  readonly isMoved: boolean;
  /** It can get its name back: it lies where it did, and nothing else has the name. */
  readonly canBeRenamed: boolean;
}

function counterpartOf(
  stored: Chosen & { readonly path: string },
  {
    live,
    places,
    target,
  }: { readonly live: LiveTree; readonly places: ReadonlyMap<string, Place>; readonly target: TargetProject },
): Node {
  const [parent, own] = splitPath(stored.path);
  const moved = movedPath(parent, target.project.name);
  const { now, then } = places.get(parent) ?? { now: moved, then: moved };
  const wantedPath = `${then}\\${own}`;
  const byPath = live.byPath.get(`${now}\\${own}`.toLowerCase());
  const existing = (target.isSource ? live.byId.get(stored.key) : undefined) ?? byPath;
  const isMoved = existing !== undefined && !isSamePath(splitPath(existing.path)[0], now);
  const canBeRenamed = existing !== undefined && !isMoved && byPath === undefined;
  return { ...stored, wantedPath, existing, byPath, isMoved, canBeRenamed };
}

function splitPath(path: string): readonly [parent: string, own: string] {
  const at = path.lastIndexOf("\\");
  return [path.slice(0, Math.max(0, at)), path.slice(at + 1)];
}

function isSamePath(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

interface Planned {
  readonly name: TreeGroup;
  readonly stream: string;
  readonly node: Node;
}

function stepOf({ name, stream, node }: Planned, target: TargetProject): Step {
  const { key, path, wantedPath, existing } = node;
  const attributes = attributesOf(node.value);
  const detail: JsonObject = { path: wantedPath, ...attributes };
  const base = { kind: name, stream, key, name: path, phase: "create" as const, detail };
  if (existing === undefined) return { ...base, action: "create", changes: [`new node ${wantedPath}`] };
  const found = { ...base, targetId: existing.path, ids: [pathId(name, path, existing.path)] };
  return { ...found, ...existingStep(node, existing, target), detail: { ...detail, ...howItLies(node) } };
}

function howItLies({ canBeRenamed, isMoved }: Node): JsonObject {
  return { ...(canBeRenamed ? { rename: true } : {}), ...(isMoved ? { moved: true } : {}) };
}

function existingStep(
  { wantedPath, value, byPath, canBeRenamed, isSelected }: Node,
  existing: ClassificationNode,
  { conflictPolicy }: TargetProject,
): Pick<Step, "action" | "changes" | "reason"> {
  const { attributes } = attributesOf(value);
  const hasOtherDates = attributes !== undefined && !isSameJson(attributes, objectAt(existing.raw, "attributes") ?? {});
  const changes = [
    ...(canBeRenamed ? [`${existing.path} becomes ${wantedPath}`] : []),
    ...(hasOtherDates ? [`dates of ${wantedPath}`] : []),
  ];
  const how = existing === byPath ? "exists" : `exists as ${existing.path}`;
  if (changes.length === 0) return { action: "skip", changes, reason: how };
  if (conflictPolicy === "overwrite" && isSelected) return { action: "update", changes };
  const why = isSelected ? "conflictPolicy leaves it alone" : "it is only above what is restored, and left alone";
  return { action: "skip", changes, reason: `${how}${hasOtherDates ? " with other dates" : ""}; ${why}` };
}

/** Dates of iterations. */
function attributesOf(value: JsonObject): { readonly attributes?: JsonObject } {
  const attributes = objectAt(objectAt(value, "node") ?? {}, "attributes");
  return attributes === undefined ? {} : { attributes };
}

function isSameJson(left: JsonObject, right: JsonObject): boolean {
  return canonicalJson(left) === canonicalJson(right);
}

/** Work items name nodes by their paths. */
function pathId(name: TreeGroup, path: string, targetPath: string): TranslatedId {
  return [`${name}.path`, path, targetPath];
}

/** What is made comes from the snapshot; the plan only says which node, and whether it is to be made or changed. */
async function applyNode(name: TreeGroup, step: Step, context: ApplyContext): Promise<StepResult> {
  const { selection, target, attempted } = context;
  const stored = (await selection.stream.record(step.key)) ?? {};
  const storedPath = stringAt(stored, "path");
  if (storedPath === undefined) throw notStored(step);
  const { outcome, path } = await nodeAt(name, step, { storedPath, dates: attributesOf(stored), target, attempted });
  return { outcome, newId: path, ids: [pathId(name, storedPath, path)] };
}

interface NodeToApply extends Pick<ApplyContext, "target" | "attempted"> {
  readonly storedPath: string;
  readonly dates: Partial<NodeContent>;
}

async function nodeAt(
  name: TreeGroup,
  step: Step,
  { storedPath, dates, target, attempted }: NodeToApply,
): Promise<Pick<StepResult, "outcome"> & { readonly path: string }> {
  const { azureDevOps, project } = target;
  const [parent, own] = splitPath(storedPath);
  if (step.action === "create") {
    const parentPath = target.ids.get(`${name}.path`, parent) ?? movedPath(parent, project.name);
    const node = { name: own, ...dates };
    const { created } = await createNode(azureDevOps, project.id, { group: name, parent: below(parentPath), node });
    return { outcome: created ? "created" : "adopted", path: `${parentPath}\\${own}` };
  }
  const planned = pathNow(name, step, { parent, ids: target.ids });
  if (step.action !== "update") return { outcome: "skipped", path: planned };
  const isRenamed = step.detail?.rename === true;
  // An earlier run may have given it its name back already.
  const known = attempted && isRenamed ? (await liveTree(name, target)).byId.get(step.key) : undefined;
  const path = known?.path ?? planned;
  const node = { ...(isRenamed ? { name: own } : {}), ...dates };
  await updateNode(azureDevOps, project.id, { group: name, path: below(path), node });
  return { outcome: "updated", path: isRenamed ? `${splitPath(path)[0]}\\${own}` : path };
}

/** Names below the root, as the service wants them. */
function below(path: string): readonly string[] {
  return path.split("\\").slice(1);
}

/** Where the node that the plan found is by now: what lies above it may have got its name back. */
function pathNow(
  name: TreeGroup,
  { targetId, detail = {} }: Step,
  { parent, ids }: { readonly parent: string; readonly ids: IdMap },
): string {
  const planned = targetId ?? stringAt(detail, "path") ?? "";
  if (detail.moved === true) return planned;
  const [parentThen, own] = splitPath(planned);
  return `${ids.get(`${name}.path`, parent) ?? parentThen}\\${own}`;
}

function notStored({ stream, key }: Step): BackupError {
  return new BackupError({
    code: "SELECTION_EMPTY",
    message: `Node ${key} of ${stream} is not in this snapshot`,
    hint: "Make a new plan: run the restore again, with previewOnly first.",
  });
}
