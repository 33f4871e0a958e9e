import { chunksOf, utf8 } from "../../../../engine/foundation/bytes.ts";
import { judgeSnapshot } from "../../../../engine/insight/judge-snapshot.ts";
import { snapshotFacts } from "../../../../engine/insight/snapshot-facts.ts";
import type { ObjectStore } from "../../../../engine/store/object-store.ts";
import { commitSnapshot } from "../../../../engine/vault/snapshots/commit.ts";
import type { CommitFacts, Committed, StreamDraft } from "../../../../engine/vault/snapshots/commit.ts";
import { readIndex, readState, writeState } from "../../../../engine/vault/objects/index-file.ts";
import type { Log } from "../../../../engine/vault/log/log.ts";
import type { Index } from "../../../../engine/vault/snapshots/merge-index.ts";
import type { Ref, Segment } from "../../../../engine/vault/format/ref.ts";
import { sealedWriter } from "../../../../engine/vault/objects/sealed-objects.ts";
import type { SealedWriter, VaultAccess } from "../../../../engine/vault/objects/sealed-objects.ts";
import { newestSnapshot } from "../../../../engine/vault/snapshots/snapshots.ts";
import type { IndexLine } from "../../../../engine/vault/format/state.ts";
import { aLogVault, cryptography, vaultId } from "../log/log-vault.ts";
import type { LogVault } from "../log/log-vault.ts";

/** A run of a backup, reduced to what the vault sees of it. */
export interface TestRun {
  readonly run: string;
  readonly log: Log;
  readonly base: Index;
  readonly sealed: SealedWriter;
  /** Stores a stream anew (`base`) or continues the chain that this run found. */
  store(stream: string, how?: "base" | "delta"): Promise<StreamDraft>;
  /** The stream as it was found. */
  keep(stream: string): StreamDraft;
  commit(drafts: readonly StreamDraft[], overrides?: Partial<CommitFacts>): Promise<Committed>;
}

export interface CommitVault extends LogVault {
  readonly access: VaultAccess;
  /** Begins a run against the vault as it is now. */
  begin(run: string, store?: ObjectStore): Promise<TestRun>;
  /** Index of the newest kept snapshot, and the objects it reaches. */
  newest(): Promise<{ readonly index: Index; readonly objects: readonly string[] }>;
}

export function runId(number: number): string {
  return `20261122T1805${String(number).padStart(2, "0")}Z-${String(number).padStart(8, "0")}`;
}

export async function aCommitVault(): Promise<CommitVault> {
  const vault = await aLogVault();
  const access: VaultAccess = {
    store: vault.store,
    cryptography,
    vault: vaultId,
    identities: [vault.keys.agent.catalogueIdentity],
  };
  return {
    ...vault,
    access,
    begin: (run, store = vault.store) => beginRun({ ...vault, store }, { ...access, store }, run),
    newest: async () => {
      const index = await newestIndex(access, await vault.read());
      const objects: string[] = [];
      for (const line of index.values()) {
        if (line.state === undefined) continue;
        const state = await readState(access, line.state);
        objects.push(line.state.o, ...state.chain.map(({ o }) => o));
      }
      return { index, objects };
    },
  };
}

async function newestIndex(access: VaultAccess, log: Log): Promise<Index> {
  const index = new Map<string, IndexLine>();
  const newest = newestSnapshot(log);
  if (newest === undefined) return index;
  for await (const line of readIndex(access, newest.entry.snapshot.index)) index.set(line.s, line);
  return index;
}

async function beginRun(
  vault: Omit<LogVault, "store"> & { readonly store: ObjectStore },
  access: VaultAccess,
  run: string,
): Promise<TestRun> {
  const log = await vault.read({ store: vault.store });
  const base = await newestIndex(access, log);
  const { set, agent } = vault.keys;
  const keys = { recipients: [set.recoveryRecipient], catalogue: agent.catalogueRecipient };
  const sealed = sealedWriter({ store: vault.store, cryptography, vault: vaultId, run, shard: "00", keys });

  return {
    run,
    log,
    base,
    sealed,
    async store(stream, how = "delta") {
      const known = base.get(stream)?.state;
      const before = known === undefined || how === "base" ? [] : (await readState(access, known)).chain;
      const ref = await sealed.write("bundle.age", "content", chunksOf(utf8(`${run} ${stream}`)));
      const to = `${run} ${before.length}`;
      const segment: Segment = {
        ...ref,
        k: before.length === 0 ? "base" : "delta",
        from: before.at(-1)?.to ?? null,
        to,
      };
      const asOf = vault.clock.now().toISOString();
      const chain = [...before, segment];
      const state = await writeState(sealed, {
        kind: "git",
        s: stream,
        asOf,
        hash: "sha1",
        refs: {},
        head: null,
        chain,
      });
      return { changed: true, lines: [{ s: stream, st: "ok", asOf, t: to, state, count: 1, bytes: bytesOf(chain) }] };
    },
    keep(stream) {
      const line = base.get(stream);
      return { changed: false, lines: line === undefined ? [] : [{ ...line, asOf: vault.clock.now().toISOString() }] };
    },
    commit: (drafts, overrides = {}) =>
      commitSnapshot({
        append: vault.facts({ store: vault.store, by: { tool: "0.1.0", build: run, run } }),
        access,
        sealed,
        log,
        base,
        drafts,
        window: ["2026-11-22T18:00:00Z", "2026-11-22T18:05:00Z"],
        hasGaps: false,
        newBytes: sealed.storedBytes,
        judge: (made) => judgeSnapshot(snapshotFacts({ ...made, kinds: [] })),
        unusable: "rebase",
        ...overrides,
      }),
  };
}

function bytesOf(chain: readonly Ref[]): number {
  return chain.reduce((sum, { n }) => sum + n, 0);
}
