import { immutabilityText } from "../../../engine/reports/immutability.ts";
import { describe, expect, it } from "vitest";
import { backupSummary, planSummary, restoreSummary, verifySummary } from "../../../engine/reports/summary.ts";
import {
  aBackup,
  aKind,
  aPlan,
  aRestore,
  aStep,
  aStream,
  anImmutability,
  aVerification,
  damage,
  head,
  hostile,
  vault,
} from "./builders.ts";

const gap = {
  stream: "git-repositories/a6dae53f-14b4-43ce-a8d1-7a785cdd004c",
  code: "TF401019",
  message: "Repository Web cannot be read",
  cure: "Give the build service Read on it.",
};

describe("the summary of a backup", () => {
  it("says what was backed up, what changed and what was stored", () => {
    const text = backupSummary(aBackup());

    expect(text).toContain("## ✅ Backup of Contoso Shop: complete");
    expect(text).toContain("10,233 items in 10 streams; 2 changed");
    expect(text).toContain("**17.1 kB** by this run");
    expect(text).toContain("| Git repositories | 6 | 1 | – | 3 | – | 12.0 kB | – |");
    expect(text).toContain(`The log's head is now \`7:${head.sha256}\`.`);
  });

  it("puts what could not be read, and its cure, before everything that went well", () => {
    const text = backupSummary(aBackup({ status: "partial", gaps: [gap, { ...gap, item: "refs/heads/main" }] }));

    expect(text).toContain("## ⚠️ Backup of Contoso Shop: partial, 2 gaps");
    expect(text).toContain("| Git repositories: refs/heads/main | Repository Web cannot be read (TF401019) | Give the");
    expect(text.indexOf("Could not be read (2)")).toBeLessThan(text.indexOf("What changed"));
  });

  it("is loud about anomalies and about what is overdue", () => {
    const words = { title: "1,200 of 1,500 work items deleted", detail: "since yesterday", remedy: "Ask who." };
    const told = { ...words, code: "mass-delete", seq: 7, snapshot: "run-7", isNew: true };
    const note = { code: "files-lost", n: 30, of: 200, streams: ["git-repositories/w"], hit: 1, note: true } as const;
    const names = new Map([["git-repositories/w", "Web"]]);
    const text = backupSummary(aBackup({ alarms: [told], anomalies: [note], names, overdue: ["Web"] }));

    expect(text).toContain(
      "> **Look at this first**\n>\n> - 1,200 of 1,500 work items deleted (since yesterday). Ask who.",
    );
    expect(text).toContain("### Unusual, but no alarm\n\n- Web lost 15 % of its files");
    expect(text).toContain("> **Not backed up for too long**\n>\n> - Web");
  });

  it("gives the lines to paste as long as nothing is pinned", () => {
    const text = backupSummary(aBackup({ signerPinned: false, headPinned: false }));

    expect(text).toContain(`signer: ed25519:${"A".repeat(43)}\nvaultHead: ${vault}=7:${head.sha256}`);
    expect(text).toContain("who signed it or how far its log had got");
  });

  it("leaves out kinds when nothing changed, and says when an earlier attempt did the work", () => {
    const quiet = aKind({ kind: "areas", title: "Areas" });
    const sum = { ...aBackup().sum, changed: 0 };

    expect(backupSummary(aBackup({ kinds: [quiet], sum }))).not.toContain("What changed");
    expect(backupSummary(aBackup({ kinds: [{ ...quiet, streams: 0 }] }))).toContain("An earlier attempt of this run");
  });

  it("tells what retention did, would do, or was kept from doing", () => {
    const retention = { kept: 30, retired: 2, objects: 14, bytes: 5_000_000, carriedOut: false, note: "no ownerKey" };

    expect(backupSummary(aBackup({ retention }))).toContain(
      "30 snapshots kept. 2 snapshots with 14 objects, 5.0 MB to be removed. no ownerKey",
    );
    expect(backupSummary(aBackup({ retention: { ...retention, carriedOut: true } }))).toContain("5.0 MB removed.");
  });

  it("lets no name become markup", () => {
    const findings = [{ stream: "work-items", item: hostile, code: "X", message: hostile, severity: "note" as const }];
    const text = backupSummary(
      aBackup({
        project: { id: vault, name: hostile },
        findings,
        gaps: [{ ...gap, message: hostile }],
        drift: [hostile],
      }),
    );

    expectInert(text);
  });
});

