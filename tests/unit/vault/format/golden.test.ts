import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { readAll } from "../../../../engine/foundation/bytes.ts";
import { collect } from "../../../../engine/foundation/concurrency.ts";
import { canonicalJson } from "../../../../engine/foundation/json.ts";
import { webCryptography } from "../../../../engine/crypto/web-cryptography.ts";
import { parseSigners } from "../../../../engine/crypto/keys.ts";
import { readLog } from "../../../../engine/vault/log/log.ts";
import { entriesOf } from "../../../../engine/vault/format/logged-entry.ts";
import { reachedBy } from "../../../../engine/vault/snapshots/reachable.ts";
import type { Ref } from "../../../../engine/vault/format/ref.ts";
import { readObjectLines, readSealed } from "../../../../engine/vault/objects/sealed-objects.ts";
import type { VaultAccess } from "../../../../engine/vault/objects/sealed-objects.ts";
import type { StreamState } from "../../../../engine/vault/format/state.ts";
import type { SnapshotReader, StreamReader } from "../../../../engine/vault/streams/stream-reader.ts";
import { openSnapshot } from "../../../../engine/vault/snapshots/snapshot-reader.ts";
import { checkStoredObjects } from "../../../../engine/vault/objects/verify-objects.ts";
import { goldenContents, goldenStore } from "../../../support/golden-vault.ts";
import { sampleRepository, workItemRecord } from "../../../support/sample-vault.ts";
import { cryptography, each, sampleKeys, sampleVault } from "../../../support/sealed-vault.ts";

const store = goldenStore();
const viewing: VaultAccess = { store, cryptography, vault: sampleVault, identities: [sampleKeys.viewerKey] };
const recovering: VaultAccess = { ...viewing, identities: [sampleKeys.recoveryKey] };
const pinned = { ...viewing, pinnedSigners: parseSigners(sampleKeys.signer) };

