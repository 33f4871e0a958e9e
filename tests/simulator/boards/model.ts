/** What work item tracking keeps. A revision holds only what it changed; everything else is worked out on demand. */
import type { SimIdentity, SimProject } from "../service.ts";

/** An identity field holds the identity, or the plain text that bypassRules let through. */
export type FieldValue = string | number | boolean | SimIdentity;
/**
 * By reference name; null: cleared. Kept by id, so that renames show everywhere: System.TeamProject (project id),
 * System.AreaId and System.IterationId (paths, levels and node names follow from them).
 */
export type Bag = Record<string, FieldValue | null>;

export interface Revision {
  readonly item: WorkItem;
  readonly rev: number;
  /** Position in the organisation's feed of revisions, from 1. */
  readonly watermark: number;
  readonly changed: Readonly<Bag>;
  /** System.ChangedDate and ChangedBy; an import may set them. */
  readonly at: string;
  readonly by: FieldValue;
  /** When and by whom it was really written. */
  readonly authorizedAt: string;
  readonly authorizedBy: SimIdentity;
  readonly relations?: RelationChanges;
  readonly comment?: { readonly comment: Comment; readonly version: number };
}

export interface WorkItem {
  readonly id: number;
  readonly revisions: Revision[];
  /** Fields as of the last revision, without nulls and without System.History. */
  current: Record<string, FieldValue>;
  /** Links to other items, also those that were removed. */
  readonly links: WorkItemLink[];
  /** Attachments, hyperlinks, artefact links, also those that were removed. */
  readonly resources: ResourceLink[];
  readonly comments: Comment[];
  /** Link changes leave no revision, only an update. */
  readonly linkUpdates: LinkUpdate[];
  /** Long text fields written in Markdown. */
  markdown: ReadonlySet<string>;
  deleted: { readonly at: string; readonly by: SimIdentity } | undefined;
}

/** One link between two items, seen from both. */
export interface WorkItemLink {
  readonly kind: "work item";
  readonly type: LinkType;
  /** The end that shows the forward name (parent, predecessor …). */
  readonly source: WorkItem;
  readonly target: WorkItem;
  readonly comment: string | undefined;
  readonly addedAt: string;
  readonly addedBy: SimIdentity;
  removedAt: string | undefined;
}

export interface ResourceLink {
  readonly kind: "resource";
  readonly id: number;
  readonly rel: "AttachedFile" | "Hyperlink" | "ArtifactLink";
  /** Of an attachment its GUID. */
  readonly url: string;
  readonly name: string | undefined;
  readonly comment: string | undefined;
  readonly size: number | undefined;
  readonly addedAt: string;
  readonly fromRev: number;
  /** First revision that no longer has it. */
  toRev: number | undefined;
}

export type Relation = WorkItemLink | ResourceLink;

export interface RelationChanges {
  readonly added: readonly Relation[];
  readonly removed: readonly Relation[];
  readonly updated: readonly Relation[];
}

export interface LinkUpdate {
  readonly afterRev: number;
  readonly at: string;
  readonly by: SimIdentity;
  readonly relations: RelationChanges;
}

export interface LinkType {
  /** `System.LinkTypes.Hierarchy`; for network links the same as both ends. */
  readonly name: string;
  readonly forward: string;
  readonly forwardName: string;
  readonly reverse: string;
  readonly reverseName: string;
  readonly topology: "tree" | "dependency" | "network";
  readonly editable: boolean;
  readonly remote: boolean;
}

/** One row of the link feed. */
export interface LinkEvent {
  readonly link: WorkItemLink;
  readonly at: string;
  readonly by: SimIdentity;
  readonly isActive: boolean;
  readonly operation: "create" | "update" | "remove";
}

export interface CommentVersion {
  readonly version: number;
  readonly text: string;
  readonly format: "html" | "markdown";
  readonly at: string;
  readonly by: FieldValue;
  readonly isDeleted: boolean;
  readonly revision: number;
}

export interface Comment {
  readonly id: number;
  readonly item: WorkItem;
  readonly versions: CommentVersion[];
  /** Who reacted, by kind of reaction. */
  readonly reactions: Map<string, SimIdentity[]>;
}

export interface Attachment {
  readonly id: string;
  readonly fileName: string;
  /** Absent while chunks are missing. */
  content: Uint8Array | { readonly file: string } | undefined;
  size: number;
}

export type StructureGroup = "areas" | "iterations";

export interface ClassificationNode {
  readonly id: number;
  readonly identifier: string;
  readonly group: StructureGroup;
  readonly project: SimProject;
  /** Of a root: the project's name, whatever stands here. */
  name: string;
  parent: ClassificationNode | undefined;
  readonly children: ClassificationNode[];
  attributes: { startDate: string | null; finishDate: string | null } | undefined;
  isDeleted: boolean;
}

export interface Tag {
  readonly id: string;
  name: string;
  lastUpdated: string;
}
