import { mkdtemp, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mergeSorted } from "../../../engine/native/merge-sorted.ts";
import type { LineSorter, SortKey } from "../../../engine/native/sorted-lines.ts";
import { sortLines } from "../../../engine/native/sorted-lines.ts";
import { encryptedSpool } from "../../../engine/native/temporary-files.ts";
import { all, flipped, inPieces, sampleBytes } from "./support.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "spool-test-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function list<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function filesBelow(parent: string): Promise<readonly string[]> {
  const entries = await readdir(parent, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

describe("an encrypted spool", () => {
  test("gives back bytes and lines as they were written, as often as they are read", async () => {
    const spool = encryptedSpool(path.join(folder, "not", "there", "yet"));
    const lines = ["", "a", "\ufeffmark", "x".repeat(200_000), "Überraschung 🎉", ""];
    const texts = await spool.writeLines(lines);
    const bytes = await spool.writeBytes(inPieces(sampleBytes(300_000), 7000));
    const none = await spool.writeLines([]);
    for (let reading = 0; reading < 2; reading += 1) {
      expect(await list(texts.lines())).toEqual(lines);
      expect(Buffer.compare(await all(bytes.chunks()), sampleBytes(300_000))).toBe(0);
      expect(await list(none.lines())).toEqual([]);
    }
    await spool.dispose();
  });

  test.each([65_535, 65_536, 65_537, 1_048_576, 1_048_577])("keeps %i bytes whole", async (size) => {
    const spool = encryptedSpool(folder);
    const run = await spool.writeBytes(inPieces(sampleBytes(size), 50_000));
    expect(run.bytes).toBe(size);
    expect(Buffer.compare(await all(run.chunks()), sampleBytes(size))).toBe(0);
    await spool.dispose();
  });

  test("leaves nothing readable on disk, and nothing at all once it is disposed of", async () => {
    const spool = encryptedSpool(folder);
    await spool.writeLines(Array.from({ length: 1000 }, (_, index) => `the secret plan, part ${index}`));
    const files = await filesBelow(folder);
    expect(files).toHaveLength(1);
    expect((await readFile(files[0]!)).includes("secret")).toBe(false);
    await spool.dispose();
    await spool.dispose();
    expect(await readdir(folder)).toEqual([]);
  });

  test("touches no disk before the first write", async () => {
    const spool = encryptedSpool(path.join(folder, "later"));
    expect(await readdir(folder)).toEqual([]);
    await spool.dispose();
  });

  test("notices files that someone changed or cut", async () => {
    const spool = encryptedSpool(folder);
    const run = await spool.writeBytes(inPieces(sampleBytes(200_000), 9000));
    const [file = ""] = await filesBelow(folder);
    const content = await readFile(file);
    await writeFile(file, flipped(content, 100_000));
    await expect(all(run.chunks())).rejects.toMatchObject({ code: "TEMPORARY_DAMAGED" });
    await writeFile(file, content);
    await truncate(file, content.length - 1);
    await expect(all(run.chunks())).rejects.toMatchObject({ code: "TEMPORARY_DAMAGED" });
    await spool.dispose();
  });

  test("says which folder cannot be used", async () => {
    const file = path.join(folder, "a-file");
    await writeFile(file, "in the way");
    const spool = encryptedSpool(path.join(file, "below"));
    await expect(spool.writeLines(["a"])).rejects.toMatchObject({ code: "TEMPORARY_FOLDER" });
    await spool.dispose();
  });

  test("refuses a line with a line feed, which would come back as two", async () => {
    const spool = encryptedSpool(folder);
    await expect(spool.writeLines(["a\nb"])).rejects.toThrow("line feed");
    await spool.dispose();
  });
});

describe("merging", () => {
  test("keeps the order of equal items, and of all others (property)", async () => {
    const source = fc.array(fc.nat(20)).map((numbers) => numbers.sort((left, right) => left - right));
    await fc.assert(
      fc.asyncProperty(fc.array(source, { maxLength: 9 }), async (sources) => {
        const tagged = sources.map((numbers, from) => numbers.map((value, at) => ({ value, from, at })));
        const merged = await list(mergeSorted(tagged.map(each), (left, right) => left.value - right.value));
        const expected = tagged.flat().sort((left, right) => left.value - right.value);
        expect(merged).toEqual(expected);
      }),
    );
  });

  test("closes every source when the reader stops early or a source fails", async () => {
    const closed: number[] = [];
    async function* counting(from: number, failAt = Infinity): AsyncGenerator<number> {
      try {
        for (let number = from; ; number += 1) {
          if (number === failAt) throw new Error("broken source");
          yield number;
        }
      } finally {
        closed.push(from);
      }
    }
    for await (const number of mergeSorted([counting(0), counting(5)], (left, right) => left - right))
      if (number > 6) break;
    expect(closed.sort()).toEqual([0, 5]);
    const failing = list(mergeSorted([counting(1, 4), counting(2)], (left, right) => left - right));
    await expect(failing).rejects.toThrow("broken source");
    expect(closed.sort()).toEqual([0, 1, 2, 5]);
  });
});

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

describe("sorting lines", () => {
  const tiny = 2000;

  async function sorted<Key extends SortKey>(
    sorter: LineSorter<Key>,
    entries: readonly (readonly [Key, string])[],
  ): Promise<unknown[]> {
    for (const [key, line] of entries) await sorter.add(key, line);
    const found = await list(sorter.entries());
    await sorter.dispose();
    return found;
  }

  test("sorts as an array would, stably, for every sort of key and any memory (property)", async () => {
    const line = fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => text.replaceAll("\n", " "));
    const keys: fc.Arbitrary<readonly (readonly [SortKey, string])[]> = fc.oneof(
      fc.array(fc.tuple(fc.integer({ min: -5, max: 50 }), line), { maxLength: 200 }),
      fc.array(fc.tuple(fc.string({ maxLength: 3 }), line), { maxLength: 200 }),
      fc.array(fc.tuple(fc.tuple(fc.nat(20), fc.nat(9)), line), { maxLength: 200 }),
    );
    await fc.assert(
      fc.asyncProperty(keys, fc.constantFrom(1, tiny, 1_000_000), async (entries, memoryBytes) => {
        const found = await sorted(sortLines({ folder, memoryBytes }), entries);
        expect(found).toEqual([...entries].sort(([left], [right]) => compare(left, right)));
      }),
      { numRuns: 60 },
    );
    expect(await readdir(folder)).toEqual([]);
  });

  function compare(left: SortKey, right: SortKey): number {
    if (Array.isArray(left) && Array.isArray(right)) return left[0] - right[0] || left[1] - right[1];
    return left < right ? -1 : left > right ? 1 : 0;
  }

  test("merges more runs than can be read at once", async () => {
    const count = 300;
    const entries = Array.from({ length: count }, (_, index) => [(index * 7) % count, `line ${index}`] as const);
    const found = await sorted(sortLines<number>({ folder, memoryBytes: 1 }), entries);
    expect(found).toEqual([...entries].sort(([left], [right]) => left - right));
  });

  test("takes the caller's order, and gives the lines again", async () => {
    const sorter = sortLines<number>({ folder, memoryBytes: tiny, compareKeys: (left, right) => right - left });
    for (let number = 0; number < 100; number += 1) await sorter.add(number, `{"number":${number}}`);
    const expected = Array.from({ length: 100 }, (_, index) => `{"number":${99 - index}}`);
    expect(await list(sorter.sorted())).toEqual(expected);
    expect(await list(sorter.sorted())).toEqual(expected);
    await sorter.dispose();
    expect(await readdir(folder)).toEqual([]);
  });

  test("uses no disk for what fits into memory", async () => {
    const sorter = sortLines<string>({ folder: path.join(folder, "unused") });
    await sorter.add("b", "2");
    await sorter.add("a", "");
    expect(await list(sorter.sorted())).toEqual(["", "2"]);
    expect(await readdir(folder)).toEqual([]);
    await sorter.dispose();
  });
});
