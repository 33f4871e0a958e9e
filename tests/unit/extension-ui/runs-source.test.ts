import { describe, expect, it } from "vitest";
import type { Run } from "../../../extension-ui/model/project-services.ts";
import { compareReports } from "../../../extension-ui/vault/compare-reports.ts";
import type { RunReader } from "../../../extension-ui/vault/run-reports.ts";
import { snapshotReports } from "../../../extension-ui/vault/run-reports.ts";
import { runsSource } from "../../../extension-ui/vault/runs-source.ts";
import { snapshotAttachment, verifyAttachment } from "../../../engine/reports/attachments.ts";
import { collect } from "../../../engine/foundation/concurrency.ts";
import { aBackup, anImmutability, aVerification, vault } from "../reports/builders.ts";
import { aRun } from "./builders.ts";
import { aReport, aSnapshot, day } from "./snapshots.ts";
import { lastOf, lastView, never, viewsOf } from "./vault-world.ts";

interface Attached {
  readonly run: Run;
  readonly attachments: readonly { readonly type: string; readonly json: string }[];
}

/** Pipelines whose runs have these attachments, newest first. */
function pipelinesWith(...runs: readonly Attached[]): RunReader {
  return {
    runs: async (ids) => runs.map(({ run }) => run).filter(({ pipeline }) => ids.includes(pipeline.id)),
    attachments: async (id, type) =>
      runs
        .filter(({ run }) => run.id === id)
        .flatMap(({ attachments }) => attachments)
        .filter((attachment) => attachment.type === type)
        .map(({ json }) => json),
  };
}

const pipeline = { id: 1, name: "Backup", folder: "\\" };

function backedUp(id: number, over: Parameters<typeof aBackup>[0] = {}): Attached {
  const run = aRun({ id, pipeline, state: "succeeded", queuedAt: day(id), finishedAt: day(id) });
  const snapshot = `20261101T020000Z-${String(id).padStart(8, "0")}`;
  return { run, attachments: [snapshotAttachment(aBackup({ snapshot, seq: id, ...over }))] };
}

function verified(id: number, over: Parameters<typeof aVerification>[0] = {}): Attached {
  const run = aRun({ id, pipeline: { ...pipeline, id: 2 }, state: "succeeded", finishedAt: day(id) });
  return { run, attachments: [verifyAttachment(aVerification(over))] };
}

