import { describe, expect, it } from "vitest";
import { judgedAgain } from "../../../engine/operations/verify/judge-again.ts";
import { writeIndex } from "../../../engine/vault/objects/index-file.ts";
import type { Anomaly } from "../../../engine/vault/format/log-entry.ts";
import type { Log } from "../../../engine/vault/log/log.ts";
import { keptSnapshots, newestSnapshot } from "../../../engine/vault/snapshots/snapshots.ts";
import type { IndexLine } from "../../../engine/vault/format/state.ts";
import { aCommitVault, runId, type CommitVault } from "../vault/snapshots/commit-vault.ts";
import { aSnapshotBody } from "../vault/log/log-vault.ts";
import { aRepository } from "../insight/night-builders.ts";

const calm: IndexLine = { s: "git-repositories/web", name: "Web", st: "ok" };
const struck: IndexLine = { ...calm, ...figuresOf(aRepository("web", { edited: 90, whole: 90, dense: 90 })) };
const scrambled: Anomaly = { code: "content-scrambled", n: 90, of: 200, streams: [calm.s], hit: 1, active: 1 };

function figuresOf({ d }: ReturnType<typeof aRepository>): Pick<IndexLine, "d"> {
  return d === undefined ? {} : { d };
}

async function addSnapshot(
  vault: CommitVault,
  lines: readonly IndexLine[],
  anomaly: readonly Anomaly[],
): Promise<void> {
  const log = await vault.read();
  const run = runId(log.next.seq);
  const { sealed } = await vault.begin(run);
  const body = aSnapshotBody(newestSnapshot(log)?.entry.seq ?? null);
  const index = await writeIndex(sealed, inTurn(lines));
  await vault.append(
    { ...body, snapshot: { ...body.snapshot, index, sum: { ...body.snapshot.sum, kinds: [] }, anomaly } },
    { by: { tool: "0.1.0", build: "b", run } },
  );
}

async function* inTurn(lines: readonly IndexLine[]): AsyncGenerator<IndexLine> {
  yield* lines;
}

/** With what the owner says of the newest snapshot behind it. */
function acknowledged(log: Log): Log {
  const [newest] = log.entries.slice(-1);
  if (newest === undefined) return log;
  const { seq, at, srv, by, vault, type } = newest.entry;
  const acknowledge = { seq, codes: ["content-scrambled"], streams: [] };
  const base = { type, vault, at, srv, by, prev: null, void: [] };
  const entry = { ...base, seq: seq + 1, kind: "acknowledge", acknowledge } as const;
  return { ...log, entries: [...log.entries, { ...newest, entry }] };
}

async function found(vault: CommitVault, said: (log: Log) => Log = (log) => log): Promise<readonly string[]> {
  const log = said(await vault.read());
  const findings = await judgedAgain(vault.access, log, keptSnapshots(log));
  return findings.map(({ code, message }) => `${code}: ${message}`);
}

describe("a verification that judges again", () => {
  it("finds nothing where figures and log agree", async () => {
    const vault = await aCommitVault();
    await addSnapshot(vault, [calm], []);

    expect(await found(vault)).toEqual([]);
  });

  it("tells alarms that nobody has acknowledged, by name, until somebody has", async () => {
    const vault = await aCommitVault();
    await addSnapshot(vault, [calm], []);
    await addSnapshot(vault, [struck], [scrambled]);

    expect(await found(vault)).toEqual([expect.stringMatching(/^ALARM: 90 of 200 files of Web now look encrypted/)]);
    expect(await found(vault, acknowledged)).toEqual([]);
  });

  it("says when an alarm was left out of the log, and when one was made up", async () => {
    const vault = await aCommitVault();
    await addSnapshot(vault, [struck], []);

    expect(await found(vault)).toEqual([expect.stringMatching(/ALARMS_DIFFER: .*no alarm.*content-scrambled/)]);
    await addSnapshot(vault, [calm], [{ code: "files-lost", n: 9 }]);
    expect(await found(vault)).toContainEqual(expect.stringMatching(/ALARMS_DIFFER: .*files-lost.*its figures none/));
  });

  it("leaves snapshots alone that were judged without figures", async () => {
    const vault = await aCommitVault();
    const run = await vault.begin(runId(70));
    await run.commit([await run.store("a")], { judge: () => [{ code: "mass-change", n: 60, note: true }] });

    expect(await found(vault)).toEqual([]);
  });
});
