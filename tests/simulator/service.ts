/**
 * How the parts of the simulated Azure DevOps plug into its server. A part (one file or folder per API area)
 * exports `routes(state): readonly Route[]`; the server does everything the service does around a handler:
 * host prefixes, sign-in, scopes, api-version rules, throttling, faults, error bodies, traffic log.
 */
import type { JsonObject, JsonValue } from "../../engine/foundation/json.ts";

export interface SimIdentity {
  readonly id: string;
  readonly displayName: string;
  readonly uniqueName: string;
  readonly descriptor: string;
}

export interface SimProject {
  readonly id: string;
  name: string;
  description: string;
  visibility: "private" | "public";
  readonly process: { readonly id: string; readonly name: string };
}

/** What the core offers to the parts: who, what, when, where. */
export interface SimHost {
  readonly organization: { readonly id: string; readonly name: string };
  /** Every project that is not deleted. */
  projects(): readonly SimProject[];
  /** By id or name, letter case aside. */
  projectOf(idOrName: string): SimProject | undefined;
  /** The first person: owns the organisation and may do everything. */
  readonly owner: SimIdentity;
  readonly identities: readonly SimIdentity[];
  /** By id, unique name, descriptor, display name or `Display <unique@name>`. */
  identityOf(text: string): SimIdentity | undefined;
  /** Who a token stands for may do more than its scopes say, e.g. `bypassRules`. */
  isAllowed(identity: SimIdentity, permission: string): boolean;
  now(): Date;
  /** Now as the service writes it: UTC, seven fractional digits; each later than the one before. */
  timestamp(): string;
  /** A GUID; the same sequence for the same seed. */
  newId(): string;
  /** Runs for each project there is and each that comes: default nodes, boards, … */
  onProjectCreated(listener: (project: SimProject) => void): void;
  /** Runs when a project has gone for good. */
  onProjectPurged(listener: (project: SimProject) => void): void;
  /** A folder of the part's own for what does not belong in memory. */
  folderOf(part: string): string;
  /** The one state of a part, made when it is first asked for: the same for the same function. */
  part<State>(make: (host: SimHost) => State): State;
}

export interface SimRequest {
  readonly method: string;
  /** `http://host:port/{org}`: what the service puts in front of the URLs in its answers. */
  readonly organizationUrl: string;
  /** Values of the route template's parameters, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /**
   * The project of the URL, resolved by id or name; a route with {project} is answered 404 before its handler when it
   * does not exist.
   */
  readonly project: SimProject | undefined;
  readonly query: URLSearchParams;
  /** Parsed JSON body, when there is one. */
  readonly body: JsonValue | undefined;
  readonly content: Uint8Array;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly identity: SimIdentity;
  /** The api-version that applies, as asked: `7.1`, `7.1-preview.3`. */
  readonly version: string;
  /** False for projects and repositories (by id) that the token must not know of. */
  readonly maySee: (id: string) => boolean;
  /** True for those (by id) that the identity itself has no right to read, whatever the token is limited to. */
  readonly isKeptFrom: (id: string) => boolean;
}

export interface SimAnswer {
  readonly status?: number;
  /** JSON body. */
  readonly body?: JsonValue | JsonObject;
  /** The body as published descriptions have it, for the traffic log; where it is another one. */
  readonly logged?: JsonValue;
  /** Binary body instead. */
  readonly content?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export type EnumNumbers = Readonly<Record<string, Readonly<Record<string, number>>>>;

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /**
   * As in the specs, below the organisation: `{project}/_apis/wit/workitems/{id}`; `$` is literal; matched
   * case-insensitively; `{*path}` at the end takes the rest. A `{project}` that is optional in the service is given as
   * two routes.
   */
  readonly template: string;
  /** Host prefix the route lives on: `` (dev.azure.com), `vssps`, `vsrm`, `feeds`, `pkgs`. */
  readonly host?: string;
  /** Released version, e.g. `7.1`; with `-preview.N` when the resource is preview only. */
  readonly version: string;
  /** Scope a token needs, e.g. `vso.work`; writes name the write scope. Empty: any token. */
  readonly scope: string;
  /** Numbers of the enumerations in its answers, by property, for clients that ask for numbers. */
  readonly enums?: EnumNumbers;
  /** Reads by POST (workitemsbatch, wiql, …) count as reads for read-only tokens. */
  readonly handle: (request: SimRequest) => SimAnswer | Promise<SimAnswer>;
}

/** Thrown by handlers; becomes the service's error body. */
export class SimError extends Error {
  readonly status: number;
  readonly typeKey: string;
  readonly customProperties: JsonObject | undefined;

  constructor(status: number, typeKey: string, ...[message, customProperties]: readonly [string, JsonObject?]) {
    super(message);
    this.status = status;
    this.typeKey = typeKey;
    this.customProperties = customProperties;
  }
}
