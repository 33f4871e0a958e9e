import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Clock } from "../../engine/foundation/clock.ts";
import { collect } from "../../engine/foundation/concurrency.ts";
import { describeError } from "../../engine/foundation/errors.ts";
import { md5 } from "../../engine/native/md5.ts";
import { azureBlobStore, type AzureBlobStoreOptions } from "../../engine/store/azure-blob-store.ts";
import { fetchBlobReader } from "../../engine/store/fetch-blob-reader.ts";
import { readObject, type DeletingStore, type ObjectReader } from "../../engine/store/object-store.ts";
import { startStorageProxy, type StorageProxy } from "../simulator/storage/storage-proxy.ts";
import { startAzurite, type Azurite, type AzuriteContainer, type SasOptions } from "../support/azurite.ts";
import { parts } from "./object-store.ts";

const MEGABYTE = 1_000_000;
const DAY_MS = 86_400_000;

let azurite: Azurite;
let proxy: StorageProxy;
let container: AzuriteContainer;
let slept: number[];

beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());
beforeEach(async () => {
  proxy = await startStorageProxy({ target: azurite.endpoint });
  container = await azurite.createContainer();
  slept = [];
});
afterEach(() => proxy.stop());

/** Waiting costs nothing, and is remembered. */
function patientClock(offsetMs = 0): Clock {
  return {
    now: () => new Date(Date.now() + offsetMs),
    monotonicMs: () => performance.now(),
    sleep: async (ms) => void slept.push(ms),
  };
}

function storeWith(options: Partial<AzureBlobStoreOptions> = {}): DeletingStore {
  return azureBlobStore({
    containerUrl: proxy.through(container.url),
    sas: container.sas,
    md5,
    clock: patientClock(),
    random: Math.random,
    blockBytes: MEGABYTE,
    ...options,
  });
}

function storeWithSas(options: SasOptions): DeletingStore {
  return storeWith({ sas: azurite.containerSas(container.name, options) });
}

function readers(): readonly ObjectReader[] {
  const containerUrl = proxy.through(container.url);
  const common = { containerUrl, sas: container.sas, clock: patientClock(), random: Math.random };
  return [storeWith(), fetchBlobReader(common)];
}

