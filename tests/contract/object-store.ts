import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { concat } from "../../engine/foundation/bytes.ts";
import { collect } from "../../engine/foundation/concurrency.ts";
import { readObject, type DeletingStore, type ObjectReader } from "../../engine/store/object-store.ts";

/** A fresh, empty place, a store to fill it and the reader under test (often the same). */
export interface StoreUnderTest {
  readonly store: DeletingStore;
  readonly reader: ObjectReader;
}

const MANY = 50_000_000;

/** What every reader promises; `open` gives a fresh place each time. */
export function describeObjectReader(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`object reader: ${name}`, () => {
    it("reads back what was created, whole and in ranges", async () => {
      const { store, reader } = await open();
      const bytes = randomBytes(300_000);
      await store.create("runs/a1/seg", bytes);

      const whole = await readObject(reader, "runs/a1/seg", MANY);
      const part = await reader.read("runs/a1/seg", { range: { offset: 100_000, length: 70_001 } });
      const last = await reader.read("runs/a1/seg", { range: { offset: 299_999, length: 1 } });

      expect(Buffer.compare(whole, bytes)).toBe(0);
      expect(part.length).toBe(70_001);
      expect(Buffer.compare(concat(await collect(part.chunks)), bytes.subarray(100_000, 170_001))).toBe(0);
      expect(concat(await collect(last.chunks))).toEqual(new Uint8Array(bytes.subarray(299_999)));
    });

    it("reads an object without bytes, and an empty range", async () => {
      const { store, reader } = await open();
      await store.create("empty", new Uint8Array(0));
      await store.create("full", randomBytes(10));

      const empty = await reader.read("empty");
      const nothing = await reader.read("full", { range: { offset: 4, length: 0 } });

      expect([empty.length, nothing.length]).toEqual([0, 0]);
      expect(await collect(empty.chunks)).toEqual([]);
      expect(await collect(nothing.chunks)).toEqual([]);
      expect((await reader.info("empty"))?.length).toBe(0);
    });

    it("says that an object is not there", async () => {
      const { reader } = await open();

      expect(await reader.info("log/0000000001")).toBeUndefined();
      await expect(reader.read("log/0000000001")).rejects.toMatchObject({ code: "STORE_NOT_FOUND" });
      await expect(reader.read("a", { range: { offset: 0, length: 0 } })).rejects.toMatchObject({
        code: "STORE_NOT_FOUND",
      });
      expect(await reader.versionsOf("log/0000000001")).toEqual([]);
    });

    it("calls an object that is shorter than the range asked for truncated", async () => {
      const { store, reader } = await open();
      await store.create("short", randomBytes(100));

      await expect(reader.read("short", { range: { offset: 50, length: 51 } })).rejects.toMatchObject({
        code: "STORE_TRUNCATED",
      });
      await expect(reader.read("short", { range: { offset: 500, length: 1 } })).rejects.toMatchObject({
        code: "STORE_TRUNCATED",
      });
    });

    it("lists the names with a prefix in order, with lengths and times", async () => {
      const { store, reader } = await open();
      for (const name of ["log/0000000002", "runs/b/x", "log/0000000001", "logo", "log/0000000010", "runs/a-1/x"]) {
        await store.create(name, randomBytes(name.length));
      }

      const log = await collect(reader.list("log/"));
      const all = await collect(reader.list(""));

      expect(log.map(({ name }) => name)).toEqual(["log/0000000001", "log/0000000002", "log/0000000010"]);
      expect(log.map(({ length }) => length)).toEqual([14, 14, 14]);
      expect(all.map(({ name }) => name)).toEqual([...all.map(({ name }) => name)].sort());
      expect(all).toHaveLength(6);
      expect(await reader.info("log/0000000002")).toEqual(log[1]);
      expect(await collect(reader.list("nothing/"))).toEqual([]);
    });

    it("tells the service's time", async () => {
      const { reader } = await open();

      const time = await reader.serviceTime();

      expect(Math.abs(time.getTime() - Date.now())).toBeLessThan(5_000);
    });
  });
}

