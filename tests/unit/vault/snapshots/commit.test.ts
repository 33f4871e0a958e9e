import { describe, expect, it } from "vitest";
import { chunksOf, utf8 } from "../../../../engine/foundation/bytes.ts";
import { abandonedDrafts, checkpointWriter, readCheckpoints } from "../../../../engine/vault/snapshots/checkpoints.ts";
import { checkpointName, dataName } from "../../../../engine/vault/format/layout.ts";
import { writeLines } from "../../../../engine/vault/objects/line-objects.ts";
import { brokenStreams } from "../../../../engine/vault/snapshots/probe.ts";
import { aDelta } from "../../insight/night-builders.ts";
import { aCommitVault, runId } from "./commit-vault.ts";
import type { CommitVault, TestRun } from "./commit-vault.ts";
import { anIncidentBody, asOwner, testClock, vaultId } from "../log/log-vault.ts";

const first = runId(1);
const second = runId(2);
const third = runId(3);

/** A vault with one snapshot of the streams `a` and `b`. */
async function withOneSnapshot(): Promise<CommitVault> {
  const vault = await aCommitVault();
  const run = await vault.begin(first);
  await run.commit([await run.store("a"), await run.store("b")]);
  return vault;
}

async function retire(
  vault: CommitVault,
  what: { objects?: readonly string[]; runs?: readonly string[]; snapshots?: readonly number[] },
): Promise<void> {
  const owner = await vault.begin(runId(90));
  const objects = await writeLines(owner.sealed, what.objects ?? []);
  const body = { snapshots: what.snapshots ?? [], objects, runs: what.runs ?? [] };
  await vault.append({ kind: "retire", retire: body }, asOwner(vault.keys));
}

function remove(vault: CommitVault, paths: readonly string[]): void {
  for (const path of paths) vault.store.objects.delete(dataName(vaultId, path));
}

async function checkpointsOf(vault: CommitVault, run: TestRun, shard = "00") {
  return checkpointWriter({
    store: vault.store,
    access: vault.access,
    signing: vault.keys.agent,
    sealed: run.sealed,
    run: run.run,
    shard,
  });
}

describe("committing a snapshot", () => {
  it("makes everything visible by one log entry with the figures of the run", async () => {
    const vault = await aCommitVault();
    const run = await vault.begin(first);

    const committed = await run.commit([await run.store("a"), await run.store("b")]);

    expect(committed).toMatchObject({ outcome: "committed", already: false });
    const log = await vault.read();
    expect(log.entries[1]?.entry).toMatchObject({
      kind: "snapshot",
      by: { run: first },
      snapshot: { parent: null, status: "complete", sum: { streams: 2, changed: 2, items: 2, failed: 0 } },
    });
    expect([...(await vault.newest()).index.keys()]).toEqual(["a", "b"]);
  });

  it("keeps streams that did not change, by the very objects they had", async () => {
    const vault = await withOneSnapshot();
    const before = await vault.newest();
    const run = await vault.begin(second);

    await run.commit([await run.store("a"), run.keep("b")]);

    const after = await vault.newest();
    expect(after.index.get("b")?.state).toEqual(before.index.get("b")?.state);
    expect(after.index.get("a")?.state).not.toEqual(before.index.get("a")?.state);
    expect((await vault.read()).entries.at(-1)?.entry).toMatchObject({ snapshot: { parent: 1, sum: { changed: 1 } } });
  });

  it("carries as stale what no shard said anything about, and calls that partial (case 38)", async () => {
    const vault = await withOneSnapshot();
    const run = await vault.begin(second);

    await run.commit([await run.store("a")]);

    const { index } = await vault.newest();
    expect(index.get("b")).toMatchObject({ st: "stale", err: "NOT_READ", state: run.base.get("b")?.state });
    expect((await vault.read()).entries.at(-1)?.entry).toMatchObject({
      snapshot: { status: "partial", sum: { stale: 1 } },
    });
  });

  it("is partial when something inside a stream is missing though all streams are there", async () => {
    const vault = await withOneSnapshot();
    const run = await vault.begin(second);

    await run.commit([run.keep("a"), run.keep("b")], { hasGaps: true });

    expect((await vault.read()).entries.at(-1)?.entry).toMatchObject({ snapshot: { status: "partial" } });
  });

  it("drops a stream only when the run says so", async () => {
    const vault = await withOneSnapshot();
    const run = await vault.begin(second);

    await run.commit([run.keep("a"), { s: "b", lines: [], changed: false }]);

    expect([...(await vault.newest()).index.keys()]).toEqual(["a"]);
  });

  it("happens once: a second compose of the same run finds the entry and writes nothing (case 39)", async () => {
    const vault = await withOneSnapshot();
    const run = await vault.begin(second);
    const again = await vault.begin(second);
    const drafts = [await run.store("a"), run.keep("b")];

    const both = await Promise.all([run.commit(drafts), again.commit(drafts)]);
    const late = await (await vault.begin(second)).commit(drafts);

    expect(
      [...both, late].map((result) => (result.outcome === "committed" ? result.already : "rebase")).sort(),
    ).toEqual([false, true, true]);
    expect((await vault.read()).entries).toHaveLength(3);
  });

  it("records an agent whose clock is wrong, and orders by the service's clock (case 40)", async () => {
    const vault = await withOneSnapshot();
    const run = await vault.begin(second);
    const append = vault.facts({
      by: { tool: "0.1.0", build: "b", run: second },
      clock: testClock("2043-01-01T00:00:00Z"),
    });

    await run.commit([run.keep("a"), run.keep("b")], { append });

    const newest = (await vault.read()).entries.at(-1);
    expect(newest?.entry).toMatchObject({ snapshot: { anomaly: [{ code: "clock-skew" }] } });
    expect(newest?.createdAt.slice(0, 4)).toBe("2026");
  });

  it("keeps what a night changed only in the snapshot that stored it", async () => {
    const vault = await withOneSnapshot();
    const run = await vault.begin(second);
    const stored = await run.store("a");
    const d = aDelta({ edited: 7 });
    await run.commit([{ ...stored, lines: stored.lines.map((line) => ({ ...line, d })) }, run.keep("b")]);
    expect((await vault.newest()).index.get("a")?.d).toEqual(d);

    const next = await vault.begin(runId(40));
    await next.commit([next.keep("a"), next.keep("b")]);

    expect((await vault.newest()).index.get("a")).not.toHaveProperty("d");
  });
});

