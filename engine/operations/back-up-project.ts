/**
 * Backs up one project into its vault (format.md §3.6):
 *
 *   open the vault (or begin it) → choose the run → probe a part of what is referenced
 *   → walk over all streams, keeping what is done in checkpoints → compose, commit → retention
 *
 * Running it again after any interruption converges: same build → same run → checkpoints are taken up; a run that
 * has committed finds its own entry.
 */
import type { AzureDevOps } from "../azure-devops/azure-devops.ts";
import type { AgentKeys, OwnerKeys } from "../crypto/keys.ts";
import type { Cryptography } from "../crypto/cryptography.ts";
import { collect } from "../foundation/concurrency.ts";
import type { Clock } from "../foundation/clock.ts";
import type { Reporter } from "../foundation/reporter.ts";
import type { GitAccess } from "../git/git-access.ts";
import type { BackupOptions, ProjectRef, ResourceKind, SourceProject } from "../kinds/kind.ts";
import type { DeletingStore } from "../store/object-store.ts";
import { commitSnapshot, type Committed } from "../vault/commit.ts";
import { openVault, type OpenedVault } from "../vault/genesis.ts";
import { readIndex } from "../vault/index-file.ts";
import type { Head, LogEntry } from "../vault/log-entry.ts";
import { brokenStreams, nextProbePart } from "../vault/probe.ts";
import type { RetentionRules } from "../vault/retention-rules.ts";
import { chooseRun, type RunFacts } from "../vault/run.ts";
import { sealedWriter, type SealedWriter, type VaultAccess } from "../vault/sealed-objects.ts";
import { keptSnapshots, newestSnapshot, snapshotOfRun, type LoggedSnapshot } from "../vault/snapshots.ts";
import { vaultStreamWriter } from "../vault/vault-stream-writer.ts";
import { anomaliesOf } from "./anomalies.ts";
import type { StreamDraft } from "./back-up-stream.ts";
import { backupResult } from "./backup-result.ts";
import { keepCheckpoints, type Checkpoints } from "./backup-checkpoints.ts";
import type { ParentIndex } from "./previous-stream.ts";
import { readSource, type Walk, type WalkResult } from "./read-source.ts";
import { runRetention } from "./run-retention.ts";
import type { BackupResult } from "./results.ts";
import { shardOf, type Share } from "./share.ts";
import { streamFilter } from "./stream-filter.ts";

export interface BackupRequest {
  readonly project: ProjectRef;
  readonly kinds: readonly ResourceKind[];
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly options: BackupOptions;
  readonly agentKeys: AgentKeys;
  /** Only with it retention is carried out. */
  readonly ownerKeys?: OwnerKeys | undefined;
  readonly recoveryRecipients: readonly string[];
  readonly pinnedSigners: readonly string[];
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
  readonly access: VaultAccess;
  readonly sealed: SealedWriter;
  readonly parentSnapshot: LoggedSnapshot | undefined;
  readonly parent: ParentIndex;
  readonly startedAt: string;
  readonly startedMs: number;
}

/** Undefined when this agent was one of several: the composing job makes the snapshot. */
export async function backUpProject(request: BackupRequest, tools: BackupTools): Promise<BackupResult | undefined> {
  const session = await openSession(request, tools);
  const earlier = snapshotOfRun(session.opened.log, session.by.run);
  if (earlier !== undefined) return alreadyCommitted(session, earlier);
  const checkpoints = await keepCheckpoints(session);
  const walk = await prepareWalk(session, checkpoints);
  const read = await readKeeping(walk, checkpoints);
  if (request.share.phase === "shard") {
    await checkpoints.flush();
    return undefined;
  }
  const committed = await commit(session, read, walk);
  const retention = await runRetention(session, committed.log);
  return backupResult(session, { ...committed, read, retention });
}

/** Whatever ends the walk early, what it has stored so far is kept for the next attempt. */
async function readKeeping(walk: Walk, checkpoints: Checkpoints): Promise<WalkResult> {
  try {
    return await readSource(walk);
  } catch (error) {
    await checkpoints.flush().catch(() => undefined); // the storage itself may be what failed
    throw error;
  }
}

async function openSession(request: BackupRequest, tools: BackupTools): Promise<Session> {
  const { store, cryptography, clock, azureDevOps } = tools;
  const { agentKeys, project, build } = request;
  const startedMs = clock.monotonicMs();
  const vault = project.id.toLowerCase();
  const signing = { signingSeed: agentKeys.signingSeed, signer: agentKeys.signer };
  const by = { tool: request.toolVersion, build: request.buildName, run: "" };
  const facts = { store, cryptography, vault, pinnedSigners: request.pinnedSigners, pin: request.pin, clock, signing };
  const opened = await openVault({
    ...facts,
    by: { ...by, run: "genesis" },
    origin: { organization: azureDevOps.organization, project: { id: vault } },
    agent: agentKeys,
    ownerSigner: request.ownerKeys?.signer,
    recoveryRecipients: request.recoveryRecipients.length === 0 ? undefined : request.recoveryRecipients,
  });
  const run = await runOf(opened, { store, cryptography, vault, signing, build });
  const access: VaultAccess = { store, cryptography, vault, identities: [agentKeys.catalogueIdentity] };
  const parentSnapshot = parentOf(opened, run);
  const lines =
    parentSnapshot === undefined ? [] : await collect(readIndex(access, parentSnapshot.entry.snapshot.index));
  return {
    request,
    tools,
    vault,
    opened,
    by: { ...by, run },
    access,
    sealed: sealedWriter({ store, cryptography, vault, run, shard: shardOf(request.share), keys: opened.keys }),
    parentSnapshot,
    parent: new Map(lines.map((line) => [line.s, line])),
    startedAt: (await store.serviceTime()).toISOString(),
    startedMs,
  };
}

