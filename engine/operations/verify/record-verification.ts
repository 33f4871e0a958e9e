/** A verification's result as a signed entry of the log: proof for auditors that does not hang on a pipeline run. */
import type { AgentKeys } from "../../crypto/keys.ts";
import type { Cryptography } from "../../crypto/cryptography.ts";
import type { Clock } from "../../foundation/clock.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import type { SnapshotImmutability, ToldImmutability } from "../../vault/format/immutability.ts";
import { appendEntry } from "../../vault/log/append.ts";
import { readLog } from "../../vault/log/log.ts";
import { snapshotOfRun } from "../../vault/snapshots/snapshots.ts";
import type { VerifiedImmutability, VerifyResult } from "../results.ts";

export interface RecordFacts {
  readonly store: ObjectStore;
  readonly cryptography: Cryptography;
  readonly clock: Clock;
  readonly agentKeys: AgentKeys;
  readonly by: { readonly tool: string; readonly build: string };
}

/** Entries stay small: of the snapshots that were verified, the newest are told of. */
const maxSnapshots = 200;

/** Throws what appendEntry throws: a vault whose log is damaged takes no entry. */
export async function recordVerification(result: VerifyResult, facts: RecordFacts): Promise<void> {
  const { store, cryptography, clock, agentKeys, by } = facts;
  const place = { store, cryptography, vault: result.vault };
  if (result.log.some(({ severity }) => severity === "damage")) return; // found with the pins; it stands in the report
  const log = await readLog(place);
  if (log.problems.some(({ blocksWriting }) => blocksWriting)) return;
  const only = result.snapshots.length === 1 ? snapshotOfRun(log, result.snapshots[0] ?? "") : undefined;
  const signing = { signingSeed: agentKeys.signingSeed, signer: agentKeys.signer };
  await appendEntry({ ...place, clock, signing, by: { ...by, run: "verification" } }, log, async (newest) =>
    newest.head !== undefined && newest.head.seq > (log.head?.seq ?? 0)
      ? undefined
      : {
          kind: "verification",
          verification: {
            snapshot: only?.entry.seq ?? "all",
            level: result.level,
            sample: result.sample,
            checked: result.checkedObjects,
            damaged: result.damaged,
            immutability: recorded(result.immutability),
          },
        },
  );
}

function recorded({ container, snapshots }: VerifiedImmutability): ToldImmutability {
  return { container, snapshots: snapshots.slice(-maxSnapshots).map(withoutId) };
}

function withoutId(told: VerifiedImmutability["snapshots"][number]): SnapshotImmutability {
  const { snapshot, objects, unprotected, unlocked, held, until } = told;
  return { snapshot, objects, unprotected, unlocked, held, until };
}
