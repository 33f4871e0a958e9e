import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { concat, fromBase64, fromUtf8 } from "../../../engine/foundation/bytes.ts";
import { blockPool, uploadInBlocks, type BlockSink } from "../../../engine/store/block-upload.ts";

interface Uploaded {
  readonly bytes: Uint8Array;
  readonly ids: readonly string[];
}

/** Keeps what it is given as a service would: a copy of each block, joined by commit. */
function sink(options: { delayMs?: number; failAtBlock?: number } = {}): BlockSink<Uploaded> & { running: number[] } {
  const blocks = new Map<string, Uint8Array>();
  const running: number[] = [];
  let now = 0;
  return {
    running,
    put: async (bytes) => ({ bytes: new Uint8Array(bytes), ids: [] }),
    stage: async ({ id, index, bytes }) => {
      now += 1;
      running.push(now);
      await wait(options.delayMs ?? 0);
      now -= 1;
      if (index === options.failAtBlock) throw new Error("the block was refused");
      blocks.set(id, new Uint8Array(bytes));
    },
    commit: async (ids) => ({ ids, bytes: concat(ids.map((id) => blocks.get(id) ?? new Uint8Array(0))) }),
  };
}

async function* counting(length: number, chunk: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < length; offset += chunk) {
    yield Uint8Array.from({ length: Math.min(chunk, length - offset) }, (_, index) => (offset + index) % 251);
  }
}

const tools = (limit: number, blockBytes = 100): Parameters<typeof uploadInBlocks>[2] => ({
  pool: blockPool(limit, blockBytes),
  random: () => 0.5,
});

describe("uploading in blocks", () => {
  it.each([0, 1, 99, 100, 101, 200, 250, 1000])("stores %i bytes whole, however they are chunked", async (length) => {
    for (const chunk of [1, 7, 100, 1000]) {
      const { bytes, ids } = await uploadInBlocks(counting(length, chunk), sink(), tools(3));

      expect(bytes).toHaveLength(length);
      expect(bytes.every((byte, index) => byte === index % 251)).toBe(true);
      expect(ids).toHaveLength(length <= 100 ? 0 : Math.ceil(length / 100));
    }
  });

  it("sends as many blocks at the same time as the pool has, and never more", async () => {
    const slow = sink({ delayMs: 5 });

    await uploadInBlocks(counting(2000, 10), slow, tools(3));

    expect(Math.max(...slow.running)).toBe(3);
  });

  it("gives two uploads to one name different block ids, all of one length", async () => {
    const first = await uploadInBlocks(counting(1200, 50), sink(), { ...tools(2), random: () => 0.1 });
    const second = await uploadInBlocks(counting(1200, 50), sink(), { ...tools(2), random: () => 0.9 });

    const ids = [...first.ids, ...second.ids];
    expect(new Set(ids).size).toBe(24);
    expect(new Set(ids.map((id) => fromUtf8(fromBase64(id) ?? new Uint8Array(0)).length)).size).toBe(1);
  });

  it("does not let uploads wait for each other's blocks", async () => {
    const shared = tools(2);
    const gates: (() => void)[] = [];
    const uploads = Array.from({ length: 5 }, () => {
      const opened = new Promise<void>((resolve) => gates.push(resolve));
      const source = async function* (): AsyncGenerator<Uint8Array> {
        yield* counting(150, 150);
        await opened;
        yield* counting(450, 150);
      };
      return uploadInBlocks(source(), sink(), shared);
    });

    for (let index = 4; index >= 0; index -= 1) {
      gates[index]?.();
      expect((await uploads[index])?.bytes).toHaveLength(600); // while the others still hold half a block each
    }
  });

  it("gives its blocks back after a failure of the source or the service", async () => {
    const shared = tools(2);
    for (let round = 0; round < 5; round += 1) {
      await expect(uploadInBlocks(counting(1000, 30), sink({ failAtBlock: 3 }), shared)).rejects.toThrow("refused");
      const failing = async function* (): AsyncGenerator<Uint8Array> {
        yield* counting(450, 30);
        throw new Error("the source broke");
      };
      await expect(uploadInBlocks(failing(), sink(), shared)).rejects.toThrow("the source broke");
    }

    const lane = shared.pool.lane();
    expect(await Promise.all([lane.take(), lane.take()])).toHaveLength(2);
  });
});
