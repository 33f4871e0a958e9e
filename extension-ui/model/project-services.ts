/** What pages need of Azure DevOps, as ports; services/ implements them with the extension SDK and REST. */
import type { SetupAnswers } from "./setup-answers.ts";

export interface ProjectFacts {
  readonly id: string;
  readonly name: string;
  readonly organizationName: string;
  readonly organizationUrl: string;
}

/** Where nothing else is agreed: a nightly backup, and two hours for it. */
export const defaultRpoHours = 26;

/** Settings of a project, shared by its members; nothing secret. */
export interface ProjectSettings {
  /** https address of the container, without any query. */
  readonly containerUrl?: string;
  /** `agent=ed25519:…` and `owner=ed25519:…` lines that are pinned. */
  readonly signers: readonly string[];
  /** `age1…` of the recovery keys; absent in settings of before they were kept. */
  readonly recoveryRecipients?: readonly string[];
  /** What else Set up was told, so that it can show its files again. */
  readonly setup?: SetupAnswers;
  readonly backupPipelineId?: number;
  readonly restorePipelineId?: number;
  readonly verifyPipelineId?: number;
  /** Hours after which a newer complete snapshot is due. */
  readonly rpoHours: number;
  /** Rules of the backup pipeline, `last=7 daily=30 …`; absent when everything is kept. */
  readonly retention?: string;
  /** For signing in to storage with Microsoft Entra; both or none. */
  readonly entraClientId?: string;
  readonly entraTenantId?: string;
}

export interface SettingsStore {
  read(): Promise<ProjectSettings | undefined>;
  /** Throws CONFLICT when somebody else has saved in between. */
  save(settings: ProjectSettings): Promise<void>;
  /** Settings that this person has seen and agreed to; they alone can write it. Undefined while they have not. */
  readConfirmed(): Promise<ProjectSettings | undefined>;
  confirm(settings: ProjectSettings): Promise<void>;
  /** What this person has told Set up so far, field by field; undefined while nothing. */
  readDraft(): Promise<Readonly<Record<string, string>> | undefined>;
  /** Leaves out whatever looks like a secret. */
  saveDraft(draft: Readonly<Record<string, string>>): Promise<void>;
  /** Newest head of the vault seen by this person: `<seq>:<sha256>`. */
  readHead(vault: string): Promise<string | undefined>;
  /** Never goes back: an older head leaves the newer one. */
  saveHead(vault: string, head: string): Promise<void>;
  /** A person has decided that the log that is there now is the true one: no head is expected any more. */
  forgetHead(vault: string): Promise<void>;
  /** The same where that log has a head: it is expected from now on, whatever was before. */
  acceptHead(vault: string, head: string): Promise<void>;
}

export interface PipelineRef {
  readonly id: number;
  readonly name: string;
  readonly folder: string;
}

export type RunState = "queued" | "running" | "succeeded" | "issues" | "failed" | "canceled";

export interface Run {
  /** Run id = build id. */
  readonly id: number;
  readonly pipeline: PipelineRef;
  readonly state: RunState;
  readonly queuedAt: string;
  readonly finishedAt?: string;
  readonly requestedBy: string;
  /** Page of the run. */
  readonly url: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
}

/** One step of a run for people who wait. */
export interface RunStep {
  readonly id: string;
  readonly parentId: string | undefined;
  readonly type: "Stage" | "Phase" | "Job" | "Task" | "Checkpoint" | "Other";
  readonly name: string;
  readonly state: "pending" | "running" | "done";
  readonly result: RunState | "skipped" | undefined;
  readonly percent: number | undefined;
  readonly operation: string | undefined;
  readonly issues: readonly { readonly severity: "error" | "warning"; readonly message: string }[];
}

export interface RunRequest {
  readonly pipelineId: number;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface Pipelines {
  list(): Promise<readonly PipelineRef[]>;
  /** Those whose YAML is this file of a repository, e.g. `/.project-backup/restore.yml`. */
  byFile(yamlFile: string): Promise<readonly PipelineRef[]>;
  /** The final YAML of a run that is not started. Throws with the service's own message. */
  preview(request: RunRequest): Promise<string>;
  start(request: RunRequest): Promise<Run>;
  run(id: number): Promise<Run>;
  /** Newest first. */
  runs(pipelineIds: readonly number[], top: number): Promise<readonly Run[]>;
  steps(id: number): Promise<readonly RunStep[]>;
  cancel(id: number): Promise<void>;
  /** JSON attachments of a run by type (`devops-backup.plan`, …). */
  attachments(id: number, type: string): Promise<readonly string[]>;
  /** Files that a run has published, with addresses for a person's browser. */
  artifacts(id: number): Promise<readonly Artifact[]>;
}

export interface Artifact {
  readonly name: string;
  /** The whole of it as a zip. */
  readonly downloadUrl: string;
}

export interface Navigation {
  /** Parameters of the page's address. */
  query(): Promise<Readonly<Record<string, string>>>;
  /** To the address of these parameters. `push` makes an entry in the browser's history. */
  go(query: Readonly<Record<string, string>>, how: "push" | "replace"): void;
  /** Told of the parameters whenever people have gone back or forward. */
  onMoved(listener: (query: Readonly<Record<string, string>>) => void): void;
  /** Title of the browser's tab. */
  setTitle(title: string): void;
  open(url: string): void;
}

export interface Messages {
  toast(message: string): void;
}

/**
 * What a person enters for this visit: kept in memory, and in the browser's session storage only when they ask for it.
 * Nothing of it ever goes to extension data.
 */
export interface SessionSecrets {
  sas(): ContainerSas | undefined;
  setSas(sas: ContainerSas | undefined, remember: boolean): void;
  viewerKey(): string | undefined;
  setViewerKey(key: string | undefined, remember: boolean): void;
}

/** A signature and the container it was entered for: it goes nowhere else. */
export interface ContainerSas {
  /** As the settings had it when it was entered. */
  readonly container: string;
  /** Shared access signature, without `?`. */
  readonly sas: string;
}

export interface StorageSignIn {
  /** A token for Azure Storage of the person who is signed in; throws when the host offers no nested sign-in. */
  token(): Promise<string>;
}

export interface ProjectServices {
  readonly project: ProjectFacts;
  readonly settings: SettingsStore;
  readonly pipelines: Pipelines;
  readonly navigation: Navigation;
  readonly messages: Messages;
  readonly secrets: SessionSecrets;
  /** Undefined when the settings name no Entra application. */
  signIn(settings: ProjectSettings): StorageSignIn | undefined;
}
