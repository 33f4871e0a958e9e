/** A vault in memory with snapshots whose indexes and names are sealed as the product seals them. */
import { webCryptography } from "../../../engine/crypto/web-cryptography.ts";
import { writeIndex } from "../../../engine/vault/objects/index-file.ts";
import { writeItems } from "../../../engine/vault/streams/items-catalogue.ts";
import type { EntryBody } from "../../../engine/vault/format/log-codec.ts";
import type { SnapshotSum } from "../../../engine/vault/format/log-entry.ts";
import type { LoggedEntry } from "../../../engine/vault/format/logged-entry.ts";
import type { Ref } from "../../../engine/vault/format/ref.ts";
import { sealedWriter, type SealedWriter } from "../../../engine/vault/objects/sealed-objects.ts";
import type { CatalogueItem, IndexLine } from "../../../engine/vault/format/state.ts";
import type { Snapshot, VaultSource, VaultView, ViewerKey } from "../../../extension-ui/model/vault-source.ts";
import { storageSource, type StorageFacts } from "../../../extension-ui/vault/storage-source.ts";
import { each } from "../../support/sealed-vault.ts";
import { aLogVault, aRef, aSnapshotBody, cryptography, vaultId, type LogVault } from "../vault/log/log-vault.ts";

export interface WorldStream {
  readonly s: string;
  readonly name?: string;
  readonly st?: IndexLine["st"];
  readonly err?: string;
  /** All items there are; `before` names the snapshot whose list goes on with a delta. */
  readonly items?: readonly CatalogueItem[];
  readonly delta?: readonly CatalogueItem[];
}

export interface World extends LogVault {
  readonly viewer: ViewerKey;
  source(over?: Partial<StorageFacts>): VaultSource;
  snapshot(streams: readonly WorldStream[], over?: SnapshotOver): Promise<LoggedEntry>;
}

export interface SnapshotOver {
  readonly status?: "complete" | "partial";
  readonly sum?: Partial<SnapshotSum>;
  readonly anomaly?: readonly { readonly code: string; readonly n: number }[];
}

export const never = new AbortController().signal;

export async function aWorld(): Promise<World> {
  const vault = await aLogVault();
  const itemRefs = new Map<string, readonly Ref[]>();
  let number = 0;

  async function lineOf(sealed: SealedWriter, stream: WorldStream): Promise<IndexLine> {
    const { s, name, st = "ok", err, items, delta } = stream;
    const identities = [vault.keys.set.viewerKey];
    const access = { store: vault.store, cryptography, vault: vaultId, identities };
    const previous = itemRefs.get(s) ?? [];
    const update = { previous, lines: each(...(items ?? delta ?? [])), complete: items !== undefined };
    const isNew = items !== undefined || delta !== undefined;
    const refs = isNew ? await writeItems(sealed, access, update) : previous;
    itemRefs.set(s, refs);
    const hash = cryptography.newSha256();
    hash.update(new TextEncoder().encode(JSON.stringify(refs)));
    const h = Buffer.from(hash.digest()).toString("hex");
    return {
      s,
      st,
      state: aRef({ h }),
      ...(name === undefined ? {} : { name }),
      ...(err === undefined ? {} : { err }),
      ...(refs.length === 0 ? {} : { items: refs }),
      ...(items === undefined ? {} : { count: items.length }),
    };
  }

  return {
    ...vault,
    viewer: { identity: vault.keys.set.viewerKey },
    source: (over = {}) =>
      storageSource({ store: vault.store, cryptography: webCryptography(), vault: vaultId, signers: [], ...over }),
    async snapshot(streams, over = {}) {
      number += 1;
      const run = runNumber(number);
      const { set, agent } = vault.keys;
      const keys = { recipients: [set.recoveryRecipient], catalogue: agent.catalogueRecipient };
      const sealed = sealedWriter({ store: vault.store, cryptography, vault: vaultId, run, shard: "00", keys });
      const lines: IndexLine[] = [];
      for (const stream of [...streams].sort((a, b) => (a.s < b.s ? -1 : 1))) lines.push(await lineOf(sealed, stream));
      const index = await writeIndex(sealed, each(...lines));
      return vault.append(snapshotBody(index, over), { by: { tool: "0.1.0", build: `Backup_${number}`, run } });
    },
  };
}

function snapshotBody(index: Ref, { status = "complete", sum = {}, anomaly = [] }: SnapshotOver): EntryBody {
  const { snapshot } = aSnapshotBody();
  return { kind: "snapshot", snapshot: { ...snapshot, index, status, anomaly, sum: { ...snapshot.sum, ...sum } } };
}

export function runNumber(number: number): string {
  return `20261122T180544Z-${number.toString(16).padStart(8, "0")}`;
}

/** Everything that a source tells, to its end. */
export async function viewsOf(source: VaultSource, signal: AbortSignal = never): Promise<readonly VaultView[]> {
  const views: VaultView[] = [];
  for await (const view of source.watch(signal)) views.push(view);
  return views;
}

export async function lastView(source: VaultSource): Promise<VaultView> {
  return lastOf(await viewsOf(source));
}

export function lastOf<Item>(items: readonly Item[]): Item {
  const last = items[items.length - 1];
  if (last === undefined) throw new Error("the list is empty");
  return last;
}

/** The checked chain; fails for any other state. */
export function checkedChain({ chain }: VaultView): Extract<VaultView["chain"], { state: "checked" }> {
  if (chain.state !== "checked") throw new Error(`the chain is ${chain.state}`);
  return chain;
}

export function newestOf({ snapshots }: VaultView): Snapshot {
  const [newest] = snapshots;
  if (newest === undefined) throw new Error("there is no snapshot");
  return newest;
}
