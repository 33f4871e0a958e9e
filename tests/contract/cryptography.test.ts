import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { chunksOf, concat, toHex, utf8 } from "../../engine/foundation/bytes.ts";
import { encodeRecipient, fingerprint } from "../../engine/crypto/age-keys.ts";
import { sha256Hex } from "../../engine/crypto/cryptography.ts";
import type { KeyPair } from "../unit/crypto/support.ts";
import {
  all,
  edgeSizes,
  flipped,
  implementations,
  inPieces,
  newKeyPair,
  node,
  opened,
  sampleBytes,
  sealed,
  web,
} from "../unit/crypto/support.ts";

let key: KeyPair;
let other: KeyPair;
beforeAll(async () => {
  key = await newKeyPair();
  other = await newKeyPair();
});

describe.each(implementations)("sealing by $name", ({ cryptography }) => {
  test.each(edgeSizes)("opens %i bytes again, with both implementations", async (size) => {
    const plaintext = sampleBytes(size);
    const object = await sealed(cryptography, [key.recipient, other.recipient], inPieces(plaintext, 1000, 70_000, 1));
    expect(object.header.sha256).toBe(sha256Hex(node, object.bytes.subarray(0, object.header.length + 16)));
    expect(new TextDecoder().decode(object.bytes.subarray(object.header.length - 1, object.header.length))).toBe("\n");
    for (const opener of [node, web]) {
      const result = await opened(opener, [other.identity], inPieces(object.bytes, 4096, 1, 65_552));
      expect(result.error).toBeUndefined();
      expect(sha256Hex(node, result.released)).toBe(sha256Hex(node, plaintext));
    }
  });

  test("makes a file as long as the age format says", async () => {
    for (const size of edgeSizes) {
      const { bytes, header } = await sealed(cryptography, [key.recipient], chunksOf(sampleBytes(size)));
      const chunks = Math.max(1, Math.ceil(size / 65_536));
      expect(bytes.length).toBe(header.length + 16 + size + 16 * chunks);
    }
  });

  test("never makes the same file twice", async () => {
    const once = await sealed(cryptography, [key.recipient], chunksOf(sampleBytes(100)));
    const again = await sealed(cryptography, [key.recipient], chunksOf(sampleBytes(100)));
    expect(toHex(once.bytes)).not.toBe(toHex(again.bytes));
    expect(once.header.sha256).not.toBe(again.header.sha256);
  });

  test("passes on a failure of the source and yields no whole file", async () => {
    const failure = new Error("the source broke");
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield sampleBytes(200_000);
      throw failure;
    }
    const { chunks } = await cryptography.seal([key.recipient], broken());
    await expect(all(chunks)).rejects.toBe(failure);
  });

  test("closes the source when the reader stops early", async () => {
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield sampleBytes(70_000);
      } finally {
        closed = true;
      }
    }
    const { chunks } = await cryptography.seal([key.recipient], endless());
    let seen = 0;
    for await (const chunk of chunks) {
      seen += chunk.length;
      if (seen > 200_000) break;
    }
    await expect.poll(() => closed).toBe(true);
  });

  test.each([
    ["no recipient", []],
    ["an identity", [`AGE-SECRET-KEY-1${"Q".repeat(58)}`]],
    ["a mistyped recipient", ["age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"]],
    ["a point of low order", [encodeRecipient(new Uint8Array(32))]],
  ])("refuses %s", async (_, recipients) => {
    await expect(cryptography.seal(recipients, chunksOf(sampleBytes(1)))).rejects.toMatchObject({ code: "KEY_FORM" });
  });

  test("names the recipient of an identity", async () => {
    await expect(cryptography.recipientOf(key.identity)).resolves.toBe(key.recipient);
    await expect(cryptography.recipientOf(key.recipient)).rejects.toMatchObject({ code: "KEY_FORM" });
    await expect(cryptography.recipientOf(key.identity.toLowerCase())).rejects.toMatchObject({ code: "KEY_FORM" });
  });
});

