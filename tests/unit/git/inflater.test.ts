import { readFile } from "node:fs/promises";
import { constants, deflateSync, inflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Inflater, maxInflatedBytes, needsMoreInput, problemOf } from "../../../engine/git/inflate/inflater.ts";
import { inflateModule } from "../../../scripts/make-inflate.mjs";

const { Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_FILTERED } = constants;

const strategies = fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE, Z_FILTERED);
const levels = fc.constantFrom(0, 1, 6, 9);
const options = fc.record({ level: levels, strategy: strategies, windowBits: fc.integer({ min: 9, max: 15 }) });

/** Content with short and long repetitions, near and far, few and many different bytes. */
const content = fc
  .tuple(
    fc.integer({ min: 1, max: 256 }),
    fc.array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(2000), fc.nat(40_000)), { maxLength: 40 }),
  )
  .map(([alphabet, parts]) => {
    const bytes: number[] = [];
    for (const [fresh, count, back] of parts) {
      bytes.push(...fresh.map((byte) => byte % alphabet));
      const from = Math.max(0, bytes.length - 1 - back);
      for (let index = 0; index < count && bytes.length > 0; index += 1) bytes.push(bytes[from + index] ?? 0);
    }
    return Buffer.from(bytes.slice(0, maxInflatedBytes));
  });

describe("inflating in WebAssembly", () => {
  const inflater = new Inflater();

  it("makes of every stream what zlib made it of, and takes as much of the input", () => {
    fc.assert(
      fc.property(content, options, fc.uint8Array({ maxLength: 40 }), (bytes, how, behind) => {
        const stream = deflateSync(bytes, how);

        const consumed = inflated(Buffer.concat([stream, behind]), bytes.length);

        expect(consumed).toBe(stream.length);
        expect(inflater.content(bytes.length).equals(bytes)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("asks for more input wherever a stream is cut", () => {
    fc.assert(
      fc.property(content, options, fc.double({ min: 0, max: 0.999, noNaN: true }), (bytes, how, share) => {
        const stream = deflateSync(bytes, how);

        expect(inflated(stream.subarray(0, Math.floor(stream.length * share)), bytes.length)).toBe(needsMoreInput);
      }),
      { numRuns: 500 },
    );
  });

  it("accepts no damaged stream that zlib refuses, and refuses none that it accepts", () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(content, options, flips, (bytes, how, wrong) => {
        const stream = deflateSync(bytes.subarray(0, 600), how);
        for (const [at, bit] of wrong) {
          const index = at % stream.length;
          stream.writeUInt8(stream.readUInt8(index) ^ (1 << bit), index);
        }
        const expected = byZlib(stream);
        const size = Math.min(bytes.length, 600);

        const consumed = inflated(stream, size);

        if (expected?.content.length === size) {
          expect(consumed).toBe(expected.consumed);
          expect(inflater.content(size).equals(expected.content)).toBe(true);
        } else expect(consumed).toBeLessThan(0);
      }),
      { numRuns: 1500 },
    );
  });

  it("says what is wrong: the size, the checksum, or all of it", () => {
    const bytes = Buffer.from("hello hello hello hello");
    const stream = deflateSync(bytes);
    const forged = Buffer.from(stream);
    forged.writeUInt8(forged.readUInt8(forged.length - 1) ^ 1, forged.length - 1);

    expect(problemOf(inflated(stream, bytes.length - 1))).toBe("another size than it says");
    expect(problemOf(inflated(stream, bytes.length + 1))).toBe("another size than it says");
    expect(problemOf(inflated(forged, bytes.length))).toBe("a wrong checksum");
    expect(problemOf(inflated(Buffer.alloc(100, 0xff), 100))).toBe("something that cannot be inflated");
  });

  it("takes content up to its largest", () => {
    const bytes = Buffer.from(Array.from({ length: maxInflatedBytes }, (_, index) => (index * index) >> 7));
    const stream = deflateSync(bytes);

    expect(inflated(stream, bytes.length)).toBe(stream.length);
    expect(inflater.content(bytes.length).equals(bytes)).toBe(true);
  });

  it("is compiled from the source that lies beside it", async () => {
    const compiled = await inflateModule();

    expect(compiled).toBe(await readFile("engine/git/inflate/inflate-module.ts", "utf8"));
  });

  function inflated(input: Uint8Array, size: number): number {
    inflater.input.fill(0xa5, 0, input.length + 64);
    inflater.input.set(input);
    return inflater.inflate(0, input.length, size);
  }
});

function byZlib(stream: Buffer): { readonly content: Buffer; readonly consumed: number } | undefined {
  try {
    const { buffer, engine } = inflateSync(stream, { info: true }) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    return { content: buffer, consumed: engine.bytesWritten };
  } catch {
    return undefined;
  }
}
