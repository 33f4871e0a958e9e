/** Wires the engine's parts for a task: the only place where they are made. */
import { rm } from "node:fs/promises";
import type { AzureDevOpsConnection, Pace } from "../../engine/azure-devops/connection.ts";
import type { Cryptography } from "../../engine/crypto/cryptography.ts";
import { nodeGitAccess } from "../../engine/git/node-git-access.ts";
import type { GitAccess } from "../../engine/git/git-access.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { DeletingStore } from "../../engine/store/object-store.ts";
import { agentNetwork } from "./agent-network.ts";
import { gitNetwork } from "./git-network.ts";
import { azureDevOpsOf } from "./azure-devops.ts";
import { wholeNumber } from "./inputs.ts";
import type { TaskRun } from "./run-task.ts";
import { storageOf } from "./storage.ts";

export interface Tools {
  readonly store: DeletingStore;
  readonly cryptography: Cryptography;
  readonly git: GitAccess;
  readonly parallelism: number;
  connect(organizationUrl: string): Promise<AzureDevOpsConnection>;
  close(): Promise<void>;
}

/** Reads the inputs all tasks have in common; nothing is contacted yet. */
export function toolsOf(run: TaskRun): Tools {
  const { agent, clock, random, reporter, signal, temporaryFolder } = run;
  const parallelism = wholeNumber(agent, "parallelism", { fallback: 8, least: 1, most: 64 });
  const store = storageOf(run);
  let pace: Pace | undefined;
  const git = nodeGitAccess({
    clock,
    random,
    reporter,
    temporaryFolder,
    signal,
    ...gitNetwork(agentNetwork(agent)),
    // Git counts against the same budget as REST; it is known once the organisation is.
    pace: { wait: async () => pace?.wait(), heard: (answer) => pace?.heard(answer) },
  });
  const connections: AzureDevOpsConnection[] = [];
  return {
    store,
    cryptography: nodeCryptography(),
    git,
    parallelism,
    async connect(organizationUrl) {
      const connection = await azureDevOpsOf({ agent, clock, random, reporter, signal, parallelism }, organizationUrl);
      connections.push(connection);
      pace = connection.pace;
      return connection;
    },
    async close() {
      git.close();
      for (const connection of connections) connection.close();
      await rm(temporaryFolder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
