import type { Clock } from "../../../../engine/foundation/clock.ts";
import type { AgentKeys, KeySet, OwnerKeys, PinnedSigner } from "../../../../engine/crypto/keys.ts";
import { makeKeySet, parseAgentKey, parseOwnerKey } from "../../../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../../../engine/native/node-cryptography.ts";
import type { ObjectStore } from "../../../../engine/store/object-store.ts";
import type { EntryBody } from "../../../../engine/vault/format/log-codec.ts";
import { appendEntry } from "../../../../engine/vault/log/append.ts";
import type { AppendFacts } from "../../../../engine/vault/log/append.ts";
import { readLog } from "../../../../engine/vault/log/log.ts";
import type { Log } from "../../../../engine/vault/log/log.ts";
import type { LoggedEntry } from "../../../../engine/vault/format/logged-entry.ts";
import { agentKinds, ownerKinds } from "../../../../engine/vault/format/roles.ts";
import type { Signing } from "../../../../engine/vault/format/signed-text.ts";
import type { Ref } from "../../../../engine/vault/format/ref.ts";
import { memoryStore } from "../../../support/memory-store.ts";
import type { MemoryStore } from "../../../support/memory-store.ts";

export const cryptography = nodeCryptography();
export const vaultId = "6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c";
export const organization = { id: "0f3a7a1e-3d0e-4b1c-9f57-6a9e54b5d1a3", url: "https://dev.azure.com/fabrikam" };

/** A clock that stands still until it is set; one second passes with every look, as time does. */
export interface TestClock extends Clock {
  time: number;
}

export function testClock(start = "2026-11-22T18:05:44.000Z"): TestClock {
  const clock: TestClock = {
    time: Date.parse(start),
    now: () => new Date((clock.time += 1000)),
    monotonicMs: () => clock.time,
    sleep: async (ms) => void (clock.time += ms),
  };
  return clock;
}

export interface TestKeys {
  readonly set: KeySet;
  readonly agent: AgentKeys;
  readonly owner: OwnerKeys;
}

export async function someKeys(): Promise<TestKeys> {
  const set = await makeKeySet(cryptography);
  const agent = await parseAgentKey(set.agentKey, cryptography);
  return { set, agent, owner: await parseOwnerKey(set.ownerKey, cryptography) };
}

export interface LogVault {
  readonly store: MemoryStore;
  readonly clock: TestClock;
  readonly keys: TestKeys;
  facts(overrides?: Partial<AppendFacts>): AppendFacts;
  read(overrides?: Partial<AppendFacts>): Promise<Log>;
  append(body: EntryBody, overrides?: Partial<AppendFacts>): Promise<LoggedEntry>;
}

/** A vault with a genesis entry, its log and nothing else. */
export async function aLogVault(
  options: { readonly versioned?: boolean; readonly through?: (store: MemoryStore) => ObjectStore } = {},
): Promise<LogVault> {
  const clock = testClock();
  const store = memoryStore({ clock, versioned: options.versioned ?? false });
  const keys = await someKeys();
  const used = options.through?.(store) ?? store;
  const vault: LogVault = {
    store,
    clock,
    keys,
    facts: (overrides = {}) => ({
      store: used,
      cryptography,
      vault: vaultId,
      clock,
      signing: keys.agent,
      by: { tool: "0.1.0", build: "Backup_1", run: "20261122T180544Z-7f3a9c1e" },
      ...overrides,
    }),
    read: (overrides) => readLog(vault.facts(overrides)),
    append: async (body, overrides) => {
      const facts = vault.facts(overrides);
      const appended = await appendEntry(facts, await readLog(facts), async () => body);
      if (appended.entry === undefined) throw new Error("nothing was appended");
      return appended.entry;
    },
  };
  await vault.append(genesisBody(keys));
  return vault;
}

/** Their signers, each pinned as what it is. */
export function pinsOf({ agent, owner }: Pick<TestKeys, "agent" | "owner">): readonly PinnedSigner[] {
  return [
    { role: "agent", signer: agent.signer },
    { role: "owner", signer: owner.signer },
  ];
}

export function genesisBody({ set, agent, owner }: TestKeys): EntryBody {
  return {
    kind: "genesis",
    genesis: {
      format: 1,
      minReader: 1,
      recipients: [set.recoveryRecipient],
      catalogue: agent.catalogueRecipient,
      signers: [
        { pub: agent.signer, may: agentKinds },
        { pub: owner.signer, may: ownerKinds },
      ],
      organization,
      project: { id: vaultId },
    },
  };
}

export function aRef(overrides: Partial<Ref> = {}): Ref {
  return {
    o: "20261122T180544Z-7f3a9c1e/00-000001.ndjson.gz.age",
    n: 400,
    h: "a".repeat(64),
    hl: 200,
    hh: "b".repeat(64),
    ...overrides,
  };
}

export function aSnapshotBody(parent: number | null = null): Extract<EntryBody, { kind: "snapshot" }> {
  return {
    kind: "snapshot",
    snapshot: {
      parent,
      status: "complete",
      window: ["2026-11-22T18:05:44Z", "2026-11-22T18:06:44Z"],
      index: aRef(),
      sum: {
        streams: 1,
        changed: 1,
        failed: 0,
        stale: 0,
        missing: 0,
        deleted: 0,
        skipped: 0,
        items: 1,
        newBytes: 1,
        totalBytes: 1,
      },
      anomaly: [],
    },
  };
}

export function anIncidentBody(code = "OBJECT_MISSING"): EntryBody {
  return { kind: "incident", incident: { code, objects: [], snapshots: [] } };
}

export function asOwner(keys: TestKeys): { readonly signing: Signing } {
  return { signing: keys.owner };
}
