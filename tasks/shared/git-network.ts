/** The agent's proxy and certificates for Git: for our own connections and for git's processes. */
import { readFileSync } from "node:fs";
import { Agent as HttpsAgent } from "node:https";
import type { Agent as HttpAgent } from "node:http";
import type { NodeGitOptions } from "../../engine/git/node-git-access.ts";
import type { agentNetwork } from "./agent-network.ts";

type Network = ReturnType<typeof agentNetwork>;

/**
 * Behind a proxy our own wire client cannot connect (it has no tunnel of its own), so Git goes by git's processes,
 * which can; see `gitEngineOf`.
 */
export function gitNetwork({ proxy, certificate }: Network): Pick<NodeGitOptions, "agentFor" | "gitEnvironment"> {
  const environment: Record<string, string> = {};
  if (proxy !== undefined)
    Object.assign(environment, {
      http_proxy: addressOf(proxy),
      https_proxy: addressOf(proxy),
      no_proxy: "localhost,127.0.0.1",
    });
  if (certificate?.caFile === undefined) return { gitEnvironment: environment };
  environment.GIT_SSL_CAINFO = certificate.caFile;
  const agent = new HttpsAgent({ keepAlive: true, ca: readFileSync(certificate.caFile) });
  return {
    gitEnvironment: environment,
    agentFor: (url): HttpAgent | undefined => (url.protocol === "https:" ? agent : undefined),
  };
}

function addressOf(proxy: NonNullable<Network["proxy"]>): string {
  const url = new URL(proxy.url);
  if (proxy.username !== undefined) url.username = proxy.username;
  if (proxy.password !== undefined) url.password = proxy.password;
  return url.href;
}