describe("the summary of a plan", () => {
  it("counts items by kind and says what is done to each, steps put together", () => {
    const text = planSummary(aPlan());

    expect(text).toContain("## Restore plan: Contoso Shop → new project Fresh");
    expect(text).toContain("| Work items | 1 | – | – | – | – |");
    expect(text).toContain("| Bug 42: Invoice total wrong by a cent | new Bug with a new id<br>2 links<br>1 comment |");
    expect(text).toContain(`planHash: ${"cd".repeat(32)}`);
  });

  it("names fields of work items as people know them, and leaves those of a process of one's own", () => {
    const changes = [
      "System.State: Closed → Active",
      "Microsoft.VSTS.Scheduling.StoryPoints: 3 → 5",
      "My.Field: a → b",
    ];
    const text = planSummary(aPlan({ steps: [aStep({ action: "update", changes })] }));

    expect(text).toContain("State: Closed → Active<br>Story Points: 3 → 5<br>My.Field: a → b");
    expect(text).not.toContain("System.");
  });

  it("names what cannot be restored and why, before the rest", () => {
    const steps = [
      aStep(),
      aStep({ key: "43", name: "Risk 43", action: "cannot", reason: "the process has no type Risk" }),
    ];
    const text = planSummary(aPlan({ steps }));

    expect(text).toContain("### Cannot be restored (1)");
    expect(text).toContain("| Work items: Risk 43 | the process has no type Risk |");
    expect(text.indexOf("Cannot be restored")).toBeLessThan(text.indexOf("1 item to create"));
  });

  it("folds long lists and cuts very long ones", () => {
    const steps = Array.from({ length: 2500 }, (_, number) => aStep({ key: String(number), name: `Task ${number}` }));
    const text = planSummary(aPlan({ steps }));

    expect(text).toContain("### Work items: 2,500 items to create\n\n<details>\n<summary>Show 2,500</summary>");
    expect(text).toContain("… and 2,400 more.");
    expect(text.length).toBeLessThan(20_000);
  });

  it("says when content is older than the snapshot, and when nothing matches", () => {
    const stale = [{ stream: "work-items", asOf: "2026-11-20T02:00:00Z" }];

    expect(planSummary(aPlan({ stale }))).toContain("> - work-items: as it was at 2026-11-20 02:00:00 UTC");
    expect(planSummary(aPlan({ steps: [] }))).toContain("Nothing in this snapshot matches the selection.");
  });

  it("lets no name become markup", () => {
    const step = aStep({ name: hostile, key: hostile, changes: [hostile], reason: hostile });

    expectInert(planSummary(aPlan({ steps: [step, { ...step, action: "cannot" }] })));
  });
});

describe("the summary of a restore", () => {
  it("shows new ids where people know things by number", () => {
    const text = restoreSummary(aRestore());

    expect(text).toContain("## ✅ Restore Contoso Shop → new project Fresh: done");
    expect(text).toContain("| Bug 42: Invoice total wrong by a cent | **1017** | created |");
  });

  it("puts failures first", () => {
    const plan = aPlan();
    const steps = [...plan.steps].map((step) => ({
      ...step,
      result: { outcome: "failed" as const, message: "VS402625: no" },
    }));
    const text = restoreSummary(aRestore({ plan, steps, failed: 1, created: 0 }));

    expect(text).toContain("1 item failed");
    expect(text).toContain("| Work items: Bug 42: Invoice total wrong by a cent | VS402625: no |");
    expect(text.indexOf("### Failed (1)")).toBeLessThan(text.indexOf("| Took |"));
  });

  it("names each difference from the snapshot once", () => {
    const steps = Array.from({ length: 26 }, (_, number) => ({
      ...aStep({ key: String(number), name: `Task ${number}` }),
      result: { outcome: "created" as const, newId: String(number + 100), fidelity: ["the changed date is new"] },
    }));
    const text = restoreSummary(aRestore({ steps }));

    expect(text).toContain("| Work items: the changed date is new | Task 0, Task 1, Task 2 and 23 more |");
  });

  it("ends with the secrets to enter again", () => {
    const text = restoreSummary(aRestore({ worksheet: ["variable-groups Prod: DbPassword"] }));

    expect(text).toContain("### Secrets to enter again");
    expect(text).toContain("- [ ] variable-groups Prod: DbPassword");
  });
});

