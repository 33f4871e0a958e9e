import { describe, expect, it } from "vitest";
import { coverageFindings, coverageOfNewest } from "../../../engine/insight/health-coverage.ts";
import { streamStateText } from "../../../extension-ui/model/format.ts";
import { snapshotOfReport } from "../../../extension-ui/vault/run-reports.ts";
import { snapshotAttachment } from "../../../engine/reports/attachments.ts";
import { parseReportedSnapshot } from "../../../engine/vault/format/reported-snapshot.ts";
import { aBackup, aCoverage } from "../reports/builders.ts";
import { aRef } from "../vault/log/log-vault.ts";
import { aRun } from "./builders.ts";
import { aSnapshot, aSum } from "./snapshots.ts";

const lacking = aCoverage({ inProject: 12, disabled: 1, hidden: 1, kindsUnsure: 1 });
const withCoverage = (coverage = lacking): ReturnType<typeof aSnapshot> => aSnapshot(2, { sum: { ...aSum, coverage } });

describe("coverage in Health", () => {
  it("is a finding with what to do about each part, as long as the sum does not add up", () => {
    const [finding, ...others] = coverageFindings({ snapshots: [withCoverage(), aSnapshot(1)] });

    expect(others).toEqual([]);
    expect(finding).toMatchObject({ id: "coverage", severity: "warning" });
    expect(finding?.detail).toBe(
      "10 of 12 streams stored: 1 disabled and never stored, 1 hidden or gone, more may be hidden of 1 kind.",
    );
    expect(finding?.remedy).toMatch(
      /Enable a disabled repository .* Give the backup's identity access again .* sign in/,
    );
  });

  it("is no finding when it adds up, nor when nobody has counted it", () => {
    expect(coverageFindings({ snapshots: [withCoverage(aCoverage())] })).toEqual([]);
    expect(coverageFindings({ snapshots: [aSnapshot(1)] })).toEqual([]);
  });

  it("is that of the newest snapshot which can be restored", () => {
    const gone = aSnapshot(3, { isRetired: true, sum: { ...aSum, coverage: aCoverage() } });

    expect(coverageOfNewest([gone, withCoverage()])).toEqual(lacking);
  });
});

describe("coverage that a run has reported", () => {
  const run = aRun();

  it("is read from its attachment", () => {
    const reported = parseReportedSnapshot(
      snapshotAttachment(aBackup({ sum: { ...aSum, coverage: lacking }, coverage: lacking })).json,
    );

    expect(snapshotOfReport({ run, reported: reported! }, [])?.sum.coverage).toEqual(lacking);
  });

  it.each([{ ...lacking, stored: -1 }, { ...lacking, stored: "10" }, { stored: 10 }, 10, null])(
    "is left out when it has not its form",
    (coverage) => {
      const facts = JSON.parse(snapshotAttachment(aBackup()).json) as object;
      const reported = parseReportedSnapshot(JSON.stringify({ ...facts, sum: { ...aSum, coverage } }));
      const snapshot = snapshotOfReport({ run, reported: reported! }, []);

      expect(snapshot?.sum).toEqual(aSum);
    },
  );
});

describe("a stream's state in words", () => {
  const state = aRef();

  it("never says read of what was never stored", () => {
    expect(streamStateText({ st: "ok", state })).toBe("Read");
    expect(streamStateText({ st: "ok" })).toBe("Never stored: nothing of it is in this vault");
    expect(streamStateText({ st: "stale", err: "REPOSITORY_DISABLED" })).toBe(
      "Never stored: the repository is disabled",
    );
    expect(streamStateText({ st: "stale", state })).toBe("Not read: an earlier state is kept");
  });

  it("says that a disabled repository was not read, though its last state is kept", () => {
    expect(streamStateText({ st: "ok", state, note: "REPOSITORY_DISABLED" })).toBe("Disabled: its last state is kept");
  });
});
