/**
 * State of work item tracking in one organisation, and the few steps that change it. Nothing is checked here;
 * `edit.ts` does that for everything that comes through REST or the builder.
 */
import type { SimIdentity, SimProject } from "../service.ts";
import { AttachmentStore } from "./attachment-store.ts";
import type { WitHost } from "./host.ts";
import { isShown, parentLinkOf } from "./links.ts";
import type {
  Bag,
  Comment,
  FieldValue,
  LinkEvent,
  RelationChanges,
  Revision,
  Tag,
  WorkItem,
  WorkItemLink,
} from "./model.ts";
import { ClassificationNodes } from "./tree.ts";
import { typesOf } from "./types.ts";
import type { WorkItemType } from "./types.ts";
import { projectIdOf } from "./values.ts";

const SAMPLE_ITERATIONS = ["Iteration 1", "Iteration 2", "Iteration 3"];

export interface RevisionStep {
  readonly changed: Bag;
  readonly by: FieldValue;
  readonly authorizedBy: SimIdentity;
  /** Now unless said. */
  readonly at?: string;
  readonly authorizedAt?: string;
  readonly relations?: RelationChanges;
  readonly comment?: Revision["comment"];
}

const trackings = new WeakMap<WitHost, WorkItemTracking>();

/** The one state that belongs to a host; made when first asked for. */
export function trackingOf(host: WitHost): WorkItemTracking {
  let tracking = trackings.get(host);
  if (!tracking) {
    tracking = new WorkItemTracking(host);
    trackings.set(host, tracking);
  }
  return tracking;
}

export class WorkItemTracking {
  readonly host: WitHost;
  readonly nodes: ClassificationNodes;
  readonly attachments: AttachmentStore;
  readonly items = new Map<number, WorkItem>();
  /** By watermark - 1; destroyed items leave holes. */
  readonly feed: (Revision | undefined)[] = [];
  readonly linkFeed: (LinkEvent | undefined)[] = [];
  /** Comments in the order of their making. */
  readonly discussions: Comment[] = [];
  readonly #projects = new Map<string, SimProject>();
  readonly #tags = new Map<string, Map<string, Tag>>();
  #lastItemId = 0;
  #lastResourceId = 0;
  #lastCommentId = 0;

