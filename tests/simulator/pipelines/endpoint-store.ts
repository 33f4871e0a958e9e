/** Service connections of projects. */
import { DocumentStore } from "../documents/document-store.ts";
import type { SimHost } from "../service.ts";

/** A part of the host. */
export function endpointDocuments(host: SimHost): DocumentStore {
  return new DocumentStore(host, { ids: "guids" });
}
