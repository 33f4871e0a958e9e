import { describe, expect, it } from "vitest";
import { planAttachment, restoreAttachment } from "../../../engine/reports/attachments.ts";
import type { Step } from "../../../engine/kinds/kind.ts";
import type { RestorePlan, RestoreResult } from "../../../engine/operations/results.ts";
import { leftAloneText, parsePlan, planAttachmentType, planOfRun } from "../../../extension-ui/model/restore-plan.ts";
import { parseResult, resultAttachmentType, resultOfRun } from "../../../extension-ui/model/restore-result.ts";
import { outcomeLine, restoreRunRows } from "../../../extension-ui/model/restore-runs.ts";
import { aProjectId, aRun } from "./builders.ts";

const organizationUrl = "https://dev.azure.com/contoso";
const repository = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d";

function aPlannedStep(own: Partial<Step> = {}): Step {
  return {
    kind: "work-items",
    stream: "work-items",
    key: "42",
    name: "Pay by card",
    phase: "create",
    action: "undelete",
    changes: [],
    ...own,
  };
}

function aPlan(steps: RestorePlan["steps"]): RestorePlan {
  const project = { id: aProjectId, name: "Shop" };
  return {
    source: { organizationUrl, project },
    target: { organizationUrl, project, createsProject: false },
    snapshot: "20261122T180544Z-7f3a9c1e",
    takenAt: "2026-11-22T18:05:44Z",
    conflictPolicy: "skip",
    steps,
    stale: [{ stream: "git-repositories/x", asOf: "2026-11-20T00:00:00Z" }],
    hash: "ab".repeat(32),
  };
}

function aResult(own: Partial<RestoreResult> = {}): RestoreResult {
  const steps = [
    { ...aPlannedStep(), result: { outcome: "undeleted", newId: "42" } },
    {
      ...aPlannedStep({ kind: "git-repositories", key: repository, name: "Web", action: "create" }),
      result: { outcome: "created", newId: "7d444840-9dc0-11d1-b245-5ffdce74fad2", fidelity: ["marker ref"] },
    },
    { ...aPlannedStep({ key: "43", name: "Gone" }), result: { outcome: "failed", message: "no right" } },
  ] as const;
  return {
    plan: aPlan(steps),
    restoreId: "cd".repeat(32),
    resumed: false,
    applied: true,
    steps,
    created: 2,
    updated: 0,
    skipped: 0,
    failed: 1,
    worksheet: ["connection x: password"],
    durationMs: 1200.4,
    ...own,
  };
}

