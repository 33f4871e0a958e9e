/**
 * Looks into a pack while it streams by: inflates every object (zlib checks its checksum), compares sizes and the
 * object count, and finds LFS pointers. It never resolves deltas in order: bases may come later or lie in an earlier
 * segment. Small objects are inflated at once, which is fast; large ones piece by piece, so memory stays bounded.
 */
import { inflateSync } from "node:zlib";
import { BackupError } from "../foundation/errors.ts";
import type { LfsPointer } from "./git-access.ts";
import { HiddenPointers, mayHidePointer } from "./hidden-pointers.ts";
import type { BaseName } from "./hidden-pointers.ts";
import { LargeObject } from "./large-object.ts";
import { lfsPointerIn, maxPointerBytes } from "./lfs-pointer.ts";

interface ObjectHeader {
  readonly type: number;
  readonly size: number;
  readonly base: BaseName | undefined;
  /** Bytes of the header. */
  readonly length: number;
}

const packHeaderBytes = 12;
const largeObjectBytes = 1024 * 1024;
const longestHeaderBytes = 64;
const [blobType, offsetDelta, refDelta] = [3, 6, 7];

export interface ScannerOptions {
  readonly hash: "sha1" | "sha256";
  /** For messages. */
  readonly name: string;
}

export class PackScanner {
  readonly #options: ScannerOptions;
  readonly #trailerBytes: number;
  readonly #hidden: HiddenPointers;
  readonly #pointers = new Map<string, LfsPointer>();
  #buffer: Buffer = Buffer.alloc(0);
  /** Offset in the pack of the buffer's first byte. */
  #position = 0;
  #announced: number | undefined;
  #seen = 0;
  #unresolved = 0;

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#trailerBytes = options.hash === "sha256" ? 32 : 20;
    this.#hidden = new HiddenPointers(options.hash);
  }

  /** Pointers found so far, without repetition. */
  get pointers(): readonly LfsPointer[] {
    return [...this.#pointers.values()];
  }

  /** After the end: deltas that look like pointers and could not be resolved. */
  get hiddenPointers(): number {
    return this.#unresolved;
  }

  /** Passes the pack through and checks it on the way. Throws GIT_PROTOCOL for content that is no sound pack. */
  async *watch(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      await this.#take(chunk);
      yield chunk;
    }
    await this.#finish();
  }

  #large: LargeObject | undefined;

  async #take(chunk: Buffer): Promise<void> {
    let fresh = chunk;
    if (this.#large !== undefined) {
      const consumed = await this.#large.take(chunk);
      this.#position += consumed;
      if (!this.#large.isComplete) return;
      this.#large = undefined;
      this.#seen += 1;
      fresh = chunk.subarray(consumed);
    }
    this.#buffer = this.#buffer.length === 0 ? fresh : Buffer.concat([this.#buffer, fresh]);
    await this.#scan(false);
  }

  async #finish(): Promise<void> {
    if (this.#large !== undefined) throw this.#broken("ends inside an object");
    await this.#scan(true);
    if (this.#announced === undefined || this.#seen < this.#announced) throw this.#broken("holds too few objects");
    if (this.#buffer.length !== this.#trailerBytes) throw this.#broken("holds more than its objects");
    const { found, unresolved } = this.#hidden.resolve();
    for (const pointer of found) this.#pointers.set(pointer.oid, pointer);
    this.#unresolved = unresolved;
  }

  /** Reads all objects that are certain to be in the buffer; at the end, all there are. */
  async #scan(isEnd: boolean): Promise<void> {
    let offset = 0;
    if (this.#announced === undefined) {
      if (this.#buffer.length < packHeaderBytes) return;
      this.#announced = this.#buffer.readUInt32BE(8);
      offset = packHeaderBytes;
    }
    while (this.#large === undefined && this.#seen < this.#announced) {
      const length = await this.#readObject(offset, isEnd);
      if (length === 0) break;
      offset += length;
    }
    this.#position += offset;
    this.#buffer = this.#buffer.subarray(offset);
  }

  /** Bytes of the object at `offset`; 0 when more input is needed. */
  async #readObject(offset: number, isEnd: boolean): Promise<number> {
    const available = this.#buffer.length - offset - (isEnd ? this.#trailerBytes : 0);
    if (available < longestHeaderBytes && !isEnd) return 0;
    const header = this.#headerAt(offset);
    if (header.size > largeObjectBytes) return await this.#startLarge(header, offset);
    const start = offset + header.length;
    // Deflate grows content by at most a few bytes per block; an odd encoder that needs more is met at the next try.
    const enough = header.length + header.size + (header.size >> 8) + 128;
    if (available < enough && !isEnd) return 0;
    const inflated = this.#inflate(start, header.size, isEnd);
    if (inflated === undefined) return 0;
    this.#seen += 1;
    if (header.size < maxPointerBytes || header.base !== undefined) {
      this.#look(header, inflated.content, this.#position + offset);
    }
    return header.length + inflated.consumed;
  }

  #headerAt(start: number): ObjectHeader {
    const { byte: first } = this.#byteAt(start);
    const type = (first >> 4) & 7;
    let size = first & 15;
    let offset = start + 1;
    for (let last = first, factor = 16; last >= 0x80; factor *= 128) {
      last = this.#byteAt(offset).byte;
      size += (last & 0x7f) * factor;
      offset += 1;
    }
    if (type === 0 || type === 5) throw this.#broken(`holds an object of unknown type ${type}`);
    if (type === refDelta) {
      const end = offset + this.#trailerBytes;
      return { type, size, base: this.#buffer.toString("hex", offset, end), length: end - start };
    }
    if (type !== offsetDelta) return { type, size, base: undefined, length: offset - start };
    const { distance, next } = this.#distanceAt(offset);
    return { type, size, base: this.#position + start - distance, length: next - start };
  }

  #distanceAt(start: number): { readonly distance: number; readonly next: number } {
    let { byte } = this.#byteAt(start);
    let distance = byte & 0x7f;
    let next = start + 1;
    while (byte >= 0x80) {
      byte = this.#byteAt(next).byte;
      distance = (distance + 1) * 128 + (byte & 0x7f);
      next += 1;
    }
    return { distance, next };
  }

  #byteAt(offset: number): { readonly byte: number } {
    const byte = this.#buffer[offset];
    if (byte === undefined) throw this.#broken("ends inside an object's header");
    return { byte };
  }

  #inflate(
    start: number,
    size: number,
    isEnd: boolean,
  ): { readonly content: Buffer; readonly consumed: number } | undefined {
    try {
      // `info` makes Node return the engine too, whose bytesWritten is the input it consumed; the types leave that out.
      const { buffer, engine } = inflateSync(this.#buffer.subarray(start), {
        info: true,
        chunkSize: Math.max(64, size + 1),
        maxOutputLength: Math.max(64, size + 1),
      }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
      if (buffer.length !== size) throw this.#broken(`holds an object of ${buffer.length} instead of ${size} bytes`);
      return { content: buffer, consumed: engine.bytesWritten };
    } catch (error) {
      if ((error as { code?: string }).code === "Z_BUF_ERROR" && !isEnd) return undefined;
      throw error instanceof BackupError ? error : this.#broken("holds an object that cannot be inflated", error);
    }
  }

  #look({ type, base }: ObjectHeader, content: Buffer, offset: number): void {
    if (base !== undefined) {
      if (mayHidePointer(content)) this.#hidden.addDelta(offset, base, content);
      return;
    }
    const pointer = type === blobType ? lfsPointerIn(content) : undefined;
    if (pointer === undefined) return;
    this.#pointers.set(pointer.oid, pointer);
    this.#hidden.addPointer(offset, content);
  }

  async #startLarge(header: ObjectHeader, offset: number): Promise<number> {
    const large = new LargeObject(header.size, (what, cause) => this.#broken(what, cause));
    const consumed = await large.take(this.#buffer.subarray(offset + header.length));
    if (large.isComplete) this.#seen += 1;
    else this.#large = large;
    return header.length + consumed;
  }

  #broken(what: string, cause?: unknown): BackupError {
    return new BackupError({
      code: "GIT_PROTOCOL",
      message: `The pack of ${this.#options.name} ${what} (object ${this.#seen + 1} of ${this.#announced ?? "?"})`,
      hint: "Run git fsck on the repository at its origin; the next try uses git itself.",
      cause,
    });
  }
}
