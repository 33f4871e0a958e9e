/** The inputs of VerifyBackup, read and checked before anything is contacted. */
import { parseAgentKey, parseIdentities, type AgentKeys } from "../../engine/crypto/keys.ts";
import type { Cryptography } from "../../engine/crypto/cryptography.ts";
import type { VerifyRequest } from "../../engine/operations/verify/checking.ts";
import type { Agent } from "../shared/agent.ts";
import { oneOf, refuseNotYet, wholeNumber } from "../shared/inputs.ts";
import { badInput } from "../shared/bad-input.ts";
import { projectNames } from "../shared/project-names.ts";
import { pinnedSigners } from "../shared/signers.ts";

export interface Settings extends Omit<VerifyRequest, "vault" | "pin" | "kinds" | "parallelism"> {
  readonly projects: readonly string[];
  /** With it the result becomes a signed entry of the log. */
  readonly agentKeys: AgentKeys | undefined;
}

export async function readSettings(
  agent: Agent,
  { cryptography }: { readonly cryptography: Cryptography },
): Promise<Settings> {
  const level = oneOf(agent, "level", ["stored", "catalogue", "content"]);
  refuseNotYet(agent, ["drillProject"], {
    not: "restore drills do not exist yet",
    hint: "Remove it, and use level content.",
  });
  const { identities, agentKeys } = await readKeys(agent, { cryptography, level });
  return {
    projects: projectNames(agent, "Name the projects whose backups are to be verified, one per line."),
    snapshot: agent.input("snapshot") ?? "latest",
    level,
    sample: agent.input("sample") ?? "100%",
    identities,
    pinnedSigners: pinnedSigners(agent),
    maxAgeHours:
      agent.input("maxAgeHours") === undefined
        ? undefined
        : wholeNumber(agent, "maxAgeHours", { fallback: 0, least: 1, most: 87_600 }),
    agentKeys,
  };
}

async function readKeys(
  agent: Agent,
  { cryptography, level }: { readonly cryptography: Cryptography; readonly level: Settings["level"] },
): Promise<Pick<Settings, "identities" | "agentKeys">> {
  const recoveryKey = agent.secret("recoveryKey");
  const viewerKey = agent.secret("viewerKey");
  const agentKey = agent.secret("agentKey");
  if (level === "content" && recoveryKey === undefined) {
    throw badInput(
      "recoveryKey",
      "is empty",
      "Level content opens what is stored: map the recovery key from a secret variable, or use level stored.",
    );
  }
  if (recoveryKey === undefined && viewerKey === undefined && agentKey === undefined) {
    throw badInput(
      "viewerKey",
      "is empty, and so are agentKey and recoveryKey",
      "Map one of them from a secret variable: the catalogue has to be read.",
    );
  }
  const agentKeys = agentKey === undefined ? undefined : await parseAgentKey(agentKey, cryptography);
  const identities = [
    ...(recoveryKey === undefined ? [] : parseIdentities(recoveryKey)),
    ...(viewerKey === undefined ? [] : parseIdentities(viewerKey, "viewerKey")),
    ...(agentKeys === undefined ? [] : [agentKeys.catalogueIdentity]),
  ];
  return { identities, agentKeys };
}
