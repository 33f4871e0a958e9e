import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PackedList, unpackedList } from "../../../engine/native/packed-list.ts";

function listOf<Item>(items: readonly Item[]): PackedList<Item> {
  const list = new PackedList<Item>();
  for (const item of items) list.push(item);
  return list;
}

const isText = (value: unknown): value is string => typeof value === "string";
const texts = fc.array(fc.string({ unit: "grapheme", maxLength: 3000 }), { maxLength: 200 });

describe("packed list", () => {
  it("gives back what was put in, as often as it is read", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ noUnicodeString: false })), (values) => {
        const items = values.map((value) => JSON.parse(JSON.stringify({ value })) as unknown);
        const list = listOf(items);

        expect([...list]).toEqual(items);
        expect([...list]).toEqual(items);
        expect(list.length).toBe(items.length);
      }),
    );
  });

  it("takes the items of another list behind its own, and grows on", () => {
    fc.assert(
      fc.property(texts, texts, texts, (first, second, third) => {
        const list = listOf(first);
        const other = listOf(second);
        list.append(other);
        for (const text of third) list.push(text);

        expect([...list]).toEqual([...first, ...second, ...third]);
        expect([...other]).toEqual(second);
        expect(list.length).toBe(first.length + second.length + third.length);
      }),
      { numRuns: 40 },
    );
  });

  it("comes back from its stored form", () => {
    fc.assert(
      fc.property(texts, (items) => {
        const stored: unknown = JSON.parse(JSON.stringify(listOf(items).toJson()));

        expect([...(unpackedList(stored as never, isText) ?? [])]).toEqual(items);
      }),
      { numRuns: 40 },
    );
  });

  it("refuses what is no stored list, or holds something else", () => {
    const stored = listOf(["a", "b"]).toJson();

    expect(unpackedList(listOf([1]).toJson(), isText)).toBeUndefined();
    expect(unpackedList({ ...stored, count: 3 }, isText)).toBeUndefined();
    expect(unpackedList({ ...stored, deflated: ["AAAA"] }, isText)).toBeUndefined();
    expect(unpackedList({ ...stored, deflated: [7] }, isText)).toBeUndefined();
    expect(unpackedList(["a", "b"], isText)).toBeUndefined();
    expect(unpackedList(undefined, isText)).toBeUndefined();
  });

  it("takes a small part of the memory of its items", () => {
    const list = listOf(
      Array.from({ length: 20_000 }, (_, number) => ({
        kind: "work-items",
        key: String(number),
        name: `Bug ${number}: something about number ${number % 977}`,
        reason: "is already as in the snapshot",
      })),
    );

    expect(JSON.stringify(list.toJson()).length / list.length).toBeLessThan(40);
  });
});
