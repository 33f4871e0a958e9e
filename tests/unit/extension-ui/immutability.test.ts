import { describe, expect, it } from "vitest";
import type { EntryBody } from "../../../engine/vault/format/log-codec.ts";
import type { ToldImmutability } from "../../../engine/vault/format/immutability.ts";
import {
  newerSeen,
  protectionDetail,
  protectionOf,
  protectionText,
  type ObjectFigures,
  type SeenImmutability,
} from "../../../engine/insight/immutability.ts";
import type { Snapshot } from "../../../extension-ui/model/vault-source.ts";
import { day } from "./snapshots.ts";
import { aWorld, lastView, type World } from "./vault-world.ts";

const now = new Date(day(20));

function seen(over: Partial<ObjectFigures> = {}, seenAt = day(1)): SeenImmutability {
  const figures = { objects: 5_012, unprotected: 0, unlocked: 0, held: 0, until: day(40), ...over };
  return { seenAt, by: "objects", figures };
}

describe("what is known of a snapshot's protection", () => {
  it.each<readonly [string, SeenImmutability | undefined, string]>([
    ["Locked", seen(), "Nobody can delete any of its 5,012 objects before."],
    ["Locked", seen({ held: 2 }), "2 of 5,012 objects only while a legal hold stays."],
    ["Legal hold", seen({ held: 5_012, until: null }), "while the legal hold stays"],
    ["Lock ended", seen({ until: day(19) }), "has ended"],
    ["Not protected", seen({ unprotected: 3 }), "3 of 5,012 objects can be deleted."],
    ["Not protected", seen({ unprotected: 3, unlocked: 1 }), "1 have a policy that is not locked"],
    ["Unlocked only", seen({ unprotected: 3, unlocked: 3 }), "which is no protection"],
    ["Not protected", seen({ objects: 0, until: null }), ""],
    ["By the container", { seenAt: day(1), by: "container" }, "not told to readers"],
    ["Not told", { seenAt: day(1), by: "unknown" }, "did not tell"],
    ["Not checked", undefined, "No verification"],
  ])("is in words: %s, %o", (text, known, detail) => {
    const protection = protectionOf(known, now);

    expect(protectionText(protection)).toBe(text);
    expect(protectionDetail(protection)).toContain(detail);
  });

  it("holds until the date of the lock, however long ago it was seen", () => {
    expect(protectionOf(seen(), new Date(day(39)))).toMatchObject({ state: "locked", until: day(40), seenAt: day(1) });
    expect(protectionOf(seen(), new Date(day(41)))).toMatchObject({ state: "ended", until: day(40) });
    expect(protectionOf(seen({ unprotected: 1 }), now)).not.toHaveProperty("until");
  });

  it("is the newer of two answers, and any answer rather than none", () => {
    const [old, young] = [seen({}, day(1)), seen({}, day(2))];
    const untold: SeenImmutability = { seenAt: day(9), by: "unknown" };
    const container: SeenImmutability = { seenAt: day(9), by: "container" };

    expect(newerSeen(old, young)).toBe(young);
    expect(newerSeen(young, old)).toBe(young);
    expect(newerSeen(untold, old)).toBe(old);
    expect(newerSeen(old, container)).toBe(container);
    expect([newerSeen(undefined, untold), newerSeen(untold, undefined)]).toEqual([untold, untold]);
  });
});

function verification(snapshot: number | "all", immutability?: ToldImmutability): EntryBody {
  const figures = { snapshot, level: "stored", sample: "100%", checked: 1, damaged: 0 } as const;
  return { kind: "verification", verification: immutability === undefined ? figures : { ...figures, immutability } };
}

function judged(snapshot: number, unprotected: number): ToldImmutability["snapshots"][number] {
  return { snapshot, objects: 9, unprotected, unlocked: 0, held: 0, until: day(40) };
}

async function snapshotsOf(world: World): Promise<Readonly<Record<number, Snapshot["immutability"]>>> {
  const { snapshots } = await lastView(world.source());
  return Object.fromEntries(snapshots.map(({ seq, immutability }) => [seq, immutability]));
}

describe("the log", () => {
  it("tells of each snapshot what the newest verification that judged it has signed", async () => {
    const world = await aWorld();
    for (let seq = 1; seq <= 3; seq += 1) await world.snapshot([{ s: "work-items" }]);
    await world.append(
      verification("all", { container: "none", snapshots: [judged(1, 0), judged(2, 5), judged(3, 5)] }),
    );
    await world.append(verification(3, { container: "none", snapshots: [judged(3, 0)] }));
    await world.append(verification("all"));
    await world.append(verification("all", { container: "unknown", snapshots: [] }));

    const told = await snapshotsOf(world);

    expect(told).toMatchObject({
      1: { by: "objects", figures: { unprotected: 0, until: day(40) } },
      2: { figures: { unprotected: 5 } },
      3: { figures: { unprotected: 0 } },
    });
  });

  it("tells of a policy of the container, or of silence, for the snapshots that were verified", async () => {
    const world = await aWorld();
    await world.snapshot([{ s: "work-items" }]);
    await world.append(verification(1, { container: "policy", snapshots: [] }));
    await world.snapshot([{ s: "work-items" }]);
    expect(await snapshotsOf(world)).toMatchObject({ 1: { by: "container" }, 3: undefined });

    await world.append(verification("all", { container: "unknown", snapshots: [] }));
    await world.snapshot([{ s: "work-items" }]);
    expect(await snapshotsOf(world)).toMatchObject({ 1: { by: "container" }, 3: { by: "unknown" }, 5: undefined });
  });
});
