/** What the hub says in words: values before and after, times, levels, keys and signatures that it does not take. */
import { describe, expect, it } from "vitest";
import { makeKeySet } from "../../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../../engine/native/node-cryptography.ts";
import { coveringLevel } from "../../../extension-ui/model/covered-level.ts";
import { fieldChangeLines } from "../../../extension-ui/model/field-changes.ts";
import { snapshotName } from "../../../extension-ui/model/format.ts";
import { failedLast, failedRunFinding, withFindings } from "../../../extension-ui/model/health-runs.ts";
import { assessHealth, type LevelFigure } from "../../../engine/insight/health.ts";
import { readSasHelp, readSasProblem } from "../../../extension-ui/model/read-sas.ts";
import { runLine } from "../../../extension-ui/model/restore-runs.ts";
import { endedSince } from "../../../extension-ui/model/run-request.ts";
import { idWithZone, localTime, withLocalTimes } from "../../../extension-ui/model/times.ts";
import { isRecoveryKey, viewerKeyProblem } from "../../../extension-ui/model/viewer-key-form.ts";
import { aRun } from "./builders.ts";
import { aSnapshot, aVerified, day } from "./snapshots.ts";

const cryptography = nodeCryptography();

describe("what was different about an item", () => {
  it("is told with the values before and after", () => {
    const before = { id: "7", state: "New", at: day(1), by: "Ada" };
    const after = { id: "7", state: "Active", at: day(2) };

    expect(fieldChangeLines({ fields: ["state", "at", "by"], before, after })).toEqual([
      "state: New → Active",
      `time of change: ${localTime(day(1))} → ${localTime(day(2))}`,
      "changed by: Ada → nothing",
    ]);
  });

  it("shortens commits, and nothing else", () => {
    const [before, after] = ["a1", "b2"].map((digits) => ({ id: "refs/heads/main", state: digits.repeat(20) }));

    expect(fieldChangeLines({ fields: ["state"], before, after })).toEqual(["state: a1a1a1a1a1a1 → b2b2b2b2b2b2"]);
  });
});

describe("times in sentences", () => {
  it("are the person's own, and ids of snapshots say that theirs are not", () => {
    expect(withLocalTimes(`Since ${day(3)}, run 7 of 2026-11-03T02:00Z.`)).toBe(
      `Since ${localTime(day(3))}, run 7 of ${localTime(day(3))}.`,
    );
    expect(withLocalTimes("20261103T020000Z-00000003 stays")).toBe("20261103T020000Z-00000003 stays");
    expect(idWithZone("20261103T020000Z-00000003")).toBe("20261103T020000Z-00000003 (time in UTC)");
  });

  it("stand for a snapshot that a run was asked for", () => {
    expect(snapshotName(aSnapshot(3).id, [aSnapshot(3)])).toBe(`the snapshot of ${localTime(day(3))}`);
    expect(snapshotName(day(4), [])).toBe(localTime(day(4)));
    expect(snapshotName("recommended", [])).toBe("the recommended snapshot");
  });
});

describe("a level of verification", () => {
  const figure = (level: LevelFigure["level"], over?: Parameters<typeof aVerified>[0]): LevelFigure => ({
    level,
    newest: over === undefined ? undefined : aVerified({ level, ...over }),
    ageHours: 1,
  });

  it("counts as passed when a deeper one has passed since", () => {
    const levels = [figure("catalogue"), figure("stored", { at: day(2) }), figure("content", { at: day(9) })];

    expect(levels.map((one) => coveringLevel(levels, one)?.level)).toEqual(["content", "content", undefined]);
  });

  it.each([
    ["a sample", { sample: "10%" }],
    ["one that found damage", { damaged: 1 }],
    ["an older one", { at: day(1) }],
  ])("does not count by %s", (_name, over) => {
    const levels = [figure("stored", { at: day(5) }), figure("content", { at: day(9), ...over })];

    expect(coveringLevel(levels, levels[0]!)).toBeUndefined();
  });
});

