/** Sets of ids in bits behave as sets do. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { IdSet } from "../../../../engine/kinds/boards/work-items/id-set.ts";

const id = fc.oneof(fc.nat(70_000), fc.nat({ max: 2 ** 31 - 1 }), fc.integer({ min: 2 ** 31, max: 2 ** 40 }));

test("a set of ids holds what was added and not deleted, and gives it in order (property)", () => {
  const steps = fc.array(fc.tuple(fc.boolean(), id), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (done) => {
      const ids = new IdSet();
      const expected = new Set<number>();
      for (const [isAdded, one] of done) {
        if (isAdded) ids.add(one);
        else ids.delete(one);
        if (isAdded) expected.add(one);
        else expected.delete(one);
      }
      expect(ids.size).toBe(expected.size);
      expect([...ids]).toEqual([...expected].sort((a, b) => a - b));
      for (const [, one] of done) expect(ids.has(one)).toBe(expected.has(one));
    }),
  );
});

test("ids may be deleted while they are gone through", () => {
  const ids = new IdSet([5, 6, 7, 40_000, 40_001]);
  for (const one of ids) if (one % 2 === 0) ids.delete(one);
  expect([...ids]).toEqual([5, 7, 40_001]);
});
