/** Storage that answers, but never comes to an end. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { collect } from "../../../engine/foundation/concurrency.ts";
import { blobReader, type BlobPage, type BlobRequests } from "../../../engine/store/blob-reader.ts";
import { readObject, type ObjectReader } from "../../../engine/store/object-store.ts";
import { serviceCalls } from "../../../engine/store/service-calls.ts";

const address = {
  url: "https://contoso.blob.core.windows.net/backups",
  container: "backups",
  sas: undefined,
  sasInput: "containerSas",
} as const;
const createdAt = new Date("2026-11-22T18:05:44Z");

/** A clock that a test's storage moves on. */
function slowTime(): { elapsed: number; readonly reader: (requests: Partial<BlobRequests>) => ObjectReader } {
  const time = {
    elapsed: 0,
    reader(requests: Partial<BlobRequests>): ObjectReader {
      const unused = async (): Promise<never> => Promise.reject(new Error("not asked for here"));
      const clock = {
        now: () => createdAt,
        monotonicMs: () => time.elapsed,
        sleep: async (ms: number) => void (time.elapsed += ms),
      };
      const calls = serviceCalls({ address, signIn: "sas", clock, random: () => 0.5 });
      return blobReader({
        requests: { open: unused, head: unused, page: unused, container: unused, ...requests },
        calls,
        clock,
      });
    },
  };
  return time;
}

function pageOf(names: readonly string[], next: string | undefined): BlobPage {
  const items = names.map((name) => ({ name, length: 1, createdAt, version: undefined, protection: undefined }));
  return { items, next, date: createdAt };
}

describe("a listing that does not end", () => {
  it.each([
    ["gives the same marker again", (n: number) => pageOf([`a${String(n).padStart(6, "0")}`], "again")],
    ["goes round in a circle", (n: number) => pageOf([`a${String(n).padStart(6, "0")}`], `marker ${n % 3}`)],
    ["has always one more page without a name", (n: number) => pageOf([], `marker ${n}`)],
  ])("is refused where it %s", async (_, answer) => {
    let asked = 0;
    const reader = slowTime().reader({ page: async () => answer((asked += 1)) });

    await expect(collect(reader.list("a"))).rejects.toMatchObject({ code: "STORE_REQUEST" });

    expect(asked).toBeLessThan(200);
  });

  it("is given up where each page comes slowly", async () => {
    const time = slowTime();
    let asked = 0;
    const reader = time.reader({
      page: async () => {
        time.elapsed += 100_000;
        asked += 1;
        return pageOf([`a${String(asked).padStart(6, "0")}`], `marker ${asked}`);
      },
    });

    await expect(collect(reader.list("a"))).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });

    expect(asked).toBeLessThan(30);
  });
});

describe("an object that comes a byte a second", () => {
  function tricklingReader(
    length: number,
    msPerByte: number,
  ): { readonly given: () => number; readonly reader: ObjectReader } {
    const time = slowTime();
    let given = 0;
    const reader = time.reader({
      open: async ({ offset }) => ({
        length: length - offset,
        totalLength: length,
        etag: "1",
        date: createdAt,
        cancel: () => undefined,
        chunks: (async function* () {
          for (let n = offset; n < length; n += 1) {
            time.elapsed += msPerByte;
            given += 1;
            yield Uint8Array.of(n % 256);
          }
        })(),
      }),
    });
    return { given: () => given, reader };
  }

  it("is given up when it takes longer than its size explains", async () => {
    const { given, reader } = tricklingReader(4000, 1000);

    await expect(readObject(reader, "a", 5000)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });

    expect(given()).toBeLessThan(600);
  });

  it("is read where its size does explain it", async () => {
    const { reader } = tricklingReader(4000, 20);

    expect(await readObject(reader, "a", 5000)).toHaveLength(4000);
  });
});

describe("a request that is never answered in full", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("is given up after a few tries", async () => {
    const time = slowTime();
    let asked = 0;
    const reader = time.reader({
      page: (_, signal) => {
        asked += 1;
        return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
      },
    });
    const listed = collect(reader.list("a"));
    const refused = expect(listed).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });

    await vi.advanceTimersByTimeAsync(10 * 60_000);

    await refused;
    expect(asked).toBe(3);
  });
});