describe("the golden vault of format v1", () => {
  it("has a log without a fault: genesis, two snapshots, a retirement", async () => {
    const log = await readLog(pinned);

    expect(log.entries.map(({ entry }) => entry.kind)).toEqual(["genesis", "snapshot", "snapshot", "retire"]);
    expect([log.problems, log.voids, log.signerTrust]).toEqual([[], [], "pinned"]);
    const [retire] = entriesOf(log, "retire");
    const retired = await collect(readObjectLines(viewing, retire!.entry.retire.objects));
    expect(retired).toEqual([entriesOf(log, "snapshot")[0]!.entry.snapshot.index.o]);
  });

  it("is whole: every object that an index reaches has the bytes that were signed", async () => {
    const refs: Ref[] = [];
    for (const { entry } of entriesOf(await readLog(pinned), "snapshot")) {
      const { index } = entry.snapshot;
      refs.push(index);
      const snapshot = openSnapshot({ access: viewing, entry, takenAt: entry.srv });
      for await (const line of snapshot.streams()) refs.push(...(await reachedBy(viewing, line)));
    }

    const checked = await collect(checkStoredObjects(viewing, each(...refs), { parallelism: 4 }));

    expect(checked.filter(({ finding }) => finding !== undefined)).toEqual([]);
    const data = [...store.objects.keys()].filter((name) => name.includes("/data/"));
    expect(new Set(checked.map(({ ref }) => ref.o)).size).toBe(data.length - 1); // but for the retire entry's list
  });

  describe.each([0, 1])("snapshot %i", (number) => {
    const content = goldenContents[number]!;
    let snapshot: SnapshotReader;

    beforeAll(async () => (snapshot = await snapshotAt(recovering, number)));

    it("lists its streams", async () => {
      const lines = await collect(snapshot.streams());

      expect(lines.map(({ s, st, count }) => [s, st, count])).toEqual([
        [sampleRepository, "ok", Object.keys(content.refs).length],
        ["work-items", "ok", content.workItems.length],
        ["work-items/files", "ok", Object.keys(content.files).length],
      ]);
      expect(await snapshot.stream("wikis")).toBeUndefined();
    });

    it("gives its work items, all or one", async () => {
      const stream = (await snapshot.stream("work-items"))!;

      const all = await collect(stream.records());

      expect(all.map(({ value }) => value)).toEqual(content.workItems.map(workItemRecord));
      for (const { id, title } of content.workItems) {
        expect(await stream.record(id)).toEqual(workItemRecord({ id, title }));
      }
      expect(await stream.record(number === 0 ? 4 : 3)).toBeUndefined();
    });

    it("gives its files, all or one, and their table of contents", async () => {
      const stream = (await snapshot.stream("work-items/files"))!;

      const found: Record<string, string> = {};
      for await (const { id, chunks } of stream.files()) found[id] = hex(await readAll(chunks, 1 << 20));

      const expected = Object.entries(content.files).map(([id, bytes]) => [id, hex(bytes)]);
      expect(found).toEqual(Object.fromEntries(expected));
      for (const [id, bytes] of expected) {
        expect(hex(await readAll((await stream.file(id!))!.chunks, 1 << 20))).toBe(bytes);
      }
      const toc = await collect(stream.toc());
      expect(toc.map(({ id, length }) => [id, length])).toEqual(
        Object.entries(content.files)
          .map(([id, bytes]) => [id, bytes.length])
          .sort(),
      );
    });

    it("gives its names to whoever holds the viewer key", async () => {
      const viewed = await snapshotAt(viewing, number);

      const items = await collect((await viewed.stream("work-items"))!.items());
      const branches = await collect((await viewed.stream(sampleRepository))!.items());

      expect(items.map(({ name }) => name).sort()).toEqual(content.workItems.map(({ title }) => title).sort());
      expect(branches.map(({ id }) => id)).toEqual(Object.keys(content.refs));
      const records = collect((await viewed.stream("work-items"))!.records());
      await expect(records).rejects.toMatchObject({ code: "KEY_MISMATCH" });
    });

    it("gives bundles that git makes into the repository", async () => {
      const folder = mkdtempSync(join(tmpdir(), "golden-"));
      try {
        const git = (...args: string[]): string => execFileSync("git", ["-C", folder, ...args], { encoding: "utf8" });
        const stream = (await snapshot.stream(sampleRepository))!;
        const state = await gitState(stream);
        git("init", "--quiet", "--bare", `--object-format=${state.hash}`);
        for await (const { segment, chunks } of stream.bundles()) {
          const bundle = await readAll(chunks, 1 << 20);
          expect(Buffer.from(bundle).subarray(segment.header).toString("latin1", 0, 4)).toBe("PACK");
          writeFileSync(join(folder, "b.bundle"), bundle);
          git("fetch", "--quiet", "--no-tags", "b.bundle", "+refs/*:refs/*");
        }
        for (const [name, [oid]] of Object.entries(state.refs)) git("update-ref", name, oid);

        expect([state.refs, state.head]).toEqual([content.refs, content.head]);
        expect(git("fsck", "--full", "--strict")).not.toMatch(/missing|error/);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });

  it("opens in browsers", async () => {
    const access = { ...viewing, cryptography: webCryptography() };
    const log = await readLog({ ...access, pinnedSigners: parseSigners(sampleKeys.signer) });
    const { entry } = entriesOf(log, "snapshot")[1]!;
    const snapshot = openSnapshot({ access, entry, takenAt: entry.srv });

    const items = await collect((await snapshot.stream("work-items"))!.items());

    expect(items.map(({ name }) => name).sort()).toEqual(goldenContents[1]!.workItems.map(({ title }) => title).sort());
  });

  it("says so when a stream is read as what it is not", async () => {
    const snapshot = await snapshotAt(recovering, 1);

    const asFiles = (await snapshot.stream("work-items"))!.file("ab");
    const asGit = collect((await snapshot.stream("work-items"))!.bundles());

    await expect(asFiles).rejects.toMatchObject({ code: "STATE_INVALID" });
    await expect(asGit).rejects.toMatchObject({ code: "STATE_INVALID" });
  });
});

describe("docs/format.md", () => {
  const samples = samplesOf(readFileSync(new URL("../../../../docs/format.md", import.meta.url), "utf8"));

  it("shows samples of every file that holds JSON", () => {
    expect(samples.length).toBeGreaterThanOrEqual(10);
  });

  it.each(samples)("shows $name as it stands in the golden vault", async ({ name, text }) => {
    const lines = await plainLines(name);

    for (const sample of sampleObjects(text)) expect(lines).toContainEqual(sample);
  });
});

async function snapshotAt(access: VaultAccess, number: number): Promise<SnapshotReader> {
  const { entry, createdAt } = entriesOf(await readLog({ ...pinned, ...access }), "snapshot")[number]!;
  return openSnapshot({ access, entry, takenAt: createdAt });
}

async function gitState(stream: StreamReader): Promise<Extract<StreamState, { kind: "git" }>> {
  const state = await stream.state();
  if (state.kind !== "git") throw new Error("not a Git stream");
  return state;
}

interface Sample {
  readonly name: string;
  readonly text: string;
}

/** Code blocks behind a comment `<!-- golden: name -->`. */
function samplesOf(markdown: string): readonly Sample[] {
  const blocks = markdown.matchAll(/<!-- golden: (\S+) -->\n+```\w*\n(.*?)```/gs);
  return [...blocks].map(([, name = "", text = ""]) => ({ name, text }));
}

/** One object that may be spread over lines, or one object per line. */
function sampleObjects(text: string): readonly unknown[] {
  try {
    return [JSON.parse(text)];
  } catch {
    return text
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
  }
}

/** The objects in a golden file, opened and decompressed. */
async function plainLines(name: string): Promise<readonly unknown[]> {
  const stored = store.objects.get(`${sampleVault}/${name}`)!;
  expect(stored, name).toBeDefined();
  if (name.startsWith("log/")) return sampleObjects(Buffer.from(stored).toString("utf8").split("\n")[0]!);
  const ref = await refTo(name.slice("data/".length));
  const plain = gunzipSync(await readSealed(recovering, ref, 1 << 20)).toString("utf8");
  const parsed = sampleObjects(plain);
  if (name.endsWith(".json.gz.age")) expect(canonicalJson(parsed[0])).toBe(plain);
  return parsed;
}

async function refTo(o: string): Promise<Ref> {
  const log = await readLog(pinned);
  const candidates: Ref[] = entriesOf(log, "retire").map(({ entry }) => entry.retire.objects);
  for (const { entry } of entriesOf(log, "snapshot")) {
    candidates.push(entry.snapshot.index);
    const snapshot = openSnapshot({ access: viewing, entry, takenAt: entry.srv });
    for await (const line of snapshot.streams()) candidates.push(...(await reachedBy(viewing, line)));
  }
  return candidates.find((ref) => ref.o === o)!;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