describe("two runs that commit at the same time (case 36)", () => {
  it("both become snapshots, and the second holds the changes of both", async () => {
    const vault = await withOneSnapshot();
    const one = await vault.begin(second);
    const two = await vault.begin(third);
    const oneDrafts = [await one.store("a"), one.keep("b")];
    const twoDrafts = [two.keep("a"), await two.store("b")];

    await Promise.all([one.commit(oneDrafts), two.commit(twoDrafts)]);

    const log = await vault.read();
    const { index } = await vault.newest();
    expect(log.entries).toHaveLength(4);
    expect(log.entries[3]?.entry).toMatchObject({ snapshot: { parent: 2, status: "complete" } });
    expect(index.get("a")?.state).toEqual(oneDrafts[0]?.lines[0]?.state);
    expect(index.get("b")?.state).toEqual(twoDrafts[1]?.lines[0]?.state);
  });

  it("leave the newer reading where both changed the same stream", async () => {
    const vault = await withOneSnapshot();
    const slow = await vault.begin(second);
    const slowDrafts = [await slow.store("a"), slow.keep("b")];
    const quick = await vault.begin(third);
    const quickDrafts = [await quick.store("a"), quick.keep("b")];
    await quick.commit(quickDrafts);

    await slow.commit(slowDrafts);

    expect((await vault.newest()).index.get("a")?.state).toEqual(quickDrafts[0]?.lines[0]?.state);
  });

  it("keep a stream and its files from the same run", async () => {
    const vault = await aCommitVault();
    const start = await vault.begin(first);
    await start.commit([
      { changed: true, lines: [...(await start.store("w")).lines, ...(await start.store("w/files")).lines] },
    ]);
    const one = await vault.begin(second);
    const two = await vault.begin(third);
    const ofOne = [...(await one.store("w")).lines, ...(await one.store("w/files")).lines];
    const ofTwo = [...(await two.store("w")).lines, ...two.keep("w/files").lines];
    await one.commit([{ changed: true, lines: ofOne }]);

    await two.commit([{ changed: true, lines: ofTwo }]);

    const { index } = await vault.newest();
    expect([index.get("w")?.state, index.get("w/files")?.state]).toEqual(ofTwo.map(({ state }) => state));
  });
});

