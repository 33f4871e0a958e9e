/** How tests and sample content make work items: the service's own steps, in few words, as the organisation's owner unless said. */
import type { JsonValue } from "../../../engine/foundation/json.ts";
import type { SimIdentity, SimProject } from "../service.ts";
import { latestOf, react, rewrite, say, unsay } from "./comments.ts";
import { instantOf } from "./dates.ts";
import { edit } from "./edit.ts";
import type { WitHost } from "./host.ts";
import { LINK_TYPES, linkEndOf, otherEnd, relationsOf } from "./links.ts";
import type { Attachment, ClassificationNode, Comment, Relation, StructureGroup, WorkItem } from "./model.ts";
import type { Operation } from "./patch.ts";
import { operationsOf } from "./patch.ts";
import { trackingOf } from "./tracking.ts";
import type { WorkItemTracking } from "./tracking.ts";
import { childOf, itemPathOf } from "./tree.ts";

export interface When {
  readonly by?: SimIdentity;
  /** An ISO instant after the item's last change; now unless said. */
  readonly at?: string;
}

export type Fields = Readonly<Record<string, JsonValue>>;

export interface NewWorkItem extends When {
  readonly type?: string;
  readonly title?: string;
  /** By reference name or name; of paths the part below the project is enough. */
  readonly fields?: Fields;
  /** Long text fields that are in Markdown. */
  readonly markdown?: readonly string[];
  readonly parent?: WorkItem;
}

export interface NewLink {
  readonly to: WorkItem;
  readonly comment?: string;
  readonly by?: SimIdentity;
}

function linkOf(other: WorkItem | NewLink): NewLink {
  return "to" in other ? other : { to: other };
}

export class Wit {
  readonly tracking: WorkItemTracking;
  readonly #host: WitHost;

  constructor(host: WitHost) {
    this.#host = host;
    this.tracking = trackingOf(host);
  }

  /** A work item by id. */
  item(id: number): WorkItem {
    const item = this.tracking.items.get(id);
    if (!item) throw new Error(`no work item ${id}`);
    return item;
  }

  project(name: string | SimProject): SimProject {
    if (typeof name !== "string") return name;
    const project = this.#host.projectOf(name);
    if (!project) throw new Error(`no project ${name}`);
    return project;
  }

  create(where: string | SimProject, what: NewWorkItem = {}): WorkItem {
    const project = this.project(where);
    const name = what.type ?? "Task";
    const type = this.tracking.typeIn(project, name);
    if (!type) throw new Error(`no type ${name} in ${project.name}`);
    const fields = { "System.Title": what.title ?? `A ${name.toLowerCase()}`, ...what.fields };
    const formats = (what.markdown ?? []).map((field) => ({
      op: "add",
      path: `/multilineFieldsFormat/${field}`,
      value: "Markdown",
    }));
    const item = this.#edit(
      { project, type },
      [...this.#fieldOperations(project, fields), ...operationsFrom(formats)],
      what,
    );
    if (what.parent) this.link(what.parent, "Child", { to: item, ...(what.by && { by: what.by }) });
    return item;
  }

  edit(item: WorkItem, fields: Fields, when: When = {}): WorkItem {
    return this.#edit(item, this.#fieldOperations(this.tracking.projectOf(item), fields), when);
  }

  /** `as` is what the other item is to this one (Parent, Child, Related, Predecessor, Tested By …), or a reference name. */
  link(item: WorkItem, as: string, other: WorkItem | NewLink): void {
    const { to, comment, by } = linkOf(other);
    const attributes = comment === undefined ? {} : { comment };
    const operation: Operation = {
      kind: "add relation",
      rel: relOf(as),
      url: `/_apis/wit/workItems/${to.id}`,
      attributes,
    };
    this.#edit(item, [operation], by ? { by } : {});
  }

