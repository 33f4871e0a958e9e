import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { parseAgentKey, type AgentKeys } from "../../engine/crypto/keys.ts";
import { sealedWriter, type SealedWriter, type VaultAccess } from "../../engine/vault/objects/sealed-objects.ts";
import type { VaultKeys } from "../../engine/vault/format/log-entry.ts";
import { vaultStreamWriter } from "../../engine/vault/streams/vault-stream-writer.ts";
import type { StreamWriter } from "../../engine/vault/streams/stream-writer.ts";
import vectors from "../format/v1/keys.json" with { type: "json" };
import { memoryStore, type MemoryStore } from "./memory-store.ts";

export const sampleVault = "0d5f7a1e-9c2b-4f7e-8f0a-52b3b6d1c001";
export const sampleRun = "20261122T180544Z-7f3a9c1e";
export const [sampleKeys, otherKeys] = vectors.keySets as [KeyVector, KeyVector];

type KeyVector = (typeof vectors.keySets)[number];

export interface SealedVault {
  readonly store: MemoryStore;
  readonly keys: Pick<VaultKeys, "recipients" | "catalogue">;
  readonly agentKeys: AgentKeys;
  readonly sealed: SealedWriter;
  /** Opens everything. */
  readonly access: VaultAccess;
  /** Opens the catalogue only. */
  readonly viewing: VaultAccess;
  /** Name in the store. */
  nameOf(ref: { readonly o: string }): string;
  writerOf(stream: string): StreamWriter;
}

export const cryptography = nodeCryptography();

/** A vault in memory with known keys, for tests of what stands below the log. */
export async function sealedVault(store: MemoryStore = memoryStore()): Promise<SealedVault> {
  const agentKeys = await parseAgentKey(sampleKeys.agentKey, cryptography);
  const keys = { recipients: [sampleKeys.recoveryRecipient], catalogue: agentKeys.catalogueRecipient };
  const sealed = sealedWriter({ store, cryptography, vault: sampleVault, run: sampleRun, shard: "00", keys });
  const viewing = { store, cryptography, vault: sampleVault, identities: [sampleKeys.viewerKey] };
  return {
    store,
    keys,
    agentKeys,
    sealed,
    access: { ...viewing, identities: [sampleKeys.recoveryKey] },
    viewing,
    nameOf: ({ o }) => `${sampleVault}/data/${o}`,
    writerOf: (stream) => vaultStreamWriter({ stream, sealed, agentKeys, access: viewing }),
  };
}

/** Flips one bit of a stored object. */
export function flipBit(store: MemoryStore, name: string, offset: number): void {
  const bytes = new Uint8Array(store.objects.get(name)!);
  bytes[offset]! ^= 1;
  store.objects.set(name, bytes);
}

export async function* each<Item>(...items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

/** Bytes that look random but are the same each time. */
export function patternBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}
