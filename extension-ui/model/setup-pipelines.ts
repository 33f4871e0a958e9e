/**
 * The three pipelines of a project as YAML to copy. Their parameters are the contract between the hub and the
 * pipelines: the hub starts runs with exactly these names (restore-request.ts, run-request.ts).
 *
 * Parameters have fixed choices wherever possible, and reach the tasks as whole inputs only: never as part of a
 * script, an address or the name of a variable. Where tokens are sent (organisation, storage) is written into the
 * file, so that nobody who may only start runs can change it.
 */
import {
  conflictPolicies,
  requestParameter,
  restoreDestinations,
  restoreParameters,
  workItemHistories,
} from "./pipeline-parameters.ts";
import { schedules, type ScheduleChoice } from "./setup-schedule.ts";
import { yamlComment, yamlScalar } from "./yaml-scalar.ts";

export type PipelineStorage =
  | {
      readonly by: "serviceConnection";
      readonly serviceConnection: string;
      readonly storageAccount: string;
      readonly containerName: string;
    }
  /** The SAS comes from the secret variable `ContainerSas`. */
  | { readonly by: "containerUrl"; readonly containerUrl: string };

/** What the page asks for; check it with `pipelineSetupProblems` before the YAML is shown. */
export interface PipelineSetup {
  readonly project: { readonly id: string; readonly name: string };
  readonly storage: PipelineStorage;
  /** `age1…` of the recovery keys. */
  readonly recoveryRecipients: readonly string[];
  /** `agent=ed25519:…` and `owner=ed25519:…`. */
  readonly signers: readonly string[];
  /** `<seq>:<sha256>`, once a snapshot exists. */
  readonly head?: string;
  /** `accessToken` takes the secret variable `AccessToken`. */
  readonly backupSignIn: "jobToken" | "accessToken";
  readonly restoreSignIn: "jobToken" | "accessToken";
  readonly pool: { readonly vmImage: string } | { readonly name: string };
  /** Variable groups with the secrets: one that backup and verification may use, one for restores only. */
  readonly backupGroup: string;
  readonly restoreGroup: string;
  readonly branch: string;
  /** Default: every night. */
  readonly schedule?: ScheduleChoice;
  readonly rpoHours: number;
  /** e.g. `last=7 daily=30 weekly=12 monthly=12 yearly=7`. */
  readonly retention?: string;
}

export interface PipelineFile {
  readonly purpose: "backup" | "verify" | "restore";
  /** Where to put it in the repository. */
  readonly path: string;
  readonly yaml: string;
  /** Secret variables it takes, with the group they belong in. */
  readonly secrets: readonly { readonly variable: string; readonly group: string; readonly holds: string }[];
}

/** Where the files lie in their repository: pipelines are found by it. */
export const pipelinePaths = {
  backup: "/.project-backup/backup.yml",
  verify: "/.project-backup/verify.yml",
  restore: "/.project-backup/restore.yml",
} as const;

type Line = string;

/** Backup, verify and restore pipeline. */
export function pipelineFiles(setup: PipelineSetup): readonly PipelineFile[] {
  return [backupPipeline(setup), verifyPipeline(setup), restorePipeline(setup)];
}

export function backupPipeline(setup: PipelineSetup): PipelineFile {
  const group = setup.backupGroup;
  const plan = schedules[setup.schedule ?? "night"];
  const inputs = [
    `projects: ${setup.project.id}`,
    ...storageInputs(setup.storage),
    "agentKey: $(AgentKey)",
    ...block("recoveryRecipients", setup.recoveryRecipients),
    ...trustInputs(setup, false),
    ...signInInputs(setup.backupSignIn),
    ...(setup.retention === undefined ? [] : [`retention: ${yamlScalar(setup.retention)}`]),
  ];
  return {
    purpose: "backup",
    path: pipelinePaths.backup,
    yaml: text([
      `# Backs up the project ${yamlComment(setup.project.name)} (${plan.text}), and whenever somebody runs it.`,
      "trigger: none",
      "pr: none",
      "",
      ...schedule(plan.cron, plan.name, setup.branch),
      "",
      "parameters:",
      ...parameter(requestParameter, "Set by the hub", ["type: string", 'default: " "']),
      "",
      ...job({ name: "backup", task: "BackupProject@1", title: "Back up this project", group, inputs, setup }),
    ]),
    secrets: [
      { variable: "AgentKey", group, holds: "the agent key" },
      ...storageSecrets(setup.storage, group, "read, add, create, write and list"),
      ...signInSecrets(setup.backupSignIn, group, "Code, Work items, Project and team, Build: read"),
    ],
  };
}

