import { mapConcurrent } from "../foundation/concurrency.ts";
import { toBase64, utf8 } from "../foundation/bytes.ts";

/**
 * Cuts a stream of unknown length into blocks that are staged in parallel and committed once. Memory: the blocks
 * come from a pool shared by all uploads of a store; an upload that holds none gets one in any case, so that
 * uploads cannot wait for each other. docs/decisions/0002-own-block-uploader.md says why this is ours.
 */
export interface BlockSink<Result> {
  /** Stores everything as one object; called instead of `stage` when there is one block at most. */
  readonly put: (bytes: Uint8Array) => Promise<Result>;
  readonly stage: (block: StagedBlock) => Promise<void>;
  /** Makes the object of these blocks, in this order. */
  readonly commit: (blockIds: readonly string[]) => Promise<Result>;
}

export interface StagedBlock {
  readonly id: string;
  /** From 0. */
  readonly index: number;
  /** Used again for other content as soon as `stage` has settled. */
  readonly bytes: Uint8Array;
}

/** Thrown for an object of more than the 50,000 blocks Azure allows. */
export class TooManyBlocks extends Error {}

const MAX_BLOCKS = 50_000;
const ID_DIGITS = 12;

/** Rethrows what the source throws; nothing was committed then. */
export async function uploadInBlocks<Result>(
  chunks: AsyncIterable<Uint8Array>,
  sink: BlockSink<Result>,
  { pool, random }: { readonly pool: BlockPool; readonly random: () => number },
): Promise<Result> {
  const blocks = blocksOf(chunks, pool);
  const first = await blocks.next();
  if (first.done === true) return sink.put(new Uint8Array(0));
  if (first.value.isLast) return releasing(first.value, sink.put);
  const prefix = idPrefix(random);
  let count = 0;
  const staged = mapConcurrent(startingWith(first.value, blocks), pool.limit, (block) => {
    const index = count;
    count += 1;
    const id = blockId(prefix, index);
    return releasing(block, async (bytes) => {
      if (index === MAX_BLOCKS) throw new TooManyBlocks();
      await sink.stage({ id, index, bytes });
      return id;
    });
  });
  const ids: string[] = [];
  for await (const id of staged) ids.push(id);
  return sink.commit(ids);
}

interface Block {
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
  readonly release: () => void;
}

async function releasing<Result>(block: Block, work: (bytes: Uint8Array) => Promise<Result>): Promise<Result> {
  try {
    return await work(block.bytes);
  } finally {
    block.release();
  }
}

async function* startingWith(first: Block, rest: AsyncGenerator<Block>): AsyncGenerator<Block> {
  yield first;
  yield* rest;
}

/** A yielded block belongs to who takes it. It is known to be the last without another buffer being needed. */
async function* blocksOf(chunks: AsyncIterable<Uint8Array>, pool: BlockPool): AsyncGenerator<Block> {
  const lane = pool.lane();
  let buffer: Uint8Array | undefined;
  let filled = 0;
  const handOver = (bytes: Uint8Array, isLast: boolean): Block => {
    buffer = undefined;
    return { bytes: bytes.subarray(0, filled), isLast, release: () => lane.release(bytes) };
  };
  try {
    for await (const part of withinBlocks(chunks, pool.blockBytes)) {
      if (filled === buffer?.length) yield handOver(buffer, false);
      if (buffer === undefined) {
        buffer = await lane.take();
        filled = 0;
      }
      buffer.set(part, filled);
      filled += part.length;
    }
    if (buffer !== undefined) yield handOver(buffer, true);
  } finally {
    if (buffer !== undefined) lane.release(buffer);
  }
}

/** The same bytes in parts that never go across a block's border; no empty ones. */
async function* withinBlocks(chunks: AsyncIterable<Uint8Array>, blockBytes: number): AsyncGenerator<Uint8Array> {
  let position = 0;
  for await (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length;) {
      const part = chunk.subarray(offset, offset + blockBytes - (position % blockBytes));
      yield part;
      offset += part.length;
      position += part.length;
    }
  }
}

/** All ids of an upload share a random part: two uploads to one name never replace each other's blocks. */
function idPrefix(random: () => number): string {
  return Array.from({ length: ID_DIGITS }, () => Math.floor(random() * 16).toString(16)).join("");
}

/** An id for a block that stands alone. */
export function newBlockId(random: () => number): string {
  return blockId(idPrefix(random), 0);
}

function blockId(prefix: string, index: number): string {
  return toBase64(utf8(`${prefix}-${String(index).padStart(5, "0")}`));
}

export interface BlockPool {
  /** Blocks in memory at the same time, and so the requests in flight. */
  readonly limit: number;
  readonly blockBytes: number;
  /** One for each upload. */
  lane(): BlockLane;
}

export interface BlockLane {
  /** At once for a lane that holds none, beyond the limit if need be; else when the pool has one free. */
  take(): Promise<Uint8Array>;
  release(block: Uint8Array): void;
}

interface Waiter {
  readonly owner: { held: number };
  readonly give: (block: Uint8Array) => void;
}

export function blockPool(limit: number, blockBytes: number): BlockPool {
  const free: Uint8Array[] = [];
  const waiting: Waiter[] = [];
  let taken = 0;

  /** A lane that now holds none goes first: it must never depend on other lanes. */
  function nextFor(owner: Waiter["owner"]): Waiter | undefined {
    const own = owner.held === 0 ? waiting.findIndex((waiter) => waiter.owner === owner) : -1;
    if (own >= 0) return waiting.splice(own, 1)[0];
    return taken < limit ? waiting.shift() : undefined;
  }

  function take(owner: Waiter["owner"]): Promise<Uint8Array> {
    if (taken >= limit && owner.held > 0) return new Promise((give) => waiting.push({ owner, give }));
    taken += 1;
    owner.held += 1;
    return Promise.resolve(free.pop() ?? new Uint8Array(blockBytes));
  }

  function release(owner: Waiter["owner"], block: Uint8Array): void {
    taken -= 1;
    owner.held -= 1;
    const next = nextFor(owner);
    if (next !== undefined) {
      taken += 1;
      next.owner.held += 1;
      next.give(block);
    } else if (taken < limit) {
      free.push(block);
    }
  }

  const lane = (): BlockLane => {
    const owner = { held: 0 };
    return { take: () => take(owner), release: (block) => release(owner, block) };
  };
  return { limit, blockBytes, lane };
}