  unlink(item: WorkItem, as: string, other: WorkItem | NewLink): void {
    const rel = relOf(as);
    const { to, by } = linkOf(other);
    this.#removeRelation(item, by ? { by } : {}, (relation) => {
      if (relation.kind !== "work item" || otherEnd(relation, item) !== to) return false;
      return (relation.source === item ? relation.type.forward : relation.type.reverse) === rel;
    });
  }

  hyperlink(item: WorkItem, url: string, what: When & { readonly comment?: string } = {}): void {
    const attributes = what.comment === undefined ? {} : { comment: what.comment };
    this.#edit(item, [{ kind: "add relation", rel: "Hyperlink", url, attributes }], what);
  }

  /** `name` as in the service's list of artefact links: Fixed in Commit, Build, Pull Request … */
  artifact(item: WorkItem, { name, url, ...when }: When & { readonly name: string; readonly url: string }): void {
    this.#edit(item, [{ kind: "add relation", rel: "ArtifactLink", url, attributes: { name } }], when);
  }

  upload(fileName: string, content: Uint8Array | string): Attachment {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    return this.tracking.attachments.add(fileName, bytes);
  }

  attach(
    item: WorkItem,
    file: { readonly name: string; readonly content: Uint8Array | string; readonly comment?: string } & When,
  ): Attachment {
    const attachment = this.upload(file.name, file.content);
    const attributes = { name: file.name, ...(file.comment !== undefined && { comment: file.comment }) };
    const url = `/_apis/wit/attachments/${attachment.id}`;
    this.#edit(item, [{ kind: "add relation", rel: "AttachedFile", url, attributes }], file);
    return attachment;
  }

  /** Takes an attachment, hyperlink or artefact link off by its name or URL. */
  detach(item: WorkItem, nameOrUrl: string, when: Pick<When, "by"> = {}): void {
    this.#removeRelation(
      item,
      when,
      (one) => one.kind === "resource" && (one.name === nameOrUrl || one.url === nameOrUrl),
    );
  }

  comment(item: WorkItem, text: string, how: When & { readonly format?: "html" | "markdown" } = {}): Comment {
    const { tracking } = this;
    const at = how.at === undefined ? undefined : instantOf(how.at);
    return say(item, {
      tracking,
      text,
      format: how.format ?? "html",
      by: this.#by(how),
      ...(at !== undefined && { at }),
    });
  }

  /** The comment's text changes; the item makes no revision of it. */
  editComment(comment: Comment, text: string, when: Pick<When, "by"> = {}): void {
    rewrite(comment, { tracking: this.tracking, text, format: latestOf(comment).format, by: this.#by(when) });
  }

  deleteComment(comment: Comment, when: Pick<When, "by"> = {}): void {
    unsay(comment, this.tracking, this.#by(when));
  }

  react(comment: Comment, type: string, by?: SimIdentity): void {
    react(comment, type, by ?? this.#by({}));
  }

  /** Into the recycle bin. */
  remove(item: WorkItem, when: Pick<When, "by"> = {}): void {
    this.tracking.remove(item, this.#by(when));
  }

  restore(item: WorkItem, when: Pick<When, "by"> = {}): void {
    this.tracking.restore(item, this.#by(when));
  }

  destroy(item: WorkItem): void {
    this.tracking.destroy(item);
  }

  /** Into another project; `fields` may name area and iteration there. */
  moveTo(item: WorkItem, where: string | SimProject, what: When & { readonly fields?: Fields } = {}): WorkItem {
    const project = this.project(where);
    const fields = { "System.TeamProject": project.name, ...what.fields };
    return this.#edit(item, this.#fieldOperations(project, fields), what);
  }

  area(where: string | SimProject, path: string): ClassificationNode {
    return this.#node(this.project(where), "areas", path);
  }

  iteration(
    where: string | SimProject,
    path: string,
    dates?: { readonly start: string; readonly finish: string },
  ): ClassificationNode {
    const node = this.#node(this.project(where), "iterations", path);
    if (dates)
      node.attributes = { startDate: instantOf(dates.start) ?? null, finishDate: instantOf(dates.finish) ?? null };
    return node;
  }

  #node(project: SimProject, group: StructureGroup, path: string): ClassificationNode {
    let node = this.tracking.nodes.rootOf(project.id, group);
    for (const name of path.split("\\")) node = childOf(node, name) ?? this.tracking.nodes.add(node, name);
    return node;
  }

  #by({ by }: Pick<When, "by">): SimIdentity {
    const person = by ?? this.#host.identities[0];
    if (!person) throw new Error("the organisation has no people");
    return person;
  }

  #fieldOperations(project: SimProject, fields: Fields): Operation[] {
    const document = Object.entries(fields).map(([name, value]) => {
      const isPath = /^(System\.)?(Area|Iteration) ?Path$/.test(name);
      const root = itemPathOf(this.tracking.nodes.rootOf(project.id, "areas"));
      const isShort = isPath && typeof value === "string" && value !== root && !value.startsWith(`${root}\\`);
      return { op: "add", path: `/fields/${name}`, value: isShort ? `${root}\\${value}` : value };
    });
    return operationsFrom(document);
  }

  #removeRelation(item: WorkItem, when: Pick<When, "by">, isIt: (relation: Relation) => boolean): void {
    const index = relationsOf(item).findIndex(isIt);
    if (index < 0) throw new Error(`work item ${item.id} has no such relation`);
    this.#edit(item, [{ kind: "remove relation", index }], when);
  }

  #edit(of: Parameters<typeof edit>[1]["of"], operations: readonly Operation[], when: When): WorkItem {
    const by = this.#by(when);
    const at = when.at === undefined ? undefined : instantOf(when.at);
    return edit(this.tracking, {
      of,
      operations,
      by,
      bypassRules: false,
      validateOnly: false,
      itemBy: (id) => this.tracking.items.get(id),
      ...(at !== undefined && { at }),
    });
  }
}

function operationsFrom(document: readonly JsonValue[]): Operation[] {
  return document.length === 0 ? [] : operationsOf(document);
}

function relOf(name: string): string {
  if (linkEndOf(name)) return name;
  for (const type of LINK_TYPES) {
    if (type.remote) continue;
    if (type.forwardName === name) return type.forward;
    if (type.reverseName === name) return type.reverse;
  }
  throw new Error(`no link type ${name}`);
}