describe("a vault as its runs have reported it", () => {
  it("holds the snapshots of this project, newest first, with figures and anomalies", async () => {
    const pipelines = pipelinesWith(
      backedUp(3, { status: "partial", anomalies: [{ code: "mass-delete", n: 4 }] }),
      backedUp(2, { vault: "11111111-2222-3333-4444-555555555555" }),
      backedUp(1),
    );

    const view = await lastView(runsSource({ vault, pipelines, backupPipelineId: 1 }));

    expect(view.chain).toEqual({ state: "unchecked" });
    expect(view.signers).toEqual(["A", "E"].map((letter) => `ed25519:${letter.repeat(43)}`));
    expect(view.snapshots).toMatchObject([
      { seq: 3, runId: 3, at: day(3), status: "partial", anomalies: [{ code: "mass-delete", n: 4 }] },
      { seq: 1, runId: 1, status: "complete", sum: { items: 10_233, totalBytes: 303_000_000 } },
    ]);
  });

  it("takes what is no report for nothing", async () => {
    const broken = (json: string): Attached => ({
      run: aRun({ id: 5, pipeline }),
      attachments: [{ type: "devops-backup.snapshot", json }],
    });
    const { json } = snapshotAttachment(aBackup());
    const without = JSON.stringify({ ...JSON.parse(json), sum: { streams: -1 } });

    for (const text of ["{", "[]", "null", without]) {
      const source = runsSource({ vault, pipelines: pipelinesWith(broken(text)), backupPipelineId: 1 });
      expect((await lastView(source)).snapshots).toEqual([]);
    }
  });

  it("joins what the verify pipeline has reported, the newest of each level", async () => {
    const snapshot = "20261101T020000Z-00000001";
    const pipelines = pipelinesWith(
      verified(9, { snapshots: [snapshot], checkedObjects: 9 }),
      verified(8, { snapshots: [snapshot], checkedObjects: 8 }),
      verified(7, { snapshots: [snapshot], level: "drill", rtoSeconds: 90 }),
      verified(6, { snapshots: ["another"] }),
      backedUp(1, { snapshot }),
    );

    const view = await lastView(runsSource({ vault, pipelines, backupPipelineId: 1, verifyPipelineId: 2 }));

    expect(view.snapshots[0]?.verifications).toMatchObject([
      { level: "stored", checked: 9, at: day(9) },
      { level: "drill", rtoSeconds: 90 },
    ]);
  });

  it("joins what the storage service told the verifications", async () => {
    const [first, second, third] = [1, 2, 3].map((id) => `20261101T020000Z-0000000${id}`) as [string, string, string];
    const told = { container: "none", snapshots: [anImmutability({ id: first })] } as const;
    const pipelines = pipelinesWith(
      verified(9, { snapshots: [second], immutability: { container: "policy", snapshots: [] } }),
      verified(8, { snapshots: [first, second], immutability: told }),
      backedUp(3),
      backedUp(2),
      backedUp(1),
    );

    const { snapshots } = await lastView(runsSource({ vault, pipelines, backupPipelineId: 1, verifyPipelineId: 2 }));

    expect(snapshots.map(({ id }) => id)).toEqual([third, second, first]);
    expect(snapshots.map(({ immutability }) => immutability)).toEqual([
      undefined,
      { seenAt: day(9), by: "container" },
      expect.objectContaining({ seenAt: day(8), by: "objects" }),
    ]);
  });

  it.each([{ container: "none" }, { container: "no", snapshots: [] }, { snapshots: [{ id: "x" }] }, [], "locked"])(
    "takes nothing for protection that does not have its form: %o",
    async (immutability) => {
      const snapshot = "20261101T020000Z-00000001";
      const { run, attachments } = verified(9, { snapshots: [snapshot] });
      const json = JSON.stringify({ ...JSON.parse(attachments[0]?.json ?? ""), immutability });
      const changed = { run, attachments: [{ type: "devops-backup.verification", json }] };
      const pipelines = pipelinesWith(changed, backedUp(1, { snapshot }));

      const view = await lastView(runsSource({ vault, pipelines, backupPipelineId: 1, verifyPipelineId: 2 }));

      expect(view.snapshots[0]).not.toHaveProperty("immutability");
      expect(view.snapshots[0]?.verifications).toHaveLength(1);
    },
  );

  it("comes in steps, newest runs first", async () => {
    const runs = Array.from({ length: 60 }, (_, index) => backedUp(60 - index));

    const views = await viewsOf(runsSource({ vault, pipelines: pipelinesWith(...runs), backupPipelineId: 1 }));

    expect(views.map(({ snapshots }) => snapshots.length)).toEqual([24, 48, 60]);
    expect(views[0]?.snapshots[0]?.seq).toBe(60);
  });

  it("tells a snapshot once that several attempts of a run have reported", async () => {
    const [attachment] = backedUp(1).attachments;
    const twice = { ...backedUp(1), attachments: [attachment!, attachment!] };

    const { snapshots } = await lastView(runsSource({ vault, pipelines: pipelinesWith(twice), backupPipelineId: 1 }));

    expect(snapshots).toHaveLength(1);
  });

  it("is empty without a pipeline, and says that names need storage", async () => {
    const source = runsSource({ vault, pipelines: pipelinesWith() });

    expect((await lastView(source)).snapshots).toEqual([]);
    const viewer = { identity: "" };
    await expect(source.streams(aSnapshot(1), viewer, never)).rejects.toMatchObject({ code: "NAMES_NEED_STORAGE" });
    const items = source.items({ s: "work-items", st: "ok" }, viewer, never);
    await expect(collect(items)).rejects.toMatchObject({ code: "NAMES_NEED_STORAGE" });
  });

  it("ends when the page is left", async () => {
    const abort = new AbortController();
    abort.abort();
    const source = runsSource({ vault, pipelines: pipelinesWith(backedUp(1)), backupPipelineId: 1 });

    await expect(viewsOf(source, abort.signal)).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("reports compared with storage", () => {
  const checked = (hashes: Readonly<Record<number, string>>): Parameters<typeof compareReports>[1]["chain"] => ({
    state: "checked",
    problems: [],
    signers: "pinned",
    head: undefined,
    isHeadPinned: false,
    hashes: new Map(Object.entries(hashes).map(([seq, hash]) => [Number(seq), hash.padStart(64, "0")])),
  });

  it("finds snapshots that storage lacks, and entries that are other ones there", () => {
    const view = { snapshots: [aSnapshot(2), aSnapshot(1)], signers: [], chain: checked({ 1: "1", 2: "f" }) };

    const differences = compareReports([aReport(3), aReport(2), aReport(1)], view);

    expect(differences).toMatchObject([
      { what: "missing", snapshot: aSnapshot(3).id, runId: 1003, stored: undefined },
      { what: "different", snapshot: aSnapshot(2).id, stored: `2:${"f".padStart(64, "0")}` },
    ]);
  });

  it("finds a snapshot missing whose number another one has taken", () => {
    const view = { snapshots: [aSnapshot(1, { id: "another" })], signers: [], chain: checked({ 1: "1" }) };

    expect(compareReports([aReport(1)], view)).toMatchObject([{ what: "missing" }]);
  });

  it("says nothing before the log is checked to its end", () => {
    const view = { snapshots: [], signers: [], chain: { state: "checking", read: 1, of: 2 } } as const;

    expect(compareReports([aReport(1)], view)).toEqual([]);
  });

  it("reads what the runs have reported, newest first", async () => {
    const facts = { vault, pipelines: pipelinesWith(backedUp(2), backedUp(1)), backupPipelineId: 1 };
    const { reports } = lastOf(await collect(snapshotReports(facts, never)));

    expect(reports.map(({ reported }) => reported.head)).toEqual([`7:${"ab".repeat(32)}`, `7:${"ab".repeat(32)}`]);
  });
});
