import { inflateModule } from "./inflate-module.ts";

/** Largest content that `inflate` makes. */
export const maxInflatedBytes = 256 * 1024;

/** What `inflate` answers in place of a length (inflate.as). */
export const needsMoreInput = -1;
const problems = new Map([
  [-3, "another size than it says"],
  [-4, "a wrong checksum"],
]);

/** What inflate.as exports. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly inputAt: { readonly value: number };
  readonly outputAt: { readonly value: number };
  readonly inputBytes: { readonly value: number };
  inflate(from: number, end: number, to: number, size: number): number;
}

// The types of Node leave WebAssembly out.
const { Module, Instance } = (
  globalThis as unknown as {
    readonly WebAssembly: {
      readonly Module: new (binary: Uint8Array) => object;
      readonly Instance: new (module: object) => { readonly exports: unknown };
    };
  }
).WebAssembly;

let compiled: object | undefined;

/**
 * Inflates zlib streams that lie in its own memory, one at a time and without any allocation: faster than node:zlib
 * for the many small streams of a pack (docs/decisions/0011).
 */
export class Inflater {
  /** Callers put input here. */
  readonly input: Buffer;
  readonly #output: Buffer;
  readonly #exports: Exports;

  constructor() {
    compiled ??= new Module(Buffer.from(inflateModule, "base64"));
    this.#exports = new Instance(compiled).exports as Exports;
    const { memory, inputAt, inputBytes, outputAt } = this.#exports;
    this.input = Buffer.from(memory.buffer, inputAt.value, inputBytes.value);
    this.#output = Buffer.from(memory.buffer, outputAt.value, maxInflatedBytes);
  }

  /**
   * Inflates the stream at `input[start]` whose content has exactly `size` bytes (up to `maxInflatedBytes`); `end` is
   * the end of what has come. Returns how many bytes of input the stream takes, `needsMoreInput` when it goes on past
   * `end`, or another negative number: `problemOf` says what it means.
   */
  inflate(start: number, end: number, size: number): number {
    const { inputAt, outputAt } = this.#exports;
    return this.#exports.inflate(inputAt.value + start, inputAt.value + end, outputAt.value, size);
  }

  /** The content of the stream inflated last: valid until the next. */
  content(size: number): Buffer {
    return this.#output.subarray(0, size);
  }
}

/** What is wrong with a stream, for messages. */
export function problemOf(answer: number): string {
  return problems.get(answer) ?? "something that cannot be inflated";
}
