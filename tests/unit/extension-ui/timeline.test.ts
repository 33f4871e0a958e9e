import { describe, expect, it } from "vitest";
import { collect } from "../../../engine/foundation/concurrency.ts";
import { BackupError } from "../../../engine/foundation/errors.ts";
import type { CatalogueItem } from "../../../engine/vault/format/state.ts";
import { sightingsOf, timelineOf, type Sighting } from "../../../extension-ui/model/timeline.ts";
import type { VaultSource } from "../../../extension-ui/model/vault-source.ts";
import { aSnapshot } from "./snapshots.ts";
import { aWorld, lastView, never } from "./vault-world.ts";

function seen(seq: number, item: Partial<CatalogueItem> | undefined, status: Sighting["status"] = "ok"): Sighting {
  return { snapshot: aSnapshot(seq), item: item === undefined ? undefined : { id: "42", ...item }, status };
}

describe("the timeline of an item", () => {
  it("has one row for each change, newest first, with how long each state lasted", () => {
    const rows = timelineOf([
      seen(1, undefined),
      seen(2, { name: "Sign in fails", rev: 1 }),
      seen(3, { name: "Sign in fails", rev: 1 }),
      seen(4, { name: "Sign in fails twice", rev: 2 }, "stale"),
      seen(5, undefined),
      seen(6, undefined),
      seen(7, { name: "Sign in fails twice", rev: 2 }),
    ]);

    expect(rows.map(({ change, snapshot, until, isStale }) => [change, snapshot.seq, until.seq, isStale])).toEqual([
      ["restored", 7, 7, false],
      ["deleted", 5, 6, false],
      ["changed", 4, 4, true],
      ["first", 2, 3, false],
    ]);
    expect(rows[2]).toMatchObject({ fields: ["name", "rev"], item: { rev: 2 } });
    expect(rows[1]?.item.name).toBe("Sign in fails twice");
  });

  it("takes the recycle bin for deleted", () => {
    const rows = timelineOf([seen(1, { state: "New" }), seen(2, { state: "Deleted" }), seen(3, { state: "New" })]);

    expect(rows.map(({ change }) => change)).toEqual(["restored", "deleted", "first"]);
  });

  it("is empty for what was never there", () => {
    expect(timelineOf([])).toEqual([]);
    expect(timelineOf([seen(1, undefined), seen(2, { state: "Deleted" })])).toEqual([]);
  });

  it("is read from a vault, where lists that did not change are read once", async () => {
    const world = await aWorld();
    const bug = { id: "42", name: "Bug", rev: 1 };
    await world.snapshot([{ s: "areas" }]);
    await world.snapshot([{ s: "work-items", items: [bug] }]);
    await world.snapshot([{ s: "work-items" }]);
    await world.snapshot([{ s: "work-items", delta: [{ ...bug, rev: 2 }] }]);
    await world.snapshot([{ s: "work-items", delta: [{ id: "42", del: true }] }]);
    const source = world.source();
    const oldestFirst = [...(await lastView(source)).snapshots].reverse();
    let reads = 0;
    const counting: VaultSource = {
      ...source,
      items: (...request) => {
        reads += 1;
        return source.items(...request);
      },
    };

    const facts = { source: counting, viewer: world.viewer, signal: never };
    const sightings = await collect(sightingsOf({ stream: "work-items", itemId: "42" }, oldestFirst, facts));

    expect(sightings.map(({ item }) => item?.rev)).toEqual([undefined, 1, 1, 2, undefined]);
    expect(reads).toBe(3);
    expect(timelineOf(sightings).map(({ change }) => change)).toEqual(["deleted", "changed", "first"]);
  });

  it("passes over snapshots whose content is gone or damaged, and reports everything else", async () => {
    const failing = (code: string): VaultSource => ({
      origin: "storage",
      watch: () => {
        throw new Error("not asked");
      },
      streams: () => Promise.reject(new BackupError({ code, message: "m", hint: "h" })),
      items: () => {
        throw new Error("not asked");
      },
    });
    const look = (code: string): Promise<readonly Sighting[]> =>
      collect(
        sightingsOf({ stream: "work-items", itemId: "42" }, [aSnapshot(1, { isRetired: true }), aSnapshot(2)], {
          source: failing(code),
          viewer: { identity: "" },
          signal: never,
        }),
      );

    expect(await look("OBJECT_DAMAGED")).toEqual([]);
    await expect(look("KEY_MISMATCH")).rejects.toMatchObject({ code: "KEY_MISMATCH" });
  });
});