describe("a signature for the hub", () => {
  it.each([
    ["sp=rl&sr=c&sig=x", undefined],
    ["?sp=lr&sr=c&sig=x", undefined],
    ["si=browse&sr=c&sig=x", undefined],
    ["sp=racwdl&sr=c&sig=x", /^This SAS also allows to add, create, write, delete \(sp=racwdl\)/],
    ["sp=rlq&sr=c&sig=x", /^This SAS also allows to "q"/],
    ["sp=rl&ss=b&srt=sco&sig=x", /for the whole storage account/],
    ["sp=r&sr=b&sig=x", /does not allow to list \(sp=r\)/],
    ["sr=c&sig=x", /does not allow to read \(It names no rights\)/],
  ])("%s: %s", (sas, found) => {
    if (found === undefined) expect(readSasProblem(sas)).toBeUndefined();
    else expect(readSasProblem(sas)).toMatch(found);
  });

  it("is made by a command that names the container", () => {
    const now = new Date("2026-11-22T10:00:00Z");
    const azure = readSasHelp("https://contosobackups.blob.core.windows.net/azure-devops", now);

    expect(azure).toContain("--account-name contosobackups");
    expect(azure).toContain("--expiry 2026-11-29T07:36Z");
    expect(readSasHelp("http://127.0.0.1:10000/devstoreaccount1/backup", now)).toContain("--name backup");
    for (const command of [azure, readSasHelp("http://127.0.0.1:10000/devstoreaccount1/backup", now)])
      expect(command).toContain("--permissions rl");
  });
});

describe("a viewer key", () => {
  it("is no agent key, no owner key, and no recovery key's file", async () => {
    const keys = await makeKeySet(cryptography);

    expect(viewerKeyProblem(keys.viewerKey)).toBeUndefined();
    expect(viewerKeyProblem(keys.agentKey)).toMatch(/^This is the agent key/);
    expect(viewerKeyProblem(keys.ownerKey)).toMatch(/^This is the owner key/);
    expect(viewerKeyProblem(`# Recovery key of a Project Backup vault ${keys.recoveryKey}`)).toMatch(/recovery key/);
  });

  it("is told from a recovery key by the recipients of the vault", async () => {
    const [keys, other] = [await makeKeySet(cryptography), await makeKeySet(cryptography)];
    const recipients = [other.recoveryRecipient, keys.recoveryRecipient];

    expect(await isRecoveryKey(` ${keys.recoveryKey} `, recipients, cryptography)).toBe(true);
    expect(await isRecoveryKey(keys.viewerKey, recipients, cryptography)).toBe(false);
    expect(await isRecoveryKey("AGE-SECRET-KEY-1", recipients, cryptography)).toBe(false);
  });
});

describe("runs that came to nothing", () => {
  const failed = aRun({ id: 8, state: "failed", finishedAt: day(9) });
  const facts = {
    now: new Date(day(9)),
    rpoHours: 26,
    snapshots: [aSnapshot(8)],
    differences: [],
    origin: "storage",
  } as const;
  const chain = {
    state: "checked",
    problems: [],
    signers: "pinned",
    head: undefined,
    isHeadPinned: true,
    hashes: new Map(),
  } as const;

  it("are a finding of Health when they are the last that ended", () => {
    const active = aRun({ id: 9, state: "running" });
    const report = withFindings(assessHealth({ ...facts, chain }), [
      failedRunFinding({ run: failed, reason: "Input agentKey is no key.", now: facts.now }),
    ]);

    expect(failedLast([active, failed, aRun({ id: 7, state: "succeeded" })])?.id).toBe(8);
    expect(failedLast([aRun({ id: 9, state: "issues" }), failed])).toBeUndefined();
    expect(report).toMatchObject({ worst: "warning" });
    expect(report.findings.find(({ id }) => id === "last-run-failed")).toMatchObject({
      run: 8,
      title: "The last backup run failed",
      detail: `Run 8, ${day(9)}. Input agentKey is no key.`,
    });
  });

  it("leave no word of a backup that is still to be made where snapshots are lost", () => {
    const lost = { what: "missing", snapshot: "s", runId: 3, reported: "1:ab" } as const;
    const report = withFindings(assessHealth({ ...facts, snapshots: [], chain, differences: [lost] }), []);

    expect(report.findings.map(({ id }) => id)).toContain("reported-differently");
    expect(report.findings.map(({ id }) => id)).not.toContain("no-snapshot");
  });

  it("are known to have ended by the answer before", () => {
    const before = [aRun({ id: 2, state: "running" }), aRun({ id: 1, state: "succeeded" })];
    const now = [aRun({ id: 3, state: "failed" }), aRun({ id: 2, state: "succeeded" }), before[1]!];

    expect(endedSince(before, now).map(({ id }) => id)).toEqual([3, 2]);
    expect(endedSince(now, now)).toEqual([]);
  });

  it("say their worst in the list of restores, before what was done all the same", () => {
    const issues = [
      { severity: "warning", message: "Slow", step: "" },
      { severity: "error", message: "The plan has changed", step: "" },
    ] as const;

    expect(runLine(issues, undefined)).toBe("The plan has changed");
    expect(runLine([], undefined)).toBe("");
  });
});
