/** What Set up asks for, as texts of its fields, and what is made of them. */
import { parseSigners } from "../../engine/crypto/keys.ts";
import { describeError } from "../../engine/foundation/errors.ts";
import { parseContainerAddress } from "../../engine/store/container-address.ts";
import { checkStorageHost } from "../../engine/store/storage-hosts.ts";
import { parseRetention } from "../../engine/vault/retention-rules.ts";
import { defaultRpoHours, type ProjectFacts, type ProjectSettings } from "../model/project-services.ts";
import type { PipelineSetup } from "../model/setup-pipelines.ts";
import { containerUrlOf, type StorageSetup } from "../model/setup-storage.ts";

export interface SetupDraft {
  readonly resourceGroup: string;
  readonly location: string;
  readonly account: string;
  readonly container: string;
  readonly writer: string;
  readonly readers: string;
  readonly keepDays: string;
  readonly storageBy: "serviceConnection" | "containerUrl";
  readonly serviceConnection: string;
  /** Empty: made of account and container. */
  readonly containerUrl: string;
  readonly recipients: string;
  readonly signers: string;
  readonly backupSignIn: "jobToken" | "accessToken";
  readonly restoreSignIn: "jobToken" | "accessToken";
  readonly agents: "hosted" | "own";
  readonly pool: string;
  readonly backupGroup: string;
  readonly restoreGroup: string;
  readonly branch: string;
  readonly rpoHours: string;
  readonly retention: string;
  readonly backupPipelineId: string;
  readonly verifyPipelineId: string;
  readonly restorePipelineId: string;
  readonly entraClientId: string;
  readonly entraTenantId: string;
}

const suggested: SetupDraft = {
  resourceGroup: "backup",
  location: "westeurope",
  account: "",
  container: "azure-devops",
  writer: "",
  readers: "",
  keepDays: "30",
  storageBy: "serviceConnection",
  serviceConnection: "backup-storage",
  containerUrl: "",
  recipients: "",
  signers: "",
  backupSignIn: "jobToken",
  restoreSignIn: "jobToken",
  agents: "hosted",
  pool: "",
  backupGroup: "project-backup",
  restoreGroup: "project-restore",
  branch: "main",
  rpoHours: String(defaultRpoHours),
  retention: "",
  backupPipelineId: "",
  verifyPipelineId: "",
  restorePipelineId: "",
  entraClientId: "",
  entraTenantId: "",
};

/** What is saved already, and suggestions for the rest. */
export function draftOf(settings: ProjectSettings | undefined): SetupDraft {
  if (settings === undefined) return suggested;
  const { containerUrl = "", signers, rpoHours, entraClientId = "", entraTenantId = "" } = settings;
  const [, account, container] = /^https:\/\/([a-z0-9]{3,24})\.blob\.[^/]+\/([^/]+)\/?$/.exec(containerUrl) ?? [];
  return {
    ...suggested,
    ...(account === undefined || container === undefined ? {} : { account, container }),
    containerUrl,
    signers: signers.join("\n"),
    rpoHours: String(rpoHours),
    retention: settings.retention ?? "",
    backupPipelineId: idText(settings.backupPipelineId),
    verifyPipelineId: idText(settings.verifyPipelineId),
    restorePipelineId: idText(settings.restorePipelineId),
    entraClientId,
    entraTenantId,
  };
}

function idText(id: number | undefined): string {
  return id === undefined ? "" : String(id);
}

