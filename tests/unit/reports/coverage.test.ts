/** Coverage in what a run tells: nothing is green unless the sum adds up. */
import { describe, expect, it } from "vitest";
import { planAttachment, snapshotAttachment } from "../../../engine/reports/attachments.ts";
import { backupSummary, planSummary } from "../../../engine/reports/summary.ts";
import { coverageLine } from "../../../engine/vault/format/coverage-words.ts";
import { parsePlan } from "../../../extension-ui/model/restore-plan.ts";
import { aBackup, aCoverage, aPlan } from "./builders.ts";

const disabled = aCoverage({ stored: 9, disabled: 1 });
const wiki = {
  stream: "wikis",
  code: "ADO_FORBIDDEN",
  message: "Wikis could not be listed",
  cure: "Add scope vso.wiki.",
};

describe("coverage in the summary", () => {
  it("is a sum that adds up", () => {
    const text = backupSummary(aBackup({ coverage: aCoverage({ inProject: 11, excluded: 1 }) }));

    expect(text).toContain("### ✅ Coverage\n\nAll 10 streams are stored, 1 stream left out by choice.");
    expect(text).toContain("| In the project | Stored | Left out by choice |");
    expect(text).toContain("| 11 | 10 | 1 |");
  });

  it("says what does not add up", () => {
    const text = backupSummary(aBackup({ status: "partial", coverage: disabled }));

    expect(text).toContain("### ⚠️ Coverage\n\n9 of 10 streams stored: 1 disabled and never stored.");
    expect(text).toContain("| In the project | Stored | Disabled, never stored |");
  });

  it("keeps a complete backup from being green while a kind is not covered, and tells its cure", () => {
    const coverage = aCoverage({ kindsNotRead: 1 });
    const text = backupSummary(aBackup({ coverage, notCovered: [wiki], kindsNotRead: ["wikis"] }));

    expect(text).toContain("## ⚠️ Backup of Contoso Shop: complete, but not everything is covered");
    expect(text).toContain("Not read: Wikis.");
    expect(text).toContain("### Not covered (1)");
    expect(text).toContain("| Wikis | Wikis could not be listed (ADO\\_FORBIDDEN) | Add scope vso.wiki. |");
  });

  it("names every reason in one line", () => {
    const over = { stored: 4, excluded: 1, disabled: 1, hidden: 2, unread: 2, kindsNotRead: 1, kindsUnsure: 1 };

    expect(coverageLine(aCoverage(over))).toBe(
      "4 of 10 streams stored: 1 stream left out by choice, 1 disabled and never stored, 2 hidden or gone, 2 never read, 1 kind not read, more may be hidden of 1 kind",
    );
  });
});

describe("coverage in the run's attachment", () => {
  it("stands as figures, with whether they add up and the kinds concerned", () => {
    const { json } = snapshotAttachment(aBackup({ coverage: disabled, kindsUnsure: ["git-repositories"] }));

    expect(JSON.parse(json)).toMatchObject({
      coverage: { ...disabled, isWhole: false, notRead: [], unsure: ["git-repositories"] },
      notCovered: 0,
    });
  });
});

describe("a plan of what was never stored", () => {
  const line = "Api could never be read when it was backed up: this snapshot holds nothing of it";

  it("says so in its summary and in the hub's panel", () => {
    const plan = { ...aPlan(), neverStored: [line] };

    expect(planSummary(plan)).toContain(`> **Not in this snapshot**\n>\n> - ${line}`);
    expect(parsePlan(planAttachment(plan).json)?.neverStored).toEqual([line]);
    expect(parsePlan(planAttachment(aPlan()).json)?.neverStored).toEqual([]);
  });
});
