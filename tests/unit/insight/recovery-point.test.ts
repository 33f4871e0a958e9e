import { describe, expect, it } from "vitest";
import { lostAfter, recoveryPoint, type PointFacts } from "../../../engine/insight/recovery-point.ts";
import { chooseSnapshot } from "../../../engine/operations/choose-snapshots.ts";
import type { Anomaly } from "../../../engine/vault/format/log-entry.ts";
import { aCommitVault, runId } from "../vault/snapshots/commit-vault.ts";
import { aLine } from "../extension-ui/snapshots.ts";

function at(hour: number): string {
  return new Date(Date.UTC(2026, 10, 22, hour)).toISOString();
}

function aPoint(seq: number, over: Partial<PointFacts> = {}): PointFacts {
  const plain = { status: "complete", anomalies: [], isRetired: false, isDamaged: false } as const;
  return { id: `run-${seq}`, seq, at: at(seq), ...plain, ...over };
}

function recommended(...oldestFirst: readonly PointFacts[]): string | undefined {
  return recoveryPoint(oldestFirst.toReversed())?.snapshot.id;
}

const alarm = { code: "mass-delete", n: 100 };

describe("the recommended point", () => {
  it("is the newest complete, undamaged snapshot from before the alarm began, not from before it was seen", () => {
    const seen = aPoint(6, { anomalies: [{ ...alarm, since: at(3) }] });

    expect(recommended(aPoint(1), aPoint(2), aPoint(3), aPoint(4), aPoint(5), seen)).toBe("run-2");
    expect(recommended(aPoint(1), aPoint(2, { isDamaged: true }), aPoint(3), seen)).toBe("run-1");
    expect(recommended(aPoint(1), aPoint(2, { status: "partial" }), seen)).toBe("run-1");
    expect(recommended(aPoint(2, { status: "partial" }), seen)).toBe("run-2");
  });

  it("stays when clean snapshots follow, and when the alarming one is retired", () => {
    const seen = aPoint(2, { anomalies: [alarm], isRetired: true });

    expect(recommended(aPoint(1), seen, aPoint(3), aPoint(4))).toBe("run-1");
  });

  it("goes on once the alarm is acknowledged; notes and clocks never hold it", () => {
    const meant = aPoint(2, { anomalies: [{ ...alarm, acknowledged: true }] });
    const noted = aPoint(3, {
      anomalies: [
        { ...alarm, note: true },
        { code: "clock-skew", n: 90 },
      ],
    });

    expect(recommended(aPoint(1), meant, noted, aPoint(4))).toBe("run-4");
  });

  it("is none when nothing from before is kept", () => {
    expect(recommended(aPoint(1, { anomalies: [alarm] }), aPoint(2))).toBeUndefined();
  });

  it("does not believe an entry that claims to be older than one it continues", () => {
    const seen = aPoint(4, { anomalies: [{ ...alarm, since: at(3) }] });
    const forged = aPoint(5, { srv: at(1) });

    expect(recommended(aPoint(1), aPoint(2), seen, forged)).toBe("run-2");
  });

  it("goes by the log's times, since a copied container looks younger", () => {
    const copied = (seq: number, over: Partial<PointFacts> = {}): PointFacts =>
      aPoint(seq, { at: at(500), srv: at(seq), ...over });

    expect(recommended(copied(1), copied(2), copied(3, { anomalies: [{ ...alarm, since: at(3) }] }))).toBe("run-2");
  });
});

describe("the word recommended", () => {
  it("takes that point from the log, and asks for a choice where there is none", async () => {
    const vault = await aCommitVault();
    const commit = async (number: number, anomaly: readonly Anomaly[]): Promise<void> => {
      const run = await vault.begin(runId(number));
      await run.commit([await run.store("a")], { judge: () => anomaly });
    };
    await commit(51, [alarm]);
    const choose = async (): Promise<string> => chooseSnapshot(await vault.read(), "recommended").entry.by.run;
    await expect(choose()).rejects.toMatchObject({ code: "RECOMMENDED_UNKNOWN" });

    const other = await aCommitVault();
    const first = await other.begin(runId(52));
    await first.commit([await first.store("a")]);
    other.clock.time += 86_400_000;
    const second = await other.begin(runId(53));
    await second.commit([await second.store("a")], { judge: () => [alarm] });
    expect(chooseSnapshot(await other.read(), "recommended").entry.by.run).toBe(runId(52));
  });
});

describe("what going back loses", () => {
  it("is told by stream", () => {
    const before = [aLine("git-repositories/a"), aLine("git-repositories/b"), aLine("git-repositories/c")];
    const now = [
      aLine("git-repositories/a"),
      { ...aLine("git-repositories/b-new"), s: "git-repositories/b", name: "Web" },
      aLine("git-repositories/c", { st: "deleted" }),
      aLine("git-repositories/d"),
    ];

    expect(lostAfter(before, now)).toEqual([
      { stream: "git-repositories/b", name: "Web", what: "changed" },
      { stream: "git-repositories/c", what: "deleted" },
      { stream: "git-repositories/d", what: "added" },
    ]);
  });
});
