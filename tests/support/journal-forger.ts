/**
 * Somebody who may create and read objects in the container, holds no key, and knows the program: recipients stand in
 * clear in the log, so he can seal whatever he likes, in every form that journals have or had.
 */
import { deflateRawSync } from "node:zlib";
import { chunksOf, readAll, toBase64, toHex, utf8 } from "../../engine/foundation/bytes.ts";
import { canonicalJson, type JsonObject } from "../../engine/foundation/json.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { sha256Hex } from "../../engine/crypto/cryptography.ts";
import type { ObjectStore } from "../../engine/store/object-store.ts";

const cryptography = nodeCryptography();

export interface Forger {
  readonly store: ObjectStore;
  readonly vault: string;
  /** `age1…`, as the log shows it. */
  readonly recipient: string;
}

/** Steps as a plan's journal keeps them. */
export function packed(steps: readonly object[]): JsonObject {
  const text = steps.map((step) => JSON.stringify(step)).join("\n");
  return { count: steps.length, deflated: steps.length === 0 ? [] : [deflateRawSync(text).toString("base64")] };
}

/**
 * Plants a whole journal of the restore: in the form in which the first object brought its own key, under every name
 * that can be known, and in today's form under a key of the forger's.
 */
export async function plantJournal(
  { store, vault, recipient }: Forger,
  restore: string,
  bodies: readonly JsonObject[],
): Promise<void> {
  const macKey = cryptography.randomBytes(32);
  for (const type of ["azdo-vault/journal/v1", "azdo-vault/journal/v2"]) {
    let prev: string | null = null;
    for (const [n, body] of bodies.entries()) {
      const secret = n === 0 ? { macKey: toBase64(macKey) } : {};
      const line = canonicalJson({ type, vault, restore, n, prev, body, ...secret });
      const mac = toHex(await cryptography.hmacSha256(macKey, utf8(line)));
      const sealing = await cryptography.seal([recipient], chunksOf(utf8(`${line}\n${mac}\n`)));
      const sealed = await readAll(sealing.chunks, 1 << 28);
      prev = sha256Hex(cryptography, sealed);
      const digits = String(n).padStart(6, "0");
      const name = type.endsWith("v1") ? digits : `${digits}-${await guessedTag(macKey, { vault, restore, n })}`;
      await store.create(`${vault}/restores/${restore}/${name}.json`, sealed);
    }
  }
}

/** The tag that an object's name would have, were the forger's key the right one. */
async function guessedTag(macKey: Uint8Array, facts: JsonObject): Promise<string> {
  return toHex(await cryptography.hmacSha256(macKey, utf8(canonicalJson(facts)))).slice(0, 32);
}
