import { describe, expect, it } from "vitest";
import { utf8 } from "../../../engine/foundation/bytes.ts";
import { collect } from "../../../engine/foundation/concurrency.ts";
import { readObject } from "../../../engine/store/object-store.ts";
import { faultyStore, StoreKilled } from "../../support/faulty-store.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { parts } from "../../contract/object-store.ts";

const names = async (store: { list(prefix: string): AsyncIterable<{ name: string }> }): Promise<string[]> =>
  (await collect(store.list(""))).map(({ name }) => name);

describe("the faulty store", () => {
  it.each(["before", "after"] as const)("kills %s the effect of an operation, and all after it", async (when) => {
    const inner = memoryStore();
    const store = faultyStore(inner, { killAt: { operation: 2, when } });
    await store.create("a", utf8("a"));

    await expect(store.createFrom("b", parts(utf8("bb"), 1))).rejects.toThrow(StoreKilled);

    for (const work of [store.info("a"), store.delete("a"), names(store), store.create("c", utf8("c"))]) {
      await expect(work).rejects.toThrow(StoreKilled);
    }
    expect(store.killed).toBe(true);
    expect([...inner.objects.keys()]).toEqual(when === "before" ? ["a"] : ["a", "b"]);
    expect(store.operations.slice(0, 2)).toEqual(["create a", "create b"]);
  });

  it.each(["before", "after"] as const)("fails one operation %s its effect and goes on", async (when) => {
    const store = faultyStore(memoryStore(), { failAt: { operation: 1, when } });

    await expect(store.create("a", utf8("a"))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await store.create("a", utf8("a"));

    expect(await names(store)).toEqual(["a"]);
  });

  it("refuses from an operation on: all for a lost right, creates only for a full account", async () => {
    const store = faultyStore(memoryStore());
    await store.create("a", utf8("a"));
    store.faults.refuseFrom = { operation: 2, code: "STORE_FULL" };

    await expect(store.create("b", utf8("b"))).rejects.toMatchObject({ code: "STORE_FULL" });
    expect(await names(store)).toEqual(["a"]);
    store.faults.refuseFrom = { operation: 2, code: "STORE_FORBIDDEN" };
    await expect(names(store)).rejects.toMatchObject({ code: "STORE_FORBIDDEN" });
    store.faults.refuseFrom = undefined;
    expect(await store.delete("a")).toBe(true);
  });

  it("spoils reads and listings as told, as often as told", async () => {
    const store = faultyStore(memoryStore());
    for (const name of ["a", "b", "c"]) await store.create(name, utf8("0123456789"));
    store.faults.spoilReads = { how: "flip", matching: /^a$/, times: 1 };

    expect(await readObject(store, "a", 99)).not.toEqual(utf8("0123456789"));
    expect(await readObject(store, "a", 99)).toEqual(utf8("0123456789"));
    store.faults.spoilReads = { how: "truncate", matching: /b/, times: Infinity };
    await expect(readObject(store, "b", 99)).rejects.toMatchObject({ code: "STORE_TRUNCATED" });
    store.faults.failListing = { page: 2, pageSize: 2 };
    await expect(names(store)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    store.faults.emptyListings = true;
    expect(await names(store)).toEqual([]);
  });
});

describe("the memory store", () => {
  it("keeps versions behind an overwrite and a deletion, when told to", async () => {
    const store = memoryStore({ versioned: true });
    await store.create("a", utf8("good"));
    store.overwrite("a", utf8("evil"));
    await store.delete("a");

    const versions = await store.versionsOf("a");
    const [first] = versions;
    const body = await store.read("a", { version: first?.version ?? "" });

    expect(versions).toHaveLength(2);
    expect(await collect(body.chunks)).toEqual([utf8("good")]);
    expect(await store.info("a")).toBeUndefined();
  });

  it("answers false for what a policy locks", async () => {
    const store = memoryStore();
    await store.create("a", utf8("a"));
    store.locked.add("a");

    expect(await store.delete("a")).toBe(false);
    expect(await names(store)).toEqual(["a"]);
  });
});