/**
 * The run of this build. One that has committed a complete snapshot is done, and is found again; one whose snapshot
 * is partial may be tried again under another run.
 */
async function runOf({ log }: OpenedVault, facts: RunFacts): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const build = facts.build === undefined || attempt === 1 ? facts.build : `${facts.build}, try ${attempt}`;
    const { run } = await chooseRun({ ...facts, build });
    if (snapshotOfRun(log, run)?.entry.snapshot.status !== "partial") return run;
  }
}

function alreadyCommitted(session: Session, snapshot: LoggedSnapshot): BackupResult {
  session.tools.reporter.info(`This run has already made snapshot ${snapshot.entry.by.run}; nothing is left to do`);
  const nothing = { drafts: new Map<string, StreamDraft>(), gaps: [] };
  const { log } = session.opened;
  return backupResult(session, {
    outcome: "committed",
    log,
    snapshot,
    already: true,
    streams: [],
    carried: [],
    read: nothing,
    retention: undefined,
  });
}

/** The newest snapshot of another run: a run that is repeated compares with what it compared with before. */
function parentOf({ log }: OpenedVault, run: string): LoggedSnapshot | undefined {
  const own = keptSnapshots(log).filter(({ entry }) => entry.by.run !== run);
  return own.at(-1) ?? newestSnapshot(log);
}

async function prepareWalk(session: Session, checkpoints: Checkpoints): Promise<Walk> {
  const { request, tools, access, parent, sealed, opened, parentSnapshot } = session;
  const { cryptography } = tools;
  const now = await tools.store.serviceTime();
  const broken = await brokenStreams(access, parent, nextProbePart(opened.log));
  const source: SourceProject = {
    ...tools,
    project: request.project,
    options: request.options,
    parallelism: request.parallelism,
  };
  for (const [stream, refs] of broken) {
    tools.reporter.warn(
      `${refs.length} stored objects of ${stream} are missing or have another size; it is stored anew, earlier snapshots of it are damaged`,
    );
  }
  return {
    source,
    sealed,
    access,
    parent,
    parentSeq: parentSnapshot?.entry.seq,
    now,
    broken: new Map(
      [...broken].map(([stream, refs]) => [stream, `object ${refs[0]?.o ?? ""} is missing or has another size`]),
    ),
    reconcile: isReconcileDue(keptSnapshots(opened.log), now),
    kinds: request.kinds,
    filter: streamFilter(
      request,
      request.kinds.map(({ name }) => name),
    ),
    writer: (stream) => vaultStreamWriter({ stream, sealed, agentKeys: request.agentKeys, access }),
    isMine: (stream) => request.share.holds(stream, cryptography),
    asksAboutAbsent: request.share.phase !== "shard",
    finished: checkpoints.finished,
    keep: checkpoints.keep,
    streamsAtOnce: Math.max(1, request.parallelism),
  };
}

/** Once in each ISO week, counted by the storage's clock, until a complete snapshot has done it. */
function isReconcileDue(snapshots: readonly LoggedSnapshot[], now: Date): boolean {
  const thisWeek = weekOf(now);
  return !snapshots.some(
    ({ entry }) => entry.snapshot.status === "complete" && weekOf(new Date(entry.srv)) === thisWeek,
  );
}

/** Number of the Monday-to-Sunday week since the epoch. */
function weekOf(time: Date): number {
  const mondayOffsetDays = 3;
  return Math.floor((time.getTime() / 86_400_000 + mondayOffsetDays) / 7);
}

type Done = Extract<Committed, { readonly outcome: "committed" }>;

/** Commits; streams whose objects turn out to be unusable are stored anew once, then carried. */
async function commit(session: Session, read: WalkResult, walk: Walk): Promise<Done> {
  const first = await tryCommit(session, read, "rebase");
  if (first.outcome === "committed") return first;
  const again = new Map(
    first.streams.map(({ stream, code }) => [stream, `its stored objects cannot be used (${code})`]),
  );
  const redone = await readSource({
    ...walk,
    broken: again,
    finished: (stream) => (again.has(stream) ? undefined : read.drafts.get(stream)),
  });
  const second = await tryCommit(session, redone, "carry");
  if (second.outcome === "committed") return second;
  throw new Error("a commit that carries unusable streams cannot ask for them again");
}

function tryCommit(session: Session, { drafts, gaps }: WalkResult, unusable: "rebase" | "carry"): Promise<Committed> {
  const { tools, request, access, sealed, opened, parent, startedAt, by, vault } = session;
  const { store, cryptography, clock } = tools;
  const all = [...drafts.values()];
  const signing = { signingSeed: request.agentKeys.signingSeed, signer: request.agentKeys.signer };
  return commitSnapshot({
    append: { store, cryptography, vault, clock, signing, by, pinnedSigners: request.pinnedSigners, pin: request.pin },
    access,
    sealed,
    log: opened.log,
    base: parent,
    drafts: all,
    window: [startedAt, clock.now().toISOString()],
    hasGaps: gaps.length > 0 || all.some((draft: StreamDraft) => draft.gaps.length > 0),
    newBytes: all.reduce((sum, draft) => sum + draft.newBytes, 0),
    anomalies: anomaliesOf(parent, drafts),
    unusable,
  });
}
