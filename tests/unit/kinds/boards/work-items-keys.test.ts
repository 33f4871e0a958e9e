import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeyTable, readKeys, storedKey, type Key } from "../../../../engine/kinds/boards/work-items/backup/keys.ts";
import type { StoredRecord } from "../../../../engine/vault/streams/stream-reader.ts";

const anId = fc.integer({ min: 1, max: 2_147_483_647 });
const aKey = fc.record(
  {
    rev: fc.integer({ min: 1, max: 2_147_483_647 }),
    c: fc.stringMatching(/^[0-9a-f]{64}$/),
    l: fc.array(anId, { minLength: 1, maxLength: 5 }),
    deleted: fc.boolean(),
    lost: fc.boolean(),
  },
  { requiredKeys: ["rev", "deleted", "lost"] },
);
const someKeys = fc
  .uniqueArray(fc.tuple(anId, aKey), { selector: ([id]) => id, maxLength: 700 })
  .map((keys) => [...keys].sort(([a], [b]) => a - b));

function tableOf(keys: readonly (readonly [number, Key])[]): KeyTable {
  const table = new KeyTable();
  for (const [id, key] of keys) table.add(id, key);
  return table;
}

describe("keys of work items", () => {
  it("gives back each key as it was added, and none for other ids", () => {
    fc.assert(
      fc.property(someKeys, anId, (keys, other) => {
        const table = tableOf(keys);

        expect(keys.map(([id]) => [id, table.get(id)])).toEqual(keys);
        expect(table.has(other)).toBe(keys.some(([id]) => id === other));
        expect(table.get(other)).toEqual(keys.find(([id]) => id === other)?.[1]);
      }),
      { numRuns: 60 },
    );
  });

  it("counts them and those that are lost, and tells the ids in order", () => {
    fc.assert(
      fc.property(someKeys, (keys) => {
        const table = tableOf(keys);

        expect(table.size).toBe(keys.length);
        expect(table.lost).toBe(keys.filter(([, { lost }]) => lost).length);
        expect([...table.ids()]).toEqual(keys.map(([id]) => id));
      }),
      { numRuns: 30 },
    );
  });

  it("reads what it has stored", async () => {
    const keys: readonly (readonly [number, Key])[] = [
      [4, { rev: 2, deleted: false, lost: false }],
      [7, { rev: 9, c: "0f".repeat(32), l: [4, 11], deleted: true, lost: false }],
      [11, { rev: 1, l: [7], deleted: false, lost: true }],
    ];

    const read = await readKeys({ keys: () => storedRecords(keys) });

    expect([...read.ids()].map((id) => [id, read.get(id)])).toEqual(keys);
  });

  it("takes a digest of another form for none, so that the comments are compared anew", () => {
    const table = tableOf([[1, { rev: 1, c: "not a digest", deleted: false, lost: false }]]);

    expect(table.get(1)).toEqual({ rev: 1, deleted: false, lost: false });
  });

  it("refuses ids that come twice or out of order", () => {
    const key = { rev: 1, deleted: false, lost: false };
    const add = (...ids: readonly number[]): KeyTable => tableOf(ids.map((id) => [id, key]));

    expect(() => add(3, 3)).toThrow(/out of order at 3/);
    expect(() => add(3, 2)).toThrow(/out of order at 2/);
    expect(() => add(Number.NaN)).toThrow(/out of order/);
  });
});

async function* storedRecords(keys: readonly (readonly [number, Key])[]): AsyncGenerator<StoredRecord> {
  for (const [id, key] of keys) yield { key: id, value: storedKey(id, key) };
}
