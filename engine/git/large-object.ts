import { createInflate } from "node:zlib";

/**
 * Inflates one object piece by piece and throws the content away; only its size counts. `onBroken` makes the error
 * for content that cannot be inflated or has another size.
 */
export class LargeObject {
  readonly #inflate = createInflate({ chunkSize: 256 * 1024 });
  readonly #ended: Promise<void>;
  #received = 0;
  #taken = 0;
  #isComplete = false;

  readonly size: number;

  constructor(size: number, onBroken: (what: string, cause?: unknown) => Error) {
    this.size = size;
    this.#ended = new Promise((resolve, reject) => {
      this.#inflate.on("data", (content: Buffer) => {
        this.#received += content.length;
        if (this.#received > size) reject(onBroken(`holds an object of more than ${size} bytes`));
      });
      this.#inflate.on("error", (error) => reject(onBroken("holds an object that cannot be inflated", error)));
      this.#inflate.on("end", () => {
        this.#isComplete = true;
        if (this.#received === size) resolve();
        else reject(onBroken(`holds an object of ${this.#received} instead of ${size} bytes`));
      });
    });
    this.#ended.catch(() => undefined); // thrown by the take that waits for it
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Bytes of input taken so far. */
  get deflated(): number {
    return this.#taken;
  }

  /**
   * Takes the next input and returns how much of it belongs to the object. It is complete only once input of the next
   * object (or the pack's trailer) was offered.
   */
  async take(chunk: Buffer): Promise<number> {
    if (chunk.length === 0) return 0;
    const before = this.#taken;
    // Node answers a write in which the object ends with the end of the stream, not with the write's callback.
    await Promise.race([new Promise((resolve) => this.#inflate.write(chunk, resolve)), this.#ended]);
    this.#taken = this.#inflate.bytesWritten;
    if (this.#isComplete || this.#inflate.errored !== null) await this.#ended;
    if (this.#isComplete) this.#inflate.destroy();
    return this.#taken - before;
  }
}
