/**
 * Storage that takes tokens of Microsoft Entra, in front of an Azurite that serves plain http and takes none: it checks
 * what storage checks about a token, then reads with the rights of a reader. Requests without a token pass unchanged.
 */
import { once } from "node:events";
import { createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Azurite, AzuriteContainer } from "../support/azurite.ts";
import { tenantId } from "./storage-tokens.ts";

export interface TokenStorage {
  /** The container, to be read with tokens. */
  readonly containerUrl: string;
  /** Object ids of people without a role on the container. */
  readonly withoutRole: Set<string>;
  stop(): Promise<void>;
}

/** The first version of the service that takes tokens. */
const firstVersion = "2017-11-09";

interface State {
  readonly target: URL;
  readonly readSas: string;
  readonly withoutRole: Set<string>;
}

export async function startTokenStorage(azurite: Azurite, container: AzuriteContainer): Promise<TokenStorage> {
  const target = new URL(container.url);
  const readSas = azurite.containerSas(container.name, { permissions: "rl" });
  const state: State = { target, readSas, withoutRole: new Set() };
  const server = createServer((request, response) => {
    answer(state, request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    containerUrl: `http://127.0.0.1:${port}${target.pathname}`,
    withoutRole: state.withoutRole,
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(state: State, request: IncomingMessage, response: ServerResponse): void {
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  const refusal = token === undefined ? undefined : refusalOf(state, token, request);
  if (refusal !== undefined) refuse(request, response, refusal);
  else pass(state, request, { response, isSigned: token !== undefined });
}

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

function refusalOf({ withoutRole }: State, token: string, { headers, method }: IncomingMessage): Refusal | undefined {
  const version = headers["x-ms-version"];
  if (typeof version !== "string" || version < firstVersion)
    return { status: 403, code: "AuthenticationFailed", message: "The version is too old for this authorization." };
  const claims = claimsOf(token);
  const isForStorage = /^https:\/\/storage\.azure\.com\/?$/.test(String(claims.aud));
  const isCurrent = Number(claims.exp) > Date.now() / 1000;
  if (!isForStorage || !isCurrent || claims.tid !== tenantId)
    return { status: 401, code: "InvalidAuthenticationInfo", message: "Server failed to authenticate the request." };
  if (method !== "GET" && method !== "HEAD")
    return { status: 403, code: "AuthorizationPermissionMismatch", message: "Reading is all that is allowed." };
  if (!withoutRole.has(String(claims.oid))) return undefined;
  const message = "This request is not authorized to perform this operation using this permission.";
  return { status: 403, code: "AuthorizationPermissionMismatch", message };
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as Record<string, unknown>;
  } catch {
    return {};
  }
}

function refuse(request: IncomingMessage, response: ServerResponse, { status, code, message }: Refusal): void {
  response.writeHead(status, {
    "content-type": "application/xml",
    "x-ms-error-code": code,
    "access-control-allow-origin": request.headers.origin ?? "*",
    "access-control-expose-headers": "x-ms-error-code",
    ...(status === 401 ? { "www-authenticate": "Bearer resource_id=https://storage.azure.com" } : {}),
  });
  response.end(
    `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  );
}

function pass(
  { target, readSas }: State,
  request: IncomingMessage,
  { response, isSigned }: { readonly response: ServerResponse; readonly isSigned: boolean },
): void {
  const path = request.url ?? "/";
  const signed = `${path}${path.includes("?") ? "&" : "?"}${readSas}`;
  const headers = Object.entries(request.headers).filter(([name]) => !isSigned || name !== "authorization");
  const passed = send(
    {
      ...{ host: target.hostname, port: target.port, method: request.method },
      path: isSigned ? signed : path,
      headers: Object.fromEntries(headers),
    },
    (answered) => {
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
    },
  );
  passed.on("error", () => response.destroy());
  request.pipe(passed);
}