describe("a plan", () => {
  it("is read as the task attaches it, put together by item", () => {
    const plan = aPlan([
      aPlannedStep({ phase: "create" }),
      aPlannedStep({
        phase: "fill",
        action: "update",
        changes: ["System.State: Closed → Active", "Custom.Cost: 1 → 2"],
        reason: "differs",
      }),
      aPlannedStep({ key: "7", name: "Board", action: "skip", reason: "exists and is the same" }),
      aPlannedStep({ kind: "service-endpoints", key: "x", name: "Hook", action: "create", secrets: ["password"] }),
      aPlannedStep({ key: "8", name: "Old", action: "cannot", reason: "type is gone" }),
    ]);
    const attached = planAttachment(plan);
    const view = parsePlan(attached.json);

    expect(attached.type).toBe(planAttachmentType);
    expect(view).toMatchObject({
      hash: plan.hash,
      source: "Shop",
      target: { project: "Shop", createsProject: false },
      counts: { cannot: 1, create: 1, undelete: 1, update: 0, skip: 1 },
      changesNothing: false,
      stale: plan.stale,
      secrets: ["password"],
    });
    expect(view?.rows[0]).toEqual({
      id: "work-items/42",
      kind: "work-items",
      key: "42",
      name: "Pay by card",
      action: "undelete",
      changes: ["State: Closed → Active", "Custom.Cost: 1 → 2"],
      reasons: ["differs"],
      secrets: [],
    });
  });

  it("counts the items that a very long plan has left out", () => {
    const plan = aPlan(Array.from({ length: 10_200 }, (_, key) => aPlannedStep({ key: `${key}`, action: "create" })));
    const view = parsePlan(planAttachment(plan).json);

    expect(view?.rows).toHaveLength(10_000);
    expect(view?.counts).toEqual({ cannot: 0, create: 10_200, undelete: 0, update: 0, skip: 0 });
  });

  it("counts what it shows when the figures of an attachment say less, or no number", () => {
    const attached = JSON.parse(planAttachment(aPlan([aPlannedStep({ action: "update" })])).json) as object;
    const counts = { update: 0, create: "many", skip: -7, cannot: null };

    expect(parsePlan(JSON.stringify({ ...attached, counts }))?.counts).toEqual({
      cannot: 0,
      create: 0,
      undelete: 0,
      update: 1,
      skip: 0,
    });
  });

  it("tells what it leaves alone although it differs, also of what it has left out", () => {
    const differing = (key: string): Step => aPlannedStep({ key, action: "skip", changes: ["State: New → Active"] });
    const same = aPlannedStep({ key: "s", action: "skip", changes: [] });
    const whole = parsePlan(planAttachment(aPlan([differing("1"), differing("2"), same])).json)!;
    const long = aPlan(Array.from({ length: 10_200 }, (_, key) => differing(String(key))));
    const cut = parsePlan(planAttachment(long).json)!;

    expect([whole.differing, cut.differing]).toEqual([2, 10_200]);
    expect(leftAloneText(whole)).toMatch(
      /^Nothing would be restored: 2 items that differ from the snapshot would stay as they are now/,
    );
  });

  it.each<readonly [string | undefined, readonly Partial<Step>[]]>([
    ["Everything is there already as in the snapshot: nothing would change.", [{ action: "skip", changes: [] }]],
    ["Nothing can be restored; the reasons stand below.", [{ action: "cannot", reason: "gone" }]],
    ["Nothing in this snapshot matches what was asked for.", []],
    [undefined, [{ action: "create" }, { key: "2", action: "skip", changes: [] }]],
  ])("says %s", (text, steps) => {
    expect(leftAloneText(parsePlan(planAttachment(aPlan(steps.map(aPlannedStep))).json)!)).toBe(text);
  });

  it("says when it would change nothing", () => {
    expect(parsePlan(planAttachment(aPlan([aPlannedStep({ action: "skip" })])).json)?.changesNothing).toBe(true);
  });

  it.each([
    "",
    "null",
    "[]",
    "{",
    '{"form":"project-backup/plan/v2","hash":"x"}',
    `{"form":"project-backup/plan/v1","hash":"${"z".repeat(64)}"}`,
    `{"form":"project-backup/plan/v1","hash":7}`,
  ])("is none when it does not have the form: %s", (json) => {
    expect(parsePlan(json)).toBeUndefined();
  });

  it("survives hostile content", () => {
    const steps = [
      null,
      7,
      "x",
      [],
      {},
      { kind: 1, key: {}, name: ["a"], action: "delete-everything", changes: [1, null, "a\u202eb"], secrets: "x" },
      { kind: "__proto__", key: "constructor", name: "<script>alert(1)</script>", action: "create", changes: {} },
    ];
    const json = JSON.stringify({ form: "project-backup/plan/v1", hash: "0".repeat(64), steps, target: [], stale: 3 });
    const view = parsePlan(json);

    expect(view?.rows.map(({ name, action }) => [name, action])).toEqual([
      ["", "cannot"],
      ["<script>alert(1)</script>", "create"],
    ]);
    expect(view?.rows[0]?.reasons).toContain('This page does not know the action "delete-everything".');
    expect(view?.rows[0]?.changes).toEqual(["a\\u202eb"]);
  });

  it("of a run is the newest one that can be read", () => {
    const first = planAttachment(aPlan([])).json;
    const second = first.replace("ab".repeat(32), "cd".repeat(32));

    expect(planOfRun([first, second, "{}"])?.hash).toBe("cd".repeat(32));
    expect(planOfRun([])).toBeUndefined();
  });
});

