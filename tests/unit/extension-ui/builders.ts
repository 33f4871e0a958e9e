/** Values for tests of the hub's pure parts, with defaults that are valid. */
import type { Run, RunStep } from "../../../extension-ui/model/project-services.ts";
import type { PipelineSetup } from "../../../extension-ui/model/setup-pipelines.ts";

export const aProjectId = "0d5f7a1e-9c2b-4f7e-8f0a-52b3b6d1c001";

export function aPipelineSetup(own: Partial<PipelineSetup> = {}): PipelineSetup {
  return {
    project: { id: aProjectId, name: "Shop" },
    storage: {
      by: "serviceConnection",
      serviceConnection: "backup-storage",
      storageAccount: "contosobackups",
      containerName: "azure-devops",
    },
    recoveryRecipients: [`age1${"q".repeat(58)}`],
    signers: [`ed25519:${"A".repeat(43)}`, `ed25519:${"B".repeat(43)}`],
    backupSignIn: "jobToken",
    restoreSignIn: "accessToken",
    pool: { vmImage: "ubuntu-latest" },
    backupGroup: "project-backup",
    restoreGroup: "project-backup restore",
    branch: "main",
    rpoHours: 26,
    ...own,
  };
}

export function aRun(own: Partial<Run> = {}): Run {
  return {
    id: 17,
    pipeline: { id: 3, name: "Restore", folder: "\\" },
    state: "running",
    queuedAt: "2026-11-22T18:05:44Z",
    requestedBy: "Ada",
    url: "https://dev.azure.com/contoso/Shop/_build/results?buildId=17",
    parameters: {},
    tags: [],
    ...own,
  };
}

export function aStep(own: Partial<RunStep> = {}): RunStep {
  return {
    id: "1",
    parentId: undefined,
    type: "Task",
    name: "Restore",
    state: "running",
    result: undefined,
    percent: undefined,
    operation: undefined,
    issues: [],
    ...own,
  };
}
