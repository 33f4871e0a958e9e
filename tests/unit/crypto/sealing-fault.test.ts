import type * as AgeEncryption from "age-encryption";
import type * as NodeCrypto from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { all, flipped, inPieces, newKeyPair, node, sampleBytes, web } from "./support.ts";

/** Set while the processor should fail: the chunk, counted from 0, that comes out of the cipher with a wrong bit. */
const fault = vi.hoisted(() => ({ chunk: -1, sealedByNode: 0 }));

vi.mock(import("node:crypto"), async (original) => {
  const real: typeof NodeCrypto = await original();
  const createCipheriv = ((...args: Parameters<typeof real.createCipheriv>) => {
    const cipher = real.createCipheriv(...args);
    const update = cipher.update.bind(cipher) as (bytes: Uint8Array) => Buffer;
    cipher.update = ((bytes: Uint8Array) => {
      const sealed = update(bytes);
      if (bytes.length < 1000) return sealed; // the wrapping of a file key
      const isFaulty = fault.sealedByNode === fault.chunk;
      fault.sealedByNode += 1;
      return isFaulty ? Buffer.from(flipped(sealed, 77)) : sealed;
    }) as typeof cipher.update;
    return cipher;
  }) as typeof real.createCipheriv;
  return { ...real, createCipheriv };
});

vi.mock(import("age-encryption"), async (original) => {
  const real: typeof AgeEncryption = await original();
  class Encrypter extends real.Encrypter {
    override async encrypt(file: unknown): Promise<never> {
      const sealed = await super.encrypt(file as ReadableStream<Uint8Array>);
      let chunk = -2; // header and nonce come first
      const faulty = new TransformStream<Uint8Array, Uint8Array>({
        transform(bytes, controller) {
          controller.enqueue(chunk === fault.chunk ? flipped(bytes, 77) : bytes);
          chunk += 1;
        },
      });
      return sealed.pipeThrough(faulty) as never;
    }
  }
  return { ...real, Encrypter };
});

afterEach(() => {
  fault.chunk = -1;
});

describe.each([
  { name: "node", cryptography: node },
  { name: "web", cryptography: web },
])("a fault while sealing by $name", ({ cryptography }) => {
  test.each([0, 1, 2])("in chunk %i is noticed before the file is whole", async (chunk) => {
    const { recipient } = await newKeyPair();
    const plaintext = sampleBytes(3 * 65_536);
    await expect(
      all((await cryptography.seal([recipient], inPieces(plaintext, 10_000))).chunks),
    ).resolves.toBeDefined();
    Object.assign(fault, { chunk, sealedByNode: 0 });
    const { chunks } = await cryptography.seal([recipient], inPieces(plaintext, 10_000));
    const released: Uint8Array[] = [];
    await expect(
      (async () => {
        for await (const piece of chunks) released.push(piece);
      })(),
    ).rejects.toMatchObject({ code: "SEALING_FAULT" });
    const bytes = released.reduce((sum, { length }) => sum + length, 0);
    expect(bytes).toBeLessThan(plaintext.length);
  });
});
