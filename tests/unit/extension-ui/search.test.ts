import { describe, expect, it } from "vitest";
import { collect } from "../../../engine/foundation/concurrency.ts";
import { folded, searchIndex, type SearchIndex, type Searchable } from "../../../extension-ui/model/search.ts";
import { lastOf, never } from "./vault-world.ts";

const pause = async (): Promise<void> => undefined;

function indexOf(...entries: readonly Searchable[]): SearchIndex<Searchable> {
  const index = searchIndex<Searchable>();
  index.add(entries);
  return index;
}

async function idsFor(index: SearchIndex<Searchable>, query: string, limit = 20): Promise<readonly string[]> {
  const results = await collect(index.search(query, { limit, signal: never, pause }));
  return results.length === 0 ? [] : lastOf(results).hits.map(({ id }) => id);
}

describe("searching a snapshot", () => {
  it("ranks the id before the name before beginnings, words, parts and scattered words", async () => {
    const index = indexOf(
      { id: "7", name: "Scatter 42 and here" },
      { id: "6", name: "x42y" },
      { id: "5", name: "Answer 42" },
      { id: "4", name: "42 things" },
      { id: "3", name: "42" },
      { id: "42", name: "Else" },
    );

    expect(await idsFor(index, "42")).toEqual(["42", "3", "4", "5", "7", "6"]);
    expect(await idsFor(index, "here scatter")).toEqual(["7"]);
  });

  it("finds without regard to case and accents, in any script", async () => {
    const index = indexOf(
      { id: "1", name: "Café Müller" },
      { id: "2", name: "ΣΊΣΥΦΟΣ" },
      { id: "3", name: "テスト" },
      { id: "4", name: "ﬁle" },
    );

    expect(await idsFor(index, "cafe muller")).toEqual(["1"]);
    expect(await idsFor(index, "CAFÉ")).toEqual(["1"]);
    expect(await idsFor(index, "σισυ")).toEqual(["2"]);
    expect(await idsFor(index, "テス")).toEqual(["3"]);
    expect(await idsFor(index, "file")).toEqual(["4"]);
  });

  it("takes what people type for text, not for a pattern", async () => {
    const index = indexOf({ id: "1", name: "a.b*c" }, { id: "2", name: "axbbc" });

    expect(await idsFor(index, ".b*")).toEqual(["1"]);
    expect(await idsFor(index, "(((")).toEqual([]);
  });

  it("finds nothing for nothing", async () => {
    expect(await idsFor(indexOf({ id: "1", name: "" }), "  ")).toEqual([]);
    expect(await idsFor(searchIndex(), "a")).toEqual([]);
  });

  it("looks through 100,000 items in steps between which the page can breathe", async () => {
    const index = searchIndex<Searchable>();
    index.add(Array.from({ length: 100_000 }, (_, id) => ({ id: String(id), name: `Bug about part ${id % 977} ü` })));

    const started = performance.now();
    const steps = await collect(index.search("part 97 u", { limit: 50, signal: never, pause }));
    const ms = performance.now() - started;

    expect(steps.map(({ searched }) => searched)).toEqual([20_000, 40_000, 60_000, 80_000, 100_000]);
    expect(lastOf(steps).of).toBe(100_000);
    expect(lastOf(steps).found).toBeGreaterThan(103);
    expect(lastOf(steps).hits.map(({ name }) => name)).toEqual(Array(50).fill("Bug about part 97 ü"));
    expect(ms).toBeLessThan(3000); // a tenth of it on an idle machine
  });

  it("ends without a word when another query has taken its place", async () => {
    const index = searchIndex<Searchable>();
    index.add(Array.from({ length: 50_000 }, (_, id) => ({ id: String(id), name: "same" })));
    const abort = new AbortController();
    const results = index.search("same", { limit: 5, signal: abort.signal, pause });

    const first = await results.next();
    abort.abort();

    expect(first.done).toBe(false);
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });

  it("takes in more while it is used", async () => {
    const index = indexOf({ id: "1", name: "one" });
    index.add([{ id: "2", name: "one more" }]);

    expect(index.size).toBe(2);
    expect(await idsFor(index, "one")).toEqual(["1", "2"]);
    expect(await idsFor(index, "one", 1)).toEqual(["1"]);
  });

  it("folds text once and for all", () => {
    for (const text of ["Ǻß", "ﬁ", "İstanbul", "x\u0301"]) expect(folded(folded(text))).toBe(folded(text));
  });
});