describe.each(implementations)("opening by $name", ({ cryptography }) => {
  const size = 150_000;
  const plaintext = sampleBytes(size);
  let bytes: Uint8Array;
  let headerLength: number;
  beforeAll(async () => {
    const object = await sealed(node, [key.recipient], chunksOf(plaintext));
    bytes = object.bytes;
    headerLength = object.header.length;
  });

  test("tries every identity it is given", async () => {
    const strangers = await Promise.all([newKeyPair(), newKeyPair()]);
    const identities = [...strangers.map(({ identity }) => identity), key.identity];
    const { released, error } = await opened(cryptography, identities, chunksOf(bytes));
    expect(error).toBeUndefined();
    expect(toHex(released)).toBe(toHex(plaintext));
  });

  test("says which keys did not fit, without a key in the text", async () => {
    const { released, error } = await opened(cryptography, [other.identity], chunksOf(bytes));
    expect(released).toHaveLength(0);
    expect(error).toMatchObject({ code: "KEY_MISMATCH" });
    expect(String(error)).toContain(fingerprint(other.recipient));
    expect(String(error)).not.toContain("AGE-SECRET");
    expect((await opened(cryptography, [], chunksOf(bytes))).error).toMatchObject({ code: "KEY_MISMATCH" });
  });

  test("refuses an identity of the wrong form", async () => {
    const { error } = await opened(cryptography, [key.recipient], chunksOf(bytes));
    expect(error).toMatchObject({ code: "KEY_FORM" });
  });

  test("notices a flipped bit anywhere and lets out nothing that is not authentic", async () => {
    const positions = [
      ...Array.from({ length: Math.ceil(headerLength / 7) }, (_, index) => index * 7),
      ...[0, 15, 16, 17, 65_551, 65_552, 65_567, 65_568, 131_119, 131_120].map((at) => headerLength + at),
      bytes.length - 17,
      bytes.length - 16,
      bytes.length - 1,
    ];
    for (const position of positions) {
      const { released, error } = await opened(cryptography, [key.identity], chunksOf(flipped(bytes, position)));
      expect(error, `position ${position}`).toMatchObject({
        code: expect.stringMatching(/^(SEALED_DAMAGED|KEY_MISMATCH)$/) as string,
      });
      expect(toHex(released)).toBe(toHex(plaintext.subarray(0, released.length)));
      expect(released.length).toBeLessThan(size);
    }
  });

  test("notices a truncation at any length", async () => {
    const chunkEnds = [0, 16, 17, 16 + 65_552, 16 + 65_553, 16 + 2 * 65_552, 16 + 2 * 65_552 + 16];
    const lengths = [
      0,
      1,
      21,
      22,
      100,
      headerLength - 1,
      ...chunkEnds.map((at) => headerLength + at),
      bytes.length - 1,
    ];
    for (const length of lengths) {
      const { released, error } = await opened(cryptography, [key.identity], chunksOf(bytes.subarray(0, length)));
      expect(error, `length ${length}`).toMatchObject({ code: "SEALED_DAMAGED" });
      expect(toHex(released)).toBe(toHex(plaintext.subarray(0, released.length)));
    }
  });

  test.each([1, 15, 16, 17, 65_552])("notices %i more bytes at the end", async (extra) => {
    const longer = concat([bytes, sampleBytes(extra)]);
    expect((await opened(cryptography, [key.identity], chunksOf(longer))).error).toMatchObject({
      code: "SEALED_DAMAGED",
    });
  });

  test("notices exchanged and repeated chunks", async () => {
    const payload = headerLength + 16;
    const [start, first, second, last] = [
      bytes.subarray(0, payload),
      bytes.subarray(payload, payload + 65_552),
      bytes.subarray(payload + 65_552, payload + 2 * 65_552),
      bytes.subarray(payload + 2 * 65_552),
    ];
    for (const parts of [
      [start, second, first, last],
      [start, first, last],
      [start, first, first, last],
      [start, first, second, second, last],
      [start, last],
    ]) {
      const { error } = await opened(cryptography, [key.identity], chunksOf(concat(parts)));
      expect(error).toMatchObject({ code: "SEALED_DAMAGED" });
    }
  });

  test("passes on a failure of the source and does not call it damage", async () => {
    const failure = new Error("connection reset");
    async function* broken(end: number): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, end);
      throw failure;
    }
    for (const end of [0, 50, headerLength + 20, headerLength + 100_000]) {
      expect((await opened(cryptography, [key.identity], broken(end))).error).toBe(failure);
    }
  });

  test("closes the source on a mismatch, on damage, and when the reader stops early", async () => {
    let closed = 0;
    async function* counted(content: Uint8Array): AsyncGenerator<Uint8Array> {
      try {
        yield* inPieces(content, 1000);
        for (;;) yield content;
      } finally {
        closed += 1;
      }
    }
    await opened(cryptography, [other.identity], counted(bytes));
    await expect.poll(() => closed).toBe(1);
    await opened(cryptography, [key.identity], counted(flipped(bytes, 5)));
    await expect.poll(() => closed).toBe(2);
    await opened(cryptography, [key.identity], counted(flipped(bytes, headerLength + 30)));
    await expect.poll(() => closed).toBe(3);
    for await (const chunk of cryptography.open([key.identity], counted(bytes))) if (chunk.length > 0) break;
    await expect.poll(() => closed).toBe(4);
  });

  test("refuses passphrase files without computing anything", async () => {
    const salt = "AAAAAAAAAAAAAAAAAAAAAA";
    const body = "A".repeat(43);
    const file = utf8(`age-encryption.org/v1\n-> scrypt ${salt} 30\n${body}\n--- ${body}\n`);
    const started = performance.now();
    const { error } = await opened(cryptography, [key.identity], chunksOf(concat([file, sampleBytes(100)])));
    expect(error).toMatchObject({ code: "SEALED_DAMAGED" });
    expect(String(error)).toContain("passphrase");
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test("gives up on headers without end or with countless stanzas", async () => {
    const endless = concat([utf8("age-encryption.org/v1\n-> X25519 "), utf8("A".repeat(100_000))]);
    expect((await opened(cryptography, [key.identity], inPieces(endless, 5000))).error).toMatchObject({
      code: "SEALED_DAMAGED",
    });
    const stanza = `-> X25519 ${"A".repeat(43)}\n${"A".repeat(43)}\n`;
    const many = utf8(`age-encryption.org/v1\n${stanza.repeat(600)}--- ${"A".repeat(43)}\n${"0".repeat(40)}`);
    expect((await opened(cryptography, [key.identity], chunksOf(many))).error).toMatchObject({
      code: "SEALED_DAMAGED",
    });
  });

  test("opens whatever was sealed, however it is cut, and nothing else (property)", async () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 80_000 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 200_000 }),
        fc.tuple(pieces, pieces),
        fc.nat(),
        async (length, [cuts, cuts2], at) => {
          const text = sampleBytes(length, length + 1);
          const object = await sealed(cryptography, [key.recipient], inPieces(text, ...cuts));
          const whole = await opened(cryptography, [key.identity], inPieces(object.bytes, ...cuts2));
          expect(whole.error).toBeUndefined();
          expect(Buffer.compare(whole.released, text)).toBe(0);
          const spoilt = flipped(object.bytes, at % object.bytes.length, 1 << (at % 8));
          const result = await opened(cryptography, [key.identity], inPieces(spoilt, ...cuts2));
          expect(result.error).toBeDefined();
          expect(Buffer.compare(result.released, text.subarray(0, result.released.length))).toBe(0);
        },
      ),
      { numRuns: 25 },
    );
  });
});
