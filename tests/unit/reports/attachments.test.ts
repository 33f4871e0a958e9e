import { describe, expect, it } from "vitest";
import {
  planAttachment,
  restoreAttachment,
  snapshotAttachment,
  verifyAttachment,
} from "../../../engine/reports/attachments.ts";
import { parseReportedSnapshot } from "../../../engine/vault/reported-snapshot.ts";
import { aBackup, aPlan, aRestore, aStream, aVerification, damage, head, vault } from "./builders.ts";

describe("the attachment of a snapshot", () => {
  it("is found again by a later run, with the head to pin", () => {
    const { type, name, json } = snapshotAttachment(aBackup());

    expect(type).toBe("devops-backup.snapshot");
    expect(name).toBe(`snapshot-${vault}.json`);
    expect(parseReportedSnapshot(json)).toMatchObject({
      vault,
      project: { id: vault, name: "Contoso Shop" },
      snapshot: "20261122T204648Z-c7e97e0b",
      seq: 7,
      head: `7:${head.sha256}`,
      status: "complete",
      facts: { sum: { items: 10_233 }, gaps: 0 },
    });
  });

  it("names no item, only figures", () => {
    const gap = { stream: "work-items", item: "42", code: "X", message: "Secret plan cannot be read", cure: "…" };
    const findings = [{ stream: "work-items", code: "Y", message: "Secret plan", severity: "note" as const }];
    const { json } = snapshotAttachment(aBackup({ gaps: [gap], findings, overdue: ["Secret plan"] }));

    expect(json).not.toContain("Secret plan");
    expect(parseReportedSnapshot(json)?.facts).toMatchObject({ gaps: 1, findings: 1, overdue: 1 });
  });

  it.each([
    ["no JSON", "{"],
    ["another form", changed({ form: "project-backup/snapshot/v2" })],
    ["no vault", changed({ vault: "../etc" })],
    ["a vault in capitals", changed({ vault: vault.toUpperCase() })],
    ["no head", changed({ head: "7:abc" })],
    ["a negative number", changed({ seq: -1 })],
    ["a broken number", changed({ seq: 1.5 })],
    ["an unknown status", changed({ status: "fine" })],
    ["a snapshot with a path", changed({ snapshot: "../x" })],
    ["no project", changed({ project: "Contoso" })],
    ["a list", "[]"],
  ])("is not taken when it is %s", (_, json) => {
    expect(parseReportedSnapshot(json)).toBeUndefined();
  });
});

describe("the other attachments", () => {
  it("hold the whole plan", () => {
    const plan = aPlan();
    const { type, json } = planAttachment(plan);

    expect(type).toBe("devops-backup.plan");
    expect(JSON.parse(json)).toMatchObject({ hash: plan.hash, steps: plan.steps });
  });

  it("hold what became of each item", () => {
    const { type, json } = restoreAttachment(aRestore());

    expect(type).toBe("devops-backup.restore-report");
    expect(JSON.parse(json)).toMatchObject({
      planHash: "cd".repeat(32),
      items: [{ kind: "work-items", key: "42", outcome: "created", newId: "1017" }],
    });
  });

  it("hold what a verification found, by stream and snapshot", () => {
    const { json } = verifyAttachment(aVerification({ streams: [aStream({ findings: [damage()] })], damaged: 1 }));

    expect(JSON.parse(json)).toMatchObject({
      vault,
      level: "stored",
      head: `7:${head.sha256}`,
      damaged: 1,
      immutability: { container: "none", snapshots: [{ id: "20261122T204648Z-c7e97e0b", unprotected: 0 }] },
      damage: [{ snapshots: ["20261121T020000Z-00000001", "20261122T204648Z-c7e97e0b"], codes: ["OBJECT_DAMAGED"] }],
    });
  });
});

function changed(over: object): string {
  return JSON.stringify({ ...JSON.parse(snapshotAttachment(aBackup()).json), ...over });
}
