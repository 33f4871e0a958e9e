import { describe, expect, it } from "vitest";
import {
  planAttachment,
  planLines,
  restoreAttachment,
  snapshotAttachment,
  verifyAttachment,
} from "../../../engine/reports/attachments.ts";
import { parseReportedSnapshot } from "../../../engine/vault/format/reported-snapshot.ts";
import { aBackup, aPlan, aRestore, aStep, aStream, aVerification, damage, head, vault } from "./builders.ts";

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

  it("hold of a very long plan its beginning and figures of all; a list beside it has every step", () => {
    const steps = Array.from({ length: 10_500 }, (_, number) => aStep({ key: String(number), action: "skip" }));
    const plan = aPlan({ steps: [...steps, aStep({ key: "0", phase: "connect", action: "update" })] });
    const attached: unknown = JSON.parse(planAttachment(plan).json);
    const all = planLines(plan);

    expect(attached).toMatchObject({
      steps: steps.slice(0, 10_000),
      stepsInAll: 10_501,
      counts: { cannot: 0, create: 0, undelete: 0, update: 1, skip: 10_499 },
    });
    expect(all?.name).toBe(`plan-${"cd".repeat(8)}.ndjson`);
    expect([...(all?.lines ?? [])].map((line) => JSON.parse(line) as unknown)).toEqual([...plan.steps]);
    expect(planLines(aPlan())).toBeUndefined();
  });

  it("hold of very many items the first ones of each outcome, and figures of all", () => {
    const plan = aPlan({ steps: Array.from({ length: 5200 }, (_, number) => aStep({ key: String(number) })) });
    const steps = [...plan.steps].map((step, number) => ({
      ...step,
      result: { outcome: number % 100 === 99 ? ("failed" as const) : ("created" as const) },
    }));
    const { items, counts } = JSON.parse(restoreAttachment(aRestore({ plan, steps })).json) as {
      readonly items: readonly { readonly outcome: string }[];
      readonly counts: unknown;
    };

    expect(counts).toMatchObject({ created: 5148, failed: 52 });
    expect(items.slice(0, 52).every(({ outcome }) => outcome === "failed")).toBe(true);
    expect(items).toHaveLength(52 + 5000);
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
