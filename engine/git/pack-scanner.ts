/**
 * Looks into a pack while it streams by: inflates every object (zlib checks its checksum), compares sizes and the
 * object count, and finds LFS pointers. It never resolves deltas in order: bases may come later or lie in an earlier
 * segment. Small objects are inflated at once, in place; large ones piece by piece, so memory stays bounded.
 */
import { BackupError } from "../foundation/errors.ts";
import type { LfsPointer } from "./git-access.ts";
import { HiddenPointers, mayHidePointer } from "./hidden-pointers.ts";
import type { BaseName } from "./hidden-pointers.ts";
import { Inflater, maxInflatedBytes, needsMoreInput, problemOf } from "./inflate/inflater.ts";
import { LargeObject } from "./large-object.ts";
import { lfsPointerIn, maxPointerBytes } from "./lfs-pointer.ts";
import { PackNews, packTypes } from "./pack-news.ts";

interface ObjectHeader {
  readonly type: number;
  readonly size: number;
  /** Of an offset delta: how far before the object its base begins. */
  readonly distance: number;
  /** Bytes of the header; that of a ref delta ends with the name of its base. */
  readonly length: number;
}

const packHeaderBytes = 12;
const longestHeaderBytes = 64;
const { blob: blobType, offsetDelta, refDelta } = packTypes;

function isDelta(type: number): boolean {
  return type === offsetDelta || type === refDelta;
}

export interface ScannedObject {
  /** As the pack has it. */
  readonly type: number;
  readonly offset: number;
  /** Of a delta. */
  readonly base: BaseName | undefined;
  /** Valid until the next; absent for objects larger than 256 KiB. */
  readonly content: Buffer | undefined;
}

export interface ScannerOptions {
  readonly hash: "sha1" | "sha256";
  /** For messages. */
  readonly name: string;
  /** Bases of deltas may be elsewhere. */
  readonly isThin: boolean;
  /** The pack builds on known commits: their parents and its thinness are worth to know. */
  readonly isIncrement?: boolean;
  /** Deltas name their bases in the pack by distance. */
  readonly usesOffsets?: boolean;
  /** Called with every object. */
  readonly visit?: (object: ScannedObject) => void;
}

export class PackScanner {
  readonly #options: ScannerOptions;
  readonly #trailerBytes: number;
  readonly #hidden: HiddenPointers;
  readonly #pointers = new Map<string, LfsPointer>();
  readonly #inflater = new Inflater();
  /** What has come and is not scanned yet lies in the inflater's input, from start to end. */
  #start = 0;
  #end = 0;
  /** Offset in the pack of the input's first byte. */
  #origin = 0;
  #large: LargeObject | undefined;
  #largeType = 0;
  #announced: number | undefined;
  #seen = 0;
  #unresolved = 0;
  /** Counts what passes. */
  readonly news: PackNews;

  constructor(options: ScannerOptions) {
    const { hash, isIncrement = false, usesOffsets = false } = options;
    this.#options = options;
    this.news = new PackNews({ hash, isIncrement, usesOffsets });
    this.#trailerBytes = options.hash === "sha256" ? 32 : 20;
    this.#hidden = new HiddenPointers(options.hash);
  }

  /** Pointers found so far, without repetition; two of one object may claim different sizes. */
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

