import { BackupError } from "../foundation/errors.ts";

/** A special packet, the end of the input, or a payload (valid until the next call). */
export type Packet = "flush" | "delimiter" | "response-end" | "end" | Uint8Array;

const specialPackets = ["flush", "delimiter", "response-end"] as const;
const maxPacketBytes = 65_520;
/** For a packet of the largest size and a chunk of what sockets give at a time. */
const firstRoom = 130 * 1024;
const errorPrefix = "ERR ";

/** One text as a packet; a line feed is the caller's. */
export function packet(text: string): string {
  return (Buffer.byteLength(text) + 4).toString(16).padStart(4, "0") + text;
}

export const flushPacket = "0000";
export const delimiterPacket = "0001";

/**
 * Reads pkt-lines (gitprotocol-common) from chunks that may break anywhere. An `ERR` packet throws GIT_REMOTE, an
 * input that ends inside a packet GIT_TRUNCATED, bytes that are no packet GIT_PROTOCOL. `name` stands in messages.
 */
export class PacketReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #name: string;
  /** Used again and again; what has come and was not asked for yet lies in it from offset to end. */
  #buffer = Buffer.allocUnsafe(firstRoom);
  #offset = 0;
  #end = 0;

  constructor(chunks: AsyncIterable<Uint8Array>, name: string) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#name = name;
  }

  async next(): Promise<Packet> {
    if (!(await this.#has(4))) {
      if (this.#offset < this.#end) throw this.truncated("inside a packet's length");
      return "end";
    }
    const length = this.#length();
    const special = specialPackets[length];
    if (special !== undefined) {
      this.#offset += 4;
      return special;
    }
    if (!(await this.#has(length))) throw this.truncated("inside a packet");
    const payload = this.#buffer.subarray(this.#offset + 4, this.#offset + length);
    this.#offset += length;
    if (payload.toString("latin1", 0, 4) === errorPrefix) throw this.remote(payload.toString("utf8", 4));
    return payload;
  }

  /** The next packet as text without its line feed, or the special packet in brackets: `<flush>`. */
  async line(): Promise<string> {
    const next = await this.next();
    if (typeof next === "string") return `<${next}>`;
    const text = Buffer.from(next.buffer, next.byteOffset, next.byteLength).toString("utf8");
    return text.endsWith("\n") ? text.slice(0, -1) : text;
  }

  /** Everything that follows, unframed; each chunk valid until the next. */
  async *rest(): AsyncGenerator<Uint8Array> {
    if (this.#offset < this.#end) yield this.#buffer.subarray(this.#offset, this.#end);
    for (let next = await this.#chunks.next(); next.done !== true; next = await this.#chunks.next()) yield next.value;
  }

  /**
   * After the last packet: reads to the end, so that the connection can be used again. Much more than an end, or a
   * break, is let go; everything that counts has arrived.
   */
  async finish(): Promise<void> {
    try {
      for (let bytes = 0; bytes <= maxPacketBytes;) {
        const next = await this.#chunks.next();
        if (next.done === true) return;
        bytes += next.value.length;
      }
    } catch {
      return;
    }
    await this.cancel();
  }

  /** Lets go of the input, whatever is left of it. */
  async cancel(): Promise<void> {
    await this.#chunks.return?.();
  }

  truncated(where: string): BackupError {
    return new BackupError({
      code: "GIT_TRUNCATED",
      message: `The answer of ${this.#name} ended early: ${where}`,
      hint: "This is usually a broken connection: run the task again.",
    });
  }

  unexpected(what: string): BackupError {
    return new BackupError({
      code: "GIT_PROTOCOL",
      message: `${this.#name} answered something that is not Git's protocol: ${what.slice(0, 120)}`,
      hint: "Check that the address is a Git repository and that no proxy changes its answers.",
    });
  }

  /** The server's own fatal message. */
  remote(text: string): BackupError {
    const message = text.trim().slice(0, 500);
    if (/not our ref|unadvertised object|not valid/i.test(message)) {
      return new BackupError({
        code: "GIT_MOVED",
        message: `A ref of ${this.#name} moved while it was read: ${message}`,
        hint: "List the refs again and repeat; the next run does so.",
      });
    }
    return new BackupError({
      code: "GIT_REMOTE",
      message: `${this.#name} reported: ${message}`,
      hint: "The message is the server's own; try again, then look at the repository there.",
    });
  }

  #length(): number {
    const digits = this.#buffer.toString("latin1", this.#offset, this.#offset + 4);
    const length = /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : 3;
    if (length === 3 || length > maxPacketBytes) throw this.unexpected(`packet length ${JSON.stringify(digits)}`);
    return length;
  }

  async #has(length: number): Promise<boolean> {
    while (this.#end - this.#offset < length) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#append(next.value);
    }
    return true;
  }

  #append(chunk: Uint8Array): void {
    const waiting = this.#buffer.subarray(this.#offset, this.#end);
    const needed = waiting.length + chunk.length;
    if (this.#end + chunk.length > this.#buffer.length) {
      if (needed > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(needed);
      this.#buffer.set(waiting);
      this.#offset = 0;
      this.#end = waiting.length;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }
}
