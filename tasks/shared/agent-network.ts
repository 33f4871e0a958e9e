/** Proxy and certificate settings of the agent (variables the agent sets: agent.proxyurl, agent.cainfo, …). */
import type { AgentProxy, CertificateFiles } from "../../engine/azure-devops/client/transport.ts";
import type { Agent } from "./agent.ts";

export function agentNetwork(agent: Agent): {
  readonly proxy: AgentProxy | undefined;
  readonly certificate: CertificateFiles | undefined;
} {
  const url = agent.variable("Agent.ProxyUrl");
  const username = agent.variable("Agent.ProxyUsername");
  const password = agent.variable("Agent.ProxyPassword");
  if (password !== undefined) agent.addSecret(password);
  const caFile = agent.variable("Agent.CAInfo");
  return {
    proxy:
      url === undefined
        ? undefined
        : {
            url,
            ...(username === undefined ? {} : { username }),
            ...(password === undefined ? {} : { password }),
            bypass: bypassList(agent),
          },
    certificate: caFile === undefined ? undefined : { caFile },
  };
}

function bypassList(agent: Agent): readonly string[] {
  const text = agent.variable("Agent.ProxyBypassList");
  if (text === undefined) return [];
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.filter((entry) => typeof entry === "string") : [];
  } catch {
    return [];
  }
}
