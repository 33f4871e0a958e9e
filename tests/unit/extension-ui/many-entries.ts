/** A log with many snapshots, written without reading it again for each. */
import { sha256Hex } from "../../../engine/crypto/cryptography.ts";
import { webCryptography } from "../../../engine/crypto/web-cryptography.ts";
import type { ObjectStore } from "../../../engine/store/object-store.ts";
import { logName } from "../../../engine/vault/format/layout.ts";
import { logType, type EntryBody } from "../../../engine/vault/format/log-codec.ts";
import { writeFullPage } from "../../../engine/vault/log/page.ts";
import { agentKinds, ownerKinds } from "../../../engine/vault/format/roles.ts";
import type { Ref } from "../../../engine/vault/format/ref.ts";
import { signText } from "../../../engine/vault/format/signed-text.ts";
import type { VaultSource } from "../../../extension-ui/model/vault-source.ts";
import { storageSource, type StorageFacts } from "../../../extension-ui/vault/storage-source.ts";
import { memoryStore } from "../../support/memory-store.ts";
import {
  aRef,
  aSnapshotBody,
  cryptography,
  genesisBody,
  someKeys,
  vaultId,
  type TestKeys,
} from "../vault/log/log-vault.ts";
import { runNumber } from "./vault-world.ts";

export interface ManyEntries {
  readonly store: ObjectStore;
  /** Those that may write at the end. */
  readonly signers: readonly string[];
  readonly keys: TestKeys;
  source(over?: Partial<StorageFacts>): VaultSource;
}

export interface ManyOptions {
  readonly store?: ObjectStore;
  readonly keys?: TestKeys;
  /** The agent key is exchanged by the entry with this number. */
  readonly rekeyAt?: number;
  readonly index?: Ref;
}

const firstDay = Date.parse("2024-01-01T02:00:00Z");
const dayMs = 86_400_000;

/** A genesis entry and `count` entries, snapshots but for the one that changes the keys. */
export async function manyEntries(count: number, options: ManyOptions = {}): Promise<ManyEntries> {
  const store = options.store ?? memoryStore();
  const keys = options.keys ?? (await someKeys());
  const next = options.rekeyAt === undefined ? keys : await someKeys();
  let agent = keys.agent;
  let prev: string | null = null;
  const writes: Promise<unknown>[] = [];
  for (let seq = 0; seq <= count; seq += 1) {
    const isRekey = seq === options.rekeyAt;
    const body = seq === 0 ? genesisBody(keys) : isRekey ? keysBody(keys, next) : snapshotBody(seq, options.index);
    const at = new Date(firstDay + seq * dayMs).toISOString();
    const by = { tool: "0.1.0", build: `Backup_${seq}`, run: runNumber(seq) };
    const entry: object = { type: logType, vault: vaultId, seq, prev, void: [], at, srv: at, by, ...body };
    const seed = isRekey ? keys.owner.signingSeed : agent.signingSeed;
    const bytes: Uint8Array = await signText(cryptography, seed, entry);
    if (isRekey) agent = next.agent;
    prev = `sha256:${sha256Hex(cryptography, bytes)}`;
    writes.push(store.create(logName(vaultId, seq), bytes));
    if (writes.length >= 16) await Promise.all(writes.splice(0));
  }
  await Promise.all(writes);
  for (let seq = 0; seq <= count; seq += 1) await writeFullPage({ store, cryptography, vault: vaultId }, seq);
  return {
    store,
    keys,
    signers: [`agent=${agent.signer}`, `owner=${keys.owner.signer}`],
    source: (over = {}) =>
      storageSource({ store, cryptography: webCryptography(), vault: vaultId, signers: [], ...over }),
  };
}

function snapshotBody(seq: number, index: Ref = aRef()): EntryBody {
  const { snapshot } = aSnapshotBody(seq === 1 ? null : seq - 1);
  return { kind: "snapshot", snapshot: { ...snapshot, index } };
}

function keysBody({ set, agent, owner }: TestKeys, next: TestKeys): EntryBody {
  const signers = [
    { pub: next.agent.signer, may: agentKinds },
    { pub: owner.signer, may: ownerKinds },
  ];
  return {
    kind: "keys",
    keys: { recipients: [set.recoveryRecipient], catalogue: agent.catalogueRecipient, signers, rekey: false },
  };
}
