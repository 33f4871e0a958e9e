/** The organisation to read or write, from the inputs. */
import { connectAzureDevOps, type AzureDevOpsConnection } from "../../engine/azure-devops/connection.ts";
import { accessToken, entraToken, jobToken, type SignIn } from "../../engine/azure-devops/sign-in.ts";
import type { Clock } from "../../engine/foundation/clock.ts";
import type { Reporter } from "../../engine/foundation/reporter.ts";
import type { Agent } from "./agent.ts";
import { agentNetwork } from "./agent-network.ts";
import { azureSignIn } from "./azure-connection.ts";
import { oneOf, requiredInput } from "./inputs.ts";
import { badInput } from "./bad-input.ts";

export interface Wiring {
  readonly agent: Agent;
  readonly clock: Clock;
  readonly random: () => number;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly parallelism: number;
}

/** Entra's name for Azure DevOps (Microsoft Learn, authentication guidance). */
const azureDevOpsScope = "499b84ac-1321-427f-aa17-267ca6975798/.default";

export async function azureDevOpsOf(wiring: Wiring, organizationUrl: string): Promise<AzureDevOpsConnection> {
  const { agent, clock, random, reporter, signal, parallelism } = wiring;
  const { proxy, certificate } = agentNetwork(agent);
  return connectAzureDevOps({
    organizationUrl,
    signIn: signInOf(wiring),
    clock,
    random,
    reporter,
    signal,
    parallelism,
    agentProxy: proxy,
    certificate,
  });
}

export function ownOrganization(agent: Agent): string {
  const url =
    agent.input("organizationUrl") ??
    agent.variable("System.CollectionUri") ??
    agent.variable("System.TeamFoundationCollectionUri");
  if (url === undefined)
    throw badInput(
      "organizationUrl",
      "is empty and the job does not say where it runs",
      "Give the organisation's address, e.g. https://dev.azure.com/contoso.",
    );
  return url;
}

function signInOf(wiring: Wiring): SignIn {
  const { agent, clock } = wiring;
  switch (oneOf(agent, "azureDevOpsAuthentication", ["jobToken", "accessToken", "serviceConnection"])) {
    case "accessToken": {
      const token = agent.secret("accessToken");
      if (token === undefined)
        throw badInput(
          "accessToken",
          "is empty, or names a variable that is not set for this run",
          "Map it from a secret variable that holds a personal access token.",
        );
      return accessToken(token);
    }
    case "serviceConnection": {
      const id = requiredInput(
        agent,
        "azureDevOpsConnection",
        "Choose the service connection whose identity is a user of the organisation.",
      );
      const { credential } = azureSignIn(wiring, "azureDevOpsConnection", id);
      return entraToken(async () => {
        const { token, expiresOnTimestamp } = await credential.getToken(azureDevOpsScope);
        agent.addSecret(token);
        return { token, expiresOn: new Date(expiresOnTimestamp) };
      }, clock);
    }
    case "jobToken": {
      const token = agent.jobToken();
      if (token === undefined)
        throw badInput(
          "azureDevOpsAuthentication",
          "is jobToken, but this job has no token",
          "Use accessToken with a personal access token instead.",
        );
      return jobToken(token);
    }
  }
}
