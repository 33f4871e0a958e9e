/** A large vault in a hub's storage, written at once and not by runs: chained and signed log entries, one index. */
import { parseAgentKey, parseOwnerKey } from "../../engine/crypto/keys.ts";
import { sha256Hex } from "../../engine/crypto/cryptography.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { writeIndex } from "../../engine/vault/objects/index-file.ts";
import { logName } from "../../engine/vault/format/layout.ts";
import { logType, type EntryBody } from "../../engine/vault/format/log-codec.ts";
import { writeFullPage } from "../../engine/vault/log/page.ts";
import type { Ref } from "../../engine/vault/format/ref.ts";
import { sealedWriter, type SealedWriter } from "../../engine/vault/objects/sealed-objects.ts";
import { signText } from "../../engine/vault/format/signed-text.ts";
import type { IndexLine } from "../../engine/vault/format/state.ts";
import { aRef, aSnapshotBody, genesisBody, type TestKeys } from "../unit/vault/log/log-vault.ts";
import { storeOf, type HubWorld } from "./hub-world.ts";

const cryptography = nodeCryptography();
const dayMs = 86_400_000;
const parallel = 24;

export async function testKeysOf({ keys }: Pick<HubWorld, "keys">): Promise<TestKeys> {
  const agent = await parseAgentKey(keys.agentKey, cryptography);
  return { set: keys, agent, owner: await parseOwnerKey(keys.ownerKey, cryptography) };
}

/** Writes what only the holder of the agent key can: any names. */
export async function sealedWriterOf(world: HubWorld, run: string): Promise<SealedWriter> {
  const { set, agent } = await testKeysOf(world);
  const keys = { recipients: [set.recoveryRecipient], catalogue: agent.catalogueRecipient };
  return sealedWriter({ store: storeOf(world), cryptography, vault: vaultOf(world), run, shard: "00", keys });
}

export function vaultOf({ shop }: Pick<HubWorld, "shop">): string {
  return shop.project.id.toLowerCase();
}

/** A genesis entry and snapshots that share one index, the newest last. */
export async function writeLog(world: HubWorld, snapshots: number, index: Ref): Promise<void> {
  const store = storeOf(world);
  const keys = await testKeysOf(world);
  const vault = vaultOf(world);
  let prev: string | null = null;
  const writes: Promise<unknown>[] = [];
  for (let seq = 0; seq <= snapshots; seq += 1) {
    const at = new Date(Date.now() - (snapshots - seq) * dayMs).toISOString();
    const by = { tool: "1.0.0", build: `Backup_${seq}`, run: runNumber(seq) };
    const body = seq === 0 ? ofProject(genesisBody(keys), vault) : snapshotBody(seq, index);
    const entry = { type: logType, vault, seq, prev, void: [], at, srv: at, by, ...body };
    const bytes: Uint8Array = await signText(cryptography, keys.agent.signingSeed, entry);
    prev = `sha256:${sha256Hex(cryptography, bytes)}`;
    writes.push(store.create(logName(vault, seq), bytes));
    if (writes.length >= parallel) await Promise.all(writes.splice(0));
  }
  await Promise.all(writes);
  for (let seq = 0; seq <= snapshots; seq += 1) await writeFullPage({ store, cryptography, vault }, seq);
}

export async function writeStreams(world: HubWorld, count: number): Promise<Ref> {
  return writeIndex(await sealedWriterOf(world, runNumber(0)), manyStreams(count));
}

async function* manyStreams(count: number): AsyncGenerator<IndexLine> {
  for (let number = 0; number < count; number += 1) {
    const padded = String(number).padStart(8, "0");
    yield {
      s: `git-repositories/${padded}-64b7-4d0e-9d3b-0b6f1c2a7e01`,
      name: `Team ${number % 40}/Service ${number}`,
      st: "ok",
      asOf: "2026-11-22T18:05:44Z",
      state: aRef({ h: padded.repeat(8), hh: padded.split("").reverse().join("").repeat(8) }),
      count: 12,
      bytes: 1_000_000 + number,
    };
  }
}

export function runNumber(number: number): string {
  return `20261122T180544Z-${number.toString(16).padStart(8, "0")}`;
}

function ofProject(body: EntryBody, vault: string): EntryBody {
  return body.kind === "genesis" ? { ...body, genesis: { ...body.genesis, project: { id: vault } } } : body;
}

export function snapshotBody(seq: number, index: Ref): EntryBody {
  const { snapshot } = aSnapshotBody(seq === 1 ? null : seq - 1);
  const sum = { ...snapshot.sum, newBytes: 50_000 + seq, totalBytes: 10_000_000 + 50_000 * seq };
  return { kind: "snapshot", snapshot: { ...snapshot, index, sum } };
}
