import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect } from "../../../../engine/foundation/concurrency.ts";
import { readAll } from "../../../../engine/foundation/bytes.ts";
import { mergedRecords, recordFinder } from "../../../../engine/vault/streams/record-segments.ts";
import { openSealed } from "../../../../engine/vault/objects/sealed-objects.ts";
import type { Segment } from "../../../../engine/vault/format/ref.ts";
import type { RecordLine } from "../../../../engine/vault/streams/stream-writer.ts";
import {
  cryptography,
  each,
  flipBit,
  patternBytes,
  sealedVault,
  type SealedVault,
} from "../../../support/sealed-vault.ts";

describe("segments of records", () => {
  it("give back the newest version of each record in key order, deleted ones left out", async () => {
    const vault = await sealedVault();
    const writer = vault.writerOf("work-items");
    const base = await writer.records({ from: null, to: "1" }, each(put(1, "a"), put(2, "a"), put(10, "a")));
    const second = await writer.records({ from: "1", to: "2" }, each(put(0, "b"), gone(2), put(10, "b")));
    const third = await writer.records({ from: "2", to: "3" }, each(put(2, "c"), gone(10)));

    const all = async (chain: Segment[]): Promise<unknown[]> => collect(mergedRecords(vault.access, chain));

    expect(await all([base])).toEqual([record(1, "a"), record(2, "a"), record(10, "a")]);
    expect(await all([base, second])).toEqual([record(0, "b"), record(1, "a"), record(10, "b")]);
    expect(await all([base, second, third])).toEqual([record(0, "b"), record(1, "a"), record(2, "c")]);
    const finder = recordFinder(vault.access, [base, second, third]);
    expect(await finder.find(2)).toEqual({ id: 2, text: "c" });
    expect(await finder.find(1)).toEqual({ id: 1, text: "a" });
    expect(await finder.find(10)).toBeUndefined();
    expect(await finder.find(7)).toBeUndefined();
    expect([base.k, base.puts, base.dels, second.k, second.puts, second.dels]).toEqual(["base", 3, 0, "delta", 2, 1]);
  });

  it("hold for any sequence of changes what a map would hold", async () => {
    const change = fc.record({ key: fc.integer({ min: -3, max: 12 }), text: fc.option(fc.string({ unit: "binary" })) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { maxLength: 8 }), { minLength: 1, maxLength: 4 }), async (rounds) => {
        const vault = await sealedVault();
        const writer = vault.writerOf("s");
        const expected = new Map<number, string>();
        const chain: Segment[] = [];
        for (const [index, round] of rounds.entries()) {
          const changes = [...new Map(round.map((entry) => [entry.key, entry])).values()];
          changes.sort((a, b) => a.key - b.key);
          for (const { key, text } of changes) {
            if (text === null) expected.delete(key);
            else expected.set(key, text);
          }
          const lines = changes.map(({ key, text }) => (text === null ? gone(key) : put(key, text)));
          const from = index === 0 ? null : String(index - 1);
          chain.push(await writer.records({ from, to: String(index) }, each(...lines)));
        }

        const found = await collect(mergedRecords(vault.access, chain));

        const sorted = [...expected].sort(([a], [b]) => a - b);
        expect(found).toEqual(sorted.map(([key, text]) => record(key, text)));
        const finder = recordFinder(vault.access, chain);
        for (let key = -3; key <= 12; key += 1) {
          expect(await finder.find(key)).toEqual(expected.has(key) ? { id: key, text: expected.get(key) } : undefined);
        }
      }),
      { numRuns: 15 },
    );
  });

  it("keep text keys by code unit, and records that do not begin with their key", async () => {
    const vault = await sealedVault();
    const lines: RecordLine[] = [
      { key: "Z", json: '{"id":"Z","n":1}' },
      { key: 'a"b', json: '{"id":7,"n":2}' },
      { key: "ä", json: '{"n":3}' },
      { key: "𝒳", json: "{}" },
    ];

    const segment = await vault.writerOf("s").records({ from: null, to: "1" }, each(...lines));

    const found = await collect(mergedRecords(vault.access, [segment]));
    expect(found).toEqual([
      { key: "Z", value: { id: "Z", n: 1 } },
      { key: 'a"b', value: { id: 7, n: 2 } },
      { key: "ä", value: { n: 3 } },
      { key: "𝒳", value: {} },
    ]);
    expect(await recordFinder(vault.access, [segment]).find('a"b')).toEqual({ id: 7, n: 2 });
  });

  it("refuse keys out of order, twice, or of two sorts, and lines that are no records", async () => {
    const writer = (await sealedVault()).writerOf("s");
    const write = (...lines: RecordLine[]): Promise<Segment> => writer.records({ from: null, to: "1" }, each(...lines));

    await expect(write(put(2, "a"), put(1, "a"))).rejects.toMatchObject({ code: "RECORD_ORDER" });
    await expect(write(put(2, "a"), gone(2))).rejects.toMatchObject({ code: "RECORD_ORDER" });
    await expect(write(put(2, "a"), { key: "3", json: "{}" })).rejects.toMatchObject({ code: "RECORD_ORDER" });
    await expect(write({ key: 1, json: '{"id":1,\n"a":2}' })).rejects.toMatchObject({ code: "RECORD_FORM" });
    await expect(write({ key: 1, json: "[1]" })).rejects.toMatchObject({ code: "RECORD_FORM" });
  });

  it("may be empty, and stay readable with gunzip", async () => {
    const vault = await sealedVault();
    const segment = await vault.writerOf("s").records({ from: null, to: "1" }, each());

    expect(await collect(mergedRecords(vault.access, [segment]))).toEqual([]);
    const stored = await readAll(openSealed(vault.access, segment), 1000);
    expect(await cryptography.gunzip(stored, 1000)).toHaveLength(0);
  });

  it("find one record of a 10 MB base by reading less than 512 KB of it", async () => {
    const vault = await sealedVault();
    const segment = await vault.writerOf("work-items").records({ from: null, to: "1" }, manyRecords());
    const read = countingReads(vault);

    const found = await recordFinder(read.access, [segment]).find(15_000);

    expect(segment.n).toBeGreaterThan(10_000_000);
    expect(found).toMatchObject({ id: 15_000 });
    expect(read.bytes()).toBeLessThan(512_000);
  });

  it("read a member once for all the neighbours that are asked for in turn or together", async () => {
    const vault = await sealedVault();
    const segment = await vault.writerOf("work-items").records({ from: null, to: "1" }, manyRecords());
    const read = countingReads(vault);
    const finder = recordFinder(read.access, [segment]);
    await finder.find(15_000);
    const once = read.bytes();

    const neighbours = await Promise.all([15_001, 15_002, 15_003].map((key) => finder.find(key)));
    for (let key = 14_900; key < 15_100; key += 1) await finder.find(key);

    expect(neighbours).toMatchObject([{ id: 15_001 }, { id: 15_002 }, { id: 15_003 }]);
    expect(read.bytes()).toBeLessThan(3 * once);
  });

  it("name the object when a stored bit changed, in the member that is read and in a full pass", async () => {
    const vault = await sealedVault();
    const base = await vault.writerOf("s").records({ from: null, to: "1" }, each(put(1, "a"), put(2, "b")));
    flipBit(vault.store, vault.nameOf(base), base.n - 20);
    const damaged = { code: "OBJECT_DAMAGED", context: { object: base.o } };

    await expect(recordFinder(vault.access, [base]).find(1)).rejects.toMatchObject(damaged);
    await expect(collect(mergedRecords(vault.access, [base]))).rejects.toMatchObject(damaged);
  });

  it("are refused when they hold other records than their facts say", async () => {
    const vault = await sealedVault();
    const segment = await vault.writerOf("s").records({ from: null, to: "1" }, each(put(1, "a"), put(2, "b")));

    const reading = collect(mergedRecords(vault.access, [{ ...segment, puts: 3 }]));

    await expect(reading).rejects.toMatchObject({ code: "OBJECT_DAMAGED" });
  });

  it("leave no read open when a reader stops early", async () => {
    const vault = await sealedVault();
    const writer = vault.writerOf("s");
    const chain = [
      await writer.records({ from: null, to: "1" }, manyRecords(3000)),
      await writer.records({ from: "1", to: "2" }, each(put(5, "b"))),
    ];
    const read = countingReads(vault);

    for await (const { key } of mergedRecords(read.access, chain)) if (key === 2) break;

    expect(read.open()).toBe(0);
  });

  it("can be read with the viewer key only when they were written for the catalogue", async () => {
    const vault = await sealedVault();
    const writer = vault.writerOf("s");
    const content = await writer.records({ from: null, to: "1" }, each(put(1, "a")));
    const keys = await writer.catalogueRecords({ from: null, to: "1" }, each(put(1, "a")));

    expect(await collect(mergedRecords(vault.viewing, [keys]))).toHaveLength(1);
    await expect(collect(mergedRecords(vault.viewing, [content]))).rejects.toMatchObject({ code: "KEY_MISMATCH" });
  });
});

function put(id: number, text: string): RecordLine {
  return { key: id, json: JSON.stringify({ id, text }) };
}

function gone(id: number): RecordLine {
  return { key: id, deleted: true };
}

function record(id: number, text: string): unknown {
  return { key: id, value: { id, text } };
}

/** About 500 bytes each that hardly compress. */
async function* manyRecords(count = 40_000): AsyncGenerator<RecordLine> {
  for (let id = 1; id <= count; id += 1) {
    yield { key: id, json: JSON.stringify({ id, text: Buffer.from(patternBytes(300, id)).toString("base64") }) };
  }
}

function countingReads(vault: SealedVault): { access: SealedVault["access"]; bytes(): number; open(): number } {
  let bytes = 0;
  let open = 0;
  const store = {
    ...vault.store,
    async read(...args: Parameters<typeof vault.store.read>) {
      const body = await vault.store.read(...args);
      async function* counted(): AsyncGenerator<Uint8Array> {
        open += 1;
        try {
          for await (const chunk of body.chunks) {
            bytes += chunk.length;
            yield chunk;
          }
        } finally {
          open -= 1;
        }
      }
      return { length: body.length, chunks: counted() };
    },
  };
  return { access: { ...vault.access, store }, bytes: () => bytes, open: () => open };
}
