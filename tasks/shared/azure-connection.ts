/** An AzureRM service connection as the engine's sign-in wants it. */
import type { AzureEndpoint } from "../../engine/store/azure-sign-in.ts";
import type { TokenSource } from "../../engine/store/access-token.ts";
import type { Clock } from "../../engine/foundation/clock.ts";
import type { Agent, ServiceConnection } from "./agent.ts";
import { badInput } from "./bad-input.ts";

export interface AzureSignIn {
  readonly credential: TokenSource;
  /** `core.windows.net`, or that of a sovereign cloud. */
  readonly blobSuffix: string;
}

const suffixes: Readonly<Record<string, string>> = {
  azurecloud: "core.windows.net",
  azureusgovernment: "core.usgovcloudapi.net",
  azurechinacloud: "core.chinacloudapi.cn",
};

export interface SignInPlace {
  readonly agent: Agent;
  readonly clock: Clock;
  readonly random: () => number;
}

/** `input` is the input that names the connection. */
export function azureSignIn({ agent, clock, random }: SignInPlace, input: string, connectionId: string): AzureSignIn {
  const connection = agent.connection(connectionId);
  if (connection === undefined) {
    throw badInput(
      input,
      `names the service connection "${connectionId}", which this job was not given`,
      "Authorise the pipeline for the service connection, then run it again.",
    );
  }
  const environment = connection.data("environment")?.toLowerCase() ?? "azurecloud";
  return {
    credential: credentialOf(endpointOf(agent, connection), { clock, random }),
    blobSuffix: suffixes[environment] ?? "core.windows.net",
  };
}

/** The identity library is large: it is loaded only by jobs that sign in with it. */
function credentialOf(endpoint: AzureEndpoint, tools: Pick<SignInPlace, "clock" | "random">): TokenSource {
  let loading: Promise<TokenSource> | undefined;
  return {
    async getToken(scopes, options) {
      loading ??= import("../../engine/store/azure-sign-in.ts").then(({ azureCredential }) =>
        azureCredential(endpoint, tools),
      );
      return (await loading).getToken(scopes, options);
    },
  };
}

function endpointOf(agent: Agent, connection: ServiceConnection): AzureEndpoint {
  const secret = connection.parameter("serviceprincipalkey");
  const certificate = connection.parameter("serviceprincipalcertificate");
  for (const value of [secret, certificate]) if (value !== undefined) agent.addSecret(value);
  return {
    scheme: connection.scheme,
    serviceConnectionId: connection.id,
    tenantId: connection.parameter("tenantid"),
    clientId: connection.parameter("serviceprincipalid"),
    secret,
    certificate,
    msiClientId: connection.data("msiclientid"),
    authorityHost: connection.data("activedirectoryauthority") ?? connection.data("environmentauthorityurl"),
    systemAccessToken: agent.jobToken(),
    oidcRequestUri: agent.variable("System.OidcRequestUri"),
  };
}
