/**
 * Where the log of each vault should at least have got to: from the input `vaultHead`, else from what earlier runs
 * of this pipeline have attached (design: neither there → "not pinned").
 */
import { attachmentsOfRuns } from "../../engine/azure-devops/builds.ts";
import type { AzureDevOps } from "../../engine/azure-devops/azure-devops.ts";
import { describeError, hasCode } from "../../engine/foundation/errors.ts";
import type { Reporter } from "../../engine/foundation/reporter.ts";
import { parseHead, parseVaultHeads } from "../../engine/vault/head-pin.ts";
import type { Head } from "../../engine/vault/log-entry.ts";
import { parseReportedSnapshot, snapshotAttachmentType } from "../../engine/vault/reported-snapshot.ts";
import type { Agent } from "./agent.ts";

/** Runs to look through: many in a row may have failed, or made no backup, before they attached anything. */
const runsLookedAt = 50;

export async function headPins(
  vaults: readonly string[],
  {
    agent,
    azureDevOps,
    reporter,
  }: { readonly agent: Agent; readonly azureDevOps: AzureDevOps; readonly reporter: Reporter },
): Promise<ReadonlyMap<string, Head>> {
  const given = agent.input("vaultHead");
  if (given !== undefined) return parseVaultHeads(given, vaults);
  const definitionId = agent.variable("System.DefinitionId");
  const project = agent.variable("System.TeamProjectId") ?? agent.variable("System.TeamProject");
  const heads = new Map<string, Head>();
  if (definitionId === undefined || project === undefined) return heads;
  try {
    const wanted = { definitionId, type: snapshotAttachmentType, runs: runsLookedAt };
    for await (const { content } of attachmentsOfRuns(azureDevOps, project, wanted)) {
      keepNewest(heads, content);
      if (vaults.every((vault) => heads.has(vault))) break;
    }
  } catch (error) {
    if (!hasCode(error, ...unreadable)) throw error;
    const why = describeError(error);
    reporter.info(`Earlier runs of this pipeline could not be read, so the log's head is not pinned: ${why}`);
  }
  return heads;
}

const unreadable = ["ADO_FORBIDDEN", "ADO_NOT_FOUND", "ADO_UNAVAILABLE", "ADO_REQUEST", "ADO_TRUNCATED"];

/** Runs may overlap, so the newest run need not have the newest head. */
function keepNewest(heads: Map<string, Head>, attachment: string): void {
  const found = parseReportedSnapshot(attachment);
  const head = found === undefined ? undefined : parseHead(found.head);
  if (found === undefined || head === undefined) return;
  if ((heads.get(found.vault)?.seq ?? -1) < head.seq) heads.set(found.vault, head);
}
