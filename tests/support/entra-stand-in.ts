import { randomBytes, randomUUID, verify } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfSignedCertificate, type SelfSignedCertificate } from "./self-signed-certificate.ts";

/**
 * Entra, the OIDC endpoint of Azure Pipelines and a managed identity endpoint, as far as signing in needs them: they
 * check what the real ones check and issue tokens that Azurite (`--oauth basic`) takes.
 */
export interface EntraStandIn {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly serviceConnectionId: string;
  /** One PEM with key and certificate, registered for the client. */
  readonly clientCertificate: string;
  /** The job's token that the OIDC endpoint takes. */
  readonly systemAccessToken: string;
  /** `https://localhost:port` */
  readonly authorityHost: string;
  readonly oidcRequestUri: string;
  /** For AZURE_POD_IDENTITY_AUTHORITY_HOST; plain http as the real one. */
  readonly managedIdentityHost: string;
  /** Of the https server; Azurite may use it too. */
  readonly tls: SelfSignedCertificate;
  /** File for NODE_EXTRA_CA_CERTS. */
  readonly certificateFile: string;
  readonly faults: EntraFaults;
  /** Scopes of the tokens issued so far. */
  readonly issued: readonly string[];
  /** Requests to the OIDC endpoint so far. */
  readonly oidcRequests: readonly string[];
  stop(): Promise<void>;
}

export interface EntraFaults {
  /** The token endpoint answers this AADSTS code and text. */
  refuse?: { readonly code: string; readonly text: string } | undefined;
  /** The OIDC endpoint answers this status. */
  oidcStatus?: { readonly status: number; times: number } | undefined;
  /** How long issued tokens live; an hour when absent. */
  tokenSeconds?: number | undefined;
}

interface StandInState {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly systemAccessToken: string;
  readonly serviceConnectionId: string;
  readonly clientCertificate: SelfSignedCertificate;
  readonly federatedTokens: Set<string>;
  readonly faults: EntraFaults;
  readonly issued: string[];
  readonly oidcRequests: string[];
  authorityHost: string;
}

export async function startEntraStandIn(): Promise<EntraStandIn> {
  const tls = selfSignedCertificate();
  const state = newState();
  const https = createHttpsServer({ key: tls.privateKey, cert: tls.certificate }, answering(state, entraAnswer));
  const http = createHttpServer(answering(state, managedIdentityAnswer));
  const folder = await mkdtemp(join(tmpdir(), "entra-"));
  const certificateFile = join(folder, "certificate.pem");
  await writeFile(certificateFile, tls.certificate);
  state.authorityHost = `https://localhost:${await portOf(https)}`;
  const { clientCertificate, ...shown } = state;
  return {
    ...shown,
    clientCertificate: clientCertificate.privateKey + clientCertificate.certificate,
    oidcRequestUri: `${state.authorityHost}/oidc`,
    managedIdentityHost: `http://127.0.0.1:${await portOf(http)}`,
    tls,
    certificateFile,
    stop: async () => {
      for (const server of [https, http]) {
        server.close();
        server.closeAllConnections();
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function newState(): StandInState {
  return {
    tenantId: randomUUID(),
    clientId: randomUUID(),
    clientSecret: randomBytes(20).toString("base64url"),
    systemAccessToken: randomBytes(20).toString("base64url"),
    serviceConnectionId: randomUUID(),
    clientCertificate: selfSignedCertificate("client"),
    federatedTokens: new Set(),
    faults: {},
    issued: [],
    oidcRequests: [],
    authorityHost: "",
  };
}

async function portOf(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly authorization: string;
  readonly headers: IncomingMessage["headers"];
  readonly form: URLSearchParams;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Answerer = (state: StandInState, asked: Asked) => Answer;

function answering(state: StandInState, answerer: Answerer) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { status, body } = answerer(state, {
        method: request.method ?? "GET",
        url: new URL(request.url ?? "/", "https://localhost"),
        authorization: request.headers.authorization ?? "",
        headers: request.headers,
        form: new URLSearchParams(Buffer.concat(parts).toString("utf8")),
      });
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    });
  };
}

function entraAnswer(state: StandInState, asked: Asked): Answer {
  const { pathname } = asked.url;
  if (pathname === "/oidc") return oidcAnswer(state, asked);
  if (pathname === `/${state.tenantId}/v2.0/.well-known/openid-configuration`) return openIdConfiguration(state);
  if (pathname === `/${state.tenantId}/oauth2/v2.0/token`) return tokenAnswer(state, asked);
  return refusal(
    "90002",
    `Tenant '${pathname.split("/")[1] ?? ""}' not found. Check to make sure you have the correct tenant ID.`,
  );
}

function openIdConfiguration({ authorityHost, tenantId }: StandInState): Answer {
  const base = `${authorityHost}/${tenantId}`;
  return {
    status: 200,
    body: {
      issuer: `${base}/v2.0`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
      response_types_supported: ["code", "id_token"],
      subject_types_supported: ["pairwise"],
      id_token_signing_alg_values_supported: ["RS256"],
    },
  };
}

function oidcAnswer(state: StandInState, { method, url, authorization }: Asked): Answer {
  state.oidcRequests.push(url.search);
  const fault = state.faults.oidcStatus;
  if (fault !== undefined && fault.times > 0) {
    fault.times -= 1;
    return { status: fault.status, body: { message: "The stand-in was told to fail." } };
  }
  if (method !== "POST") return { status: 405, body: {} };
  if (authorization !== `Bearer ${state.systemAccessToken}`) return { status: 401, body: {} };
  if (url.searchParams.get("serviceConnectionId") !== state.serviceConnectionId) return { status: 404, body: {} };
  const token = jwt({ iss: "https://vstoken.dev.azure.com/stand-in", jti: randomUUID() });
  state.federatedTokens.add(token);
  return { status: 200, body: { oidcToken: token } };
}

function tokenAnswer(state: StandInState, { form }: Asked): Answer {
  if (state.faults.refuse !== undefined) return refusal(state.faults.refuse.code, state.faults.refuse.text);
  if (form.get("grant_type") !== "client_credentials") return refusal("70003", "Unsupported grant type.");
  if (form.get("client_id") !== state.clientId) {
    return refusal(
      "700016",
      `Application with identifier '${form.get("client_id") ?? ""}' was not found in the directory.`,
    );
  }
  const refused = credentialRefusal(state, form);
  return refused ?? issue(state, form.get("scope") ?? "");
}

function credentialRefusal(state: StandInState, form: URLSearchParams): Answer | undefined {
  const assertion = form.get("client_assertion");
  if (assertion === null) {
    if (form.get("client_secret") === state.clientSecret) return undefined;
    return refusal(
      "7000215",
      "Invalid client secret provided. Ensure the secret being sent is the client secret value.",
    );
  }
  if (state.federatedTokens.has(assertion)) return undefined;
  if (isSignedByClient(state.clientCertificate, assertion)) return undefined;
  const isFederated = assertion.split(".")[2] === "c2lnbmVk";
  return isFederated
    ? refusal("700213", "No matching federated identity record found for presented assertion subject.")
    : refusal("700027", "The certificate with identifier used to sign the client assertion is not registered.");
}

function isSignedByClient({ publicKey, thumbprint }: SelfSignedCertificate, assertion: string): boolean {
  const [header = "", payload = "", signature = ""] = assertion.split(".");
  const facts = JSON.parse(Buffer.from(header, "base64url").toString()) as Record<string, unknown>;
  if (facts["x5t#S256"] !== thumbprint) return false;
  const key = { key: publicKey, ...(facts.alg === "PS256" ? { padding: 6, saltLength: 32 } : {}) };
  return verify("sha256", Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, "base64url"));
}

