/** What a backup records of a night (docs/format.md 3.11), and that nothing of it can cost the backup. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeKeySet, parseIdentities, type KeySet } from "../../engine/crypto/keys.ts";
import { systemClock, type Clock } from "../../engine/foundation/clock.ts";
import { collect } from "../../engine/foundation/concurrency.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { BackupRequest } from "../../engine/operations/backup/session.ts";
import type { BackupResult } from "../../engine/operations/results.ts";
import { composing, oneOfSeveral } from "../../engine/operations/backup/share.ts";
import { readIndex } from "../../engine/vault/objects/index-file.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { keptSnapshots } from "../../engine/vault/snapshots/snapshots.ts";
import type { IndexLine } from "../../engine/vault/format/state.ts";
import { engineOver } from "../support/backup-engine.ts";
import { noise, sampleText } from "../support/git-repositories.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";

const cryptography = nodeCryptography();
const day = 86_400_000;
let shiftMs = 0;
const clock: Clock = {
  ...systemClock,
  now: () => new Date(Date.now() + shiftMs),
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
};
let azure: TestSimulator;
let small: SmallProject;
let keys: KeySet;
let store: MemoryStore;

beforeEach(async () => {
  azure = await simulator();
  small = await smallProject(azure);
  keys = await makeKeySet(cryptography);
  store = memoryStore({ clock });
});
afterEach(async () => {
  shiftMs = 0;
  await small.remove();
  await azure.stop();
});

type Changes = Partial<BackupRequest>;

async function backUp(changes: Changes = {}): Promise<BackupResult> {
  shiftMs += day;
  const engine = await engineOver(azure, { store, keys, clock });
  try {
    return await engine.backUp(small.project, { include: ["git-repositories"], ...changes });
  } finally {
    await engine.close();
  }
}

async function line(stream = `git-repositories/${small.api.record.id}`): Promise<IndexLine | undefined> {
  const vault = small.project.id.toLowerCase();
  const log = await readLog({ store, cryptography, vault });
  const index = keptSnapshots(log).at(-1)?.entry.snapshot.index;
  if (index === undefined) throw new Error("there is no snapshot");
  const access = { store, cryptography, vault, identities: parseIdentities(keys.recoveryKey) };
  return (await collect(readIndex(access, index))).find(({ s }) => s === stream);
}

/** Twenty files more, as the state before. */
async function withFiles(): Promise<void> {
  const files = Array.from({ length: 20 }, (_, index) => [`src/f${index}.txt`, sampleText(60, index + 1)] as const);
  small.api.work.commit(Object.fromEntries(files));
  small.api.work.commits(8);
  small.api.work.git("branch", "old");
  small.api.work.git("tag", "v0");
  small.api.work.push("main", "old", "v0");
  await backUp();
}

function night(): void {
  const { work } = small.api;
  work.git("rm", "--quiet", "src/f0.txt");
  work.commit({ "src/f1.txt": `${sampleText(60, 2)}more\n`, "new/a.bin": noise(3000), "new/b.txt": "b\n" });
  work.git("switch", "--quiet", "-c", "topic", "release/1");
  work.git("commit", "--quiet", "--amend", "-m", "Begun anew");
  work.git("branch", "-f", "release/1", "topic");
  work.git("switch", "--quiet", "main");
  work.push("--force", "main", "release/1", "topic");
  work.push("--delete", "old", "v0");
}

const expected = {
  ...{ files: 22, branches: 3, tags: 1, added: 2, edited: 1, deleted: 1, lost: 0 },
  ...{ refsAdded: 1, refsMoved: 2, refsDeleted: 1, tagsDeleted: 1, rewritten: 1, defaultRewritten: false },
  ...{ dense: 1, halfDense: 0 },
};

