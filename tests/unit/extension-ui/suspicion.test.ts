import { describe, expect, it } from "vitest";
import type { ReportDifference } from "../../../extension-ui/vault/compare-reports.ts";
import { afterReading, isAlarm, noSuspicion } from "../../../extension-ui/vault/suspicion.ts";

function missing(runId: number): ReportDifference {
  const snapshot = `20261122T180544Z-0000000${runId}`;
  const [runUrl, reported] = ["https://dev.azure.com/contoso", `${runId}:${"0".repeat(64)}`];
  return { what: "missing", snapshot, runId, runUrl, reported, stored: undefined };
}

describe("what runs have reported and storage lacks", () => {
  it("is no alarm by a storage that was read before the reports", () => {
    const suspicion = afterReading(noSuspicion, { startedAt: 10, differences: [missing(1)] }, 20);

    expect(suspicion).toBe(noSuspicion);
  });

  it("is an alarm by two readings from after the reports, and not by one that is looked at twice", () => {
    const once = afterReading(noSuspicion, { startedAt: 30, differences: [missing(1)] }, 20);
    const again = afterReading(once, { startedAt: 30, differences: [missing(1)] }, 20);
    const twice = afterReading(again, { startedAt: 40, differences: [missing(1)] }, 20);

    expect([once, again, twice].map(isAlarm)).toEqual([false, false, true]);
    expect(twice.differences).toEqual([missing(1)]);
  });

  it("is only what both readings lack, and nothing once a reading lacks nothing", () => {
    const once = afterReading(noSuspicion, { startedAt: 30, differences: [missing(1), missing(2)] }, 20);
    const twice = afterReading(once, { startedAt: 40, differences: [missing(2), missing(3)] }, 20);

    expect(twice.differences).toEqual([missing(2)]);
    expect(afterReading(twice, { startedAt: 50, differences: [] }, 20)).toBe(noSuspicion);
    expect(isAlarm(afterReading(once, { startedAt: 40, differences: [missing(3)] }, 20))).toBe(false);
  });
});