function issue(state: StandInState, scope: string): Answer {
  state.issued.push(scope);
  const seconds = state.faults.tokenSeconds ?? 3600;
  const now = Math.floor(Date.now() / 1000);
  const token = jwt({
    iss: `https://sts.windows.net/${state.tenantId}/`,
    aud: scope.replace(/\/\.default$/, "").replace(/\/$/, ""),
    iat: now - 5,
    nbf: now - 5,
    exp: now + seconds,
    appid: state.clientId,
    tid: state.tenantId,
  });
  const times = { expires_in: seconds, ext_expires_in: seconds };
  return { status: 200, body: { token_type: "Bearer", access_token: token, ...times } };
}

/** As the instance metadata service answers: plain numbers as text, and only with its header. */
function managedIdentityAnswer(state: StandInState, { url, headers }: Asked): Answer {
  if (url.pathname.replace(/\/$/, "") !== "/metadata/identity/oauth2/token" || headers.metadata !== "true")
    return { status: 400, body: {} };
  const asked = url.searchParams.get("client_id");
  if (asked !== null && asked !== state.clientId) {
    return { status: 400, body: { error: "invalid_request", error_description: "Identity not found" } };
  }
  const resource = url.searchParams.get("resource") ?? "";
  const { body } = issue(state, `${resource.replace(/\/$/, "")}/.default`);
  const seconds = state.faults.tokenSeconds ?? 3600;
  const expiresOn = String(Math.floor(Date.now() / 1000) + seconds);
  return { status: 200, body: { ...(body as object), expires_on: expiresOn, resource } };
}

function refusal(code: string, text: string): Answer {
  const traces = `Trace ID: ${randomUUID()} Correlation ID: ${randomUUID()}`;
  return {
    status: code === "7000215" ? 401 : 400,
    body: {
      error: "invalid_client",
      error_description: `AADSTS${code}: ${text} ${traces}`,
      error_codes: [Number(code)],
    },
  };
}

function jwt(payload: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256", typ: "JWT" })}.${part(payload)}.${Buffer.from("signed").toString("base64url")}`;
}
