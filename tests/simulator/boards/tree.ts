/** Areas and iterations. Items keep node ids, so renaming or moving a node shows in all of them, old revisions too. */
import type { SimProject } from "../service.ts";
import { badRequest, nodeNotFound } from "./errors.ts";
import { SimError } from "../service.ts";
import type { ClassificationNode, StructureGroup } from "./model.ts";

const FORBIDDEN = /[\\/:*?"<>|#$&+\p{Cc}]/u;

export function nameOf(node: ClassificationNode): string {
  return node.parent ? node.name : node.project.name;
}

/** Names from the root (the project) down. */
export function pathOf(node: ClassificationNode): string[] {
  const names: string[] = [];
  for (let at: ClassificationNode | undefined = node; at; at = at.parent) names.unshift(nameOf(at));
  return names;
}

/** `Project\Child`, as work items show it. */
export function itemPathOf(node: ClassificationNode): string {
  return pathOf(node).join("\\");
}

export function childOf(node: ClassificationNode, name: string): ClassificationNode | undefined {
  const wanted = name.toLowerCase();
  return node.children.find((child) => child.name.toLowerCase() === wanted);
}

/** Below a root, by `Child\Grandchild` (either slash, leading ones ignored). */
export function nodeBelow(root: ClassificationNode, path: string): ClassificationNode | undefined {
  let node: ClassificationNode | undefined = root;
  for (const name of path.split(/[\\/]/).filter((part) => part !== "")) node = node && childOf(node, name);
  return node;
}

/** By `Project\Child` as work items name it. */
export function nodeByItemPath(root: ClassificationNode, path: string): ClassificationNode | undefined {
  const [project = "", ...rest] = path.replace(/^\\/, "").split("\\");
  if (project.toLowerCase() !== nameOf(root).toLowerCase()) return undefined;
  return nodeBelow(root, rest.join("\\"));
}

export function isUnder(node: ClassificationNode, ancestor: ClassificationNode): boolean {
  for (let at: ClassificationNode | undefined = node; at; at = at.parent) if (at === ancestor) return true;
  return false;
}

export function checkName(name: string): void {
  if (name === "" || name.length > 255 || FORBIDDEN.test(name) || name === "." || name === "..") {
    throw badRequest("InvalidClassificationNodeNameException", `VS402401: The node name '${name}' is not valid.`);
  }
}

export function checkFree(parent: ClassificationNode, name: string): void {
  if (!childOf(parent, name)) return;
  throw new SimError(
    409,
    "ClassificationNodeDuplicateNameException",
    `VS402371: Classification node name ${name} is already in use by a different child of parent classification node ${nameOf(parent)}.`,
  );
}

export class ClassificationNodes {
  readonly #all = new Map<number, ClassificationNode>();
  readonly #roots = new Map<string, ClassificationNode>();
  readonly #newId: () => string;
  #nextId = 101;

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  addRoots(project: SimProject): void {
    for (const group of ["areas", "iterations"] as const) {
      this.#roots.set(`${group} ${project.id}`, this.#make({ group, project, name: project.name, parent: undefined }));
    }
  }

  rootOf(projectId: string, group: StructureGroup): ClassificationNode {
    const root = this.#roots.get(`${group} ${projectId}`);
    if (!root) throw nodeNotFound(projectId);
    return root;
  }

  /** Also a deleted one: old revisions still name it. */
  byId(id: number): ClassificationNode | undefined {
    return this.#all.get(id);
  }

  add(parent: ClassificationNode, name: string): ClassificationNode {
    checkName(name);
    checkFree(parent, name);
    const node = this.#make({ group: parent.group, project: parent.project, name, parent });
    parent.children.push(node);
    return node;
  }

  move(node: ClassificationNode, parent: ClassificationNode): void {
    if (!node.parent || node.group !== parent.group || node.project !== parent.project || isUnder(parent, node)) {
      throw badRequest("ClassificationNodeReclassificationException", "TF51560: The node cannot be moved there.");
    }
    if (node.parent === parent) return;
    checkFree(parent, node.name);
    this.#detach(node);
    node.parent = parent;
    parent.children.push(node);
  }

  rename(node: ClassificationNode, name: string): void {
    if (!node.parent) throw badRequest("ClassificationNodeRootException", "TF51565: The root node cannot be renamed.");
    if (name === node.name) return;
    checkName(name);
    if (name.toLowerCase() !== node.name.toLowerCase()) checkFree(node.parent, name);
    node.name = name;
  }

  remove(node: ClassificationNode): void {
    if (!node.parent) throw badRequest("ClassificationNodeRootException", "TF51565: The root node cannot be deleted.");
    this.#detach(node);
    const open = [node];
    for (let at = open.pop(); at; at = open.pop()) {
      at.isDeleted = true;
      open.push(...at.children);
    }
  }

  #detach(node: ClassificationNode): void {
    const siblings = node.parent?.children ?? [];
    siblings.splice(siblings.indexOf(node), 1);
  }

  #make(from: Pick<ClassificationNode, "group" | "project" | "name" | "parent">): ClassificationNode {
    const id = this.#nextId++;
    const node = { ...from, id, identifier: this.#newId(), children: [], attributes: undefined, isDeleted: false };
    this.#all.set(id, node);
    return node;
  }
}
