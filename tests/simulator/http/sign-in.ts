/**
 * Who is asking: tokens with scopes, life times and blind spots, and how the service turns a stranger away
 * (learn.microsoft.com/azure/devops/integrate/get-started/authentication/authentication-guidance).
 */
import type { SimIdentity } from "../service.ts";

export interface TokenOptions {
  /** `pat`: Basic only; `bearer`: job token or Entra token, also taken as a Basic password. Default `pat`. */
  readonly kind?: "pat" | "bearer";
  /** Default: the organisation's owner. */
  readonly identity?: SimIdentity;
  /** Scopes such as `vso.code`; left out: everything. */
  readonly scopes?: readonly string[];
  readonly expiresAt?: Date;
  /** Good for so many requests, then expired: a token that ends in the middle of a run. */
  readonly requests?: number;
  /** Ids of projects and repositories it must not know of (404, left out of lists). */
  readonly hides?: readonly string[];
  /** It belongs to a job of a pipeline: the settings of that pipeline's project limit what it sees. */
  readonly job?: JobOfToken;
}

export interface JobOfToken {
  readonly projectId: string;
  /** Repositories that the pipeline's file names for the job, its own among them; ids. */
  readonly references: ReadonlySet<string>;
}

export interface SimToken {
  readonly value: string;
  readonly kind: "pat" | "bearer";
  readonly identity: SimIdentity;
  readonly scopes: ReadonlySet<string> | "all";
  expiresAt: Date | undefined;
  requestsLeft: number;
  readonly hides: Set<string>;
  readonly job: JobOfToken | undefined;
}

/** How a request without a good credential is answered. */
export type Refusal = "401" | "203" | "302";

export interface SignIn {
  /** Issues a token and returns its text. */
  issue(options?: TokenOptions): string;
  /** The token behind a text, to change or inspect it. */
  tokenOf(value: string): SimToken | undefined;
  revoke(value: string): void;
  /** Default `401`: empty body. `203` and `302` show the sign-in page, as some of the service's front ends do. */
  refusal: Refusal;
  /** The token of a request, spending one of its requests; undefined for strangers. */
  admit(authorization: string | undefined, now: Date): SimToken | undefined;
}

/** A sign-in desk; `newText` gives the random part of tokens. */
export function signInDesk(owner: SimIdentity, newText: () => string): SignIn {
  const tokens = new Map<string, SimToken>();
  return {
    refusal: "401",
    issue: (options = {}) => {
      const kind = options.kind ?? "pat";
      const value = kind === "pat" ? personalToken(newText) : bearerToken(newText);
      tokens.set(value, {
        value,
        kind,
        identity: options.identity ?? owner,
        scopes: options.scopes === undefined ? "all" : new Set(options.scopes),
        expiresAt: options.expiresAt,
        requestsLeft: options.requests ?? Infinity,
        hides: new Set(options.hides),
        job: options.job,
      });
      return value;
    },
    tokenOf: (value) => tokens.get(value),
    revoke: (value) => void tokens.delete(value),
    admit: (authorization, now) => admitted(tokens, authorization, now),
  };
}

function admitted(
  tokens: ReadonlyMap<string, SimToken>,
  authorization: string | undefined,
  now: Date,
): SimToken | undefined {
  const [scheme = "", credential = ""] = (authorization ?? "").split(/\s+/, 2);
  const isBasic = scheme.toLowerCase() === "basic";
  const value = isBasic ? passwordOf(credential) : credential;
  const token = tokens.get(value);
  if (token === undefined) return undefined;
  if (!isBasic && (token.kind === "pat" || scheme.toLowerCase() !== "bearer")) return undefined;
  if (token.expiresAt !== undefined && token.expiresAt <= now) return undefined;
  if (token.requestsLeft <= 0) return undefined;
  token.requestsLeft -= 1;
  return token;
}

function passwordOf(credential: string): string {
  const text = Buffer.from(credential, "base64").toString("utf8");
  return text.slice(text.indexOf(":") + 1);
}

/** 84 characters with AZDO at 76..79: the form by which clients know a personal access token. */
function personalToken(newText: () => string): string {
  const text = (newText() + newText() + newText()).replace(/[^A-Za-z0-9]/g, "");
  return `${text.slice(0, 76)}AZDO${text.slice(76, 80)}`;
}

/** Three dotted parts, as a JSON web token has them. */
function bearerToken(newText: () => string): string {
  return ["eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9", newText(), newText()].join(".");
}

/** `vso.code_manage` holds `vso.code_write`, which holds `vso.code`; `_full` and `_execute` likewise. */
const ladders: readonly (readonly string[])[] = [
  ["vso.code", "vso.code_write", "vso.code_manage", "vso.code_full"],
  ["vso.work", "vso.work_write", "vso.work_full"],
  ["vso.project", "vso.project_write", "vso.project_manage"],
  ["vso.build", "vso.build_execute"],
  ["vso.variablegroups_read", "vso.variablegroups_write", "vso.variablegroups_manage"],
  ["vso.extension.data", "vso.extension.data_write"],
  ["vso.graph", "vso.graph_manage"],
  ["vso.identity", "vso.identity_manage"],
  ["vso.wiki", "vso.wiki_write"],
  ["vso.release", "vso.release_execute", "vso.release_manage"],
  ["vso.packaging", "vso.packaging_write", "vso.packaging_manage"],
];

/** Whether a token may call what needs this scope. */
export function hasScope(token: SimToken, scope: string): boolean {
  if (scope === "" || token.scopes === "all") return true;
  const ladder = ladders.find((steps) => steps.includes(scope)) ?? [scope];
  const enough = ladder.slice(ladder.indexOf(scope));
  return enough.some((one) => token.scopes !== "all" && token.scopes.has(one));
}
