/** What a backup run knows once its vault is open: keys, run, parent snapshot. */
import type { AzureDevOps } from "../../azure-devops/azure-devops.ts";
import type { AgentKeys, OwnerKeys, PinnedSigner } from "../../crypto/keys.ts";
import type { Cryptography } from "../../crypto/cryptography.ts";
import type { Clock } from "../../foundation/clock.ts";
import { collect } from "../../foundation/concurrency.ts";
import { describeError } from "../../foundation/errors.ts";
import type { Reporter } from "../../foundation/reporter.ts";
import type { GitAccess } from "../../git/git-access.ts";
import type { BackupOptions, ProjectRef, ResourceKind } from "../../kinds/kind.ts";
import type { DeletingStore } from "../../store/object-store.ts";
import { openVault, type OpenedVault } from "../../vault/log/genesis.ts";
import { readIndex } from "../../vault/objects/index-file.ts";
import { parseObjectPath, pathOfDataName, runDataPrefix } from "../../vault/format/layout.ts";
import type { AppendFacts } from "../../vault/log/append.ts";
import type { Head, LogEntry } from "../../vault/format/log-entry.ts";
import type { GuardCode } from "../../vault/retention/guards.ts";
import type { RetentionRules } from "../../vault/retention/rules.ts";
import { reachesIn, type Reaches } from "../../vault/snapshots/reaches.ts";
import { chooseRun, type ChosenRun, type RunFacts } from "../../vault/snapshots/run.ts";
import { sealedWriter, type SealedWriter, type VaultAccess } from "../../vault/objects/sealed-objects.ts";
import { keptSnapshots, newestSnapshot, snapshotOfRun, type LoggedSnapshot } from "../../vault/snapshots/snapshots.ts";
import type { IndexLine } from "../../vault/format/state.ts";
import type { ParentIndex } from "./previous-stream.ts";
import { shardOf, type Share } from "./share.ts";
import { isStoredDamage } from "../../vault/format/stored-damage.ts";

