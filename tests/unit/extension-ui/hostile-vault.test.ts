import { describe, expect, it } from "vitest";
import { utf8 } from "../../../engine/foundation/bytes.ts";
import { collect } from "../../../engine/foundation/concurrency.ts";
import { readObject } from "../../../engine/store/object-store.ts";
import { catalogueReader } from "../../../extension-ui/vault/catalogue-reader.ts";
import { guardedReader } from "../../../extension-ui/vault/guarded-reader.ts";
import { keptLists } from "../../../extension-ui/vault/kept-lists.ts";
import { latest } from "../../../extension-ui/vault/latest.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { aRef, cryptography, vaultId } from "../vault/log/log-vault.ts";
import { never } from "./vault-world.ts";

const limits = { signal: never, maxListed: 5, maxBytes: 100 };

describe("a reader that is on its guard", () => {
  it("stops a listing that has no end", async () => {
    const store = memoryStore();
    for (let number = 0; number < 9; number += 1) await store.create(`log/${number}`, utf8("x"));

    await expect(collect(guardedReader(store, limits).list("log/"))).rejects.toMatchObject({
      code: "LISTING_TOO_LONG",
      message: expect.stringContaining("more than 5 objects named log/"),
    });
    expect(await collect(guardedReader(store, { ...limits, maxListed: 9 }).list("log/"))).toHaveLength(9);
  });

  it("stops before it has read more than anybody would store", async () => {
    const store = memoryStore();
    await store.create("a", new Uint8Array(60));
    const reader = guardedReader(store, limits);

    expect(await readObject(reader, "a", 100)).toHaveLength(60);
    await expect(reader.read("a")).rejects.toMatchObject({ code: "READ_TOO_MUCH" });
  });

  it("looks at the first thousand versions of a name, the oldest", async () => {
    const store = memoryStore({ versioned: true });
    for (let number = 0; number < 1001; number += 1) store.overwrite("a", utf8(String(number)));

    const versions = await guardedReader(store, limits).versionsOf("a");

    expect(versions).toHaveLength(1000);
    expect(versions[0]?.length).toBe(1);
  });

  it("stops in the middle of a body when the page is left", async () => {
    const store = memoryStore();
    await store.create("a", new Uint8Array(300_000));
    const abort = new AbortController();
    const body = await guardedReader(store, { ...limits, signal: abort.signal, maxBytes: 1e6 }).read("a");

    const chunks = body.chunks[Symbol.asyncIterator]();
    await chunks.next();
    abort.abort();

    await expect(chunks.next()).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("lists that no backup writes", () => {
  const catalogue = catalogueReader({ store: memoryStore(), cryptography, vault: vaultId });
  const viewer = { identity: "" };

  it.each([
    ["many objects", Array.from({ length: 1001 }, () => aRef()), "more than 1,000 objects"],
    ["large objects", [aRef({ n: 600_000_000 })], "more than 500,000,000 bytes"],
  ])("are refused before anything is fetched: %s", async (_, items, found) => {
    const read = collect(catalogue.items({ s: "work-items", st: "ok", items }, viewer, never));

    await expect(read).rejects.toMatchObject({ code: "LIST_TOO_LONG", message: expect.stringContaining(found) });
  });

  it("include an index that is too large", async () => {
    await expect(catalogue.streams(aRef({ n: 600_000_000 }), viewer, never)).rejects.toMatchObject({
      code: "LIST_TOO_LONG",
    });
  });
});

describe("lists that are kept", () => {
  it("give way to newer ones, the longest unused first", () => {
    const lists = keptLists<number>(5);
    lists.put("a", [1, 2]);
    lists.put("b", [3, 4]);
    lists.get("a");
    lists.put("c", [5, 6]);

    expect([lists.get("a"), lists.get("b"), lists.get("c")]).toEqual([[1, 2], undefined, [5, 6]]);
  });

  it("keep one list even when it is longer than all may be", () => {
    const lists = keptLists<number>(2);
    lists.put("a", [1]);
    lists.put("b", [1, 2, 3]);

    expect([lists.get("a"), lists.get("b")]).toEqual([undefined, [1, 2, 3]]);
  });
});

describe("values for a loop that is slower than they come", () => {
  it("are the newest ones only, and the last one always", async () => {
    const values = latest<number>();
    const seen: number[] = [];
    const loop = (async () => {
      for await (const value of values) seen.push(value);
    })();
    await Promise.resolve();
    values.put(1);
    await new Promise((resolve) => setTimeout(resolve));
    values.put(2);
    values.put(3);
    values.close();
    await loop;

    expect(seen).toEqual([1, 3]);
  });
});
