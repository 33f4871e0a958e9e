import type { JsonWebKeyInput, KeyObject, PrivateKeyInput } from "node:crypto";
import { concat, fromBase64Url, fromHex, toBase64Url } from "../foundation/bytes.ts";

/**
 * Raw keys of curve 25519 for node:crypto. Public keys go in and out as JWK, which OpenSSL takes ten times faster
 * than DER; a private JWK would have to bring its public key along, so private ones go as DER (RFC 8410).
 */
const objectIds = { X25519: "2b656e", Ed25519: "2b6570" } as const;
type Curve = keyof typeof objectIds;

export function privateKeyFromRaw(curve: Curve, secret: Uint8Array): PrivateKeyInput {
  const prefix = fromHex(`302e02010030050603${objectIds[curve]}04220420`) ?? new Uint8Array(0);
  return { key: Buffer.from(concat([prefix, secret])), format: "der", type: "pkcs8" };
}

export function publicKeyFromRaw(curve: Curve, publicKey: Uint8Array): JsonWebKeyInput {
  return { key: { kty: "OKP", crv: curve, x: toBase64Url(publicKey) }, format: "jwk" };
}

export function rawPublicKey(key: KeyObject): Uint8Array {
  return fromBase64Url(key.export({ format: "jwk" }).x ?? "") ?? new Uint8Array(0);
}
