import { describe, expect, it } from "vitest";
import { assessHealth, type HealthFacts } from "../../../engine/insight/health.ts";
import { hoursForPeople } from "../../../engine/insight/health-finding.ts";
import { anomalyWords } from "../../../engine/insight/words.ts";
import { recoveryPoint } from "../../../engine/insight/recovery-point.ts";
import type { ObjectFigures, SeenImmutability } from "../../../engine/insight/immutability.ts";
import type { ChainState, Snapshot, Verification } from "../../../extension-ui/model/vault-source.ts";

const now = new Date("2026-11-22T12:00:00Z");
const hour = 3_600_000;

function ago(hours: number): string {
  return new Date(now.getTime() - hours * hour).toISOString();
}

function aVerification(own: Partial<Verification> = {}): Verification {
  return { level: "stored", at: ago(10), sample: "100%", checked: 100, damaged: 0, ...own };
}

function anAnswer(own: Partial<ObjectFigures> = {}): SeenImmutability {
  const figures = { objects: 90, unprotected: 0, unlocked: 0, held: 0, until: ago(-1000), ...own };
  return { seenAt: ago(10), by: "objects", figures };
}

function aSnapshot(seq: number, own: Partial<Snapshot> = {}): Snapshot {
  const sum = {
    streams: 5,
    changed: 1,
    failed: 0,
    stale: 0,
    missing: 0,
    deleted: 0,
    skipped: 0,
    items: 9,
    newBytes: 10,
    totalBytes: 1000,
  };
  return {
    id: `run-${seq}`,
    seq,
    at: ago(2),
    status: "complete",
    sum,
    anomalies: [],
    build: "",
    verifications: [aVerification(), aVerification({ level: "drill", rtoSeconds: 90 })],
    isRetired: false,
    isDamaged: false,
    immutability: anAnswer(),
    ...own,
  };
}

function unasked(seq: number): Snapshot {
  const copy: Omit<Snapshot, "immutability"> & { immutability?: SeenImmutability } = aSnapshot(seq);
  delete copy.immutability;
  return copy;
}

const checked: Extract<ChainState, { state: "checked" }> = {
  state: "checked",
  problems: [],
  signers: "pinned",
  head: `3:${"a".repeat(64)}`,
  isHeadPinned: true,
  hashes: new Map(),
};

function facts(own: Partial<HealthFacts> = {}): HealthFacts {
  return { now, rpoHours: 26, snapshots: [aSnapshot(3)], chain: checked, origin: "storage", differences: [], ...own };
}

function idsOf(own: Partial<HealthFacts>): readonly string[] {
  return assessHealth(facts(own)).findings.map(({ id, severity }) => `${severity} ${id}`);
}