describe("what a snapshot may refer to", () => {
  it("is nothing that is gone: such streams are named for a new base, and nothing is committed (cases 15, 34)", async () => {
    const vault = await withOneSnapshot();
    const run = await vault.begin(second);
    const drafts = [await run.store("a"), run.keep("b")];
    const [base = ""] = (await vault.newest()).objects.filter((path) => path.includes("bundle"));
    remove(vault, [base]);

    const result = await run.commit(drafts);

    expect(result).toMatchObject({
      outcome: "rebase",
      streams: [{ stream: "a", code: "OBJECT_MISSING", objects: [base] }],
    });
    expect((await vault.read()).entries).toHaveLength(2);
    expect(await run.commit([await run.store("a", "base"), run.keep("b")])).toMatchObject({ outcome: "committed" });
  });

  it("is carried as stale instead when there is no time for a new base", async () => {
    const vault = await withOneSnapshot();
    const run = await vault.begin(second);
    const drafts = [await run.store("a"), run.keep("b")];
    const [base = ""] = (await vault.newest()).objects.filter((path) => path.includes("bundle"));
    remove(vault, [base]);

    const result = await run.commit(drafts, { unusable: "carry" });

    expect(result).toMatchObject({ outcome: "committed", carried: [{ stream: "a" }] });
    expect((await vault.newest()).index.get("a")).toMatchObject({ st: "stale", err: "OBJECT_MISSING" });
    expect((await vault.read()).entries.at(-1)?.entry).toMatchObject({ snapshot: { status: "partial" } });
  });

  it("is nothing of a parent that was retired meanwhile, although it is still there (case 34)", async () => {
    const vault = await withOneSnapshot();
    const paused = await vault.begin(second);
    const { objects } = await vault.newest();
    const other = await vault.begin(third);
    await other.commit([await other.store("a", "base"), await other.store("b", "base")]);
    const drafts = [await paused.store("a"), paused.keep("b")];
    await retire(vault, { snapshots: [1], objects });

    expect(await paused.commit(drafts)).toMatchObject({
      outcome: "rebase",
      streams: [{ stream: "a", code: "OBJECTS_RETIRED", objects: [expect.stringContaining("bundle")] }],
    });
  });

  it("is nothing at all once the run itself was given up (case 33)", async () => {
    const vault = await withOneSnapshot();
    const paused = await vault.begin(second);
    const drafts = [await paused.store("a", "base"), paused.keep("b")];
    await retire(vault, { runs: [second] });

    await expect(paused.commit(drafts)).rejects.toMatchObject({ code: "RUN_RETIRED" });

    expect((await vault.newest()).index.get("a")?.state).toEqual(paused.base.get("a")?.state);
  });

  it("is nothing of another run that was given up, when its states were adopted", async () => {
    const vault = await withOneSnapshot();
    const dead = await vault.begin(second);
    const adopted = await dead.store("a");
    const run = await vault.begin(third);
    await retire(vault, { runs: [second] });

    expect(await run.commit([adopted, run.keep("b")])).toMatchObject({
      outcome: "rebase",
      streams: [{ code: "OBJECTS_RETIRED" }],
    });
  });

  it("does not fail for entries of other kinds in between", async () => {
    const vault = await withOneSnapshot();
    const run = await vault.begin(second);
    const drafts = [await run.store("a"), run.keep("b")];
    await vault.append(anIncidentBody());

    expect(await run.commit(drafts)).toMatchObject({ outcome: "committed" });
  });
});

describe("the probe of unchanged streams", () => {
  it("names streams whose objects are gone or of another size", async () => {
    const vault = await withOneSnapshot();
    const { index, objects } = await vault.newest();
    const bundles = objects.filter((path) => path.includes("bundle"));
    remove(vault, bundles.slice(0, 1));
    const state = index.get("b")?.state?.o ?? "";
    vault.store.overwrite(dataName(vaultId, state), new Uint8Array(10));

    const broken = await brokenStreams(vault.access, index.values(), { index: 0, of: 1 });

    expect([...broken.keys()].sort()).toEqual(["a", "b"]);
    expect(broken.get("a")?.map(({ o }) => o)).toEqual([bundles[0]]);
  });

  it("looks at every stream in seven snapshots", async () => {
    const vault = await aCommitVault();
    const run = await vault.begin(first);
    const drafts = [];
    for (let n = 0; n < 20; n += 1) drafts.push(await run.store(`git-repositories/${n}`));
    await run.commit(drafts);
    const { index, objects } = await vault.newest();
    remove(
      vault,
      objects.filter((path) => path.includes("bundle")),
    );

    const parts = await Promise.all(
      [0, 1, 2, 3, 4, 5, 6].map((part) => brokenStreams(vault.access, index.values(), { index: part, of: 7 })),
    );

    expect(parts.flatMap((part) => [...part.keys()]).sort()).toEqual([...index.keys()].sort());
  });
});

