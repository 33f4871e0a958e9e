/**
 * Definitions of pipelines. The documents are the truth, classic ones, drafts and deleted ones among them;
 * `DefinitionRecord` is how runs look at one.
 */
import { isObject, objectAt, stringAt, type JsonObject, type JsonValue } from "../../../engine/foundation/json.ts";
import { DocumentStore, type SimDocument } from "../documents/document-store.ts";
import { badRequest } from "../http/errors.ts";
import type { SimHost, SimProject } from "../service.ts";
import { folderStore } from "./folder-store.ts";
import { keptForm, variablesIn, type PipelineVariables } from "./variables.ts";

export interface DefinitionRecord {
  readonly id: number;
  readonly projectId: string;
  readonly name: string;
  /** `\` or `\Folder`. */
  readonly path: string;
  readonly revision: number;
  readonly yamlFilename: string;
  readonly repositoryId: string | undefined;
  readonly variables: PipelineVariables;
  /** Its runs wait until somebody has approved them. */
  needsApproval: boolean;
}

export interface NewDefinition {
  readonly name: string;
  readonly path?: string;
  readonly yamlFilename?: string;
  readonly repositoryId?: string;
  readonly variables?: PipelineVariables;
  readonly needsApproval?: boolean;
  /** Members of the document as the service takes them; they win. */
  readonly document?: JsonObject;
}

export interface DefinitionStore {
  /** Those that are not deleted. */
  definitions(projectId: string): readonly DefinitionRecord[];
  definition(projectId: string, id: number): DefinitionRecord | undefined;
  addDefinition(project: SimProject, definition: NewDefinition): DefinitionRecord;
}

/** A part of the host. */
export function definitionDocuments(host: SimHost): DocumentStore {
  return new DocumentStore(host);
}

/** Throws when another definition in the folder has the name. */
export function requireFreePlace(
  store: DocumentStore,
  projectId: string,
  definition: { readonly id?: string; readonly name: string; readonly path: string },
): void {
  const place = ({ name, path }: { readonly name: string; readonly path: string }): string =>
    `${path}\\${name}`.toLowerCase();
  const isTaken = store
    .of(projectId)
    .some(({ id, body }) => id !== definition.id && place(placeOf(body)) === place(definition));
  if (isTaken)
    throw badRequest(
      "DefinitionExistsException",
      `Build definition ${definition.name} already exists in ${definition.path}.`,
    );
}

function placeOf(body: JsonObject): { readonly name: string; readonly path: string } {
  return { name: stringAt(body, "name") ?? "", path: stringAt(body, "path") ?? "\\" };
}

/** A part of the host. */
export function definitionStore(host: SimHost): DefinitionStore {
  const documents = host.part(definitionDocuments);
  const records = new Map<string, Definition>();
  const recordOf = (document: SimDocument): Definition => {
    const record = records.get(document.id) ?? new Definition(document);
    records.set(document.id, record);
    return record;
  };
  return {
    definitions: (projectId) => documents.of(projectId).map(recordOf),
    definition: (projectId, id) => {
      const document = documents.of(projectId).find((one) => one.id === String(id));
      return document === undefined ? undefined : recordOf(document);
    },
    addDefinition: (project, definition) => {
      const { name, path = "\\", needsApproval = false } = definition;
      requireFreePlace(documents, project.id, { name, path });
      host.part(folderStore).add(project.id, path);
      const record = recordOf(documents.add(project, { body: documentOf(definition) }));
      record.needsApproval = needsApproval;
      return record;
    },
  };
}

/** As people make one from a file in a repository, where nothing else is said. */
function documentOf({ name, path = "\\", document = {}, ...rest }: NewDefinition): JsonObject {
  const { yamlFilename = "azure-pipelines.yml", repositoryId, variables = {} } = rest;
  return {
    ...{ name, path, type: "build", quality: "definition", queueStatus: "enabled" },
    ...{ triggers: [], properties: {}, tags: [], jobAuthorizationScope: "project" },
    process: { yamlFilename, type: 2 },
    repository: {
      ...{ type: "TfsGit", clean: null, checkoutSubmodules: false, properties: { reportBuildStatus: "true" } },
      ...(repositoryId === undefined ? {} : { id: repositoryId }),
    },
    variables: keptForm(variables),
    ...document,
  };
}

class Definition implements DefinitionRecord {
  needsApproval = false;
  readonly #document: SimDocument;

  constructor(document: SimDocument) {
    this.#document = document;
  }

  get id(): number {
    return Number(this.#document.id);
  }

  get projectId(): string {
    return this.#document.projectId;
  }

  get name(): string {
    return placeOf(this.#document.body).name;
  }

  get path(): string {
    return placeOf(this.#document.body).path;
  }

  get revision(): number {
    return this.#document.revision;
  }

  get yamlFilename(): string {
    return stringAt(objectAt(this.#document.body, "process") ?? {}, "yamlFilename") ?? "";
  }

  get repositoryId(): string | undefined {
    return stringAt(objectAt(this.#document.body, "repository") ?? {}, "id");
  }

  get variables(): PipelineVariables {
    return variablesIn(objectAt(this.#document.body, "variables") ?? {});
  }
}

/** Ids of the variable groups that a definition uses. */
export function groupsOf(value: JsonValue | undefined): readonly number[] {
  const groups = Array.isArray(value) ? (value as readonly JsonValue[]) : [];
  return groups.flatMap((group) => (isObject(group) && typeof group.id === "number" ? [group.id] : []));
}