describe("the health of a vault", () => {
  it("is good when a fresh complete snapshot is verified and the log is whole", () => {
    const report = assessHealth(facts());

    expect(report).toMatchObject({ findings: [], worst: "good", rtoSeconds: 90 });
    expect(report.lastGood).toMatchObject({ ageHours: 2 });
    expect(report.levels.map(({ level, ageHours }) => [level, ageHours])).toEqual([
      ["catalogue", undefined],
      ["stored", 10],
      ["content", undefined],
      ["drill", 10],
    ]);
  });

  it("measures the age of the last good snapshot against what was agreed", () => {
    const old = (hours: number): Partial<HealthFacts> => ({ snapshots: [aSnapshot(3, { at: ago(hours) })] });

    expect([idsOf(old(26)), idsOf(old(27)), idsOf(old(79))]).toEqual([[], ["warning rpo"], ["critical rpo"]]);
    expect(assessHealth(facts(old(50))).findings[0]?.detail).toBe("It is 2 days old; at most 26 hours are agreed.");
  });

  it("counts neither partial, damaged nor retired snapshots as good", () => {
    const snapshots = [
      aSnapshot(4, { status: "partial", sum: { ...aSnapshot(4).sum, stale: 2, missing: 1 } }),
      aSnapshot(3, { isDamaged: true }),
      aSnapshot(2, { isRetired: true }),
    ];
    const { findings, lastGood } = assessHealth(facts({ snapshots }));

    expect(lastGood).toBeUndefined();
    expect(findings.map(({ id }) => id)).toEqual(["no-complete-snapshot", "damage", "partial"]);
    expect(findings[2]?.detail).toBe("2 streams not read this time, 1 stream not to be seen any more.");
  });

  it("is critical without any snapshot", () => {
    expect(idsOf({ snapshots: [], chain: { ...checked, head: undefined } })).toEqual(["critical no-snapshot"]);
  });

  it("recommends the newest good snapshot from before anything alarming", () => {
    const alarm = {
      anomalies: [
        { code: "mass-delete", n: 4100 },
        { code: "clock-skew", n: 1 },
      ],
    };
    const snapshots = [
      aSnapshot(5, { at: ago(1), anomalies: [{ code: "clock-skew", n: 900 }] }),
      aSnapshot(4, { at: ago(5), ...alarm }),
      aSnapshot(3, { at: ago(9), status: "partial" }),
      aSnapshot(2, { at: ago(30) }),
      aSnapshot(1, { at: ago(60) }),
    ];
    const { findings, recovery } = assessHealth(facts({ snapshots }));

    expect(findings[0]).toMatchObject({
      id: "anomaly-mass-delete",
      severity: "critical",
      title: "4,100 streams or items deleted",
    });
    expect(findings[0]?.detail).toContain("Seen by 1 snapshot, the newest of");
    expect(findings[0]?.remedy).toContain("bring them back from snapshot run-2");
    expect([recovery?.snapshot.id, recovery?.before?.id]).toEqual(["run-2", "run-4"]);
  });

  it("keeps an alarm until it is acknowledged, and recommends nothing that is not there", () => {
    const alarm = { code: "mass-delete", n: 50 };
    const alarming = aSnapshot(1, { at: ago(2000), anomalies: [alarm] });
    const { findings } = assessHealth(facts({ snapshots: [aSnapshot(2), alarming] }));

    expect(findings).toMatchObject([
      { id: "anomaly-mass-delete", severity: "critical", remedy: expect.stringContaining("No snapshot from before") },
    ]);
    const meant = { ...alarming, anomalies: [{ ...alarm, acknowledged: true as const }] };
    expect(idsOf({ snapshots: [aSnapshot(2), meant] })).toEqual([]);
  });

  it.each<readonly [string, SeenImmutability]>([
    ["warning immutability-open", anAnswer({ unprotected: 3 })],
    ["warning immutability-unlocked", anAnswer({ unprotected: 3, unlocked: 3 })],
    ["warning immutability-ended", anAnswer({ until: ago(1) })],
    ["note immutability-container", { seenAt: ago(1), by: "container" }],
    ["note immutability-untold", { seenAt: ago(1), by: "unknown" }],
  ])("says what keeps backups from being deleted, and whether it does: %s", (id, immutability) => {
    const [newest] = assessHealth(facts({ snapshots: [aSnapshot(3, { immutability })] })).findings;

    expect(newest).toMatchObject({ id: id.split(" ")[1], severity: id.split(" ")[0], link: "storage" });
    expect(newest?.detail).toContain("Snapshot run-3");
  });

  it("says that nobody has asked for locks yet, but not before the log is read", () => {
    const snapshots = [unasked(3)];

    expect(idsOf({ snapshots })).toEqual(["note immutability-unchecked"]);
    expect(idsOf({ snapshots, chain: { state: "checking", read: 1, of: 9 } })).toEqual([]);
  });

  it("judges protection by the newest snapshot that was asked about, and counts the others", () => {
    const open = anAnswer({ unprotected: 1 });
    const snapshots = [
      unasked(5),
      aSnapshot(4),
      aSnapshot(3, { immutability: open }),
      aSnapshot(2, { isRetired: true }),
    ];

    const { immutability, findings } = assessHealth(facts({ snapshots }));

    expect(findings).toEqual([]);
    expect(immutability).toMatchObject({ snapshot: { seq: 4 }, protection: { state: "locked" }, safe: 1, asked: 2 });
  });

  it("says when verifications are missing, old or found damage", () => {
    const of = (...verifications: Verification[]): Partial<HealthFacts> => ({
      snapshots: [aSnapshot(3, { verifications })],
    });

    expect(idsOf(of())).toEqual(["warning verification-due", "note drill-due"]);
    expect(idsOf(of(aVerification({ level: "catalogue" })))).toContain("warning verification-due");
    expect(idsOf(of(aVerification({ at: ago(300) }), aVerification({ level: "drill", at: ago(3000) })))).toEqual([
      "warning verification-due",
      "note drill-due",
    ]);
    expect(idsOf(of(aVerification({ damaged: 2 }), aVerification({ level: "drill" })))).toEqual([
      "critical verification-stored",
    ]);
  });

  it("takes only the newest verification of a level", () => {
    const mended = [aSnapshot(3, { verifications: [aVerification({ at: ago(50), damaged: 9 })] }), aSnapshot(2)];

    expect(idsOf({ snapshots: mended })).toEqual([]);
  });

  it("says so when storage could not be read, and when nobody has pinned the signers", () => {
    expect(idsOf({ origin: "runs", chain: { state: "unchecked" } })).toEqual(["warning storage-unread"]);
    expect(idsOf({ chain: { ...checked, signers: "first-use" } })).toEqual(["warning signers-unpinned"]);
    expect(idsOf({ chain: { state: "checking", read: 1, of: 9 } })).toEqual([]);
  });

  it("calls nothing missing before the whole log is read", () => {
    const chain = { state: "checking", read: 20, of: 900 } as const;
    const partial = aSnapshot(400, { status: "partial" });

    expect(idsOf({ chain, snapshots: [] })).toEqual([]);
    expect(idsOf({ chain, snapshots: [partial] })).toEqual(["warning partial"]);
    expect(assessHealth(facts({ chain })).isWhole).toBe(false);
    expect(assessHealth(facts({})).isWhole).toBe(true);
  });

  it("raises the alarm for a log that was cut back, and a note for what had no effect", () => {
    const problem = (code: string): { readonly code: string; readonly message: string } => ({
      code,
      message: `${code} found.`,
    });
    const problems = [problem("LOG_VOID"), problem("LOG_ROLLBACK"), problem("LOG_VOID"), problem("constructor")];
    const { findings } = assessHealth(facts({ chain: { ...checked, problems } }));

    expect(findings.map(({ id, severity }) => `${severity} ${id}`)).toEqual([
      "critical log-LOG_ROLLBACK",
      "critical log-constructor",
      "warning log-LOG_VOID",
    ]);
    expect(findings[2]?.detail).toBe("LOG_VOID found. And 1 more problem of this sort.");
    expect(findings.every(({ title, remedy }) => typeof title === "string" && remedy !== "")).toBe(true);
  });

  it("lets the person decide about another history only where a head that they know is not part of it", () => {
    const problems = ["LOG_ROLLBACK", "LOG_FORK", "LOG_CHAIN_BROKEN"].map((code) => ({ code, message: code }));
    const decisions = (chain: Partial<typeof checked>): readonly (string | undefined)[] =>
      assessHealth(facts({ chain: { ...checked, problems, ...chain } })).findings.map(({ decision }) => decision);

    expect(decisions({ lostHeads: [`4:${"a".repeat(64)}`] })).toEqual(["accept-history", "accept-history", undefined]);
    expect(decisions({ lostHeads: [] })).toEqual([undefined, undefined, undefined]);
    expect(decisions({})).toEqual([undefined, undefined, undefined]);
  });

  it("raises the alarm when storage lacks what runs have reported", () => {
    const difference = { what: "missing", snapshot: "run-9", runId: 12, reported: `9:${"b".repeat(64)}` } as const;
    const { findings } = assessHealth(facts({ differences: [difference] }));

    expect(findings).toMatchObject([
      { id: "reported-differently", severity: "critical", detail: expect.stringContaining("run-9") },
    ]);
  });

  it("lists what could not be read, longest first", () => {
    const streams = [
      { s: "work-items", st: "ok", asOf: ago(1) },
      { s: "git-repositories/a", name: "Web", st: "stale", asOf: ago(30), err: "TF401019" },
      { s: "git-repositories/b", st: "missing" },
      { s: "git-repositories/c", name: "Old", st: "deleted", asOf: ago(900) },
      { s: "git-repositories/d", name: "Api", st: "stale", asOf: ago(80) },
    ] as const;

    expect(assessHealth(facts({ streams })).staleStreams).toMatchObject([
      { stream: "git-repositories/b", name: "git-repositories/b", ageHours: undefined, code: "" },
      { name: "Api", ageHours: 80 },
      { name: "Web", ageHours: 30, code: "TF401019" },
    ]);
    expect(assessHealth(facts()).staleStreams).toBeUndefined();
  });

  it("sums up what is stored", () => {
    const sized = (
      seq: number,
      hours: number,
      figures: { readonly totalBytes: number; readonly newBytes: number },
    ): Snapshot => aSnapshot(seq, { at: ago(hours), sum: { ...aSnapshot(seq).sum, ...figures } });
    const snapshots = [
      sized(3, 2, { totalBytes: 900, newBytes: 50 }),
      sized(2, 100, { totalBytes: 850, newBytes: 40 }),
      sized(1, 1000, { totalBytes: 810, newBytes: 810 }),
    ];

    expect(assessHealth(facts({ snapshots })).storage).toMatchObject({
      totalBytes: 900,
      recentBytes: 90,
      points: [{ newBytes: 810 }, { newBytes: 40 }, { newBytes: 50 }],
    });
  });
});

describe("words of health", () => {
  it("tell hours as people do", () => {
    expect([0.2, 1, 30, 72, Infinity].map(hoursForPeople)).toEqual([
      "less than an hour",
      "1 hour",
      "30 hours",
      "3 days",
      "unknown time",
    ]);
  });

  it("keep codes that they do not know", () => {
    expect(["mass-change", "constructor", "new-code"].map((code) => anomalyWords({ code, n: 3 }).title)).toEqual([
      "3 streams or items changed",
      "constructor: 3",
      "new-code: 3",
    ]);
  });

  it("know no recovery point where nothing is left", () => {
    expect(recoveryPoint([])).toBeUndefined();
    expect(recoveryPoint([aSnapshot(1, { isRetired: true })])).toBeUndefined();
  });
});
