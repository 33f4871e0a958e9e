/** Documents that extensions keep: collections by extension and scope, each document with a version of its own. */
import { numberAt, stringAt, type JsonObject } from "../../../engine/foundation/json.ts";
import { badRequest } from "../http/errors.ts";
import { SimError } from "../service.ts";

export interface DocumentStore {
  /** Throws the service's 404 for a collection that holds nothing yet. */
  list(collection: string): readonly JsonObject[];
  read(collection: string, id: string): JsonObject;
  /** Throws when there is one of that id. */
  create(collection: string, document: JsonObject): JsonObject;
  /** Creates or replaces; throws when `__etag` is another version's. -1 replaces whatever is there. */
  set(collection: string, document: JsonObject): JsonObject;
  /** The same for a document that must be there. */
  update(collection: string, document: JsonObject): JsonObject;
  delete(collection: string, id: string): void;
}

export function documentStore(newId: () => string): DocumentStore {
  const collections = new Map<string, Map<string, JsonObject>>();
  const collectionOf = (name: string): Map<string, JsonObject> => {
    const found = collections.get(name);
    if (found !== undefined) return found;
    throw new SimError(404, "DocumentCollectionDoesNotExistException", "The collection does not exist");
  };
  const read = (collection: string, id: string): JsonObject => {
    const found = collectionOf(collection).get(id);
    if (found !== undefined) return found;
    throw new SimError(404, "DocumentDoesNotExistException", "The document does not exist");
  };
  const put = (collection: string, document: JsonObject): JsonObject => {
    const documents = collections.get(collection) ?? new Map<string, JsonObject>();
    const id = stringAt(document, "id") ?? newId();
    const known = documents.get(id);
    checkVersion(known, document);
    const stored = { ...document, id, __etag: (numberAt(known ?? {}, "__etag") ?? 0) + 1 };
    collections.set(collection, documents.set(id, stored));
    return stored;
  };
  return {
    list: (collection) => [...collectionOf(collection).values()],
    read,
    create: (collection, document) => {
      const id = stringAt(document, "id");
      if (id !== undefined && collections.get(collection)?.has(id) === true)
        throw badRequest("DocumentExistsException", "The document already exists");
      return put(collection, document);
    },
    set: put,
    update: (collection, document) => {
      read(collection, stringAt(document, "id") ?? "");
      return put(collection, document);
    },
    delete: (collection, id) => {
      read(collection, id);
      collectionOf(collection).delete(id);
    },
  };
}

function checkVersion(known: JsonObject | undefined, document: JsonObject): void {
  const asked = numberAt(document, "__etag");
  if (known === undefined || asked === undefined || asked === -1 || asked === numberAt(known, "__etag")) return;
  const message = "The version of the document that was sent is not the stored one";
  throw badRequest("InvalidDocumentVersionException", message);
}
