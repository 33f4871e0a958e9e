/**
 * Whether states are what their digests were made of. A backup carries a stream whose digest has not changed, so a state
 * that is not its digest's would be carried from run to run. Only the agent key's holder can tell.
 */
import { forEachConcurrent } from "../../foundation/concurrency.ts";
import type { Finding, ResourceKind } from "../../kinds/kind.ts";
import { kindOfStream } from "../../kinds/registry.ts";
import { writtenAt } from "../../vault/snapshots/chain-rules.ts";
import { readState } from "../../vault/objects/index-file.ts";
import { type Log } from "../../vault/log/log.ts";
import { entriesOf } from "../../vault/format/logged-entry.ts";
import { maySign } from "../../vault/format/roles.ts";
import type { VaultAccess } from "../../vault/objects/sealed-objects.ts";
import type { FilesState } from "../../vault/format/state.ts";
import { keyedDigest } from "../../vault/streams/vault-stream-writer.ts";
import type { Gathered, StoredState } from "./gather-objects.ts";
import { filesOf, isFiles } from "../../vault/format/stream-ids.ts";
import { isStoredDamage } from "../../vault/format/stored-damage.ts";

export interface DigestFacts {
  readonly access: VaultAccess;
  readonly log: Log;
  readonly gathered: Gathered;
  readonly macKey: Uint8Array;
  readonly kinds: readonly ResourceKind[];
  readonly parallelism: number;
}

/** By stream. States from before the newest change of keys have another key's digests; so may a vault of several agents. */
export async function digestFindings(facts: DigestFacts): Promise<readonly Finding[]> {
  const { log, gathered, parallelism } = facts;
  const agents = [...log.roles.keys()].filter((signer) => maySign(log.roles, signer, "snapshot"));
  if (agents.length !== 1) return [];
  const changedMs = Date.parse(entriesOf(log, "keys").at(-1)?.entry.srv ?? "");
  const findings: Finding[] = [];
  const current = [...gathered.states.values()].filter(
    ({ line }) => line.state !== undefined && !(writtenAt(line.state).getTime() < changedMs),
  );
  await forEachConcurrent(current, Math.max(1, parallelism), async (stored) => {
    if (await isOther(stored, facts)) findings.push(otherState(stored));
  });
  return findings;
}

async function isOther({ line }: StoredState, { access, gathered, macKey, kinds }: DigestFacts): Promise<boolean> {
  const kind = isFiles(line.s) ? undefined : kindOfStream(line.s, kinds);
  if (kind?.holdsDigest === undefined || line.t === undefined || line.state === undefined) return false;
  const digestOf = (value: unknown): Promise<string> => keyedDigest(access.cryptography, macKey, value);
  try {
    const state = await readState(access, line.state);
    if (await kind.holdsDigest(state, [], { digest: line.t, digestOf })) return false;
    const files = await filesStatesOf(line.s, { access, gathered });
    return !(await kind.holdsDigest(state, files, { digest: line.t, digestOf }));
  } catch (error) {
    if (!isStoredDamage(error)) throw error;
    return false; // told already as what it is
  }
}

async function filesStatesOf(
  stream: string,
  { access, gathered }: Pick<DigestFacts, "access" | "gathered">,
): Promise<readonly FilesState[]> {
  const files: FilesState[] = [];
  for (const { line } of gathered.states.values()) {
    if (line.s !== filesOf(stream) || line.state === undefined) continue;
    const found = await readState(access, line.state);
    if (found.kind === "files") files.push(found);
  }
  return files;
}

function otherState({ line, snapshot }: StoredState): Finding {
  return {
    stream: line.s,
    code: "STATE_DIGEST",
    message: `The state ${line.state?.o ?? ""} is not the one that its digest was made of; concerns snapshot ${snapshot.entry.by.run}. Somebody who holds the agent key has written it: restore this stream from an earlier snapshot`,
    severity: "damage",
  };
}
