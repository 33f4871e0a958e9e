/**
 * The Azure DevOps client's surface: raw requests, with everything that can go wrong turned into BackupErrors.
 * One folder per product area (project/, repos/, boards/, …) builds on it and parses what it returns.
 *
 * Errors: ADO_UNAUTHORIZED (401, sign-in page, redirect to sign-in: again and again, and the service does not take the
 * token for anything), ADO_FORBIDDEN (403; 401 while the token is taken elsewhere), ADO_NOT_FOUND (missing or hidden),
 * ADO_CONFLICT (409, 412), ADO_REQUEST (other 4xx), ADO_VERSION (no api-version works), ADO_THROTTLED and ADO_UNAVAILABLE (after all retries), ADO_TRUNCATED (cut-off or unparseable body). `context`
 * holds status, typeKey, activityId; the message quotes Azure DevOps' own.
 */
import type { JsonObject, JsonValue } from "../foundation/json.ts";

/** Areas whose hosts differ, as `_apis/resourceAreas` names them. */
export type Area =
  /** Who we are and where the other areas are: always at the organisation's own address. */
  | "location"
  | "core"
  | "git"
  | "wit"
  | "work"
  | "build"
  | "pipelines"
  | "release"
  | "distributedtask"
  | "policy"
  | "wiki"
  | "tfvc"
  | "test"
  | "testplan"
  | "dashboard"
  | "serviceendpoint"
  | "security"
  | "graph"
  | "ims"
  | "hooks"
  | "notification"
  | "operations"
  | "approvals"
  | "processes"
  | "packaging"
  /** Content and protocol operations of packages, on their own host. */
  | "packages"
  | "audit"
  | "extensionManagement"
  | "favorite"
  | "featureManagement"
  | "securityroles";

export type Query = Readonly<Record<string, string | number | boolean | readonly (string | number)[] | undefined>>;

export interface ApiRequest {
  readonly area: Area;
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";
  /** Project id or name; left out for organisation-level paths. */
  readonly project?: string;
  readonly team?: string;
  /** Path below `_apis/` as segments; each is percent-encoded. */
  readonly path: readonly string[];
  readonly query?: Query;
  readonly body?: JsonValue;
  /** Default `application/json`; `application/json-patch+json` for work items. */
  readonly contentType?: string;
  /** Overrides the version table. */
  readonly version?: string;
  /** A POST that only reads may be repeated after any failure. */
  readonly isRead?: boolean;
  /** A write that may be made twice without harm: repeated like a read. */
  readonly isRepeatable?: boolean;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: JsonValue;
  /** `x-ms-continuationtoken`. */
  readonly continuationToken: string | undefined;
}

export interface Download {
  /** Content-Length, when announced. */
  readonly length: number | undefined;
  /** Throws ADO_TRUNCATED when fewer bytes arrive than announced. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface Organization {
  /** Collection GUID (`instanceId` of connectionData), lower case. */
  readonly id: string;
  /** Without trailing slash; the form the user gave. */
  readonly url: string;
}

export interface AzureDevOps {
  readonly organization: Organization;
  /** We are signed in as what pipeline jobs run as, whatever token that was. */
  readonly isBuildService?: boolean;
  /** Answers with a JSON body of any 2xx; everything else throws. */
  call(request: ApiRequest): Promise<ApiAnswer>;
  /** GET of binary content; follows redirects without credentials to other hosts. */
  download(request: ApiRequest): Promise<Download>;
  /** Sends binary content; answers as `call`. */
  upload(
    request: ApiRequest & { readonly content: Uint8Array; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<ApiAnswer>;
  /** Base URL of an area for this organisation, without trailing slash. */
  baseUrlOf(area: Area): Promise<string>;
  /** Value of the Authorization header for the organisation's own hosts (Git, LFS); refreshed as needed. */
  authorization(): Promise<string>;
  /** Whether the service takes the sign-in now: asked anew. For requests that go another way (Git) and were refused. */
  signInHolds(): Promise<boolean>;
  /** Waits between two looks at something the service does meanwhile; ends early when the run is cancelled. */
  wait(ms: number): Promise<void>;
  /** Requests made so far, for summaries and benchmarks. */
  readonly requests: number;
  /** Of them those that were made again, and how long the service has made us wait. */
  readonly retries: number;
  readonly throttledMs: number;
  /** Api-version fallbacks taken, one line each ("API drift"). */
  readonly drift: readonly string[];
}

/** A list answer `{count, value: [...]}`, strictly: anything else throws ADO_TRUNCATED. */
export type ListOf = readonly JsonObject[];
