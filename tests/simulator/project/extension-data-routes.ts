/** Data of extensions, shared by all (`Default/Current`) or one person's own (`User/Me`). */
import { isObject, type JsonObject } from "../../../engine/foundation/json.ts";
import { badRequest } from "../http/errors.ts";
import type { DocumentStore } from "./extension-data-store.ts";
import type { Route, SimAnswer, SimRequest } from "../service.ts";
import { SimError } from "../service.ts";
import type { SimulatorState } from "../state.ts";

const template =
  "_apis/ExtensionManagement/InstalledExtensions/{publisher}/{extension}/Data/Scopes/{scopeType}/{scopeValue}/Collections/{collection}/Documents";

type Handler = (documents: DocumentStore, collection: string, request: SimRequest) => SimAnswer;

export function extensionDataRoutes(state: SimulatorState): readonly Route[] {
  const route = (method: Route["method"], path: string, handler: Handler): Route => ({
    method,
    template: `${template}${path}`,
    host: "extmgmt",
    version: "7.1-preview.1",
    scope: method === "GET" ? "vso.extension.data" : "vso.extension.data_write",
    handle: (request) => handler(state.extensionData, collectionOf(request), request),
  });
  return [
    route("GET", "", (documents, collection) => {
      const value = documents.list(collection);
      return { body: { count: value.length, value } };
    }),
    route("GET", "/{documentId}", (documents, collection, { params }) => ({
      body: documents.read(collection, params.documentId ?? ""),
    })),
    route("POST", "", (documents, collection, request) => ({
      status: 201,
      body: documents.create(collection, documentOf(request)),
    })),
    route("PUT", "", (documents, collection, request) => ({ body: documents.set(collection, documentOf(request)) })),
    route("PATCH", "", (documents, collection, request) => ({
      body: documents.update(collection, documentOf(request)),
    })),
    route("DELETE", "/{documentId}", (documents, collection, { params }) => {
      documents.delete(collection, params.documentId ?? "");
      return {};
    }),
  ];
}

/** Nobody sees what others keep for themselves. */
function collectionOf({ params, identity }: SimRequest): string {
  const { publisher = "", extension = "", scopeType = "", scopeValue = "", collection = "" } = params;
  const scope = `${scopeType}/${scopeValue}`.toLowerCase();
  const place = `${publisher}.${extension}`.toLowerCase();
  if (scope === "default/current") return `${place}/default/${collection}`;
  if (scope === "user/me") return `${place}/${identity.id}/${collection}`;
  throw new SimError(404, "VssResourceNotFoundException", `There is no scope ${scopeType}/${scopeValue}.`);
}

function documentOf({ body }: SimRequest): JsonObject {
  if (isObject(body)) return body;
  throw badRequest("VssPropertyValidationException", "Value cannot be null. Parameter name: doc");
}
