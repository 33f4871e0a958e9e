/** The inputs of RestoreItem, read and checked before anything is contacted. */
import { readFileSync } from "node:fs";
import { parseIdentities, type PinnedSigner } from "../../engine/crypto/keys.ts";
import { withoutSecrets } from "../../engine/foundation/secret-shapes.ts";
import { parseObject, type JsonObject } from "../../engine/foundation/json.ts";
import type { ConflictPolicy, WorkItemHistory } from "../../engine/kinds/kind.ts";
import type { Agent } from "../shared/agent.ts";
import { flag, lines, oneOf, requiredSecret } from "../shared/inputs.ts";
import { badInput } from "../shared/bad-input.ts";
import { pinnedSigners } from "../shared/signers.ts";

export interface Settings {
  readonly sourceOrganization: string | undefined;
  readonly sourceProject: string;
  readonly snapshot: string;
  readonly selectors: readonly string[];
  readonly destination: "azureDevOps" | "archive";
  readonly targetOrganizationUrl: string | undefined;
  /** Undefined: the source project. */
  readonly targetProject: string | undefined;
  readonly createProject: boolean;
  readonly conflictPolicy: ConflictPolicy;
  readonly previewOnly: boolean;
  readonly planHash: string | undefined;
  readonly workItemHistory: WorkItemHistory;
  readonly mapping: JsonObject;
  readonly recoveryIdentities: readonly string[];
  readonly pinnedSigners: readonly PinnedSigner[];
}

export function readSettings(agent: Agent): Settings {
  const recoveryKey = requiredSecret(
    agent,
    "recoveryKey",
    "Map it from a secret variable that holds the recovery key: only it opens what is stored.",
  );
  const selectors = lines(agent, "items");
  if (selectors.length === 0)
    throw badInput("items", "is empty", "Write one selector per line, e.g. work-items/42, git-repositories/Web or *.");
  const destination = oneOf(agent, "destination", ["azureDevOps", "archive"]);
  if (destination === "archive") refuseForArchive(agent);
  return {
    sourceOrganization: agent.input("sourceOrganization"),
    sourceProject: sourceProject(agent),
    snapshot: agent.input("snapshot") ?? "latest",
    selectors,
    destination,
    targetOrganizationUrl: agent.input("targetOrganizationUrl"),
    targetProject: agent.input("targetProject"),
    createProject: flag(agent, "createProject", false),
    conflictPolicy: oneOf(agent, "conflictPolicy", ["skip", "overwrite", "rename"]),
    previewOnly: flag(agent, "previewOnly", false),
    planHash: planHash(agent),
    workItemHistory: workItemHistory(agent),
    mapping: mapping(agent),
    recoveryIdentities: parseIdentities(recoveryKey),
    pinnedSigners: pinnedSigners(agent),
  };
}

/** An archive is written at once, and in clear: nobody may take it for a preview, or for a restore elsewhere. */
function refuseForArchive(agent: Agent): void {
  for (const name of ["previewOnly", "createProject"] as const)
    if (flag(agent, name, false))
      throw badInput(name, "is true, but destination is archive", "An archive knows neither; set one of them back.");
  for (const name of ["targetProject", "planHash"] as const)
    if (agent.input(name) !== undefined)
      throw badInput(name, "is given, but destination is archive", "An archive goes into no project; empty the input.");
}

function sourceProject(agent: Agent): string {
  const name =
    agent.input("sourceProject") ?? agent.variable("System.TeamProjectId") ?? agent.variable("System.TeamProject");
  if (name === undefined)
    throw badInput(
      "sourceProject",
      "is empty and the job belongs to no project",
      "Name the project, or its GUID, whose backup is to be restored.",
    );
  return name;
}

function planHash(agent: Agent): string | undefined {
  const hash = agent.input("planHash")?.toLowerCase();
  if (hash === undefined || /^[0-9a-f]{64}$/.test(hash)) return hash;
  throw badInput(
    "planHash",
    `is "${withoutSecrets(hash).slice(0, 80)}"`,
    "Paste the 64 hexadecimal digits that the preview printed.",
  );
}

function workItemHistory(agent: Agent): WorkItemHistory {
  const text = agent.input("workItemHistory")?.toLowerCase() ?? "attach";
  if (text === "attach" || text === "replay") return { mode: text };
  const revisions = Number(/^last\s+(\d+)$/.exec(text)?.[1]);
  if (Number.isInteger(revisions) && revisions >= 1 && revisions <= 10_000) return { mode: "last", revisions };
  throw badInput(
    "workItemHistory",
    `is "${text}"`,
    "Use attach, replay, or last N with a number from 1 to 10000, e.g. last 10.",
  );
}

function mapping(agent: Agent): JsonObject {
  const file = agent.input("mappingFile");
  // An empty file-path input comes as the sources' folder.
  if (file === undefined || file === agent.variable("System.DefaultWorkingDirectory")) return {};
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw badInput(
      "mappingFile",
      `names ${file}, which cannot be read (${cause instanceof Error ? cause.message : "unknown"})`,
      "Check the path; the file must be in the job's checkout.",
    );
  }
  const value = parseObject(text.replace(/^\ufeff/, ""));
  if (value === undefined)
    throw badInput(
      "mappingFile",
      `names ${file}, which is not a JSON object`,
      'Write e.g. {"identities": {"old@contoso.com": "new@fabrikam.com"}}.',
    );
  return value;
}
