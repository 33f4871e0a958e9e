import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { concat } from "../../engine/foundation/bytes.ts";
import { collect } from "../../engine/foundation/concurrency.ts";
import {
  readObject,
  type DeletingStore,
  type ObjectProtection,
  type ObjectReader,
} from "../../engine/store/object-store.ts";

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

/** A place whose protection can be ruled. */
export interface ProtectedPlace extends StoreUnderTest {
  readonly rules: {
    /** By name: what every object is to be protected by from now on. */
    protect(rules: ProtectionToSet): void;
  };
}

export interface ProtectionToSet {
  readonly policy?: { readonly mode: "locked" | "unlocked"; readonly days: number; readonly only?: NameMatch };
  readonly hold?: { readonly only?: NameMatch };
  readonly containerPolicy?: { readonly days: number };
  readonly refusesToTell?: { readonly status: number; readonly code: string };
}

type NameMatch = (name: string) => boolean;

/** What every reader promises about immutable storage. */
export function describeProtection(name: string, open: () => Promise<ProtectedPlace>): void {
  async function filled(rules: ProtectionToSet): Promise<ProtectedPlace> {
    const place = await open();
    for (const object of ["data/a", "data/b", "data/c"]) await place.store.create(object, randomBytes(9));
    place.rules.protect(rules);
    return place;
  }

  async function toldBy({ reader }: StoreUnderTest): Promise<readonly (ObjectProtection | undefined)[]> {
    const listed = await collect(reader.list("data/", { withProtection: true }));
    expect(listed.map(({ name: object }) => object)).toEqual(["data/a", "data/b", "data/c"]);
    return listed.map(({ protection }) => protection);
  }

  describe(`immutable storage: ${name}`, () => {
    it("tells of each object until when which sort of policy runs, and whether it is held", async () => {
      const onlyA = (object: string): boolean => object === "data/a";
      const place = await filled({ policy: { mode: "locked", days: 3, only: onlyA }, hold: { only: onlyA } });
      const { createdAt } = (await place.reader.info("data/a"))!;

      const [a, b] = await toldBy(place);

      expect(a).toMatchObject({ policy: { mode: "locked" }, isHeld: true });
      const lockedMs = Date.parse(a?.policy?.until ?? "") - Date.parse(createdAt);
      expect(Math.abs(lockedMs - 3 * 86_400_000)).toBeLessThan(1_001);
      expect(b).toEqual({ isHeld: false });
    });

    it("tells an unlocked policy from a locked one", async () => {
      const told = await toldBy(await filled({ policy: { mode: "unlocked", days: 3 } }));

      expect(told.map((protection) => protection?.policy?.mode)).toEqual(["unlocked", "unlocked", "unlocked"]);
    });

    it("tells nothing of it when it was not asked", async () => {
      const { reader } = await filled({ policy: { mode: "locked", days: 3 }, hold: {} });

      const listed = await collect(reader.list("data/"));

      expect(listed.map((object) => "protection" in object)).toEqual([false, false, false]);
    });

    it.each([400, 403, 409])("lists all the same, without, when the account refuses to tell (%i)", async (status) => {
      const rules = {
        policy: { mode: "locked", days: 3 },
        refusesToTell: { status, code: "InvalidQueryParameterValue" },
      };

      expect(await toldBy(await filled(rules as ProtectionToSet))).toEqual([undefined, undefined, undefined]);
    });

    it("keeps what is locked or held from being deleted, and nothing else", async () => {
      const { store } = await filled({
        policy: { mode: "locked", days: 3, only: (object) => object === "data/a" },
        hold: { only: (object) => object === "data/b" },
      });

      const deleted = [];
      for (const object of ["data/a", "data/b", "data/c"]) deleted.push(await store.delete(object));

      expect(deleted).toEqual([false, false, true]);
    });

    it("says whether the container has a policy for everything in it", async () => {
      const place = await filled({});
      const before = await place.reader.containerProtection();
      place.rules.protect({ containerPolicy: { days: 3 } });

      expect(before).toEqual({ hasPolicy: false, isHeld: false, isByVersion: false });
      expect(await place.reader.containerProtection()).toMatchObject({ hasPolicy: true, isByVersion: false });
      expect(await toldBy(place)).toEqual([{ isHeld: false }, { isHeld: false }, { isHeld: false }]);
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