export interface BackupRequest {
  readonly project: ProjectRef;
  /** Project (id or name) of the pipeline with whose job token the run signs in; undefined for other identities. */
  readonly jobProject?: string | undefined;
  readonly kinds: readonly ResourceKind[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly options: BackupOptions;
  readonly agentKeys: AgentKeys;
  /** Only with it retention is carried out. */
  readonly ownerKeys?: OwnerKeys | undefined;
  readonly recoveryRecipients: readonly string[];
  readonly pinnedSigners: readonly PinnedSigner[];
  readonly pin: Head | undefined;
  /** What all attempts and shards of one pipeline run share; random without it. */
  readonly build: string | undefined;
  /** For people: `Backup 20261122.3`. */
  readonly buildName: string;
  readonly toolVersion: string;
  readonly share: Share;
  readonly maxStaleDays: number;
  /** Undefined keeps all. */
  readonly retention: RetentionRules | undefined;
  /** Guards of retention that a person allows this once. */
  readonly retentionAllow: ReadonlySet<GuardCode>;
  readonly parallelism: number;
}

export interface BackupTools {
  readonly store: DeletingStore;
  readonly cryptography: Cryptography;
  readonly azureDevOps: AzureDevOps;
  readonly git: GitAccess;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly temporaryFolder: string;
}

/** Everything known once the vault is open. */
export interface Session {
  readonly request: BackupRequest;
  readonly tools: BackupTools;
  readonly vault: string;
  readonly opened: OpenedVault;
  readonly by: LogEntry["by"];
  /** Runs of the same build that have ended in partial snapshots. */
  readonly earlierTries: readonly string[];
  readonly access: VaultAccess;
  readonly sealed: SealedWriter;
  /** What the states reach that the run reads and writes. */
  readonly reaches: Reaches;
  readonly parentSnapshot: LoggedSnapshot | undefined;
  readonly parent: ParentIndex;
  readonly startedAt: string;
  readonly startedMs: number;
}

export async function openSession(request: BackupRequest, tools: BackupTools): Promise<Session> {
  const { store, cryptography, clock, azureDevOps } = tools;
  const { agentKeys, project, build } = request;
  const startedMs = clock.monotonicMs();
  const vault = project.id.toLowerCase();
  const signing = { signingSeed: agentKeys.signingSeed, signer: agentKeys.signer };
  const by = { tool: request.toolVersion, build: request.buildName, run: "" };
  const pins = { pinnedSigners: request.pinnedSigners, pin: request.pin };
  // What entries call void is looked at again before the owner key decides by them what may go.
  const everyName = request.ownerKeys !== undefined;
  const facts = { store, cryptography, vault, ...pins, everyName, clock, signing };
  const opened = await openVault({
    ...facts,
    by: { ...by, run: "genesis" },
    origin: { organization: azureDevOps.organization, project: { id: vault } },
    agent: agentKeys,
    ownerSigner: request.ownerKeys?.signer,
    recoveryRecipients: request.recoveryRecipients.length === 0 ? undefined : request.recoveryRecipients,
  });
  if (opened.created && !opened.hasOwner) tools.reporter.warn(ownerless(project.name));
  const { run, shared, earlierTries } = await runOf(opened, { store, cryptography, vault, signing, build });
  const access: VaultAccess = { store, cryptography, vault, identities: [agentKeys.catalogueIdentity] };
  const parentSnapshot = parentOf(opened, run);
  const lines = parentSnapshot === undefined ? [] : await parentLines(access, parentSnapshot, tools);
  const shard = shardOf(request.share);
  const firstNumber = shared ? await nextNumber(access, run, shard) : 1;
  return {
    request,
    tools,
    vault,
    opened,
    by: { ...by, run },
    earlierTries,
    access,
    sealed: sealedWriter({ store, cryptography, vault, run, shard, keys: opened.keys, firstNumber }),
    reaches: reachesIn(access),
    parentSnapshot,
    parent: new Map(lines.map((line) => [line.s, line])),
    startedAt: (await store.serviceTime()).toISOString(),
    startedMs,
  };
}

function ownerless(project: string): string {
  return `The new vault of project ${project} has no owner key, so nobody will ever be able to retire snapshots, change keys or acknowledge alarms in it. If that is not what you want, use an empty container and give input signer with owner=ed25519:… (npm run keys), or the ownerKey, to its first run.`;
}

/**
 * The run of this build. One that has committed a complete snapshot is done, and is found again; one whose snapshot
 * is partial may be tried again under another run.
 */
async function runOf(
  { log }: OpenedVault,
  facts: RunFacts,
): Promise<ChosenRun & { readonly earlierTries: readonly string[] }> {
  const earlierTries: string[] = [];
  for (let attempt = 1; ; attempt += 1) {
    const build = facts.build === undefined || attempt === 1 ? facts.build : `${facts.build}, try ${attempt}`;
    const chosen = await chooseRun({ ...facts, build });
    if (snapshotOfRun(log, chosen.run)?.entry.snapshot.status !== "partial") return { ...chosen, earlierTries };
    earlierTries.push(chosen.run);
  }
}

/** The newest snapshot of another run: a run that is repeated compares with what it compared with before. */
function parentOf({ log }: OpenedVault, run: string): LoggedSnapshot | undefined {
  const own = keptSnapshots(log).filter(({ entry }) => entry.by.run !== run);
  return own.at(-1) ?? newestSnapshot(log);
}

/**
 * The index that the run compares with. One that is damaged or gone is as if there were none: everything is read and
 * stored anew, which heals the vault; the snapshots before stay as they are.
 */
async function parentLines(
  access: VaultAccess,
  { entry }: LoggedSnapshot,
  { reporter }: BackupTools,
): Promise<readonly IndexLine[]> {
  try {
    return await collect(readIndex(access, entry.snapshot.index));
  } catch (error) {
    if (!isStoredDamage(error)) throw error;
    reporter.warn(
      `The index of snapshot ${entry.by.run} cannot be read, so everything is stored anew: ${describeError(error)}`,
    );
    return [];
  }
}

/** The number after those an earlier attempt of this shard has taken. */
async function nextNumber({ store, vault }: VaultAccess, run: string, shard: string): Promise<number> {
  let next = 1;
  for await (const { name } of store.list(runDataPrefix(vault, run))) {
    const parts = parseObjectPath(pathOfDataName(vault, name) ?? "");
    if (parts?.shard === shard) next = Math.max(next, parts.n + 1);
  }
  return next;
}

/** How this run writes to the log; with the agent key unless another is given. */
export function appendFacts(
  { request, tools, by, vault }: Session,
  signing: Pick<AgentKeys, "signingSeed" | "signer"> = request.agentKeys,
): AppendFacts {
  const { store, cryptography, clock } = tools;
  const { pinnedSigners, pin } = request;
  const { signingSeed, signer } = signing;
  const everyName = request.ownerKeys !== undefined;
  return { store, cryptography, vault, clock, by, signing: { signingSeed, signer }, pinnedSigners, pin, everyName };
}
