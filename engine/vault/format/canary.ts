/**
 * Key canaries: one small object per recovery recipient, sealed to that recipient alone. Opening one proves, long
 * before the day it matters, that a recovery key is the one the vault seals to. It proves nothing else: anybody
 * who knows a recipient can seal to it.
 */
import { chunksOf, equalBytes, readAll, utf8 } from "../../foundation/bytes.ts";
import { hasCode } from "../../foundation/errors.ts";
import type { Cryptography } from "../../crypto/cryptography.ts";
import { fingerprint } from "../../crypto/keys.ts";
import { readObject } from "../../store/object-store.ts";
import type { ObjectReader, ObjectStore } from "../../store/object-store.ts";
import { canaryName, canaryPrefix } from "./layout.ts";

const maxCanaryBytes = 4096;

export interface CanaryPlace {
  readonly store: ObjectReader;
  readonly cryptography: Cryptography;
  readonly vault: string;
}

export interface CanaryCheck {
  readonly recipient: string;
  readonly fingerprint: string;
  /** `not-tried`: no identity of this recipient was given, but it is there and as large as ours are. */
  readonly state: "opened" | "missing" | "damaged" | "not-tried";
}

/** Writes the canaries that are not there yet. */
export async function writeCanaries(
  place: CanaryPlace & { readonly store: ObjectStore },
  recipients: readonly string[],
): Promise<void> {
  const { store, cryptography, vault } = place;
  const present = new Set<string>();
  for await (const { name } of store.list(canaryPrefix(vault))) present.add(name);
  for (const recipient of recipients) {
    const name = canaryName(vault, fingerprint(recipient));
    if (present.has(name)) continue;
    const sealing = await cryptography.seal([recipient], chunksOf(canaryText(vault, recipient)));
    const bytes = await readAll(sealing.chunks, maxCanaryBytes);
    await store.create(name, bytes).catch(ignoreOtherWriter);
  }
}

/** Tries to open the canary of each recipient with the given recovery identities. */
export async function checkCanaries(
  place: CanaryPlace,
  recipients: readonly string[],
  identities: readonly string[],
): Promise<readonly CanaryCheck[]> {
  const { cryptography } = place;
  const byRecipient = new Map<string, string>();
  for (const identity of identities) byRecipient.set(await cryptography.recipientOf(identity), identity);
  const checks: CanaryCheck[] = [];
  for (const recipient of recipients) {
    const identity = byRecipient.get(recipient);
    const state = await (identity === undefined
      ? lookAtCanary(place, recipient)
      : openCanary(place, recipient, identity));
    checks.push({ recipient, fingerprint: fingerprint(recipient), state });
  }
  return checks;
}

/** What can be told without the key: sealed to one recipient, all of them are equally large. */
async function lookAtCanary(
  { store, cryptography, vault }: CanaryPlace,
  recipient: string,
): Promise<CanaryCheck["state"]> {
  const info = await store.info(canaryName(vault, fingerprint(recipient)));
  if (info === undefined) return "missing";
  const sealing = await cryptography.seal([recipient], chunksOf(canaryText(vault, recipient)));
  const { length } = await readAll(sealing.chunks, maxCanaryBytes);
  return info.length === length ? "not-tried" : "damaged";
}

async function openCanary(
  { store, cryptography, vault }: CanaryPlace,
  recipient: string,
  identity: string,
): Promise<CanaryCheck["state"]> {
  try {
    const sealed = await readObject(store, canaryName(vault, fingerprint(recipient)), maxCanaryBytes);
    const opened = await readAll(cryptography.open([identity], chunksOf(sealed)), maxCanaryBytes);
    return equalBytes(opened, canaryText(vault, recipient)) ? "opened" : "damaged";
  } catch (error) {
    if (hasCode(error, "STORE_NOT_FOUND")) return "missing";
    if (hasCode(error, "KEY_MISMATCH", "SEALED_DAMAGED") || error instanceof RangeError) return "damaged";
    throw error;
  }
}

function canaryText(vault: string, recipient: string): Uint8Array {
  return utf8(`project-backup canary v1\n${vault}\n${recipient}\n`);
}

function ignoreOtherWriter(error: unknown): void {
  if (hasCode(error, "STORE_EXISTS")) return; // another run sealed its own just now
  throw error;
}
