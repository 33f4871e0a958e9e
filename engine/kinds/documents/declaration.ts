/** What a kind of documents says of itself; everything else is done for all of them in one way (document-kind.ts). */
import type { AzureDevOps } from "../../azure-devops/azure-devops.ts";
import { isObject, objectAt, type JsonObject, type JsonValue } from "../../foundation/json.ts";
import type { Gap, Phase, ProjectRef, ResourceKind } from "../kind.ts";
import type { Reference } from "./references.ts";

/** A project of the source or of the target. */
export interface Place {
  readonly azureDevOps: AzureDevOps;
  readonly project: ProjectRef;
}

/** A thing as the source or the target lists it. */
export interface Listed {
  readonly id: string;
  /** As people see and select it. */
  readonly name: string;
  /** All of it, as the service sent it; a function when the list shows less. */
  readonly raw: JsonObject | (() => Promise<JsonObject>);
  /** Says whether it changed, where that is known without `raw`. */
  readonly version?: JsonValue;
}

/** One that is listed and cannot be read. */
export interface Unreadable {
  readonly id: string;
  readonly gap: Pick<Gap, "code" | "message" | "cure">;
}

/** Something outside of the vault that documents name by an id: known again by its name. */
export interface NamedThing {
  readonly id: string;
  readonly name: string;
}

/** Things that no kind keeps: used where the target has one of the same name. */
export interface ForeignKind {
  /** As in `Reference.kind`. */
  readonly kind: string;
  /** What one is called: `service connection`. */
  readonly one: string;
  list(place: Place): Promise<readonly NamedThing[]>;
  /** Whether a project that is made anew has one of the name. */
  isInNew?(name: string): boolean;
}

export interface DocumentKind extends Pick<ResourceKind, "name" | "title" | "permissions"> {
  /** What one is called: `variable group`. */
  readonly one: string;
  /** Everything, completely, or an error. An item may be a gap. */
  list(place: Place): AsyncIterable<Listed | Unreadable>;
  /** One by its id. Throws ADO_NOT_FOUND when there is none, ADO_FORBIDDEN when it is kept from us. */
  read(place: Place, id: string): Promise<JsonObject>;
  /** What people set, in the form that the service takes. What is not known stays in it. */
  content(raw: JsonObject): JsonObject;
  /** As people see it; default: the content's `name`. */
  nameOf?(content: JsonObject): string;
  /** Ids of other things in the content. */
  readonly references?: readonly Reference[];
  readonly foreign?: readonly ForeignKind[];
  /** Two with the same are the same thing to people; default: the name. `content` has the ids of the target. */
  naturalKey?(content: JsonObject): string;
  /** What the service keeps to itself and a person has to enter again. */
  secrets?(content: JsonObject): readonly string[];
  /** The content under another name; left out where there cannot be a second one. */
  named?(content: JsonObject, name: string): JsonObject;
  /** When new ones are made; default `create`. */
  readonly phase?: Phase;
  /** As it is made while it must not work yet; its last step gives it its content. */
  paused?(content: JsonObject): JsonObject;
  /** Gives the id. */
  create(place: Place, content: JsonObject): Promise<string>;
  update(place: Place, id: string, content: JsonObject): Promise<void>;
  /** Those of `ids` that lie in a recycle bin, where the service has one. */
  deleted?(place: Place, ids: readonly string[]): Promise<readonly string[]>;
  undelete?(place: Place, id: string): Promise<void>;
}

export function nameOf(kind: DocumentKind, content: JsonObject): string {
  const { name } = content;
  return kind.nameOf?.(content) ?? (typeof name === "string" ? name : "");
}

/** Names of the variables whose values the service keeps to itself. */
export function secretVariables(content: JsonObject): readonly string[] {
  return Object.entries(objectAt(content, "variables") ?? {}).flatMap(([name, variable]) =>
    isObject(variable) && variable.isSecret === true ? [`value of variable ${name}`] : [],
  );
}
