import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { BackupError } from "../foundation/errors.ts";

export interface PackFacts {
  /** Objects the header announces. */
  objects: number;
  bytes: number;
}

export interface PackChecks {
  readonly hash: "sha1" | "sha256";
  /** For messages. */
  readonly name: string;
  /** Filled while the pack passes; complete at the end. */
  readonly facts: PackFacts;
}

const headerBytes = 12;
const chunkBytes = 256 * 1024;

/**
 * Passes a pack through in chunks of 256 KiB, each valid until the next, checking its header and the hash in its trailer: a pack that is cut or
 * changed on the way throws GIT_TRUNCATED at the end at the latest.
 */
export async function* checkedPack(chunks: AsyncIterable<Uint8Array>, checks: PackChecks): AsyncGenerator<Buffer> {
  const { facts } = checks;
  const trailer = new TrailingHash(checks.hash);
  let header = Buffer.alloc(0);
  for await (const chunk of gathered(chunks)) {
    if (facts.bytes < headerBytes) {
      header = Buffer.concat([header, chunk.subarray(0, headerBytes - header.length)]);
      if (header.length === headerBytes) facts.objects = objectCount(header, checks.name);
    }
    facts.bytes += chunk.length;
    trailer.update(chunk);
    yield chunk;
  }
  if (!trailer.isRight()) {
    throw new BackupError({
      code: "GIT_TRUNCATED",
      message: `The pack of ${checks.name} is cut or changed: its checksum is wrong after ${facts.bytes} bytes`,
      hint: "This is usually a broken connection: run the task again.",
    });
  }
}

function objectCount(header: Buffer, name: string): number {
  const version = header.readUInt32BE(4);
  if (header.toString("latin1", 0, 4) === "PACK" && version === 2) return header.readUInt32BE(8);
  throw new BackupError({
    code: "GIT_PROTOCOL",
    message: `${name} sent something that is no pack of version 2`,
    hint: "Check that no proxy changes its answers.",
  });
}

/** Takes each chunk's bytes before it asks for the next, and gives its own in one buffer used again and again. */
async function* gathered(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const gathering = Buffer.allocUnsafe(chunkBytes);
  let length = 0;
  for await (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length;) {
      const part = chunk.subarray(offset, offset + chunkBytes - length);
      gathering.set(part, length);
      offset += part.length;
      length += part.length;
      if (length < chunkBytes) continue;
      yield gathering;
      length = 0;
    }
  }
  if (length > 0) yield gathering.subarray(0, length);
}

/** Hashes everything but the last bytes, which have to be that hash. */
class TrailingHash {
  readonly #hash: Hash;
  readonly #length: number;
  #tail: Buffer = Buffer.alloc(0);

  constructor(hash: "sha1" | "sha256") {
    this.#hash = createHash(hash);
    this.#length = hash === "sha256" ? 32 : 20;
  }

  update(chunk: Buffer): void {
    if (chunk.length < this.#length) {
      const both = Buffer.concat([this.#tail, chunk]);
      const surplus = Math.max(0, both.length - this.#length);
      this.#hash.update(both.subarray(0, surplus));
      this.#tail = both.subarray(surplus);
      return;
    }
    this.#hash.update(this.#tail);
    this.#hash.update(chunk.subarray(0, chunk.length - this.#length));
    this.#tail = Buffer.from(chunk.subarray(chunk.length - this.#length));
  }

  isRight(): boolean {
    return this.#tail.length === this.#length && this.#hash.digest().equals(this.#tail);
  }
}
