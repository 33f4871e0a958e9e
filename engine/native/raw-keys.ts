import type { KeyObject, PrivateKeyInput, PublicKeyInput } from "node:crypto";
import { concat, fromHex } from "../foundation/bytes.ts";

/** node:crypto takes keys in DER only; for curve 25519 the wrapping is a fixed prefix (RFC 8410). */
const objectIds = { x25519: "2b656e", ed25519: "2b6570" } as const;
type Curve = keyof typeof objectIds;

export function privateKeyFromRaw(curve: Curve, secret: Uint8Array): PrivateKeyInput {
  return { key: der(`302e02010030050603${objectIds[curve]}04220420`, secret), format: "der", type: "pkcs8" };
}

export function publicKeyFromRaw(curve: Curve, publicKey: Uint8Array): PublicKeyInput {
  return { key: der(`302a30050603${objectIds[curve]}032100`, publicKey), format: "der", type: "spki" };
}

export function rawPublicKey(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ format: "der", type: "spki" }).subarray(-32));
}

function der(prefix: string, raw: Uint8Array): Buffer {
  return Buffer.from(concat([fromHex(prefix) ?? raw, raw]));
}
