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
}

export interface SimRequest {
  readonly method: string;
  /** `http://host:port/{org}`: what the service puts in front of the URLs in its answers. */
  readonly organizationUrl: string;
  /** Values of the route template's parameters, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** The project of the URL, resolved by id or name; a route with {project} is answered 404 before its handler when it does not exist. */
  readonly project: SimProject | undefined;
  readonly query: URLSearchParams;
  /** Parsed JSON body, when there is one. */
  readonly body: JsonValue | undefined;
  readonly content: Uint8Array;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly identity: SimIdentity;
  /** The api-version that applies, as asked: `7.1`, `7.1-preview.3`. */
  readonly version: string;
}

export interface SimAnswer {
  readonly status?: number;
  /** JSON body. */
  readonly body?: JsonValue | JsonObject;
  /** Binary body instead. */
  readonly content?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** As in the specs, below the organisation: `{project}/_apis/wit/workitems/{id}`; `$` is literal; matched case-insensitively; `{*path}` at the end takes the rest. A `{project}` that is optional in the service is given as two routes. */
  readonly template: string;
  /** Host prefix the route lives on: `` (dev.azure.com), `vssps`, `vsrm`, `feeds`, `pkgs`. */
  readonly host?: string;
  /** Released version, e.g. `7.1`; with `-preview.N` when the resource is preview only. */
  readonly version: string;
  /** Scope a token needs, e.g. `vso.work`; writes name the write scope. */
  readonly scope: string;
  /** Reads by POST (workitemsbatch, wiql, …) count as reads for read-only tokens. */
  readonly handle: (request: SimRequest) => SimAnswer | Promise<SimAnswer>;
}

/** Thrown by handlers; becomes the service's error body (rest-reference §4). */
export class SimError extends Error {
  readonly status: number;
  readonly typeKey: string;
  readonly customProperties: JsonObject | undefined;

  constructor(status: number, typeKey: string, message: string, customProperties?: JsonObject) {
    super(message);
    this.status = status;
    this.typeKey = typeKey;
    this.customProperties = customProperties;
  }
}