describe("the result of a restore", () => {
  const attached = restoreAttachment(aResult());

  it("is read as the task attaches it, with links to what is there now", () => {
    const view = parseResult(attached.json, `${organizationUrl}/`);

    expect(attached.type).toBe(resultAttachmentType);
    expect(view).toMatchObject({
      created: 2,
      failed: 1,
      secretsToEnter: 1,
      applied: true,
      target: "Shop",
      durationMs: 1200,
    });
    expect(view?.rows.map(({ name, outcome, url }) => [name, outcome, url])).toEqual([
      ["Gone", "failed", undefined],
      ["Pay by card", "undeleted", `${organizationUrl}/${aProjectId}/_workitems/edit/42`],
      ["Web", "created", `${organizationUrl}/${aProjectId}/_git/7d444840-9dc0-11d1-b245-5ffdce74fad2`],
    ]);
    expect(view?.rows[0]?.messages).toEqual(["no right"]);
    expect(view?.rows[2]?.fidelity).toEqual(["marker ref"]);
  });

  it("links nowhere else: not to other organisations, and not to what an attachment makes up", () => {
    const elsewhere = parseResult(attached.json, "https://dev.azure.com/fabrikam");
    const item = { kind: "work-items", key: "1", name: "x", outcome: "created", newId: "1/../../../evil?" };
    const target = { organizationUrl, project: { id: "//evil.example", name: "../.." } };
    const forged = JSON.stringify({
      form: "project-backup/restore/v1",
      target,
      items: [item, { ...item, newId: "5" }],
    });

    const made = forged.replace("//evil.example", "").replace("../..", "Shop 2");

    expect(parseResult(made, organizationUrl)?.rows[1]?.url).toBe(`${organizationUrl}/Shop%202/_workitems/edit/5`);
    expect(elsewhere?.rows.every(({ url }) => url === undefined)).toBe(true);
    expect(parseResult(forged, organizationUrl)?.rows.map(({ url }) => url)).toEqual([undefined, undefined]);
  });

  it("takes odd figures for none", () => {
    const json = '{"form":"project-backup/restore/v1","created":-1,"updated":"7","failed":1e999,"items":{}}';

    expect(parseResult(json, organizationUrl)).toMatchObject({ created: 0, updated: 0, failed: 0, rows: [] });
    expect(resultOfRun(["", json], organizationUrl)?.rows).toEqual([]);
    expect(resultOfRun(["x"], organizationUrl)).toBeUndefined();
  });

  it("is told in a line", () => {
    const view = resultOfRun([attached.json], organizationUrl);

    expect(view === undefined ? "" : outcomeLine(view)).toBe("1 failed, 1 created, 1 undeleted");
  });
});

describe("the rows of restores", () => {
  it("come newest first, with what each was to do", () => {
    const parameters = {
      items: "work-items/1\nwork-items/2\n\nwork-items/3\nwork-items/4",
      snapshot: "s",
      previewOnly: "False",
      targetProject: " ",
    };
    const runs = [
      aRun({ id: 1, queuedAt: "2026-11-20T00:00:00Z", parameters: {} }),
      aRun({ id: 2, queuedAt: "2026-11-22T00:00:00Z", parameters }),
      aRun({ id: 3, queuedAt: "2026-11-21T00:00:00Z", parameters: { ...parameters, destination: "archive" } }),
      aRun({ id: 4, pipeline: { id: 99, name: "Other", folder: "\\" } }),
    ];

    expect(
      restoreRunRows(runs, 3).map(({ run, mode, moreItems, target }) => [run.id, mode, moreItems, target]),
    ).toEqual([
      [2, "restore", 1, ""],
      [3, "archive", 1, ""],
      [1, "preview", 0, ""],
    ]);
  });
});
