/** What Set up asks for, as texts of its fields, and what is made of them. */
import { parseSigners } from "../../../engine/crypto/keys.ts";
import { describeError } from "../../../engine/foundation/errors.ts";
import { parseContainerAddress } from "../../../engine/store/container-address.ts";
import { checkStorageHost } from "../../../engine/store/storage-hosts.ts";
import { parseRetention } from "../../../engine/vault/retention/rules.ts";
import { placeOf } from "../../model/azure-cli.ts";
import { basisOf } from "../../model/setup-basis.ts";
import { parseSetupAnswers } from "../../model/setup-answers.ts";
import { scheduleChoices, type ScheduleChoice } from "../../model/setup-schedule.ts";
import { keysOfSigners } from "../../model/signers.ts";
import { defaultRpoHours, type ProjectFacts, type ProjectSettings } from "../../model/project-services.ts";
import type { PipelineSetup } from "../../model/setup-pipelines.ts";
import { containerUrlOf, protections, type Protection, type StorageSetup } from "../../model/setup-storage.ts";

export interface SetupDraft {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly location: string;
  readonly account: string;
  readonly container: string;
  readonly writer: string;
  readonly readers: string;
  readonly keepDays: string;
  readonly protection: Protection;
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
  readonly schedule: ScheduleChoice;
  readonly rpoHours: string;
  readonly retention: string;
  readonly backupPipelineId: string;
  readonly verifyPipelineId: string;
  readonly restorePipelineId: string;
  readonly entraClientId: string;
  readonly entraTenantId: string;
}

const suggested: SetupDraft = {
  subscription: "",
  resourceGroup: "backup",
  location: "westeurope",
  account: "",
  container: "azure-devops",
  writer: "",
  readers: "",
  keepDays: "30",
  protection: "versions",
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
  schedule: "night",
  rpoHours: String(defaultRpoHours),
  retention: "",
  backupPipelineId: "",
  verifyPipelineId: "",
  restorePipelineId: "",
  entraClientId: "",
  entraTenantId: "",
};

const oneOf: Partial<Readonly<Record<keyof SetupDraft, readonly string[]>>> = {
  storageBy: ["serviceConnection", "containerUrl"],
  backupSignIn: ["jobToken", "accessToken"],
  restoreSignIn: ["jobToken", "accessToken"],
  agents: ["hosted", "own"],
  protection: protections,
  schedule: scheduleChoices,
};

/** Texts of known fields, choices among those that there are. */
function answersIn(given: Readonly<Record<string, string | undefined>>): Partial<SetupDraft> {
  const known = Object.keys(suggested).flatMap((name) => {
    const value = given[name];
    const choices = oneOf[name as keyof SetupDraft];
    return value === undefined || choices?.includes(value) === false ? [] : [[name, value] as const];
  });
  return Object.fromEntries(known);
}

/** Fields by name. */
interface ToldSetup {
  readonly kept: Readonly<Record<string, string>>;
  readonly told: Readonly<Record<string, string>>;
}

/** What was told in this visit (`told`), before it (`kept`, when the settings are still those it began with), else what is saved, else suggestions. */
export function draftOf(
  settings: ProjectSettings | undefined,
  { kept = {}, told = {} }: Partial<ToldSetup> = {},
): SetupDraft {
  const saved = settings === undefined ? suggested : savedDraft(settings);
  const isContinued = (kept.basis ?? "") === basisOf(settings);
  return { ...saved, ...(isContinued ? answersIn(kept) : {}), ...answersIn(told) };
}

function savedDraft(settings: ProjectSettings): SetupDraft {
  const { containerUrl = "", signers, rpoHours, entraClientId = "", entraTenantId = "" } = settings;
  const place = placeOf(containerUrl);
  return {
    ...suggested,
    ...answersIn(settings.setup ?? {}),
    ...(place === undefined ? {} : place),
    containerUrl: place !== undefined && containerUrlOf(place) === containerUrl ? "" : containerUrl,
    recipients: (settings.recoveryRecipients ?? []).join("\n"),
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

const yearMs = 365 * 86_400_000;

export function storageSetup(draft: SetupDraft, origin: string, now: Date): StorageSetup {
  const { subscription, resourceGroup, location, account, container, writer, readers, keepDays, protection } = draft;
  const place = { subscription: subscription.trim(), resourceGroup, location, account, container };
  const access = { origin, writer: writer.trim(), readers: lines(readers), pipelinesBy: draft.storageBy };
  const sasExpires = new Date(now.getTime() + yearMs).toISOString().slice(0, 10);
  return { ...place, ...access, sasExpires, keepDays: Number(keepDays), protection };
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
    schedule: draft.schedule,
    rpoHours: Number(draft.rpoHours),
    ...(retention.trim() === "" ? {} : { retention: retention.trim() }),
  };
}

export type SettingsField =
  "containerUrl" | "signers" | "recipients" | "rpoHours" | "retention" | "entraClientId" | "entraTenantId";

/** One sentence for each field that cannot be saved so. `saved`: the settings as they are. */
export function settingsProblems(
  draft: SetupDraft,
  saved?: ProjectSettings,
): Partial<Readonly<Record<SettingsField, string>>> {
  const { entraClientId, entraTenantId } = draft;
  const hours = Number(draft.rpoHours);
  const found: readonly (readonly [SettingsField, string | undefined])[] = [
    ["containerUrl", containerProblem(containerUrlIn(draft)) ?? sameContainerProblem(draft, saved)],
    ["signers", signerProblem(draft.signers)],
    ["recipients", sameRecipientsProblem(draft, saved)],
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

/** None of the keys that sign now has signed before: another vault. */
export function replacesSigners(draft: SetupDraft, saved: ProjectSettings | undefined): boolean {
  const known = keysOfSigners(saved?.signers ?? []);
  const next = keysOfSigners(lines(draft.signers));
  return known.length > 0 && next.length > 0 && !next.some((key) => known.includes(key));
}

function sameContainerProblem(draft: SetupDraft, saved: ProjectSettings | undefined): string | undefined {
  if (!replacesSigners(draft, saved) || containerUrlIn(draft) !== saved?.containerUrl) return undefined;
  return "New keys begin a new vault, and the old one stays as it is: give the new one a container of its own.";
}

function sameRecipientsProblem(draft: SetupDraft, saved: ProjectSettings | undefined): string | undefined {
  const known = saved?.recoveryRecipients ?? [];
  if (!replacesSigners(draft, saved) || !lines(draft.recipients).some((one) => known.includes(one))) return undefined;
  return "These belong to the vault with the old signers: keys are replaced together, never signers alone.";
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
  const recoveryRecipients = lines(draft.recipients);
  const setup = parseSetupAnswers(draft);
  const [client, tenant] = [draft.entraClientId.trim(), draft.entraTenantId.trim()];
  return {
    ...(containerUrl === "" ? {} : { containerUrl }),
    signers: lines(draft.signers),
    ...(recoveryRecipients.length === 0 ? {} : { recoveryRecipients }),
    ...(setup === undefined ? {} : { setup }),
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
