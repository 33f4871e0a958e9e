import * as vectors from "cctv-age";
import { inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { concat } from "../../engine/foundation/bytes.ts";
import { openStart } from "../../engine/crypto/age-header.ts";
import { sha256Hex } from "../../engine/crypto/cryptography.ts";
import { blocksOf, nonceOf, openChunk, sealedChunkBytes } from "../../engine/native/age-payload.ts";
import { ageIdentity, openAgeHeader, payloadKeyOf } from "../../engine/native/age-x25519.ts";
import { implementations, inPieces, node, opened } from "../unit/crypto/support.ts";

/** The community's test vectors for age (C2SP CCTV): a text header with what to expect, then the age file. */
interface Vector {
  readonly name: string;
  readonly expect: string;
  readonly payload: string | undefined;
  readonly identities: readonly string[];
  readonly file: Uint8Array;
  readonly scope: string;
}

const inScope = "in scope";
const armour = "ASCII armour, which vaults do not use";
const passphrase = "passphrases (scrypt): refused, see below";
const postQuantum = "post-quantum keys, which vaults do not use";

const all = Object.entries(vectors).map(([name, content]) => parse(name, content));
const tested = all.filter(({ scope }) => scope === inScope);

function parse(name: string, content: Uint8Array): Vector {
  const bytes = Buffer.from(content);
  const end = bytes.indexOf("\n\n");
  const facts = bytes
    .subarray(0, end)
    .toString()
    .split("\n")
    .map((line) => line.split(": "));
  const values = (key: string): readonly string[] =>
    facts.flatMap(([found, value = ""]) => (found === key ? [value] : []));
  const file = bytes.subarray(end + 2);
  return {
    name,
    expect: values("expect")[0] ?? "",
    payload: values("payload")[0],
    identities: values("identity"),
    file: values("compressed")[0] === "zlib" ? inflateSync(file) : file,
    scope: scopeOf(values),
  };
}

function scopeOf(values: (key: string) => readonly string[]): string {
  if (values("armored").length > 0) return armour;
  if (values("passphrase").length > 0) return passphrase;
  return values("identity").some((identity) => identity.includes("-PQ-")) ? postQuantum : inScope;
}

const codes: Readonly<Record<string, RegExp | undefined>> = {
  "no match": /^KEY_MISMATCH$/,
  "HMAC failure": /^SEALED_DAMAGED$/,
  "header failure": /^SEALED_DAMAGED$/,
  "payload failure": /^SEALED_DAMAGED$/,
};

test("the vectors in scope and out of scope are those we know of", () => {
  const counts = Object.fromEntries(
    [inScope, armour, passphrase, postQuantum].map((scope) => [
      scope,
      all.filter((vector) => vector.scope === scope).length,
    ]),
  );
  expect(counts).toEqual({ [inScope]: 67, [armour]: 33, [passphrase]: 25, [postQuantum]: 18 });
});

/** Every chunk that is authentic, a full one as an inner or as the last, a short one as the last. */
async function authenticChunks(file: Uint8Array, identities: readonly string[]): Promise<Uint8Array> {
  const { opened: key, payload } = await openStart(inPieces(file), ({ header, nonce }) =>
    payloadKeyOf(openAgeHeader(header, identities.map(ageIdentity)), nonce),
  );
  const chunks: Uint8Array[] = [];
  for await (const { bytes } of blocksOf(payload, sealedChunkBytes)) {
    const isFull = bytes.length === sealedChunkBytes;
    const inner = isFull ? openChunk(key, nonceOf(chunks.length, false), bytes) : undefined;
    const chunk = inner ?? openChunk(key, nonceOf(chunks.length, true), bytes);
    if (chunk !== undefined) chunks.push(chunk);
    if (inner === undefined) break;
  }
  return concat(chunks);
}

describe.each(implementations)("age vectors opened by $name", ({ cryptography }) => {
  test.each(tested)("$name: $expect", async ({ expect: expected, payload, identities, file }) => {
    const { released, error } = await opened(cryptography, identities, inPieces(file, 30_000));
    const code = codes[expected];
    if (code === undefined) expect(error).toBeUndefined();
    else expect(error).toMatchObject({ code: expect.stringMatching(code) as string });
    if (payload === undefined) return;
    const plaintext = await authenticChunks(file, identities);
    expect(sha256Hex(node, plaintext)).toBe(payload);
    // Of a damaged file less may come out, since a last chunk counts only when nothing follows; never anything else.
    const allowed = code === undefined ? plaintext : plaintext.subarray(0, released.length);
    expect(Buffer.compare(released, allowed)).toBe(0);
  });

  test("passphrase files are refused at once, whatever their work factor", async () => {
    const files = all.filter(({ scope, name }) => scope === passphrase && name !== "scrypt_uppercase");
    const known = tested.find(({ name }) => name === "x25519");
    for (const { file, name } of files) {
      const { error } = await opened(cryptography, known?.identities ?? [], inPieces(file, 100));
      expect(error, name).toMatchObject({ code: "SEALED_DAMAGED" });
    }
  });

  test("files for post-quantum keys are not ours to open, but one that is for X25519 as well is", async () => {
    const known = tested.find(({ name }) => name === "x25519");
    for (const { file, name } of all.filter(({ scope }) => scope === postQuantum)) {
      const { error } = await opened(cryptography, known?.identities ?? [], inPieces(file, 100));
      const isBoth = name === "hybrid_and_x25519";
      if (!isBoth)
        expect(error, name).toMatchObject({ code: expect.stringMatching(/KEY_MISMATCH|SEALED_DAMAGED/) as string });
    }
  });
});