describe("a night in a repository", () => {
  it.each(["auto", "git"] as const)(
    "is told in numbers (engine %s), which later lines no longer repeat",
    async (gitEngine) => {
      const options = { pullRequestRefs: false, gitEngine, catalogueNames: "names" } as const;
      await withFiles();
      night();
      await backUp({ options });
      const told = await line();
      await backUp({ options });
      const carried = await line();

      expect(told?.d).toMatchObject(expected);
      expect(told?.c).toMatchObject({ depth: 1, changedNights: 2 });
      expect(carried?.d).toBeUndefined();
      expect(carried?.c).toEqual(told?.c);
    },
  );

  it("costs one more request at most, and an unchanged repository exactly one", async () => {
    await withFiles();
    const asked: string[] = [];
    azure.faults.add({
      kind: "delay",
      delayMs: 0,
      times: 999,
      when: ({ path }) => path.includes(small.api.record.id) && asked.push(path) > 0,
    });
    await backUp();
    const unchanged = asked.splice(0);
    small.api.work.commits(1);
    small.api.work.push("main");
    await backUp();

    expect(unchanged.map((path) => path.replace(/.*\//, ""))).toEqual(["refs"]);
    expect(asked.map((path) => path.replace(/.*\//, ""))).toEqual(["refs", "git-upload-pack", "commits"]);
  });

  it("is told at a base as well, where everything is stored anew", async () => {
    await withFiles();
    shiftMs += 100 * day;
    night();
    await backUp();

    expect((await line())?.d).toMatchObject(expected);
    expect((await line())?.c).toMatchObject({ depth: 0 });
  });

  it("is told to the end when agents share the work, and the kinds add up", async () => {
    await withFiles();
    night();
    shiftMs += day;
    const engine = await engineOver(azure, { store, keys, clock });
    for (const index of [0, 1]) {
      await expect(engine.backUp(small.project, { build: "b", share: oneOfSeveral(index, 2) })).rejects.toThrow(
        "shard",
      );
    }
    const { sum } = await engine.backUp(small.project, { build: "b", share: composing });
    await engine.close();

    expect((await line())?.d).toMatchObject(expected);
    expect(sum.kinds).toMatchObject([
      { kind: "areas" },
      { kind: "build-definitions" },
      { kind: "git-repositories", streams: 3, added: 0, changed: 1, deleted: 0, missing: 0 },
      { kind: "iterations" },
      { kind: "project" },
      { kind: "variable-groups" },
      { kind: "work-items", streams: 1, items: 3, added: 3, changed: 0, deleted: 0, back: 0, dense: 0 },
    ]);
    expect(sum.run?.requests).toBeGreaterThan(0);
  });

  it.each([
    ["404", { kind: "status", status: 404 }],
    ["403", { kind: "status", status: 403 }],
    ["a cut answer", { kind: "cutBody" }],
    ["an answer that is damaged", { kind: "truncatedBody" }],
  ] as const)(
    "is known in part when the comparison of commits fails (%s), and the backup is whole",
    async (_, action) => {
      await withFiles();
      night();
      azure.faults.add({ ...action, times: 999, when: ({ path }) => path.includes("/diffs/commits") });
      const result = await backUp();
      azure.faults.clear();
      const { d } = (await line()) ?? {};

      expect(result).toMatchObject({ status: "complete", gaps: [] });
      expect(d).toMatchObject({ files: 22, branches: 3, refsDeleted: 1, dense: 1 });
      for (const name of ["added", "edited", "deleted", "lost"]) expect(d).not.toHaveProperty(name);
    },
  );

  it("is known in part when files cannot be counted", async () => {
    azure.gitFaults.add({
      on: "fetch",
      path: small.api.record.id,
      skip: 1,
      action: { kind: "cut", at: 40, clean: false },
    });
    const first = await backUp();
    small.api.work.commits(1);
    small.api.work.push("main");
    await backUp();

    expect(first).toMatchObject({ status: "complete", gaps: [] });
    expect((await line())?.d).toMatchObject({ edited: 0, added: 1 });
    expect((await line())?.d).not.toHaveProperty("files");
  });

  it("is not lost when the run that stored it dies before its snapshot", async () => {
    await withFiles();
    night();
    shiftMs += day;
    const engine = await engineOver(azure, { store, keys, clock });
    const share = oneOfSeveral(0, 1);
    await expect(engine.backUp(small.project, { build: "died", share })).rejects.toThrow("shard");
    await engine.close();
    small.api.work.commit({ "src/f1.txt": `${sampleText(60, 2)}once more\n` });
    small.api.work.push("main");
    await backUp();

    expect((await line())?.d).toMatchObject({ ...expected, edited: 2, refsMoved: 3 });
  });
});