  async #take(chunk: Buffer): Promise<void> {
    for (let offset = 0; offset < chunk.length;) {
      const fresh = chunk.subarray(offset);
      if (this.#large === undefined) {
        offset += this.#append(fresh);
        await this.#scan(false);
      } else {
        const consumed = await this.#continueLarge(this.#large, fresh);
        this.#origin += consumed;
        offset += consumed;
      }
    }
  }

  /** Puts as much as there is room for behind what waits. */
  #append(fresh: Buffer): number {
    const { input } = this.#inflater;
    if (input.length - this.#end < fresh.length) {
      input.copyWithin(0, this.#start, this.#end);
      this.#origin += this.#start;
      this.#end -= this.#start;
      this.#start = 0;
    }
    const length = Math.min(fresh.length, input.length - this.#end);
    // Nothing that the scanner waits for is longer than half the room, unless it was made to be.
    if (length === 0) throw this.#broken("holds an object that grows when it is compressed");
    fresh.copy(input, this.#end, 0, length);
    this.#end += length;
    return length;
  }

  async #finish(): Promise<void> {
    if (this.#large !== undefined) throw this.#broken("ends inside an object");
    await this.#scan(true);
    if (this.#announced === undefined || this.#seen < this.#announced) throw this.#broken("holds too few objects");
    if (this.#end - this.#start !== this.#trailerBytes) throw this.#broken("holds more than its objects");
    const { found, unresolved } = this.#hidden.resolve(this.#options.isThin);
    for (const pointer of found) this.#pointers.set(`${pointer.oid}:${pointer.size}`, pointer);
    this.#unresolved = unresolved;
  }

  /** Reads all objects that are certain to be there whole; at the end, all there are. */
  async #scan(isEnd: boolean): Promise<void> {
    if (this.#announced === undefined) {
      if (this.#end < packHeaderBytes) return;
      this.#announced = this.#inflater.input.readUInt32BE(8);
      this.#start = packHeaderBytes;
    }
    while (this.#large === undefined && this.#seen < this.#announced) {
      const header = this.#nextHeader(isEnd);
      if (header === undefined) return;
      if (header.size > maxInflatedBytes) await this.#startLarge(header);
      else if (!this.#readObject(header, isEnd)) return;
    }
  }

  /** The header of the next object, when as much of the object has come as can be needed. */
  #nextHeader(isEnd: boolean): ObjectHeader | undefined {
    const available = this.#end - this.#start;
    if (available < longestHeaderBytes && !isEnd) return undefined;
    const header = this.#headerAt(this.#start);
    // Deflate grows content by at most a few bytes per block; an odd encoder that needs more is met at the next try.
    const enough = header.length + header.size + (header.size >> 8) + 128;
    return isEnd || available >= enough || header.size > maxInflatedBytes ? header : undefined;
  }

  /** False when more input is needed. */
  #readObject(header: ObjectHeader, isEnd: boolean): boolean {
    const from = this.#start + header.length;
    const end = this.#end - (isEnd ? this.#trailerBytes : 0);
    const consumed = this.#inflater.inflate(from, end, header.size);
    if (consumed === needsMoreInput && !isEnd) return false;
    if (consumed < 0) throw this.#broken(`holds an object with ${problemOf(consumed)}`);
    this.#seen += 1;
    const { type, size } = header;
    this.news.count(type, size, consumed);
    if (size < maxPointerBytes || isDelta(type)) this.#look(header, this.#inflater.content(size));
    if (this.news.wants(type, size)) {
      if (type === refDelta) this.news.base(this.#namedBase(header.length));
      else this.news.look(type, this.#inflater.content(size));
    }
    if (this.#options.visit !== undefined) this.#options.visit(this.#scanned(header));
    this.#start = from + consumed;
    return true;
  }

  /** The object whose content was inflated last. */
  #scanned(header: ObjectHeader): ScannedObject {
    const { type, size } = header;
    const base = isDelta(type) ? this.#baseOf(header) : undefined;
    return { type, offset: this.#origin + this.#start, base, content: this.#inflater.content(size) };
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
    if (type === refDelta) return { type, size, distance: 0, length: offset + this.#trailerBytes - start };
    if (type !== offsetDelta) return { type, size, distance: 0, length: offset - start };
    const { distance, next } = this.#distanceAt(offset);
    return { type, size, distance, length: next - start };
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
    const byte = this.#inflater.input[offset];
    if (byte === undefined || offset >= this.#end) throw this.#broken("ends inside an object's header");
    return { byte };
  }

  #look(header: ObjectHeader, content: Buffer): void {
    const { type } = header;
    const offset = this.#origin + this.#start;
    if (isDelta(type)) {
      if (mayHidePointer(content)) this.#hidden.addDelta(offset, this.#baseOf(header), content);
      return;
    }
    const pointer = type === blobType ? lfsPointerIn(content) : undefined;
    if (pointer === undefined) return;
    this.#pointers.set(`${pointer.oid}:${pointer.size}`, pointer);
    this.#hidden.addPointer(offset, content);
  }

  /** Of the delta that begins at the start of what waits. */
  #baseOf({ type, distance, length }: ObjectHeader): BaseName {
    return type === offsetDelta ? this.#origin + this.#start - distance : this.#namedBase(length);
  }

  /** The name at the end of a ref delta's header. */
  #namedBase(headerLength: number): string {
    const end = this.#start + headerLength;
    return this.#inflater.input.toString("hex", end - this.#trailerBytes, end);
  }

  async #startLarge(header: ObjectHeader): Promise<void> {
    const { type, size } = header;
    const large = new LargeObject(size, (what, cause) => this.#broken(what, cause));
    this.#largeType = type;
    this.#options.visit?.({ type, offset: this.#origin + this.#start, base: undefined, content: undefined });
    const from = this.#start + header.length;
    this.#start = from + (await this.#continueLarge(large, this.#inflater.input.subarray(from, this.#end)));
  }

  /** Returns how much of the input the object takes. */
  async #continueLarge(large: LargeObject, fresh: Buffer): Promise<number> {
    const consumed = await large.take(fresh);
    this.#large = large.isComplete ? undefined : large;
    if (!large.isComplete) return fresh.length;
    this.#seen += 1;
    this.news.count(this.#largeType, large.size, large.deflated);
    return consumed;
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
