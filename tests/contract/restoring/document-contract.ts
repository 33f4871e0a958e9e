/** What contracts of document kinds share: the simulator keeps all of their things in one way. */
import { numberAt, stringAt, type JsonObject } from "../../../engine/foundation/json.ts";
import type { DocumentStore } from "../../simulator/documents/document-store.ts";
import type { SimHost, SimIdentity } from "../../simulator/service.ts";
import { ask } from "../../support/simulator.ts";
import type { DoesNotApply, KindContract, Place, Thing } from "./declaration.ts";

export interface DocumentContract extends Pick<
  KindContract,
  "needs" | "dependent" | "differences" | "secrets" | "references" | "asleep"
> {
  /** The part of the simulator that keeps them. */
  readonly documents: (host: SimHost) => DocumentStore;
  /** Below the project. */
  readonly path: string;
  /** A thing with everything that people can set. */
  readonly body: (place: Place, name: string) => JsonObject;
  /** Members as somebody might change them. */
  readonly changed: (body: JsonObject) => JsonObject;
  readonly remove: "bin" | DoesNotApply;
}

function colleague({ azure }: Place): SimIdentity {
  const [owner, other = owner] = azure.state.identities;
  if (other === undefined) throw new Error("the organisation has no people");
  return other;
}

export function documentContract({ documents, path, body, changed, ...kind }: DocumentContract): KindContract {
  const storeOf = ({ azure }: Place): DocumentStore => azure.state.part(documents);
  const thingOf = (id: string, name: string): Thing => ({ key: id, id, name });
  const make = (place: Place, name: string): Thing =>
    thingOf(storeOf(place).add(place.project, { body: body(place, name), by: colleague(place) }).id, name);
  const change = (place: Place, { id }: Thing): void => {
    const now = storeOf(place).byId(id)?.body ?? {};
    storeOf(place).update(id, { body: { ...now, ...changed(now) } });
  };
  return {
    ...kind,
    make,
    change,
    ids: async (place) => {
      const { list } = await ask(place.azure, `${place.project.id}/${path}`);
      return list.map((one) => String(numberAt(one as JsonObject, "id") ?? stringAt(one as JsonObject, "id")));
    },
    read: async (place, id) => {
      const { status, json } = await ask(place.azure, `${place.project.id}/${path}/${id}`);
      return status === 404 ? undefined : (json as JsonObject);
    },
    remove: kind.remove === "bin" ? (place, { id }) => storeOf(place).remove(id) : kind.remove,
    purge: (place, { id }) => storeOf(place).purge(id),
    beside: true,
    namesake: (place, { name }) => {
      const made = make(place, name);
      change(place, made);
      return made;
    },
    hide: (place, { id }) => {
      storeOf(place).hide(id);
      return () => storeOf(place).hide(id, false);
    },
    unreadable: (place, thing) => {
      change(place, thing);
      storeOf(place).damage(thing.id);
      return { item: thing.key, undo: () => storeOf(place).damage(thing.id, false) };
    },
    isMaking: ({ method, path: where }) => method === "POST" && where.toLowerCase().endsWith(path),
  };
}
