/** The pipelines of a project as Set up shows them, defined in the simulated Azure DevOps with their secrets. */
import type { KeySet } from "../../engine/crypto/keys.ts";
import { pipelineFiles, type PipelineFile, type PipelineSetup } from "../../extension-ui/model/setup-pipelines.ts";
import type { PipelineVariables } from "../simulator/pipelines/variables.ts";
import type { RepositoryRecord } from "../simulator/repos/repository-store.ts";
import { runGit } from "../simulator/git/run-git.ts";
import { History } from "../simulator/sample/history.ts";
import type { Simulator } from "../simulator/server.ts";
import type { SimProject } from "../simulator/service.ts";

export interface ProjectPipelines {
  readonly repository: RepositoryRecord;
  readonly backup: number;
  readonly verify: number;
  readonly restore: number;
}

export interface PipelineWorld {
  readonly simulator: Simulator;
  readonly project: SimProject;
  readonly container: { readonly url: string; readonly sas: string };
  readonly keys: KeySet;
  /** Recovery recipients; default: that of the keys. */
  readonly recipients?: readonly string[];
}

/** Of the three pipelines. */
export const pipelineNames = { backup: "Back up", verify: "Verify backup", restore: "Restore" } as const;

/** A repository `Pipelines` with the three files, variable groups with the keys, three pipelines. */
export function addProjectPipelines(world: PipelineWorld): ProjectPipelines {
  const { container, keys } = world;
  const secrets = { AgentKey: keys.agentKey, RecoveryKey: keys.recoveryKey, ContainerSas: container.sas };
  return addPipelineFiles(world, pipelineFiles(setupOf(world)), secrets);
}

/** The same from files as Set up shows them, with a value for each secret variable. */
export function addPipelineFiles(
  { simulator, project }: Pick<PipelineWorld, "simulator" | "project">,
  files: readonly PipelineFile[],
  secrets: Readonly<Record<string, string>>,
): ProjectPipelines {
  const repository = addFiles(simulator, project, files);
  for (const [name, variables] of Object.entries(groupsOf(files, secrets)))
    simulator.state.builds.addVariableGroup(project, { name, variables });
  const idOf = (purpose: PipelineFile["purpose"]): number => {
    const file = files.find((one) => one.purpose === purpose);
    if (file === undefined) throw new Error(`there is no ${purpose} pipeline`);
    const place = { path: "\\Operations", yamlFilename: file.path, repositoryId: repository.id };
    return simulator.state.builds.addDefinition(project, { name: pipelineNames[purpose], ...place }).id;
  };
  return { repository, backup: idOf("backup"), verify: idOf("verify"), restore: idOf("restore") };
}

function setupOf({ project, container, keys, recipients = [keys.recoveryRecipient] }: PipelineWorld): PipelineSetup {
  return {
    project: { id: project.id, name: project.name },
    storage: { by: "containerUrl", containerUrl: container.url },
    recoveryRecipients: recipients,
    signers: keys.signer.split(","),
    backupSignIn: "jobToken",
    restoreSignIn: "jobToken",
    pool: { vmImage: "ubuntu-latest" },
    backupGroup: "Backup",
    restoreGroup: "Restore",
    branch: "main",
    rpoHours: 26,
  };
}

function groupsOf(
  files: readonly PipelineFile[],
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, PipelineVariables>> {
  const groups: Record<string, PipelineVariables> = {};
  for (const { variable, group } of files.flatMap(({ secrets }) => secrets)) {
    const value = values[variable];
    if (value === undefined) throw new Error(`there is no value for ${variable}`);
    groups[group] = { ...groups[group], [variable]: { value, isSecret: true } };
  }
  return groups;
}

function addFiles(simulator: Simulator, project: SimProject, files: readonly PipelineFile[]): RepositoryRecord {
  const { state } = simulator;
  const repository = state.addRepository(project, { name: "Pipelines" });
  const history = new History();
  history.commit({
    branch: "main",
    author: state.owner,
    at: Math.floor(state.now().getTime() / 1000),
    message: "Back this project up\n",
    files: Object.fromEntries(files.map(({ path, yaml }) => [path.replace(/^\//, ""), yaml])),
  });
  const folder = state.repositories.ownFolderOf(repository);
  history.writeTo(folder);
  const newOid = runGit(["-C", folder, "rev-parse", "refs/heads/main"]).trim();
  state.repositories.pushed(repository, [{ ref: "refs/heads/main", oldOid: "0".repeat(40), newOid }], state.owner);
  return repository;
}
