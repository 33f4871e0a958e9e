import { BackupError } from "../../../engine/foundation/errors.ts";
import { provePipeline, type OurTask, type PipelineFacts } from "../../model/pipeline-proof.ts";
import { needsConfirmation } from "../../model/settings-trust.ts";
import type { ProjectSettings, Run } from "../../model/project-services.ts";
import { defaultChoice, type RestoreChoice } from "../../model/restore-request.ts";
import { isNonce, type RunParameters } from "../../model/run-request.ts";
import {
  conflictPolicies,
  requestParameter,
  restoreDestinations,
  workItemHistories,
} from "../../model/pipeline-parameters.ts";
import type { Hub } from "../hub/hub-context.ts";
import { freshNonce, startOnce } from "./start-run.ts";

const pipelineOf: Readonly<Record<OurTask, (settings: ProjectSettings | undefined) => number | undefined>> = {
  BackupProject: (settings) => settings?.backupPipelineId,
  RestoreItem: (settings) => settings?.restorePipelineId,
  VerifyBackup: (settings) => settings?.verifyPipelineId,
};

export interface OurRun {
  readonly task: OurTask;
  readonly parameters: RunParameters;
}

/** What the configured pipeline would do; throws when it would not run our task with these parameters. */
export async function prove(
  hub: Pick<Hub, "services" | "settings" | "trust">,
  { task, parameters }: OurRun,
): Promise<PipelineFacts> {
  requireConfirmed(hub);
  const yaml = await hub.services.pipelines.preview({ pipelineId: pipelineId(hub.settings, task), parameters });
  const proof = provePipeline(yaml, { task, parameters, project: hub.services.project });
  if (!proof.isProven)
    throw new BackupError({
      code: "PIPELINE_NOT_OURS",
      message: proof.found.replace(/\.$/, ""),
      hint: proof.remedy,
    });
  return proof;
}

/** Starts the configured pipeline, once for each request, after it has been proven to run our task. */
export async function startProven(hub: Pick<Hub, "services" | "settings" | "trust">, wanted: OurRun): Promise<Run> {
  await prove(hub, wanted);
  return startOnce(hub.services.pipelines, {
    pipelineId: pipelineId(hub.settings, wanted.task),
    parameters: wanted.parameters,
  });
}

/** Settings may name anybody's pipeline: the person has seen which ones before one of them is started. */
function requireConfirmed({ trust }: Pick<Hub, "trust">): void {
  if (!needsConfirmation(trust)) return;
  throw new BackupError({
    code: "SETTINGS_NOT_CONFIRMED",
    message: "The settings of this page are not confirmed",
    hint: "Close this panel, read what stands at the top of the page, and decide there.",
  });
}

function pipelineId(settings: ProjectSettings | undefined, task: OurTask): number {
  const id = pipelineOf[task](settings);
  if (id !== undefined) return id;
  throw new BackupError({
    code: "PIPELINE_NOT_CHOSEN",
    message: `No pipeline with the ${task} task is chosen for this project`,
    hint: "Make one from the YAML in Set up and choose it there.",
  });
}

/** What the run of a preview was asked for, and by which request; the run may be one that somebody else has started. */
export function requestOf({ parameters }: Run): { readonly choice: RestoreChoice; readonly nonce: string } {
  const items = (parameters.items ?? "").split(/\r?\n/).filter((item) => item.trim() !== "");
  const plain = defaultChoice(items, parameters.snapshot ?? "latest");
  const [nonce] = (parameters[requestParameter] ?? "").split("-");
  return {
    choice: {
      ...plain,
      destination: oneOf(restoreDestinations, parameters.destination, plain.destination),
      targetProject: (parameters.targetProject ?? "").trim(),
      createProject: parameters.createProject?.toLowerCase() === "true",
      conflictPolicy: oneOf(conflictPolicies, parameters.conflictPolicy, plain.conflictPolicy),
      workItemHistory: oneOf(workItemHistories, parameters.workItemHistory, plain.workItemHistory),
    },
    nonce: isNonce(nonce) ? nonce : freshNonce(),
  };
}

function oneOf<T extends string>(known: readonly T[], found: string | undefined, otherwise: T): T {
  return known.find((one) => one === found) ?? otherwise;
}
