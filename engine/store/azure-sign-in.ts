import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
} from "@azure/identity";
import { systemClock, type Clock } from "../foundation/clock.ts";
import { BackupError } from "../foundation/errors.ts";
import type { RetryTools } from "../foundation/retry.ts";
import type { AccessToken, TokenOptions, TokenSource } from "./access-token.ts";
import { pipelineOidcToken } from "./pipeline-oidc-token.ts";
import { signInError } from "./sign-in-errors.ts";

/**
 * What an AzureRM service connection holds, as plain values. `scheme` is WorkloadIdentityFederation,
 * ServicePrincipal (with a secret or a certificate) or ManagedServiceIdentity.
 */
export interface AzureEndpoint {
  readonly scheme: string;
  readonly serviceConnectionId: string;
  readonly tenantId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly secret?: string | undefined;
  /** One PEM with private key and certificate. */
  readonly certificate?: string | undefined;
  /** Client id of a user-assigned managed identity; the system-assigned one when absent. */
  readonly msiClientId?: string | undefined;
  /** Entra's address; the public cloud's when absent. */
  readonly authorityHost?: string | undefined;
  /** The job's token and the address that changes it into a federated token. */
  readonly systemAccessToken?: string | undefined;
  readonly oidcRequestUri?: string | undefined;
}

/** As much of the identity library's credentials as is used. */
interface Credential {
  getToken(scopes: string | string[], options?: TokenOptions): Promise<AccessToken | null>;
}

/**
 * A service connection's sign-in, for storage (STORAGE_SCOPE) and Azure DevOps (AZURE_DEVOPS_SCOPE) alike. Signs in
 * at the first getToken and again before a token ends. Throws SIGN_IN_INPUT when the connection lacks something;
 * getToken throws SIGN_IN_REFUSED, SIGN_IN_UNREACHABLE or SIGN_IN_OIDC.
 */
export function azureCredential(
  endpoint: AzureEndpoint,
  tools: RetryTools = { clock: systemClock, random: () => 0.5 },
): TokenSource {
  const credential = credentialOf(endpoint, tools);
  return cachingTokens(tools.clock, async (scopes, options) => {
    try {
      const token = await credential.getToken(scopes, options);
      if (token !== null) return token;
    } catch (error) {
      options.abortSignal?.throwIfAborted();
      throw signInError(error, endpoint);
    }
    throw signInError(undefined, endpoint);
  });
}

const RENEW_BEFORE_MS = 5 * 60_000;

/** The library asks for a federated token at every call, cached or not; so tokens are kept here. */
function cachingTokens(
  clock: Clock,
  signIn: (scopes: string | string[], options: TokenOptions) => Promise<AccessToken>,
): TokenSource {
  const kept = new Map<string, Promise<AccessToken>>();
  return {
    getToken: async (scopes, options = {}) => {
      const key = [scopes].flat().join(" ");
      const token = await kept.get(key)?.catch(() => undefined);
      if (token !== undefined && token.expiresOnTimestamp - RENEW_BEFORE_MS > clock.now().getTime()) return token;
      const started = signIn(scopes, options);
      kept.set(key, started);
      return started;
    },
  };
}

const PUBLIC_AUTHORITY = "https://login.microsoftonline.com";
const MICROSOFT_AUTHORITY =
  /^https:\/\/login\.(microsoftonline\.(com|us)|partner\.microsoftonline\.cn|chinacloudapi\.cn)$/;

function credentialOf(endpoint: AzureEndpoint, tools: RetryTools): Credential {
  switch (endpoint.scheme.toLowerCase()) {
    case "workloadidentityfederation":
      return federated(endpoint, tools);
    case "serviceprincipal":
      return servicePrincipal(endpoint);
    case "managedserviceidentity": {
      const clientId = endpoint.msiClientId;
      return clientId === undefined || clientId === ""
        ? new ManagedIdentityCredential()
        : new ManagedIdentityCredential({ clientId });
    }
    default:
      throw lacking(endpoint, `has the scheme "${endpoint.scheme}", which cannot sign in to Azure`);
  }
}

function federated(endpoint: AzureEndpoint, tools: RetryTools): Credential {
  const { tenantId, clientId } = principalOf(endpoint);
  const request = {
    serviceConnectionId: endpoint.serviceConnectionId,
    requestUri: needed(endpoint, "oidcRequestUri", "System.OidcRequestUri of the job"),
    systemAccessToken: needed(endpoint, "systemAccessToken", "System.AccessToken of the job"),
  };
  let failure: unknown;
  const assertion = async (): Promise<string> => {
    failure = undefined;
    return pipelineOidcToken(request, tools).catch((error: unknown) => {
      failure = error;
      throw error;
    });
  };
  const credential = new ClientAssertionCredential(tenantId, clientId, assertion, authorityOptions(endpoint));
  return {
    // The library keeps only the text of what went wrong in an assertion.
    getToken: (scopes, options) =>
      credential.getToken(scopes, options).catch((error: unknown) => {
        throw failure ?? error;
      }),
  };
}

function servicePrincipal(endpoint: AzureEndpoint): Credential {
  const { tenantId, clientId } = principalOf(endpoint);
  const { certificate } = endpoint;
  if (certificate !== undefined && certificate !== "") {
    return new ClientCertificateCredential(tenantId, clientId, { certificate }, authorityOptions(endpoint));
  }
  const secret = needed(endpoint, "secret", "secret or certificate");
  return new ClientSecretCredential(tenantId, clientId, secret, authorityOptions(endpoint));
}

function principalOf(endpoint: AzureEndpoint): { readonly tenantId: string; readonly clientId: string } {
  const tenantId = needed(endpoint, "tenantId", "tenant id");
  if (!/^[0-9A-Za-z.-]+$/.test(tenantId))
    throw lacking(endpoint, "has a tenant id that is neither a GUID nor a domain");
  return { tenantId, clientId: needed(endpoint, "clientId", "service principal (client) id") };
}

/** Only Microsoft's own authorities can be asked whether an authority is genuine. */
function authorityOptions(endpoint: AzureEndpoint): {
  readonly authorityHost: string;
  readonly disableInstanceDiscovery: boolean;
} {
  const given = (endpoint.authorityHost ?? "").replace(/\/+$/, "");
  const authorityHost = given === "" ? PUBLIC_AUTHORITY : given;
  if (!authorityHost.startsWith("https://")) throw lacking(endpoint, "names an Entra address that is not https");
  return { authorityHost, disableInstanceDiscovery: !MICROSOFT_AUTHORITY.test(authorityHost) };
}

function needed(endpoint: AzureEndpoint, key: keyof AzureEndpoint, what: string): string {
  const value = endpoint[key];
  if (value === undefined || value === "") throw lacking(endpoint, `(${endpoint.scheme}) came without its ${what}`);
  return value;
}

function lacking(endpoint: AzureEndpoint, found: string): BackupError {
  return new BackupError({
    code: "SIGN_IN_INPUT",
    message: `The service connection ${endpoint.serviceConnectionId} ${found}`,
    hint: "Use an Azure Resource Manager service connection; open it in the project settings and save it again.",
  });
}