/** What every store promises on top. */
export function describeObjectStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`object store: ${name}`, () => {
    it("says what it created", async () => {
      const { store } = await open();

      const info = await store.create("a", randomBytes(42));

      expect(info).toMatchObject({ name: "a", length: 42 });
      expect(Math.abs(Date.parse(info.createdAt) - Date.now())).toBeLessThan(5_000);
      expect(await store.info("a")).toEqual(info);
    });

    it("counts a second create with equal bytes as its own lost answer", async () => {
      const { store } = await open();
      const bytes = randomBytes(1000);
      const first = await store.create("a", bytes);

      expect(await store.create("a", bytes)).toEqual(first);
      expect(await store.createFrom("a", parts(bytes, 300))).toEqual(first);
    });

    it("never overwrites", async () => {
      const { store } = await open();
      const bytes = randomBytes(1000);
      await store.create("a", bytes);

      await expect(store.create("a", randomBytes(1000))).rejects.toMatchObject({ code: "STORE_EXISTS" });
      await expect(store.create("a", bytes.subarray(1))).rejects.toMatchObject({ code: "STORE_EXISTS" });
      await expect(store.createFrom("a", parts(randomBytes(2000), 700))).rejects.toMatchObject({
        code: "STORE_EXISTS",
      });
      await expect(store.create("a", new Uint8Array(0))).rejects.toMatchObject({ code: "STORE_EXISTS" });
      expect(Buffer.compare(await readObject(store, "a", MANY), bytes)).toBe(0);
    });

    it("lets exactly one of ten racing creators win", async () => {
      const { store } = await open();
      const attempts = Array.from({ length: 10 }, () => randomBytes(500));

      const outcomes = await Promise.allSettled(attempts.map((bytes) => store.create("log/0000000007", bytes)));

      const winners = outcomes.flatMap(({ status }, index) => (status === "fulfilled" ? [index] : []));
      expect(winners).toHaveLength(1);
      expect(Buffer.compare(await readObject(store, "log/0000000007", MANY), attempts[winners[0] ?? 0]!)).toBe(0);
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "STORE_EXISTS" });
      }
    });

    it("stores a stream of 20 MB whose length nobody knows", async () => {
      const { store, reader } = await open();
      const bytes = randomBytes(20_000_003);

      const info = await store.createFrom("runs/a/big", parts(bytes, 65_552));
      const again = await store.createFrom("runs/a/big", parts(bytes, 1_000_000));
      const body = await reader.read("runs/a/big");

      expect(info.length).toBe(bytes.length);
      // The service may date an object by its first block.
      expect(again).toMatchObject({ name: info.name, length: info.length });
      expect(await sha256(body.chunks)).toBe(await sha256(parts(bytes, 4_000_000)));
      bytes[19_999_999] = bytes[19_999_999]! ^ 1;
      await expect(store.createFrom("runs/a/big", parts(bytes, 65_552))).rejects.toMatchObject({
        code: "STORE_EXISTS",
      });
    });

    it("stores streams of no, one and exactly a block's bytes", async () => {
      const { store } = await open();
      const block = randomBytes(8 * 1024 * 1024);

      expect((await store.createFrom("none", parts(new Uint8Array(0), 1))).length).toBe(0);
      expect((await store.createFrom("one", parts(new Uint8Array([7]), 1))).length).toBe(1);
      expect((await store.createFrom("block", parts(block, 1 << 20))).length).toBe(block.length);
      expect(Buffer.compare(await readObject(store, "block", MANY), block)).toBe(0);
    });

    it("leaves nothing when the source fails, early or late, and rethrows its error", async () => {
      const { store } = await open();
      const failing = async function* (bytes: number): AsyncGenerator<Uint8Array> {
        yield* parts(new Uint8Array(bytes), 1 << 20);
        throw new RangeError("the repository went away");
      };

      for (const bytes of [0, 1000, 20_000_000]) {
        await expect(store.createFrom("a", failing(bytes))).rejects.toThrow(new RangeError("the repository went away"));
      }

      expect(await store.info("a")).toBeUndefined();
      expect(await collect(store.list(""))).toEqual([]);
      expect((await store.create("a", new Uint8Array(3))).length).toBe(3);
    });

    it("does not mind that a source uses its buffer again", async () => {
      const { store } = await open();
      const reusing = async function* (): AsyncGenerator<Uint8Array> {
        const buffer = new Uint8Array(100_000);
        for (let round = 0; round < 100; round += 1) yield buffer.fill(round);
      };

      await store.createFrom("a", reusing());

      const stored = await readObject(store, "a", MANY);
      expect(stored.every((byte, index) => byte === Math.floor(index / 100_000))).toBe(true);
    });

    it("deletes, also what is gone already", async () => {
      const { store } = await open();
      await store.create("a", randomBytes(5));

      expect(await store.delete("a")).toBe(true);
      expect(await store.delete("a")).toBe(true);
      expect(await store.info("a")).toBeUndefined();
      await expect(store.read("a")).rejects.toMatchObject({ code: "STORE_NOT_FOUND" });
    });
  });
}

/** A stream of slices. */
export async function* parts(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}

async function sha256(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}
