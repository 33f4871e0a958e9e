/**
 * Where the log of each vault should at least have got to: from the input `vaultHead`, else from what earlier runs
 * of this pipeline have attached (design: neither there → "not pinned").
 */
import { attachmentsOfRuns } from "../../engine/azure-devops/pipelines/builds.ts";
import type { AzureDevOps } from "../../engine/azure-devops/azure-devops.ts";
import { describeError, hasCode } from "../../engine/foundation/errors.ts";
import type { Reporter } from "../../engine/foundation/reporter.ts";
import { parseHead, parseVaultHeads } from "../../engine/vault/format/head-pin.ts";
import type { Head } from "../../engine/vault/format/log-entry.ts";
import { parseReportedSnapshot, snapshotAttachmentType } from "../../engine/vault/format/reported-snapshot.ts";
import type { Agent } from "./agent.ts";

/** Runs to look through: many in a row may have failed, or made no backup, before they attached anything. */
const runsLookedAt = 50;
/** Further than this beyond what other runs have reported no log gets from one run to the next. */
const furthestStep = 100_000;

export interface PinPlace {
  readonly agent: Agent;
  readonly azureDevOps: AzureDevOps;
  readonly reporter: Reporter;
}

export async function headPins(vaults: readonly string[], place: PinPlace): Promise<ReadonlyMap<string, Head>> {
  const { agent, reporter } = place;
  const given = agent.input("vaultHead");
  if (given !== undefined) return parseVaultHeads(given, vaults);
  const reported = new Map<string, Head[]>();
  try {
    await gatherReported(vaults, place, reported);
  } catch (error) {
    if (!hasCode(error, ...unreadable)) throw error;
    const why = describeError(error);
    reporter.info(`Earlier runs of this pipeline could not be read, so the log's head is not pinned: ${why}`);
  }
  const pins = new Map<string, Head>();
  for (const vault of vaults) {
    const head = newestInLine(reported.get(vault) ?? [], reporter);
    if (head !== undefined) pins.set(vault, head);
  }
  return pins;
}

const unreadable = [
  "ADO_FORBIDDEN",
  "ADO_NOT_FOUND",
  "ADO_UNAVAILABLE",
  "ADO_REQUEST",
  "ADO_TRUNCATED",
  "ADO_THROTTLED",
];
/** Of each vault: enough to see which one is out of line, also where runs overlap. */
const enoughHeads = 3;

/** Only what runs of this very pipeline on this very branch have reported, which is what a reviewed branch protects. */
async function gatherReported(
  vaults: readonly string[],
  { agent, azureDevOps, reporter }: PinPlace,
  reported: Map<string, Head[]>,
): Promise<void> {
  const definitionId = agent.variable("System.DefinitionId");
  const branch = agent.variable("Build.SourceBranch");
  const project = agent.variable("System.TeamProjectId") ?? agent.variable("System.TeamProject");
  if (definitionId === undefined || project === undefined || branch === undefined) return;
  const wanted = { definitionId, branch, type: snapshotAttachmentType, runs: runsLookedAt };
  for await (const { buildId, content } of attachmentsOfRuns(azureDevOps, project, wanted)) {
    if (content === undefined)
      reporter.info(`What run ${buildId} has attached as its snapshot is no text of a few lines; it pins nothing`);
    else addHead(reported, content);
    if (vaults.every((vault) => (reported.get(vault)?.length ?? 0) >= enoughHeads)) return;
  }
}

function addHead(reported: Map<string, Head[]>, attachment: string): void {
  const found = parseReportedSnapshot(attachment);
  const head = found === undefined ? undefined : parseHead(found.head);
  if (found !== undefined && head !== undefined)
    reported.set(found.vault, [...(reported.get(found.vault) ?? []), head]);
}

/** The newest one; runs may overlap, so the newest run need not have it. One that is far beyond all others is forged. */
function newestInLine(heads: readonly Head[], reporter: Reporter): Head | undefined {
  const ascending = [...heads].sort((a, b) => a.seq - b.seq);
  let newest: Head | undefined;
  for (const head of ascending) {
    if (head.seq > (newest?.seq ?? 0) + furthestStep) {
      reporter.warn(
        `An earlier run of this pipeline has reported log entry ${head.seq}, which is out of line with what others have reported; it is not taken as a pin. Find out who can run the pipeline, and give vaultHead`,
      );
      return newest;
    }
    newest = head;
  }
  return newest;
}