describe("lost answers", () => {
  it("takes a put whose answer was lost for done", async () => {
    proxy.faults.loseResponses = { only: ({ kind }) => kind === "put", times: 1 };

    const info = await storeWith().create("log/0000000001", randomBytes(1000));

    expect(info.length).toBe(1000);
    expect(proxy.counts.byKind.put).toBe(2);
  });

  it("takes a commit whose answer was lost for done", async () => {
    proxy.faults.loseResponses = { only: ({ kind }) => kind === "commit", times: 1 };
    const bytes = randomBytes(5 * MEGABYTE);

    await storeWith().createFrom("runs/a/seg", parts(bytes, 65_552));

    expect(proxy.counts.byKind.commit).toBe(2);
    expect(Buffer.compare(await readObject(storeWith(), "runs/a/seg", 9e6), bytes)).toBe(0);
  });

  it("sends a block whose answer was lost again", async () => {
    proxy.faults.loseResponses = { only: ({ kind }) => kind === "block", times: 2 };
    const bytes = randomBytes(3 * MEGABYTE + 5);

    await storeWith().createFrom("runs/a/seg", parts(bytes, 65_552));

    expect(proxy.counts.byKind.block).toBe(6);
    expect(Buffer.compare(await readObject(storeWith(), "runs/a/seg", 9e6), bytes)).toBe(0);
  });

  it("does not take another writer's object for its own", async () => {
    const store = storeWith();
    proxy.faults.loseResponses = { only: ({ kind }) => kind === "put", times: 1 };
    const outcomes = await Promise.allSettled([
      store.create("log/0000000001", randomBytes(1000)),
      store.create("log/0000000001", randomBytes(1000)),
    ]);

    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("takes a delete whose answer was lost for done", async () => {
    const store = storeWith();
    await store.create("a", randomBytes(3));
    proxy.faults.loseResponses = { only: ({ kind }) => kind === "delete", times: 1 };

    expect(await store.delete("a")).toBe(true);
  });
});

describe("damage on the way", () => {
  it("sends an MD5 with all that it stores, and sends again what arrived spoilt", async () => {
    proxy.faults.flipWrites = { only: ({ kind }) => kind === "block" || kind === "put", times: 2 };
    const bytes = randomBytes(3 * MEGABYTE);
    const store = storeWith();

    await store.createFrom("runs/a/seg", parts(bytes, 65_552));
    await store.create("small", bytes.subarray(0, 10));

    expect(proxy.counts.faults).toBe(2);
    expect(proxy.counts.bodiesWithMd5).toBe(proxy.counts.byKind.block + proxy.counts.byKind.put);
    expect(Buffer.compare(await readObject(store, "runs/a/seg", 9e6), bytes)).toBe(0);
  });

  it("goes on with a cut read where it broke off", async () => {
    const bytes = randomBytes(3 * MEGABYTE);
    await storeWith().create("a", bytes.subarray(0, MEGABYTE));
    await storeWith().createFrom("b", parts(bytes, 65_552));
    for (const reader of readers()) {
      proxy.resetCounts();
      proxy.faults.truncateReads = { times: 3 };

      const whole = await readObject(reader, "b", 9e6);
      proxy.faults.truncateReads = { times: 1 };
      const range = await collect((await reader.read("a", { range: { offset: 1000, length: 500_000 } })).chunks);

      expect(Buffer.compare(whole, bytes)).toBe(0);
      expect(Buffer.compare(Buffer.concat(range), bytes.subarray(1000, 501_000))).toBe(0);
      expect(proxy.counts.byKind.read).toBe(6);
      expect(proxy.counts.bytesRead).toBe(3 * MEGABYTE + 500_000);
    }
  });

  it("gives up on a read that gives no byte again and again", async () => {
    await storeWith().create("a", randomBytes(1000));
    for (const reader of readers()) {
      proxy.faults.truncateReads = { times: Infinity, share: 0 };

      await expect(readObject(reader, "a", 9e6)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });

      proxy.faults.truncateReads = undefined;
    }
  });

  it("refuses to join two objects when one changed while it was read", async () => {
    await storeWith().create("a", randomBytes(MEGABYTE));
    for (const reader of readers()) {
      const body = await reader.read("a");
      const client = azurite.service().getContainerClient(container.name).getBlockBlobClient("a");
      await client.upload(randomBytes(MEGABYTE), MEGABYTE);
      proxy.faults.truncateReads = { times: 1 };
      const second = await reader.read("a");
      await client.upload(randomBytes(MEGABYTE), MEGABYTE);

      await expect(collect(second.chunks)).rejects.toMatchObject({ code: "STORE_REQUEST" });
      await collect(body.chunks).catch(() => undefined);
    }
  });
});

describe("a service in trouble", () => {
  it("waits as long as Retry-After says, and longer each time", async () => {
    proxy.faults.status = { status: 503, retryAfterSeconds: 7, times: 3 };

    await storeWith({ random: () => 1 }).create("a", randomBytes(3));

    expect(slept).toEqual([7000, 7000, 7000]);
    slept = [];
    proxy.faults.status = { status: 500, times: 4 };
    await storeWith({ random: () => 1 }).create("b", randomBytes(3));
    expect(slept).toEqual([500, 1000, 2000, 4000]);
  });

  it("comes through a storm that refuses a third of all requests", async () => {
    proxy.faults.status = { status: 503, share: 1 / 3 };
    const bytes = randomBytes(8 * MEGABYTE);
    const store = storeWith();

    await store.createFrom("runs/a/seg", parts(bytes, 65_552));

    expect(Buffer.compare(await readObject(store, "runs/a/seg", 9e6), bytes)).toBe(0);
    expect((await collect(store.list(""))).length).toBe(1);
    expect(proxy.counts.faults).toBeGreaterThan(4);
  });

  it("gives up after a bounded time and leaves nothing half-visible", async () => {
    proxy.faults.status = { status: 503, only: ({ kind }) => kind === "block" || kind === "put" };
    const store = storeWith();

    await expect(store.createFrom("a", parts(randomBytes(3 * MEGABYTE), 65_552))).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining("503 ServerBusy") as string,
    });

    expect(await collect(store.list(""))).toEqual([]);
    expect(slept.reduce((sum, ms) => sum + ms, 0) / 3).toBeLessThan(3 * 60_000);
  });

  it("ends at once, with the caller's reason, when it is told to stop", async () => {
    proxy.faults.delayMs = 20;
    const stop = new AbortController();
    const store = storeWith({ signal: stop.signal });
    const upload = store.createFrom("a", parts(randomBytes(30 * MEGABYTE), 65_552));

    setTimeout(() => stop.abort(new Error("the job was cancelled")), 50);

    await expect(upload).rejects.toThrow("the job was cancelled");
    expect(await storeWith().info("a")).toBeUndefined();
  });

  it("does not wait an hour because the service says so", async () => {
    proxy.faults.status = { status: 503, retryAfterSeconds: 3600 };

    await expect(storeWith().info("a")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(slept).toEqual([]);
  });

  it("says soon that an address does not answer", async () => {
    const { url } = proxy;
    await proxy.stop();

    for (const reader of readers()) {
      await expect(reader.info("a")).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
        message: expect.stringContaining(`${url}/devstoreaccount1`) as string,
      });
    }
    expect(slept.length).toBeLessThanOrEqual(6);
  });

  it("never takes a listing that fails half-way for a short one", async () => {
    const store = storeWith({ pageSize: 3 });
    for (let index = 0; index < 8; index += 1) await store.create(`log/${index}`, randomBytes(3));
    const twoPages = store.list("log/")[Symbol.asyncIterator]();
    for (let index = 0; index < 5; index += 1) await twoPages.next();
    proxy.faults.status = { status: 500, only: ({ kind }) => kind === "list" };

    await twoPages.next();
    await expect(twoPages.next()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });

    proxy.faults.status = { status: 500, times: 2, only: ({ kind }) => kind === "list" };
    expect(await collect(store.list("log/"))).toHaveLength(8);
  });

  it("lists over many pages with either reader", async () => {
    const store = storeWith({ pageSize: 7 });
    const names = Array.from({ length: 40 }, (_, index) => `runs/a&b <c>/${String(index).padStart(3, "0")} é`);
    for (const name of names) await store.create(name, randomBytes(3));
    const url = proxy.through(container.url);
    const common = { containerUrl: url, sas: container.sas, clock: patientClock(), random: Math.random };

    for (const reader of [store, fetchBlobReader({ ...common, pageSize: 7 })]) {
      proxy.resetCounts();
      expect((await collect(reader.list("runs/a&b"))).map(({ name }) => name)).toEqual(names);
      expect(proxy.counts.byKind.list).toBe(6);
      expect((await reader.info(names[3] ?? ""))?.length).toBe(3);
    }
  });
});

