/** The engine as a task wires it, over a simulated organisation and a store in memory. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAzureDevOps, type AzureDevOpsConnection } from "../../engine/azure-devops/connection.ts";
import { personalAccessToken } from "../../engine/azure-devops/sign-in.ts";
import { makeKeySet, parseAgentKey, parseIdentities, parseSigners, type KeySet } from "../../engine/crypto/keys.ts";
import { systemClock, type Clock } from "../../engine/foundation/clock.ts";
import { silentReporter, type Reporter } from "../../engine/foundation/reporter.ts";
import { nodeGitAccess } from "../../engine/git/node-git-access.ts";
import { registry } from "../../engine/kinds/registry.ts";
import type { ProjectRef } from "../../engine/kinds/kind.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { backUpProject } from "../../engine/operations/backup/back-up-project.ts";
import type { BackupRequest } from "../../engine/operations/backup/session.ts";
import { restoreItems } from "../../engine/operations/restore/restore-items.ts";
import { type RestoreRequest } from "../../engine/operations/restore/request.ts";
import type { BackupResult, RestoreResult, VerifyResult } from "../../engine/operations/results.ts";
import { everything } from "../../engine/operations/backup/share.ts";
import { verifyBackup } from "../../engine/operations/verify/verify-backup.ts";
import { type VerifyRequest } from "../../engine/operations/verify/checking.ts";
import type { DeletingStore } from "../../engine/store/object-store.ts";
import type { Simulator } from "../simulator/server.ts";
import { memoryStore } from "./memory-store.ts";

const cryptography = nodeCryptography();

export interface Engine {
  readonly keys: KeySet;
  readonly azureDevOps: AzureDevOpsConnection;
  readonly store: DeletingStore;
  readonly messages: string[];
  /** Where it may put files; gone when the engine is closed. */
  readonly temporaryFolder: string;
  backUp(project: ProjectRef, changes?: Partial<BackupRequest>): Promise<BackupResult>;
  restore(project: ProjectRef, selectors: readonly string[], changes?: Partial<RestoreRequest>): Promise<RestoreResult>;
  verify(project: ProjectRef, changes?: Partial<VerifyRequest>): Promise<VerifyResult>;
  close(): Promise<void>;
}

export async function engineOver(
  azure: Pick<Simulator, "organizationUrl" | "token">,
  options: {
    readonly store?: DeletingStore;
    readonly keys?: KeySet;
    readonly token?: string;
    readonly signal?: AbortSignal;
    readonly clock?: Clock;
  } = {},
): Promise<Engine> {
  const temporaryFolder = await mkdtemp(join(tmpdir(), "engine-"));
  const keys = options.keys ?? (await makeKeySet(cryptography));
  const store = options.store ?? memoryStore();
  const messages: string[] = [];
  const reporter: Reporter = {
    ...silentReporter,
    info: (line) => messages.push(line),
    warn: (line) => messages.push(line),
  };
  const signal = options.signal ?? new AbortController().signal;
  const clock = options.clock ?? systemClock;
  const shared = { clock, random: Math.random, reporter, signal };
  const azureDevOps = await connectAzureDevOps({
    ...shared,
    organizationUrl: azure.organizationUrl,
    signIn: personalAccessToken(options.token ?? azure.token),
    patienceMs: 5000,
  });
  const git = nodeGitAccess({ ...shared, temporaryFolder });
  const tools = { store, cryptography, azureDevOps, git, clock, reporter, signal, temporaryFolder };
  return {
    keys,
    azureDevOps,
    store,
    messages,
    temporaryFolder,
    async backUp(project, changes = {}) {
      const request: BackupRequest = {
        project: { id: project.id, name: project.name },
        kinds: registry,
        include: [],
        exclude: [],
        options: { pullRequestRefs: false, gitEngine: "auto", catalogueNames: "names" },
        agentKeys: await parseAgentKey(keys.agentKey, cryptography),
        recoveryRecipients: [keys.recoveryRecipient],
        pinnedSigners: parseSigners(keys.signer),
        pin: undefined,
        build: undefined,
        buildName: "test",
        toolVersion: "0.0.0",
        share: everything,
        maxStaleDays: 3,
        retention: undefined,
        retentionAllow: new Set(),
        parallelism: 4,
        ...changes,
      };
      const result = await backUpProject(request, tools);
      if (result === undefined) throw new Error("a shard makes no snapshot");
      return result;
    },
    restore: (project, selectors, changes = {}) =>
      restoreItems(
        {
          vault: project.id.toLowerCase(),
          source: { organizationUrl: azure.organizationUrl, project: { id: project.id, name: project.name } },
          snapshot: "latest",
          selectors,
          targetProject: { id: project.id, name: project.name },
          conflictPolicy: "skip",
          workItemHistory: { mode: "attach" },
          mapping: {},
          previewOnly: false,
          planHash: undefined,
          recoveryIdentities: parseIdentities(keys.recoveryKey),
          pinnedSigners: parseSigners(keys.signer),
          pin: undefined,
          kinds: registry,
          parallelism: 4,
          ...changes,
        },
        { ...tools, announce: () => undefined },
      ),
    verify: (project, changes = {}) =>
      verifyBackup(
        {
          vault: project.id.toLowerCase(),
          snapshot: "latest",
          level: "content",
          sample: "100%",
          identities: parseIdentities(keys.recoveryKey),
          pinnedSigners: parseSigners(keys.signer),
          pin: undefined,
          kinds: registry,
          parallelism: 4,
          maxAgeHours: undefined,
          ...changes,
        },
        tools,
      ),
    async close() {
      azureDevOps.close();
      git.close();
      await rm(temporaryFolder, { recursive: true, force: true });
    },
  };
}
