import { describe, expect, it } from "vitest";
import { readAll, utf8 } from "../../../../engine/foundation/bytes.ts";
import { readBundles } from "../../../../engine/vault/streams/bundle-segments.ts";
import { sealedWriter } from "../../../../engine/vault/objects/sealed-objects.ts";
import { vaultStreamWriter } from "../../../../engine/vault/streams/vault-stream-writer.ts";
import type { Segment } from "../../../../engine/vault/format/ref.ts";
import {
  cryptography,
  inPieces,
  patternBytes,
  sampleRun,
  sampleVault,
  sealedVault,
} from "../../../support/sealed-vault.ts";

const facts = (): { header: number; objects: number } => ({ header: 42, objects: 7 });

describe("bundles", () => {
  it("stream through, base first, with what git said about them", async () => {
    const vault = await sealedVault();
    const writer = vault.writerOf("git-repositories/1");
    const [one, two] = [patternBytes(300_000, 1), patternBytes(500, 2)];

    const base = await writer.bundle({ from: null, to: "a" }, { chunks: inPieces(one, 7000), facts });
    const delta = await writer.bundle({ from: "a", to: "b" }, { chunks: inPieces(two, 100), facts });

    expect(base).toMatchObject({ k: "base", from: null, to: "a", header: 42, objects: 7 });
    expect(delta).toMatchObject({ k: "delta", from: "a", to: "b" });
    expect(writer.storedBytes).toBe(base.n + delta.n);
    const read: [Segment, Uint8Array][] = [];
    for await (const { segment, chunks } of readBundles(vault.access, [base, delta])) {
      read.push([segment, await readAll(chunks, 1 << 20)]);
    }
    expect(read.map(([segment]) => segment)).toEqual([base, delta]);
    expect(Buffer.compare(read[0]![1], one) + Buffer.compare(read[1]![1], two)).toBe(0);
  });

  it("leave nothing when the fetch breaks off, and ask for the facts only at the end", async () => {
    const vault = await sealedVault();
    let asked = false;
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield patternBytes(2_000_000);
      throw new Error("the server hung up");
    }

    const writing = vault.writerOf("git-repositories/1").bundle(
      { from: null, to: "a" },
      {
        chunks: broken(),
        facts: () => {
          asked = true;
          return facts();
        },
      },
    );

    await expect(writing).rejects.toThrow("the server hung up");
    expect([asked, vault.store.objects.size]).toEqual([false, 0]);
  });

  it("take little memory, however large they are", async () => {
    const vault = await sealedVault();
    let stored = 0;
    const store = {
      ...vault.store,
      async createFrom(name: string, chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) stored += chunk.length;
        return { name, length: stored, createdAt: "2026-11-22T18:05:44Z" };
      },
    };
    const place = { store, cryptography, vault: sampleVault, run: sampleRun, shard: "00", keys: vault.keys };
    const sealed = sealedWriter(place);
    const writer = vaultStreamWriter({ stream: "s", sealed, agentKeys: vault.agentKeys, access: vault.viewing });
    const piece = patternBytes(1 << 20);
    async function* large(): AsyncGenerator<Uint8Array> {
      for (let count = 0; count < 150; count += 1) yield piece;
    }
    const before = process.memoryUsage().rss;

    const segment = await writer.bundle({ from: null, to: "a" }, { chunks: large(), facts });

    expect(segment.n).toBe(stored);
    expect(segment.n).toBeGreaterThan(150 << 20);
    expect(process.memoryUsage().rss - before).toBeLessThan(100 << 20);
  });
});

describe("digests", () => {
  it("are equal for equal values whatever the order of members, and differ by key", async () => {
    const vault = await sealedVault();
    const writer = vault.writerOf("s");
    const stranger = vaultStreamWriter({
      stream: "s",
      sealed: vault.sealed,
      agentKeys: { macKey: utf8("another key") },
      access: vault.viewing,
    });

    const digest = await writer.digestOf({ a: 1, b: [2, { c: 3, d: 4 }] });

    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(await writer.digestOf({ b: [2, { d: 4, c: 3 }], a: 1 })).toBe(digest);
    expect(await writer.digestOf({ a: 1, b: [2, { c: 3, d: 5 }] })).not.toBe(digest);
    expect(await stranger.digestOf({ a: 1, b: [2, { c: 3, d: 4 }] })).not.toBe(digest);
  });
});