describe("refusals, each in one line that says what to do", () => {
  it("names the moment at which a SAS expired", async () => {
    const store = storeWithSas({ expiresOn: new Date("2026-01-31T10:00:00Z"), startsOn: new Date("2025-01-01") });

    const error = await store.create("a", randomBytes(3)).catch((caught: unknown) => caught);

    expect(error).toMatchObject({ code: "STORE_FORBIDDEN", context: { status: 403 } });
    expect(describeError(error)).toContain("the SAS in containerSas expired at 2026-01-31T10:00:00Z");
  });

  it("names the right that a SAS lacks", async () => {
    const readOnly = storeWithSas({ permissions: "rl" });
    const writeOnly = storeWithSas({ permissions: "c" });

    await expect(readOnly.create("a", randomBytes(3))).rejects.toThrow("sp=rl and lacks w");
    await expect(readOnly.delete("a")).rejects.toThrow("lacks d");
    await expect(collect(writeOnly.list(""))).rejects.toThrow("sp=c and lacks l");
    await writeOnly.create("a", randomBytes(3));
    await expect(writeOnly.info("a")).rejects.toThrow("lacks r");
    for (const reader of readers()) expect(await reader.info("a")).toMatchObject({ length: 3 });
  });

  it("says that a SAS begins later, or is damaged", async () => {
    const later = storeWithSas({ startsOn: new Date(Date.now() + DAY_MS) });

    await expect(later.info("a")).rejects.toThrow(/begins at .* the service's clock says/);
    proxy.faults.forbid = { code: "AuthenticationFailed" };
    await expect(storeWith().info("a")).rejects.toThrow("the signature of the SAS in containerSas is not accepted");
  });

  it("points at this machine's clock when it is wrong", async () => {
    proxy.faults.forbid = { code: "AuthenticationFailed" };
    const store = storeWith({ clock: patientClock(20 * 60_000) });

    await expect(store.info("a")).rejects.toThrow("clock is 20 minutes ahead of the service's");
  });

  it("fails at once when the SAS expires in the middle of a stream, and leaves nothing", async () => {
    proxy.faults.sasExpiresAtRequest = 4;

    await expect(storeWith().createFrom("a", parts(randomBytes(6 * MEGABYTE), 65_552))).rejects.toMatchObject({
      code: "STORE_FORBIDDEN",
    });

    proxy.faults.sasExpiresAtRequest = undefined;
    expect(await storeWith().info("a")).toBeUndefined();
    expect(slept).toEqual([]);
  });

  it("tells a missing role, a firewall and an Entra-only account apart", async () => {
    const said = async (code: string): Promise<string> => {
      proxy.faults.forbid = { code };
      return describeError(
        await storeWith()
          .info("a")
          .catch((error: unknown) => error),
      );
    };

    expect(await said("AuthorizationFailure")).toContain("network rules");
    expect(await said("AuthorizationSourceIPMismatch")).toContain("bound to other IP addresses");
    expect(await said("KeyBasedAuthenticationNotPermitted")).toContain("Entra sign-in only");
    expect(await said("AccountIsDisabled")).toContain("disabled");
  });

  it("says that a container does not exist, whatever is asked", async () => {
    await azurite.service().deleteContainer(container.name);

    for (const reader of readers()) {
      await expect(collect(reader.list(""))).rejects.toMatchObject({ code: "STORE_CONTAINER_MISSING" });
      await expect(reader.info("a")).rejects.toMatchObject({ code: "STORE_CONTAINER_MISSING" });
      await expect(reader.read("a")).rejects.toMatchObject({ code: "STORE_CONTAINER_MISSING" });
    }
    await expect(storeWith().create("a", randomBytes(3))).rejects.toMatchObject({ code: "STORE_CONTAINER_MISSING" });
  });

  it("says that the account is full, and still reads", async () => {
    const store = storeWith();
    await store.create("a", randomBytes(3));
    proxy.faults.full = {};

    await expect(store.create("b", randomBytes(3))).rejects.toMatchObject({ code: "STORE_FULL" });
    await expect(store.createFrom("c", parts(randomBytes(3 * MEGABYTE), 65_552))).rejects.toMatchObject({
      code: "STORE_FULL",
    });
    expect((await readObject(store, "a", 10)).length).toBe(3);
  });

  it("says that an object was archived", async () => {
    const store = storeWith();
    await store.create("a", randomBytes(3));
    await azurite.service().getContainerClient(container.name).getBlobClient("a").setAccessTier("Archive");

    for (const reader of readers()) {
      await expect(reader.read("a")).rejects.toMatchObject({ code: "STORE_ARCHIVED" });
      expect((await reader.info("a"))?.length).toBe(3);
    }
  });

  it("answers false when a policy keeps an object from deletion", async () => {
    const store = storeWith();
    await store.create("a", randomBytes(3));
    proxy.faults.status = { status: 409, code: "BlobImmutableDueToPolicy", only: ({ kind }) => kind === "delete" };

    expect(await store.delete("a")).toBe(false);
  });

  it("creates with a SAS that may create and read but not overwrite", async () => {
    const store = storeWithSas({ permissions: "cr" });
    const bytes = randomBytes(1000);
    const info = await store.create("a", bytes);

    expect(await store.create("a", bytes)).toEqual(info);
    await expect(store.create("a", randomBytes(3))).rejects.toMatchObject({ code: "STORE_EXISTS" });
  });

  it("never shows the SAS", async () => {
    const signature = /sig=([^&]+)/.exec(container.sas)?.[1] ?? "";
    const failures: unknown[] = [];
    const keep = (error: unknown): void => void failures.push(error);
    for (const code of ["AuthenticationFailed", "AuthorizationFailure", "SomethingElse"]) {
      proxy.faults.forbid = { code };
      for (const reader of readers()) await reader.read("a").catch(keep);
    }
    await proxy.stop();
    for (const reader of readers()) await reader.read("a").catch(keep);

    expect(failures).toHaveLength(8);
    const { inspect } = await import("node:util");
    const shown = failures.map((failure) => inspect(failure, { depth: 9, showHidden: true })).join("\n");
    expect(shown).not.toContain(signature);
    expect(shown).not.toContain(decodeURIComponent(signature));
  });
});
