import { describe, expect, it } from "vitest";
import { acknowledgeCommand, inForce, isOpen } from "../../../extension-ui/model/owner-answers.ts";
import { answersOf } from "../../../extension-ui/vault/answers-of-log.ts";
import { aLogVault, asOwner, aSnapshotBody } from "../vault/log/log-vault.ts";

describe("what the owner has said, as the hub shows it", () => {
  it("is which alarms are acknowledged, by which entry and when, and what is announced", async () => {
    const vault = await aLogVault();
    const body = aSnapshotBody();
    const anomaly = [
      { code: "mass-delete", n: 7 },
      { code: "##vso[x]", n: 1 },
      { code: "mass-change", n: 1, note: true as const },
    ];
    await vault.append({ ...body, snapshot: { ...body.snapshot, anomaly } });
    const acknowledge = { seq: 1, codes: ["mass-delete"], streams: [] };
    const { createdAt } = await vault.append({ kind: "acknowledge", acknowledge }, asOwner(vault.keys));
    const far = "2027-06-01T00:00:00Z";
    const said = await vault.append(
      { kind: "expect", expect: { codes: ["mass-change"], until: far } },
      asOwner(vault.keys),
    );

    const answers = answersOf((await vault.read()).entries);

    expect(answers.alarms.map((alarm) => [alarm.seq, alarm.acknowledged, isOpen(alarm)])).toEqual([
      [1, { entry: 2, at: createdAt }, false],
      [1, undefined, true],
    ]);
    const hoursLater = (hours: number): Date => new Date(Date.parse(said.entry.srv) + hours * 3_600_000);
    expect(inForce(answers, hoursLater(71))).toMatchObject([{ entry: 3, codes: ["mass-change"] }]);
    expect(inForce(answers, hoursLater(73))).toEqual([]);
  });

  it("names the snapshot in a command by its number, never by a text that others have signed", () => {
    expect(acknowledgeCommand(12)).toBe("npm run vault -- acknowledge 12");
  });
});
