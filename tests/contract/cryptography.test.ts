import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { chunksOf, concat, fromHex, toHex, utf8 } from "../../engine/foundation/bytes.ts";
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
  rangeOf,
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
        pieces,
        pieces,
        fc.nat(),
        async (length, cuts, cuts2, at) => {
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

describe("opening ranges", () => {
  test("gives the same bytes as the whole, at random places (property)", async () => {
    const plaintext = sampleBytes(500_000);
    const object = await sealed(node, [key.recipient], chunksOf(plaintext));
    await fc.assert(
      fc.asyncProperty(fc.nat(500_000), fc.nat(200_000), async (offset, wanted) => {
        const length = Math.min(wanted, plaintext.length - offset);
        const range = await node.openRange(rangeOf(object, { identities: [key.identity], offset, length }));
        expect(Buffer.compare(range, plaintext.subarray(offset, offset + length))).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  test.each(edgeSizes)("gives all of %i bytes and refuses one more", async (size) => {
    const plaintext = sampleBytes(size);
    const object = await sealed(node, [key.recipient], chunksOf(plaintext));
    const identities = [key.identity];
    const whole = await node.openRange(rangeOf(object, { identities, offset: 0, length: size }));
    expect(Buffer.compare(whole, plaintext)).toBe(0);
    for (const [offset, length] of [
      [0, size + 1],
      [size, 1],
      [-1, 1],
    ] as const) {
      const request = rangeOf(object, { identities, offset, length });
      await expect(node.openRange(request)).rejects.toMatchObject({ code: "SEALED_DAMAGED" });
    }
  });

  test("reads the header once and then only the chunks it needs", async () => {
    const object = await sealed(node, [key.recipient], chunksOf(sampleBytes(1_000_000)));
    const request = rangeOf(object, { identities: [key.identity], offset: 65_536 * 3, length: 65_537 });
    await node.openRange(request);
    await node.openRange(request);
    const payload = object.header.length + 16;
    const chunks = { offset: payload + 3 * 65_552, length: 2 * 65_552 };
    expect(request.reads).toEqual([{ offset: 0, length: payload }, chunks, chunks]);
  });

  test("refuses another header than the pinned one, even a valid one for the same key", async () => {
    const object = await sealed(node, [key.recipient], chunksOf(sampleBytes(1000)));
    const forged = await sealed(node, [key.recipient], chunksOf(sampleBytes(1000)));
    const request = rangeOf(
      { bytes: forged.bytes, header: object.header },
      { identities: [key.identity], offset: 0, length: 10 },
    );
    await expect(node.openRange(request)).rejects.toMatchObject({ code: "SEALED_DAMAGED" });
  });

  test("refuses damaged, exchanged and short chunks, and forgets nothing of what it checks", async () => {
    const object = await sealed(node, [key.recipient], chunksOf(sampleBytes(200_000)));
    const at = object.header.length + 16 + 65_552;
    const range = { identities: [key.identity], offset: 70_000, length: 10 };
    await node.openRange(rangeOf(object, range));
    const spoilt = { bytes: flipped(object.bytes, at + 5), header: object.header };
    await expect(node.openRange(rangeOf(spoilt, range))).rejects.toMatchObject({ code: "SEALED_DAMAGED" });
    const exchanged = object.bytes.slice();
    exchanged.set(object.bytes.subarray(at - 65_552, at), at);
    await expect(node.openRange(rangeOf({ bytes: exchanged, header: object.header }, range))).rejects.toMatchObject({
      code: "SEALED_DAMAGED",
    });
    const short = { ...rangeOf(object, range), readSealed: async () => new Uint8Array(10) };
    await expect(node.openRange(short)).rejects.toMatchObject({ code: "SEALED_DAMAGED" });
  });

  test("does not lend a remembered key to someone with another key", async () => {
    const object = await sealed(node, [key.recipient], chunksOf(sampleBytes(1000)));
    await node.openRange(rangeOf(object, { identities: [key.identity], offset: 0, length: 10 }));
    const request = rangeOf(object, { identities: [other.identity], offset: 0, length: 10 });
    await expect(node.openRange(request)).rejects.toMatchObject({ code: "KEY_MISMATCH" });
  });

  test("is not offered in browsers", async () => {
    const object = await sealed(web, [key.recipient], chunksOf(sampleBytes(10)));
    const request = rangeOf(object, { identities: [key.identity], offset: 0, length: 1 });
    await expect(web.openRange(request)).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });
});

describe.each(implementations)("signing by $name", ({ cryptography }) => {
  /** RFC 8032 §7.1, tests 1 to 3. */
  test.each([
    {
      seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      message: "",
      signature:
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    },
    {
      seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      message: "72",
      signature:
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    },
    {
      seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      message: "af82",
      signature:
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    },
  ])("signs and verifies as RFC 8032 says: message '$message'", async ({ seed, publicKey, message, signature }) => {
    const bytes = fromHex(message)!;
    expect(toHex(await cryptography.publicKeyOf(fromHex(seed)!))).toBe(publicKey);
    expect(toHex(await cryptography.sign(fromHex(seed)!, bytes))).toBe(signature);
    const verify = (hex: string, text: Uint8Array, by: string): Promise<boolean> =>
      cryptography.isSignedBy(fromHex(by)!, text, fromHex(hex)!);
    await expect(verify(signature, bytes, publicKey)).resolves.toBe(true);
    await expect(verify(signature, concat([bytes, utf8(" ")]), publicKey)).resolves.toBe(false);
    await expect(verify(toHex(flipped(fromHex(signature)!, 40)), bytes, publicKey)).resolves.toBe(false);
    await expect(verify(signature.slice(2), bytes, publicKey)).resolves.toBe(false);
    await expect(verify("", bytes, publicKey)).resolves.toBe(false);
    await expect(verify(signature, bytes, "00".repeat(31))).resolves.toBe(false);
    await expect(verify(signature, bytes, "ff".repeat(32))).resolves.toBe(false);
  });

  test("refuses a signature whose scalar was raised by the group order", async () => {
    const seed = sampleBytes(32);
    const message = utf8("malleable");
    const signature = await cryptography.sign(seed, message);
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const scalar = BigInt(`0x${toHex(signature.slice(32).reverse())}`) + order;
    const raised = concat([signature.subarray(0, 32), fromHex(scalar.toString(16).padStart(64, "0"))!.reverse()]);
    await expect(cryptography.isSignedBy(await cryptography.publicKeyOf(seed), message, raised)).resolves.toBe(false);
  });
});

describe.each(implementations)("deriving by $name", ({ cryptography }) => {
  test("HKDF-SHA256 is that of RFC 5869, test case 3", async () => {
    const derived = await cryptography.hkdfSha256(new Uint8Array(22).fill(0x0b), "");
    expect(toHex(derived)).toBe("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
  });

  test("HMAC-SHA256 is that of RFC 4231, test cases 1 and 2", async () => {
    const first = await cryptography.hmacSha256(new Uint8Array(20).fill(0x0b), utf8("Hi There"));
    expect(toHex(first)).toBe("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    const second = await cryptography.hmacSha256(utf8("Jefe"), utf8("what do ya want for nothing?"));
    expect(toHex(second)).toBe("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  });

  test("SHA-256 takes its input in pieces", () => {
    const digest = cryptography.newSha256();
    digest.update(utf8("a"));
    digest.update(utf8("bc"));
    expect(toHex(digest.digest())).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  test("random bytes have the length asked for and differ", () => {
    expect(cryptography.randomBytes(32)).toHaveLength(32);
    expect(toHex(cryptography.randomBytes(32))).not.toBe(toHex(cryptography.randomBytes(32)));
  });
});

describe.each(implementations)("compressing by $name", ({ cryptography }) => {
  test.each([0, 1, 300_000])("gives %i bytes back, to both implementations", async (size) => {
    const bytes = sampleBytes(size);
    const compressed = await cryptography.gzip(bytes);
    for (const opener of [node, web]) {
      expect(Buffer.compare(await opener.gunzip(compressed, size), bytes)).toBe(0);
    }
  });

  test("stops a bomb at the limit", async () => {
    const bomb = await node.gzip(new Uint8Array(50_000_000));
    expect(bomb.length).toBeLessThan(60_000);
    const before = process.memoryUsage().rss;
    await expect(cryptography.gunzip(bomb, 100_000)).rejects.toMatchObject({ code: "SEALED_DAMAGED" });
    expect(process.memoryUsage().rss - before).toBeLessThan(40_000_000);
  });

  test("refuses one byte too many, and nothing at all where nothing is expected", async () => {
    await expect(cryptography.gunzip(await node.gzip(sampleBytes(11)), 10)).rejects.toMatchObject({
      code: "SEALED_DAMAGED",
    });
    await expect(cryptography.gunzip(await node.gzip(sampleBytes(1)), 0)).rejects.toMatchObject({
      code: "SEALED_DAMAGED",
    });
  });

  test("refuses what is not exactly one member", async () => {
    const member = await node.gzip(sampleBytes(5000));
    const bad: Readonly<Record<string, Uint8Array>> = {
      empty: new Uint8Array(0),
      "no gzip": sampleBytes(100),
      "cut off": member.subarray(0, -1),
      "without its end": member.subarray(0, -8),
      flipped: flipped(member, member.length - 6),
      "with rubbish behind": concat([member, sampleBytes(9)]),
      "two members": concat([member, member]),
    };
    for (const [name, bytes] of Object.entries(bad)) {
      await expect(cryptography.gunzip(bytes, 100_000), name).rejects.toMatchObject({ code: "SEALED_DAMAGED" });
    }
  });
});