export function lines(text: string): readonly string[] {
  return text
    .split(/[\s,]+/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

export function storageSetup(draft: SetupDraft, origin: string): StorageSetup {
  const { resourceGroup, location, account, container, writer, readers, keepDays } = draft;
  const known = { resourceGroup, location, account, container, origin, writer: writer.trim() };
  return { ...known, readers: lines(readers), keepDays: Number(keepDays) };
}

/** The address that is entered, else the one that account and container have. */
export function containerUrlIn({ containerUrl, account, container }: SetupDraft): string {
  if (containerUrl.trim() !== "" || account === "") return containerUrl.trim();
  return containerUrlOf({ account, container });
}

export function pipelineSetup(draft: SetupDraft, project: ProjectFacts, head: string | undefined): PipelineSetup {
  const { account, container, serviceConnection, storageBy, retention, agents, pool } = draft;
  return {
    project: { id: project.id, name: project.name },
    storage:
      storageBy === "serviceConnection"
        ? { by: "serviceConnection", serviceConnection, storageAccount: account, containerName: container }
        : { by: "containerUrl", containerUrl: containerUrlIn(draft) },
    recoveryRecipients: lines(draft.recipients),
    signers: lines(draft.signers),
    ...(head === undefined ? {} : { head }),
    backupSignIn: draft.backupSignIn,
    restoreSignIn: draft.restoreSignIn,
    pool: agents === "hosted" ? { vmImage: "ubuntu-latest" } : { name: pool },
    backupGroup: draft.backupGroup,
    restoreGroup: draft.restoreGroup,
    branch: draft.branch,
    rpoHours: Number(draft.rpoHours),
    ...(retention.trim() === "" ? {} : { retention: retention.trim() }),
  };
}

export type SettingsField = "containerUrl" | "signers" | "rpoHours" | "retention" | "entraClientId" | "entraTenantId";

/** One sentence for each field that cannot be saved so. */
export function settingsProblems(draft: SetupDraft): Partial<Readonly<Record<SettingsField, string>>> {
  const { entraClientId, entraTenantId } = draft;
  const hours = Number(draft.rpoHours);
  const found: readonly (readonly [SettingsField, string | undefined])[] = [
    ["containerUrl", containerProblem(containerUrlIn(draft))],
    ["signers", signerProblem(draft.signers)],
    ["rpoHours", Number.isInteger(hours) && hours >= 1 && hours <= 8760 ? undefined : "A whole number of hours."],
    ["retention", refusal(() => void parseRetention(draft.retention))],
    ["entraClientId", guidProblem(entraClientId, entraTenantId)],
    ["entraTenantId", guidProblem(entraTenantId, entraClientId)],
  ];
  return Object.fromEntries(found.filter(([, problem]) => problem !== undefined));
}

function containerProblem(url: string): string | undefined {
  if (url === "") return undefined;
  return refusal(() => {
    checkStorageHost(url);
    const { sas } = parseContainerAddress(url);
    return sas === undefined ? undefined : "Leave the SAS out: settings are read by everybody in the project.";
  });
}

function signerProblem(signers: string): string | undefined {
  return lines(signers).length === 0 ? undefined : refusal(() => void parseSigners(lines(signers).join(",")));
}

function guidProblem(id: string, other: string): string | undefined {
  if (id.trim() === "") return other.trim() === "" ? undefined : "Application and tenant go together.";
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id.trim())
    ? undefined
    : "32 hexadecimal digits with hyphens.";
}

function refusal(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch (error) {
    return describeError(error);
  }
}

/** What is saved; nothing secret is among it. */
export function settingsOf(draft: SetupDraft): ProjectSettings {
  const containerUrl = containerUrlIn(draft);
  const [client, tenant] = [draft.entraClientId.trim(), draft.entraTenantId.trim()];
  return {
    ...(containerUrl === "" ? {} : { containerUrl }),
    signers: lines(draft.signers),
    ...idOf("backupPipelineId", draft),
    ...idOf("verifyPipelineId", draft),
    ...idOf("restorePipelineId", draft),
    rpoHours: Number(draft.rpoHours),
    ...(draft.retention.trim() === "" ? {} : { retention: draft.retention.trim() }),
    ...(client === "" ? {} : { entraClientId: client, entraTenantId: tenant }),
  };
}

type PipelineField = "backupPipelineId" | "verifyPipelineId" | "restorePipelineId";

function idOf(field: PipelineField, draft: SetupDraft): Partial<Record<PipelineField, number>> {
  const id = Number(draft[field]);
  return Number.isSafeInteger(id) && id > 0 ? { [field]: id } : {};
}