export function verifyPipeline(setup: PipelineSetup): PipelineFile {
  const group = setup.backupGroup;
  const inputs = [
    `projects: ${setup.project.id}`,
    ...storageInputs(setup.storage),
    "snapshot: ${{ parameters.snapshot }}",
    "level: ${{ parameters.level }}",
    `maxAgeHours: ${setup.rpoHours}`,
    "agentKey: $(AgentKey)",
    ...trustInputs(setup, true),
    ...signInInputs(setup.backupSignIn),
  ];
  return {
    purpose: "verify",
    path: pipelinePaths.verify,
    yaml: text([
      `# Verifies the backups of the project ${yamlComment(setup.project.name)} every week; the result is signed into the vault.`,
      "trigger: none",
      "pr: none",
      "",
      ...schedule("0 5 * * 0", "Weekly verification", setup.branch),
      "",
      "parameters:",
      ...parameter("snapshot", "Snapshots", ["type: string", "default: all", "values: [latest, all]"]),
      ...parameter("level", "Level", ["type: string", "default: stored", "values: [catalogue, stored]"]),
      ...parameter(requestParameter, "Set by the hub", ["type: string", 'default: " "']),
      "",
      ...job({ name: "verify", task: "VerifyBackup@1", title: "Verify the backups", group, inputs, setup }),
    ]),
    secrets: [
      { variable: "AgentKey", group, holds: "the agent key" },
      ...storageSecrets(setup.storage, group, "read, add, create, write and list"),
      ...signInSecrets(setup.backupSignIn, group, "Project and team: read"),
    ],
  };
}

export function restorePipeline(setup: PipelineSetup): PipelineFile {
  const group = setup.restoreGroup;
  const inputs = [
    `sourceProject: ${setup.project.id}`,
    ...storageInputs(setup.storage),
    "recoveryKey: $(RecoveryKey)",
    ...trustInputs(setup, true),
    ...signInInputs(setup.restoreSignIn),
    ...restoreParameters
      .filter((name) => name !== requestParameter)
      .map((name) => `${name}: \${{ parameters.${name} }}`),
  ];
  return {
    purpose: "restore",
    path: pipelinePaths.restore,
    yaml: text([
      `# Restores from the backups of the project ${yamlComment(setup.project.name)}. Only by hand; the hub starts it.`,
      "# Keep parameters as they are: whole inputs of the task, never part of a script.",
      "trigger: none",
      "pr: none",
      "",
      "parameters:",
      ...restoreParameterLines(),
      "",
      ...job({ name: "restore", task: "RestoreItem@1", title: "Restore", group, inputs, setup }),
    ]),
    secrets: [
      { variable: "RecoveryKey", group, holds: "the recovery key" },
      ...storageSecrets(setup.storage, group, "read, add, create, write and list"),
      ...signInSecrets(
        setup.restoreSignIn,
        group,
        "Code: read, write and manage; Work items: read and write; Project and team: read, write and manage",
      ),
    ],
  };
}

function restoreParameterLines(): readonly Line[] {
  return [
    ...parameter("items", "Items, one per line: work-items/42, git-repositories/Web, *", ["type: string"]),
    ...parameter("snapshot", "Snapshot: its id, a time, latest or recommended", ["type: string", "default: latest"]),
    ...parameter("destination", "Restore into", choice("azureDevOps", restoreDestinations)),
    ...parameter("targetProject", "Target project (empty: the one that was backed up)", [
      "type: string",
      'default: " "',
    ]),
    ...parameter("createProject", "Create the target project when it does not exist", [
      "type: boolean",
      "default: false",
    ]),
    ...parameter("conflictPolicy", "What exists and differs", choice("skip", conflictPolicies)),
    ...parameter("workItemHistory", "History of recreated work items", choice("attach", workItemHistories)),
    ...parameter("previewOnly", "Only show the plan", ["type: boolean", "default: true"]),
    ...parameter("planHash", "Apply only the plan with this hash", ["type: string", 'default: " "']),
    ...parameter(requestParameter, "Set by the hub", ["type: string", 'default: " "']),
  ];
}