describe("checkpoints", () => {
  it("give back what a killed attempt has stored, the newest draft of each stream", async () => {
    const vault = await withOneSnapshot();
    const run = await vault.begin(second);
    const old = { ...(await run.store("a")), note: { added: 1 } };
    const newer = { ...(await run.store("a")), note: { added: 2 } };
    const files = { s: "b", lines: [], changed: false, note: {} };
    await (await checkpointsOf(vault, run)).write([old]);
    await (await checkpointsOf(vault, run)).write([newer]);
    await (await checkpointsOf(vault, run, "01")).write([files]);

    const drafts = await readCheckpoints(vault.access, second, vault.keys.agent.signer);

    expect(drafts.get("a")).toEqual(newer);
    expect(drafts.get("b")).toEqual(files);
  });

  it("keep names of streams sealed", async () => {
    const vault = await withOneSnapshot();
    const run = await vault.begin(second);
    const draft = { changed: false, note: {}, lines: [{ s: "a", st: "ok" as const, name: "Secret Plans" }] };
    await (await checkpointsOf(vault, run)).write([draft]);

    for (const bytes of vault.store.objects.values()) {
      expect(new TextDecoder("latin1").decode(bytes)).not.toContain("Secret Plans");
    }
  });

  it("count as never written when another key made them, or they were moved, damaged or lost their list", async () => {
    const vault = await withOneSnapshot();
    const run = await vault.begin(second);
    const writer = await checkpointsOf(vault, run);
    const draft = { ...(await run.store("a")), note: {} };
    await writer.write([draft]);
    const bytes =
      vault.store.objects.get(checkpointName(vaultId, { run: second, shard: "00", n: 0 })) ?? new Uint8Array();
    const read = (id: string, signer = vault.keys.agent.signer) => readCheckpoints(vault.access, id, signer);

    expect((await read(second, vault.keys.owner.signer)).size).toBe(0);

    await vault.store.create(checkpointName(vaultId, { run: third, shard: "00", n: 0 }), bytes);
    expect((await read(third)).size).toBe(0);

    await vault.store.create(checkpointName(vaultId, { run: second, shard: "00", n: 1 }), utf8("{}\nx\n"));
    expect((await read(second)).size).toBe(1);

    remove(
      vault,
      [...vault.store.objects.keys()]
        .filter((name) => name.includes(second) && name.includes("ndjson"))
        .map((name) => name.slice(`${vaultId}/data/`.length)),
    );
    expect((await read(second)).size).toBe(0);
  });

  it("of runs that never committed can be adopted as far as they are news", async () => {
    const vault = await withOneSnapshot();
    const dead = await vault.begin(second);
    await (
      await checkpointsOf(vault, dead)
    ).write([
      { ...(await dead.store("a")), note: {} },
      { ...(await dead.store("b")), note: {} },
    ]);
    const other = await vault.begin(third);
    await other.commit([await other.store("b")]);
    const run = await vault.begin(runId(4));

    const found = await abandonedDrafts(vault.access, run.log, {
      run: run.run,
      signer: vault.keys.agent.signer,
      parent: run.base,
      now: vault.clock.now(),
    });

    expect([...found.keys()]).toEqual(["a"]);
    const draft = found.get("a");
    expect(await run.commit([...(draft === undefined ? [] : [draft]), run.keep("b")])).toMatchObject({
      outcome: "committed",
    });
    expect((await vault.newest()).index.get("a")?.state?.o).toContain(second);
  });

  it.each([
    ["older than a week by the storage's clock", 8 * 86_400_000, 0],
    ["that claim to have read the source in the future", 0, 365 * 86_400_000],
  ])("of another run are not adopted when they are %s", async (_, laterMs, asOfMs) => {
    const vault = await withOneSnapshot();
    const dead = await vault.begin(second);
    const draft = await dead.store("a");
    const lines = draft.lines.map((line) => ({
      ...line,
      asOf: new Date(Date.parse(line.asOf ?? "") + asOfMs).toISOString(),
    }));
    await (await checkpointsOf(vault, dead)).write([{ ...draft, lines, note: {} }]);

    const found = await abandonedDrafts(vault.access, dead.log, {
      run: third,
      signer: vault.keys.agent.signer,
      parent: dead.base,
      now: new Date(vault.clock.now().getTime() + laterMs),
    });

    expect(found.size).toBe(0);
  });

  it("of dead runs do not hide that a stream is not stored", async () => {
    const vault = await withOneSnapshot();
    const dead = await vault.begin(second);
    await dead.sealed.write("bundle.age", "content", chunksOf(utf8("never referred to")));

    const found = await abandonedDrafts(vault.access, dead.log, {
      run: third,
      signer: vault.keys.agent.signer,
      parent: dead.base,
      now: vault.clock.now(),
    });

    expect(found.size).toBe(0);
  });
});
