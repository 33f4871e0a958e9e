/**
 * Run ids (docs/format.md 3.10). All attempts and shards of one build share one run, so that a rerun resumes: whoever
 * comes first writes the run id under a name made of the build id, everybody else reads it. The claim is signed,
 * because a planted one could name a run that has long been committed and so make a backup do nothing.
 */
import { toHex, utf8 } from "../../foundation/bytes.ts";
import { BackupError, hasCode } from "../../foundation/errors.ts";
import { canonicalJson, stringAt } from "../../foundation/json.ts";
import type { Cryptography } from "../../crypto/cryptography.ts";
import { sha256Hex } from "../../crypto/cryptography.ts";
import { readObject } from "../../store/object-store.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { isRunId, runClaimName } from "../format/layout.ts";
import { signerAmong, signText, splitSigned } from "../format/signed-text.ts";
import type { Signing } from "../format/signed-text.ts";
import { Malformed, parseCanonical } from "../format/strict-json.ts";

const claimType = "azdo-vault/run/v1";
const maxClaimBytes = 4096;
const maxSquatters = 16;

export interface RunFacts {
  readonly store: ObjectStore;
  readonly cryptography: Cryptography;
  readonly vault: string;
  readonly signing: Signing;
  /** What all attempts and shards of one build have in common; without it every call is a run of its own. */
  readonly build?: string | undefined;
}

export interface ChosenRun {
  /** `<UTC of the storage service>-<8 hex>`. */
  readonly run: string;
  /** An earlier attempt or another shard of the same build chose it. */
  readonly shared: boolean;
}

/** Throws RUN_CLAIM when every name for the claim is taken by something else. */
export async function chooseRun(facts: RunFacts): Promise<ChosenRun> {
  const { store, cryptography, vault, signing, build } = facts;
  const fresh = newRunId(await store.serviceTime(), cryptography);
  if (build === undefined) return { run: fresh, shared: false };
  for (let number = 0; number < maxSquatters; number += 1) {
    const hash = sha256Hex(cryptography, utf8(canonicalJson([build, number])));
    const name = runClaimName(vault, hash);
    const known = await claimedRun(facts, name, hash);
    if (known !== undefined) return { run: known, shared: true };
    const claim = await signText(cryptography, signing.signingSeed, {
      type: claimType,
      vault,
      build: hash,
      run: fresh,
    });
    if (await created(store, name, claim)) return { run: fresh, shared: false };
    const winner = await claimedRun(facts, name, hash);
    if (winner !== undefined) return { run: winner, shared: true };
  }
  throw new BackupError({
    code: "RUN_CLAIM",
    message: `Vault ${vault} holds ${maxSquatters} objects in place of this build's run id, none of them signed by its agent key`,
    hint: "Find out who can write to the container, delete the objects under runs/ that are not yours, then run again.",
  });
}

/** Undefined when nothing is there, or something that this agent key has not signed. */
async function claimedRun(facts: RunFacts, name: string, hash: string): Promise<string | undefined> {
  const { store, cryptography, vault, signing } = facts;
  const bytes = await smallObject(store, name);
  const text = bytes === undefined ? undefined : splitSigned(bytes);
  if (text === undefined || (await signerAmong(cryptography, text, [signing.signer])) === undefined) return undefined;
  try {
    const claim = parseCanonical(text.line);
    const run = stringAt(claim, "run") ?? "";
    const isOurs = claim.type === claimType && claim.vault === vault && claim.build === hash;
    return isOurs && isRunId(run) ? run : undefined;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

async function smallObject(store: ObjectStore, name: string): Promise<Uint8Array | undefined> {
  try {
    return await readObject(store, name, maxClaimBytes);
  } catch (error) {
    if (hasCode(error, "STORE_NOT_FOUND") || error instanceof RangeError) return undefined;
    throw error;
  }
}

async function created(store: ObjectStore, name: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await store.create(name, bytes);
    return true;
  } catch (error) {
    if (hasCode(error, "STORE_EXISTS")) return false;
    throw error;
  }
}

function newRunId(time: Date, cryptography: Cryptography): string {
  const utc = time
    .toISOString()
    .replace(/\.[0-9]+/, "")
    .replaceAll(/[-:]/g, "");
  return `${utc}-${toHex(cryptography.randomBytes(4))}`;
}
