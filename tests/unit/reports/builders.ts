/** Results as operations give them, with defaults. */
import type { Coverage } from "../../../engine/vault/format/coverage.ts";
import type { Step } from "../../../engine/kinds/kind.ts";
import type {
  BackupResult,
  RestorePlan,
  RestoreResult,
  VerifiedStream,
  VerifyResult,
} from "../../../engine/operations/results.ts";

export const vault = "58d46e5b-ebec-4c74-a06d-bfb4ae996ab9";
export const head = { seq: 7, sha256: "ab".repeat(32) };
/** What foreign text may try. */
export const hostile =
  "<img src=x onerror=alert(1)> [click](https://evil.example) `code` | cell ##vso[task.complete]\n# Title @all";

export function aBackup(over: Partial<BackupResult> = {}): BackupResult {
  return {
    project: { id: vault, name: "Contoso Shop" },
    vault,
    snapshot: "20261122T204648Z-c7e97e0b",
    seq: 7,
    status: "complete",
    head,
    signer: `agent=ed25519:${"A".repeat(43)},owner=ed25519:${"E".repeat(43)}`,
    signerPinned: true,
    headPinned: true,
    firstSnapshot: false,
    sum: {
      streams: 10,
      changed: 2,
      failed: 0,
      stale: 0,
      missing: 0,
      deleted: 0,
      skipped: 0,
      items: 10_233,
      newBytes: 17_100,
      totalBytes: 303_000_000,
    },
    kinds: [
      aKind({
        kind: "git-repositories",
        title: "Git repositories",
        streams: 6,
        changedStreams: 1,
        changed: 3,
        newBytes: 12_000,
      }),
      aKind({ kind: "work-items", title: "Work items", streams: 1, changedStreams: 1, added: 4, newBytes: 5_100 }),
    ],
    coverage: aCoverage(),
    gaps: [],
    notCovered: [],
    kindsNotRead: [],
    kindsUnsure: [],
    findings: [],
    anomalies: [],
    alarms: [],
    names: new Map(),
    drift: [],
    overdue: [],
    retention: undefined,
    requests: 25,
    durationMs: 12_400,
    ...over,
  };
}

/** Everything is stored, unless told otherwise. */
export function aCoverage(over: Partial<Coverage> = {}): Coverage {
  const nothing = { disabled: 0, hidden: 0, unread: 0, excluded: 0, kindsNotRead: 0, kindsUnsure: 0 };
  return { inProject: 10, stored: 10, ...nothing, ...over };
}

type Kind = BackupResult["kinds"][number];

export function aKind(over: Partial<Kind> & Pick<Kind, "kind" | "title">): Kind {
  return { streams: 1, changedStreams: 0, added: 0, changed: 0, deleted: 0, newBytes: 0, gaps: 0, ...over };
}

export function aStep(over: Partial<Step> = {}): Step {
  return {
    kind: "work-items",
    stream: "work-items",
    key: "42",
    name: "Bug 42: Invoice total wrong by a cent",
    phase: "create",
    action: "create",
    changes: ["new Bug with a new id"],
    ...over,
  };
}

export function aPlan(over: Partial<RestorePlan> = {}): RestorePlan {
  const organizationUrl = "https://dev.azure.com/contoso";
  return {
    source: { organizationUrl, project: { id: vault, name: "Contoso Shop" } },
    target: { organizationUrl, project: { id: "", name: "Fresh" }, createsProject: true },
    snapshot: "20261122T204648Z-c7e97e0b",
    takenAt: "2026-11-22T20:46:51.000Z",
    conflictPolicy: "skip",
    steps: [aStep(), aStep({ phase: "connect", action: "update", changes: ["2 links", "1 comment"] })],
    stale: [],
    hash: "cd".repeat(32),
    ...over,
  };
}

export function aRestore(over: Partial<RestoreResult> = {}): RestoreResult {
  const plan = over.plan ?? aPlan();
  return {
    plan,
    restoreId: "ef".repeat(32),
    resumed: false,
    applied: true,
    steps: [...plan.steps].map((step) => ({ ...step, result: { outcome: "created", newId: "1017" } })),
    created: 1,
    updated: 0,
    skipped: 0,
    failed: 0,
    worksheet: [],
    durationMs: 3_800,
    ...over,
  };
}

export function aStream(over: Partial<VerifiedStream> = {}): VerifiedStream {
  return {
    stream: "git-repositories/a6dae53f-14b4-43ce-a8d1-7a785cdd004c",
    name: "Web",
    snapshots: ["20261121T020000Z-00000001", "20261122T204648Z-c7e97e0b"],
    findings: [],
    checkedBytes: 764_000,
    durationMs: 0,
    ...over,
  };
}

export function aVerification(over: Partial<VerifyResult> = {}): VerifyResult {
  return {
    vault,
    level: "stored",
    sample: "100%",
    snapshots: ["20261122T204648Z-c7e97e0b"],
    head,
    headPinned: true,
    signerPinned: true,
    streams: [aStream(), aStream({ stream: "work-items", name: "Work items" })],
    log: [],
    damaged: 0,
    checkedObjects: 37,
    checkedBytes: 803_000,
    newestCompleteAt: "2026-11-22T20:46:51.000Z",
    tooOld: false,
    rtoSeconds: undefined,
    immutability: { container: "none", snapshots: [anImmutability()] },
    durationMs: 1_850,
    ...over,
  };
}

type Immutability = VerifyResult["immutability"]["snapshots"][number];

export function anImmutability(over: Partial<Immutability> = {}): Immutability {
  return {
    id: "20261122T204648Z-c7e97e0b",
    snapshot: 7,
    objects: 5_012,
    unprotected: 0,
    unlocked: 0,
    held: 0,
    until: "2026-12-30T01:00:00.000Z",
    ...over,
  };
}

export function damage(over: Partial<VerifiedStream["findings"][number]> = {}): VerifiedStream["findings"][number] {
  return {
    stream: "git-repositories/a6dae53f-14b4-43ce-a8d1-7a785cdd004c",
    item: "data/ab/abcdef.age",
    code: "OBJECT_DAMAGED",
    message: "the stored bytes are not those that were signed",
    severity: "damage",
    ...over,
  };
}