describe("the summary of a verification", () => {
  it("says what was proved, of what, and how far it can be relied on", () => {
    const text = verifySummary(aVerification({ headPinned: false }));

    expect(text).toContain("## ✅ Verification (stored): nothing is damaged");
    expect(text).toContain("| Read | 37 objects, 803 kB |");
    expect(text).toContain("The head is not pinned");
  });

  it("names damage by stream and by the snapshots concerned", () => {
    const streams = [aStream({ findings: [damage()] })];
    const text = verifySummary(aVerification({ streams, damaged: 1 }));

    expect(text).toContain("## ❌ Verification (stored): 1 stream damaged");
    expect(text).toMatch(
      /\| Web \(git-repositories\/.*\) \| data\/ab\/abcdef\.age: the stored bytes .* \| `2026.*` `2026/,
    );
  });

  it.each<readonly [string, Partial<ReturnType<typeof anImmutability>>]>([
    ["Protected from deletion until 2026-12-30 01:00:00 UTC (locked)", {}],
    [
      "Protected from deletion until 2026-12-30 01:00:00 UTC (locked); 12 of 5,012 objects only while the legal hold stays",
      { held: 12 },
    ],
    ["Protected from deletion while the legal hold stays", { held: 5_012, until: null }],
    [
      "Not protected from deletion: 3 of 5,012 objects are not locked, the others are locked until 2026-12-30 01:00:00 UTC at least",
      { unprotected: 3 },
    ],
    [
      "Not protected from deletion: 5,012 of 5,012 objects are not locked (5,012 by an unlocked policy only, which is no protection)",
      { unprotected: 5_012, unlocked: 5_012, until: null },
    ],
  ])("says until when nothing of a snapshot can be deleted: %s", (text, over) => {
    const result = aVerification({ immutability: { container: "none", snapshots: [anImmutability(over)] } });

    expect(verifySummary(result)).toContain(`| Immutability | ${text} |`);
  });

  it("claims no protection that nobody has told it of", () => {
    const of = (container: "policy" | "none" | "unknown"): string =>
      immutabilityText(aVerification({ immutability: { container, snapshots: [] } }));

    expect(of("policy")).toMatch(/^Not known: the container has a policy, but its period/);
    expect(of("unknown")).toMatch(/^Not known: the storage service did not tell/);
    expect(of("none")).toMatch(/^Not known: not everything/);
  });

  it("counts the protected of several snapshots, and those that are not known", () => {
    const snapshots = ["a", "b", "c"];
    const told = [anImmutability({ id: "a", unprotected: 2 }), anImmutability({ id: "b" })];

    expect(immutabilityText({ snapshots, immutability: { container: "none", snapshots: told } })).toBe(
      "1 of 3 snapshots protected from deletion; 1 not known; the newest that is known (b): " +
        "Protected from deletion until 2026-12-30 01:00:00 UTC (locked)",
    );
  });

  it("takes damage of the log, and a backup that is too old, as seriously", () => {
    const log = [damage({ stream: "log", message: "entry 5 is gone" })];

    expect(verifySummary(aVerification({ log }))).toContain("❌ Verification (stored): the log is not sound");
    expect(verifySummary(aVerification({ tooOld: true, newestCompleteAt: undefined }))).toContain(
      "> - there is no complete snapshot at all",
    );
  });
});

/** Taken without what is escaped, nothing of the hostile text can be read as markup. */
function expectInert(text: string): void {
  const bare = text.replace(/\\./g, "");
  expect(text).not.toMatch(/##vso\[/);
  expect(bare).not.toContain("<img");
  expect(bare).not.toContain("](");
  expect(bare).not.toContain("https://evil");
  expect(bare).not.toMatch(/^# Title/m);
  for (const line of text.split("\n").filter((one) => one.startsWith("| "))) expect(line.endsWith(" |")).toBe(true);
}
