/**
 * Documents as many areas of the service keep them: JSON with an id of the service's choosing, in a project, with who
 * made and changed it, a revision, and sometimes a recycle bin. An area is such a store, its routes
 * (document-routes.ts) and what is special about it. Tests hide single documents from everybody, as permissions do.
 */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import type { SimHost, SimIdentity, SimProject } from "../service.ts";

export interface SimDocument {
  readonly id: string;
  /** The project it was made in; `sharedWith` names others that see it as well. */
  readonly projectId: string;
  readonly sharedWith: ReadonlySet<string>;
  /** What people set, as the service keeps it: values of secrets are in it. */
  readonly body: JsonObject;
  /** Counts the changes, from 1. */
  readonly revision: number;
  readonly createdOn: string;
  readonly createdBy: SimIdentity;
  readonly modifiedOn: string;
  readonly modifiedBy: SimIdentity;
  readonly isDeleted: boolean;
  /** Whoever asks has no right to read it. */
  readonly isHidden: boolean;
  /** The service itself cannot read it. */
  readonly isDamaged: boolean;
}

type Changing = { -readonly [Member in keyof SimDocument]: SimDocument[Member] };

export interface DocumentStoreOptions {
  /** What new ids look like: whole numbers for the whole organisation (default), or GUIDs. */
  readonly ids?: "numbers" | "guids";
}

export interface NewDocument {
  readonly body: JsonObject;
  readonly by?: SimIdentity;
  readonly sharedWith?: Iterable<string>;
}

export class DocumentStore {
  readonly #documents = new Map<string, Changing>();
  readonly #host: SimHost;
  readonly #ids: "numbers" | "guids";
  #last = 0;

  constructor(host: SimHost, options: DocumentStoreOptions = {}) {
    this.#host = host;
    this.#ids = options.ids ?? "numbers";
    host.onProjectPurged((project) => {
      for (const { id, projectId } of [...this.#documents.values()])
        if (projectId === project.id) this.#documents.delete(id);
    });
  }

  /** Everything of the project that is not deleted, hidden or not, in the order of the ids. */
  of(projectId: string): readonly SimDocument[] {
    return [...this.#documents.values()].filter((one) => !one.isDeleted && isIn(one, projectId));
  }

  /** What lies in the recycle bin. */
  deletedOf(projectId: string): readonly SimDocument[] {
    return [...this.#documents.values()].filter((one) => one.isDeleted && isIn(one, projectId));
  }

  /** Deleted or not. */
  byId(id: string): SimDocument | undefined {
    return this.#documents.get(id);
  }

  add(project: Pick<SimProject, "id">, { body, by = this.#host.owner, sharedWith = [] }: NewDocument): SimDocument {
    const at = this.#host.timestamp();
    this.#last += 1;
    const document: Changing = {
      id: this.#ids === "guids" ? this.#host.newId() : String(this.#last),
      projectId: project.id,
      sharedWith: new Set(sharedWith),
      body,
      revision: 1,
      ...{ createdOn: at, createdBy: by, modifiedOn: at, modifiedBy: by },
      ...{ isDeleted: false, isHidden: false, isDamaged: false },
    };
    this.#documents.set(document.id, document);
    return document;
  }

  update(id: string, { body, by = this.#host.owner, sharedWith }: NewDocument): SimDocument {
    return this.#change(id, {
      body,
      modifiedOn: this.#host.timestamp(),
      modifiedBy: by,
      ...(sharedWith === undefined ? {} : { sharedWith: new Set(sharedWith) }),
    });
  }

  /** Into the recycle bin. */
  remove(id: string): void {
    this.#change(id, { isDeleted: true });
  }

  undelete(id: string): void {
    this.#change(id, { isDeleted: false });
  }

  /** For good. */
  purge(id: string): void {
    this.#documents.delete(id);
  }

  /** As if whoever asks had no right to read it: it is not listed, and asked for by its id it is refused. */
  hide(id: string, isHidden = true): void {
    this.#mark(id, { isHidden });
  }

  /** As if the service could not read it: it is listed by its name alone, and asked for by its id the answer is an error. */
  damage(id: string, isDamaged = true): void {
    this.#mark(id, { isDamaged });
  }

  #mark(id: string, marks: Partial<Pick<SimDocument, "isHidden" | "isDamaged">>): void {
    const document = this.#documents.get(id);
    if (document !== undefined) Object.assign(document, marks);
  }

  #change(id: string, changes: Partial<SimDocument>): SimDocument {
    const document = this.#documents.get(id);
    if (document === undefined) throw new Error(`there is no document ${id}`);
    return Object.assign(document, changes, { revision: document.revision + 1 });
  }
}

function isIn({ projectId, sharedWith }: SimDocument, project: string): boolean {
  return projectId === project || sharedWith.has(project);
}