function choice(fallback: string, values: readonly string[]): readonly Line[] {
  return ["type: string", `default: ${fallback}`, `values: [${values.join(", ")}]`];
}

function parameter(name: string, title: string, lines: readonly Line[]): readonly Line[] {
  return [`  - name: ${name}`, ...[`displayName: ${yamlScalar(title)}`, ...lines].map((line) => `    ${line}`)];
}

function schedule(cron: string, title: string, branch: string): readonly Line[] {
  return [
    "schedules:",
    `  - cron: "${cron}" # UTC`,
    `    displayName: ${title}`,
    `    branches: { include: [${yamlScalar(branch)}] }`,
    "    always: true",
  ];
}

interface JobFacts {
  readonly name: string;
  readonly task: string;
  readonly title: string;
  readonly group: string;
  readonly inputs: readonly Line[];
  readonly setup: PipelineSetup;
}

function job({ name, task, title, group, inputs, setup: { pool } }: JobFacts): readonly Line[] {
  return [
    "variables:",
    `  - group: ${yamlScalar(group)}`,
    "",
    "jobs:",
    `  - job: ${name}`,
    "    timeoutInMinutes: 0",
    "    pool:",
    "vmImage" in pool ? `      vmImage: ${yamlScalar(pool.vmImage)}` : `      name: ${yamlScalar(pool.name)}`,
    "    steps:",
    "      - checkout: none",
    `      - task: ${task}`,
    `        displayName: ${title}`,
    "        inputs:",
    ...inputs.map((line) => `          ${line}`),
  ];
}

function storageInputs(storage: PipelineStorage): readonly Line[] {
  if (storage.by === "containerUrl")
    return [
      "storageConnection: containerUrl",
      `containerUrl: ${yamlScalar(storage.containerUrl)}`,
      "containerSas: $(ContainerSas)",
    ];
  return [
    `azureSubscription: ${yamlScalar(storage.serviceConnection)}`,
    `storageAccount: ${yamlScalar(storage.storageAccount)}`,
    `containerName: ${yamlScalar(storage.containerName)}`,
  ];
}

function storageSecrets(storage: PipelineStorage, group: string, rights: string): PipelineFile["secrets"] {
  if (storage.by === "serviceConnection") return [];
  return [{ variable: "ContainerSas", group, holds: `a SAS of the container with the rights ${rights}` }];
}

function signInInputs(signIn: PipelineSetup["backupSignIn"]): readonly Line[] {
  return signIn === "jobToken" ? [] : ["azureDevOpsAuthentication: accessToken", "accessToken: $(AccessToken)"];
}

function signInSecrets(signIn: PipelineSetup["backupSignIn"], group: string, scopes: string): PipelineFile["secrets"] {
  if (signIn === "jobToken") return [];
  return [{ variable: "AccessToken", group, holds: `a personal access token (${scopes})` }];
}

/** The backup pipeline finds the head in its own earlier runs; the others are told where the log had got to. */
function trustInputs({ signers, head, project }: PipelineSetup, withHead: boolean): readonly Line[] {
  return [
    ...(signers.length === 0 ? [] : [`signer: ${yamlScalar(signers.join(","))}`]),
    ...(head === undefined || !withHead ? [] : block("vaultHead", [`${project.id}=${head}`])),
  ];
}

function block(name: string, lines: readonly string[]): readonly Line[] {
  return [`${name}: |`, ...lines.map((line) => `  ${line}`)];
}

function text(lines: readonly Line[]): string {
  return `${lines.join("\n")}\n`;
}
