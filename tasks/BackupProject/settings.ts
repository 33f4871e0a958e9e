/** The inputs of BackupProject, read and checked before anything is contacted. */
import {
  parseAgentKey,
  parseOwnerKey,
  parseRecipients,
  type AgentKeys,
  type OwnerKeys,
  type PinnedSigner,
} from "../../engine/crypto/keys.ts";
import type { Cryptography } from "../../engine/crypto/cryptography.ts";
import type { BackupOptions } from "../../engine/kinds/kind.ts";
import { composing, everything, oneOfSeveral, type Share } from "../../engine/operations/backup/share.ts";
import { guardCodes, type GuardCode } from "../../engine/vault/retention/guards.ts";
import { parseRetention, type RetentionRules } from "../../engine/vault/retention/rules.ts";
import type { Agent } from "../shared/agent.ts";
import { flag, lines, oneOf, refuseNotYet, requiredSecret, wholeNumber } from "../shared/inputs.ts";
import { badInput } from "../shared/bad-input.ts";
import { projectNames } from "../shared/project-names.ts";
import { pinnedSigners } from "../shared/signers.ts";
import { toolVersion } from "../shared/tool-version.ts";

export interface Settings {
  readonly projects: readonly string[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly options: BackupOptions;
  readonly agentKeys: AgentKeys;
  readonly ownerKeys: OwnerKeys | undefined;
  readonly recoveryRecipients: readonly string[];
  readonly pinnedSigners: readonly PinnedSigner[];
  readonly build: string | undefined;
  readonly buildName: string;
  readonly toolVersion: string;
  readonly share: Share;
  readonly maxStaleDays: number;
  readonly failOnPartial: boolean;
  readonly failOnAlarm: boolean;
  readonly retention: RetentionRules | undefined;
  readonly retentionAllow: ReadonlySet<GuardCode>;
}

export async function readSettings(
  agent: Agent,
  { cryptography }: { readonly cryptography: Cryptography },
): Promise<Settings> {
  const agentKey = requiredSecret(
    agent,
    "agentKey",
    "Map it from a secret variable that holds the agent key (npm run keys, or the hub's Set up page, makes one).",
  );
  refuseNotYet(agent, ["immutability", "protectDays"], {
    not: "the task sets no locks yet",
    hint: "Remove it, and give the container a time-based retention policy instead.",
  });
  const build = buildIdentity(agent);
  const ownerKey = agent.secret("ownerKey");
  return {
    projects: projectNames(agent, "Name the projects to back up, one per line, or *."),
    include: lines(agent, "include"),
    exclude: lines(agent, "exclude"),
    options: {
      pullRequestRefs: flag(agent, "pullRequestRefs", false),
      gitEngine: oneOf(agent, "gitEngine", ["auto", "wire", "git"]),
      catalogueNames: oneOf(agent, "catalogueNames", ["names", "ids"]),
    },
    agentKeys: await parseAgentKey(agentKey, cryptography),
    ownerKeys: ownerKey === undefined ? undefined : await parseOwnerKey(ownerKey, cryptography),
    ...vaultTrust(agent),
    build,
    buildName: agent.variable("Build.BuildNumber") ?? agent.variable("Release.ReleaseName") ?? "manual",
    toolVersion,
    share: shareOf(agent, build),
    maxStaleDays: wholeNumber(agent, "maxStaleDays", { fallback: 3, least: 0, most: 3650 }),
    failOnPartial: flag(agent, "failOnPartial", false),
    failOnAlarm: flag(agent, "failOnAlarm", false),
    retention: parseRetention(agent.input("retention") ?? ""),
    retentionAllow: retentionAllow(agent),
  };
}

/**
 * Who may stand behind the vault, and for whom content is sealed. Without pinned signers the recipients are needed in
 * every run: whoever else began the vault would otherwise say who can read what is stored.
 */
function vaultTrust(agent: Agent): Pick<Settings, "pinnedSigners" | "recoveryRecipients"> {
  const pinned = pinnedSigners(agent);
  const given = agent.input("recoveryRecipients");
  if (given === undefined && pinned.length === 0)
    throw badInput(
      "recoveryRecipients",
      "is empty, and so is signer",
      "Give the signer line of your key set, and for a new vault the recoveryRecipient too: otherwise whoever began the vault would say who can read the backups.",
    );
  return { pinnedSigners: pinned, recoveryRecipients: given === undefined ? [] : parseRecipients(given) };
}

/** Guards that stopped retention and that a person has looked into. */
function retentionAllow(agent: Agent): ReadonlySet<GuardCode> {
  const codes = lines(agent, "retentionAllow").map((line) => {
    const code = guardCodes.find((known) => known === line.toLowerCase());
    if (code === undefined)
      throw badInput("retentionAllow", `names "${line}"`, `Use one per line of: ${guardCodes.join(", ")}.`);
    return code;
  });
  return new Set(codes);
}

/** The same for all attempts and agents of one pipeline run. */
function buildIdentity(agent: Agent): string | undefined {
  const collection = agent.variable("System.CollectionId") ?? agent.variable("System.CollectionUri") ?? "";
  const build = agent.variable("Build.BuildId");
  if (build !== undefined) return `${collection} build ${build}`;
  const release = agent.variable("Release.ReleaseId");
  return release === undefined
    ? undefined
    : `${collection} release ${release} ${agent.variable("Release.AttemptNumber") ?? "1"}`;
}

function shareOf(agent: Agent, build: string | undefined): Share {
  const phase = oneOf(agent, "shardPhase", ["all", "shard", "compose"]);
  if (phase === "all") return everything;
  if (build === undefined)
    throw badInput(
      "shardPhase",
      `is ${phase}, but the job belongs to no run of a pipeline, so the others would not be found`,
      "Use it inside one pipeline run, or use all.",
    );
  if (phase === "compose") return composing;
  const of = Number(agent.variable("System.TotalJobsInPhase") ?? "1");
  const position = Number(agent.variable("System.JobPositionInPhase") ?? "1");
  if (Number.isInteger(of) && of >= 1 && of <= 200 && position >= 1 && position <= of)
    return oneOfSeveral(position - 1, of);
  throw badInput(
    "shardPhase",
    `is shard, but the job says it is number ${position} of ${of}`,
    "Use it in a job with strategy: parallel: N.",
  );
}
