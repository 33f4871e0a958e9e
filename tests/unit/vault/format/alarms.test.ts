import { beforeEach, describe, expect, it } from "vitest";
import { alarmsOf, expectedCodes, openAlarms, pointsBeforeAlarms } from "../../../../engine/vault/format/alarms.ts";
import type { Anomaly } from "../../../../engine/vault/format/log-entry.ts";
import { aLogVault, asOwner, aSnapshotBody, type LogVault } from "../log/log-vault.ts";

let vault: LogVault;

beforeEach(async () => {
  vault = await aLogVault();
});

/** Number of the entry. */
async function snapshotWith(...anomaly: readonly Anomaly[]): Promise<number> {
  const body = aSnapshotBody();
  return (await vault.append({ ...body, snapshot: { ...body.snapshot, anomaly } })).entry.seq;
}

async function acknowledge(seq: number, codes: readonly string[], streams: readonly string[] = []): Promise<number> {
  return (await vault.append({ kind: "acknowledge", acknowledge: { seq, codes, streams } }, asOwner(vault.keys))).entry
    .seq;
}

async function open(): Promise<readonly (readonly [number, string])[]> {
  return openAlarms(await vault.read()).map(({ seq, anomaly }) => [seq, anomaly.code] as const);
}

describe("alarms of a log", () => {
  it("stay open over quiet snapshots, until an acknowledgement names snapshot and code", async () => {
    const seq = await snapshotWith({ code: "mass-delete", n: 5 }, { code: "mass-change", n: 9 });
    await snapshotWith();
    await snapshotWith();
    expect(await open()).toEqual([
      [seq, "mass-delete"],
      [seq, "mass-change"],
    ]);

    await acknowledge(seq + 1, ["mass-delete"]);
    const by = await acknowledge(seq, ["mass-delete"]);

    expect(await open()).toEqual([[seq, "mass-change"]]);
    expect(alarmsOf(await vault.read())[0]).toMatchObject({ seq, acknowledgedBy: by });
  });

  it("are not acknowledged in advance: the entry has to come after the snapshot", async () => {
    await acknowledge(2, ["mass-delete"]);
    expect(await snapshotWith({ code: "mass-delete", n: 5 })).toBe(2);

    expect(await open()).toEqual([[2, "mass-delete"]]);
  });

  it("are acknowledged for some streams only when they name no others", async () => {
    const seq = await snapshotWith(
      { code: "files-lost", n: 1, streams: ["git-repositories/a"] },
      { code: "history-rewritten", n: 2, streams: ["git-repositories/a", "git-repositories/b"] },
      { code: "mass-delete", n: 7 },
    );

    await acknowledge(seq, ["files-lost", "history-rewritten", "mass-delete"], ["git-repositories/a"]);

    expect(await open()).toEqual([
      [seq, "history-rewritten"],
      [seq, "mass-delete"],
    ]);
  });

  it("are none for notes", async () => {
    await snapshotWith({ code: "mass-delete", n: 1, note: true });

    expect(await open()).toEqual([]);
  });
});

describe("the points to go back to", () => {
  const complete = (seq: number) =>
    ({ seq, status: "complete", createdAt: `2026-01-${String(seq).padStart(2, "0")}T01:00:00Z` }) as const;
  const snapshots = [
    complete(1),
    complete(2),
    { ...complete(3), status: "partial" as const },
    complete(4),
    complete(5),
  ];

  it("are the newest complete snapshots before the first alarm, and before what it says about its beginning", () => {
    const anomaly = { code: "content-scrambled", n: 3, since: "2026-01-02T00:00:00Z" };

    expect([...pointsBeforeAlarms(snapshots, [])]).toEqual([]);
    expect([...pointsBeforeAlarms(snapshots, [{ seq: 5, anomaly: { code: "mass-delete" } }])]).toEqual([4]);
    expect([...pointsBeforeAlarms(snapshots, [{ seq: 4, anomaly }])].sort()).toEqual([1, 2]);
    expect([...pointsBeforeAlarms(snapshots, [{ seq: 5, anomaly: { code: "clock-skew" } }])]).toEqual([]);
  });

  it("do not go by a beginning that a forged alarm names", () => {
    const anomaly = { code: "mass-delete", n: 3, since: "1990-01-02T00:00:00Z" };

    expect([...pointsBeforeAlarms(snapshots, [{ seq: 4, anomaly }])]).toEqual([2]);
  });
});

describe("announcements", () => {
  it("hold from their entry to their end, for 72 hours at most", async () => {
    const until = "2027-06-01T00:00:00Z";
    const { entry } = await vault.append(
      { kind: "expect", expect: { codes: ["mass-change"], until } },
      asOwner(vault.keys),
    );
    const log = await vault.read();
    const hours = (n: number): Date => new Date(Date.parse(entry.srv) + n * 3_600_000);

    expect([...expectedCodes(log, hours(-1))]).toEqual([]);
    expect([...expectedCodes(log, hours(71))]).toEqual(["mass-change"]);
    expect([...expectedCodes(log, hours(73))]).toEqual([]);
  });
});
