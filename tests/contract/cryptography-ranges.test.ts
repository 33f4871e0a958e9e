import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { chunksOf } from "../../engine/foundation/bytes.ts";
import type { KeyPair } from "../unit/crypto/support.ts";
import { edgeSizes, flipped, newKeyPair, node, rangeOf, sampleBytes, sealed, web } from "../unit/crypto/support.ts";

let key: KeyPair;
let other: KeyPair;
beforeAll(async () => {
  key = await newKeyPair();
  other = await newKeyPair();
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
