import { describe, expect, it } from "vitest";
import { memoized, memoizedByKey, memoizedRecent } from "../../../engine/foundation/memoized.ts";

describe("what is read once", () => {
  it("is shared by all who ask, also while it is being read, and read again after a failure", async () => {
    const read = readings(["down", "a", "b"]);
    const get = memoized(read.next);

    await expect(get()).rejects.toThrow("down");
    expect(await Promise.all([get(), get()])).toEqual(["a", "a"]);
    expect(await get()).toBe("a");
    expect(read.count()).toBe(2);
  });

  it("is kept for each key by itself", async () => {
    const read = readings(["a", "b"]);
    const get = memoizedByKey();

    const keys = ["one", "two", "one", "two"];
    expect(await Promise.all(keys.map((key) => get(key, read.next)))).toEqual(["a", "b", "a", "b"]);
    expect(read.count()).toBe(2);
  });
});

describe("what was read recently", () => {
  it("is kept for as many keys as were said: those that were asked for last", async () => {
    const read = readings(["a", "b", "c", "b again"]);
    const get = memoizedRecent<string>(2);

    const found: string[] = [];
    for (const key of ["one", "two", "one", "three", "one", "two"]) found.push(await get(key, read.next));

    expect(found).toEqual(["a", "b", "a", "c", "a", "b again"]);
  });

  it("is not kept when it failed", async () => {
    const read = readings(["down", "a"]);
    const get = memoizedRecent<string>(2);

    await expect(get("one", read.next)).rejects.toThrow("down");
    expect(await get("one", read.next)).toBe("a");
  });
});

interface Readings {
  readonly next: () => Promise<string>;
  readonly count: () => number;
}

/** Gives one answer after the other; "down" is a failure. */
function readings(answers: readonly string[]): Readings {
  let count = 0;
  return {
    next: async () => {
      const answer = answers[count++];
      if (answer === undefined) throw new Error("read too often");
      if (answer === "down") throw new Error("down");
      return answer;
    },
    count: () => count,
  };
}