  constructor(host: WitHost) {
    this.host = host;
    this.nodes = new ClassificationNodes(() => host.newId());
    this.attachments = new AttachmentStore(host);
    host.onProjectCreated((project) => this.#addProject(project));
    host.onProjectPurged((project) => this.#dropProject(project));
  }

  /** Also of a project that is deleted but not yet gone for good. */
  projectById(id: string): SimProject {
    const project = this.#projects.get(id) ?? this.host.projectOf(id);
    if (!project) throw new Error(`no project ${id}`);
    return project;
  }

  typesIn(project: SimProject): readonly WorkItemType[] {
    return typesOf(project.process.name);
  }

  typeIn(project: SimProject, name: string): WorkItemType | undefined {
    const wanted = name.toLowerCase();
    return this.typesIn(project).find((type) =>
      [type.name, type.referenceName].some((one) => one.toLowerCase() === wanted),
    );
  }

  projectOf(item: WorkItem): SimProject {
    return this.projectById(projectIdOf(item));
  }

  /** An item with no revision yet; `enter` makes it exist. */
  newItem(): WorkItem {
    return {
      id: this.#lastItemId + 1,
      revisions: [],
      current: {},
      links: [],
      resources: [],
      comments: [],
      linkUpdates: [],
      markdown: NO_FIELDS,
      deleted: undefined,
    };
  }

  enter(item: WorkItem): void {
    this.items.set(item.id, item);
    this.#lastItemId = Math.max(this.#lastItemId, item.id);
  }

  revise(item: WorkItem, step: RevisionStep): Revision {
    const { changed, by, authorizedBy, relations, comment } = step;
    const authorizedAt = step.authorizedAt ?? this.host.timestamp();
    const revision: Revision = {
      item,
      rev: item.revisions.length + 1,
      watermark: this.feed.length + 1,
      changed,
      at: step.at ?? authorizedAt,
      by,
      authorizedAt,
      authorizedBy,
      ...(relations && { relations }),
      ...(comment && { comment }),
    };
    item.revisions.push(revision);
    this.feed.push(revision);
    item.current = mergedBag(item.current, changed);
    return revision;
  }

  newResourceId(): number {
    return ++this.#lastResourceId;
  }

  newCommentId(): number {
    return ++this.#lastCommentId;
  }

  /** Puts a link on both of its items and into the feed. */
  addLink(link: WorkItemLink, operation: "create" | "update"): void {
    link.source.links.push(link);
    link.target.links.push(link);
    this.linkFeed.push({ link, at: link.addedAt, by: link.addedBy, isActive: true, operation });
  }

  /** `operation` update: another entry with another comment takes its place. */
  endLink(link: WorkItemLink, by: SimIdentity, operation: "update" | "remove"): void {
    link.removedAt = this.host.timestamp();
    if (operation === "remove") this.linkFeed.push({ link, at: link.removedAt, by, isActive: false, operation });
  }

  remove(item: WorkItem, by: SimIdentity): void {
    const shown = item.links.filter(isShown);
    const { at } = this.revise(item, { changed: { "System.IsDeleted": true }, by, authorizedBy: by });
    item.deleted = { at, by };
    this.#tellOfRecycleBin(shown, by);
  }

  restore(item: WorkItem, by: SimIdentity): void {
    item.deleted = undefined;
    for (const link of item.links.filter((one) => isShown(one) && one.type.topology === "tree")) {
      // Meanwhile the child may have found another parent: the newer one stays.
      if (
        link.type.forwardName === "Child" &&
        link.target.links.filter((one) => isShown(one) && sameSide(one, link)).length > 1
      ) {
        this.endLink(link, by, "remove");
      }
    }
    this.revise(item, { changed: { "System.IsDeleted": null }, by, authorizedBy: by });
    this.#tellOfRecycleBin(item.links.filter(isShown), by);
  }

  /** Gone without a trace: no feed speaks of it any more. */
  destroy(item: WorkItem): void {
    this.items.delete(item.id);
    for (const { watermark } of item.revisions) this.feed[watermark - 1] = undefined;
    if (item.links.length === 0) return;
    const links = new Set(item.links);
    this.linkFeed.forEach((event, index) => {
      if (event && links.has(event.link)) this.linkFeed[index] = undefined;
    });
    for (const link of links) {
      for (const end of [link.source, link.target]) {
        if (end !== item) end.links.splice(end.links.indexOf(link), 1);
      }
    }
  }

  tagsOf(projectId: string): Map<string, Tag> {
    let tags = this.#tags.get(projectId);
    if (!tags) this.#tags.set(projectId, (tags = new Map<string, Tag>()));
    return tags;
  }

  /** `a; b` as the service keeps it: known spelling, no doubles, in order. Defines tags that are new. */
  tagTextOf(projectId: string, text: string): string {
    const tags = this.tagsOf(projectId);
    const names = new Set<string>();
    for (const name of text.split(/[;,]/).map((part) => part.trim())) {
      if (name === "") continue;
      let tag = tags.get(name.toLowerCase());
      if (!tag)
        tags.set(name.toLowerCase(), (tag = { id: this.host.newId(), name, lastUpdated: this.host.timestamp() }));
      names.add(tag.name);
    }
    return [...names].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)).join("; ");
  }

  parentOf(item: WorkItem): WorkItem | undefined {
    return parentLinkOf(item)?.source;
  }

  #tellOfRecycleBin(links: readonly WorkItemLink[], by: SimIdentity): void {
    if (!this.host.linkFeedTellsOfRecycleBin) return;
    const at = this.host.timestamp();
    for (const link of links) {
      const isActive = isShown(link);
      this.linkFeed.push({ link, at, by, isActive, operation: isActive ? "create" : "remove" });
    }
  }

  #addProject(project: SimProject): void {
    if (this.#projects.has(project.id)) return;
    this.#projects.set(project.id, project);
    this.nodes.addRoots(project);
    const root = this.nodes.rootOf(project.id, "iterations");
    for (const name of SAMPLE_ITERATIONS) this.nodes.add(root, name);
  }

  #dropProject(project: SimProject): void {
    for (const item of [...this.items.values()]) {
      if (item.current["System.TeamProject"] === project.id) this.destroy(item);
    }
    this.#tags.delete(project.id);
  }
}

const NO_FIELDS: ReadonlySet<string> = new Set();

function sameSide(one: WorkItemLink, other: WorkItemLink): boolean {
  return one.type === other.type && one.target === other.target;
}

/** The bag after a change. System.History belongs to its revision alone. */
export function mergedBag(before: Record<string, FieldValue>, changed: Readonly<Bag>): Record<string, FieldValue> {
  const after: Record<string, FieldValue> = { ...before };
  for (const name of Object.keys(changed)) {
    const value = changed[name];
    if (value === null || value === undefined) Reflect.deleteProperty(after, name);
    else if (name !== "System.History") after[name] = value;
  }
  return after;
}
