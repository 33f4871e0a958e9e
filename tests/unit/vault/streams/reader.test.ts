import { describe, expect, it } from "vitest";
import { collect } from "../../../../engine/foundation/concurrency.ts";
import { readAll } from "../../../../engine/foundation/bytes.ts";
import { readLog } from "../../../../engine/vault/log/log.ts";
import { entriesOf } from "../../../../engine/vault/format/logged-entry.ts";
import type { SnapshotReader } from "../../../../engine/vault/streams/stream-reader.ts";
import { openSnapshot } from "../../../../engine/vault/snapshots/snapshot-reader.ts";
import { vaultStreamReader } from "../../../../engine/vault/streams/vault-stream-reader.ts";
import { goldenStore } from "../../../support/golden-vault.ts";
import type { MemoryStore } from "../../../support/memory-store.ts";
import { sampleRepository } from "../../../support/sample-vault.ts";
import { cryptography, flipBit, sampleKeys, sampleVault } from "../../../support/sealed-vault.ts";

/** Digests that only backups compare; no reader opens them. */
const keysObject = "00-000005";

/** What a reader gives of a whole vault stands in golden.test.ts; this is what it refuses. */
describe("a snapshot's reader", () => {
  it("names stream and object for every single object that is damaged, and reads the other streams", async () => {
    const names = [...goldenStore().objects.keys()].filter(
      (name) => /20261123.*\/00-/.test(name) && !name.includes(keysObject),
    );
    expect(names).toHaveLength(10);
    for (const name of names) {
      const store = goldenStore();
      flipBit(store, name, store.objects.get(name)!.length - 5);

      const failures = await everythingOf(await newest(store));

      const object = name.slice(`${sampleVault}/data/`.length);
      expect(failures, name).not.toEqual([]);
      expect(new Set(failures.map(({ code }) => code)), name).toEqual(new Set(["OBJECT_DAMAGED"]));
      expect(new Set(failures.map(({ context }) => context?.object)), name).toEqual(new Set([object]));
      const isIndex = name.endsWith("00-000011.ndjson.gz.age");
      if (!isIndex) expect(new Set(failures.map(({ context }) => context?.stream)).size, name).toBe(1);
    }
  });

  it("reads again after a failure that has passed", async () => {
    const store = goldenStore();
    let isDown = false;
    const read = (...args: Parameters<MemoryStore["read"]>): ReturnType<MemoryStore["read"]> =>
      isDown ? Promise.reject(new Error("down")) : store.read(...args);
    const snapshot = await newest({ ...store, read });

    isDown = true;
    await expect(collect(snapshot.streams())).rejects.toThrow("down");
    isDown = false;
    const stream = (await snapshot.stream("work-items"))!;
    isDown = true;
    await expect(stream.record(1)).rejects.toThrow("down");
    isDown = false;
    expect(await stream.record(1)).toMatchObject({ id: 1 });
  });

  it("reads index, state and records once, however often the stream is asked for", async () => {
    const store = goldenStore();
    let reads = 0;
    const read = (...args: Parameters<MemoryStore["read"]>): ReturnType<MemoryStore["read"]> => {
      reads += 1;
      return store.read(...args);
    };
    const snapshot = await newest({ ...store, read });
    await (await snapshot.stream("work-items"))!.record(1);
    const once = reads;

    for (let time = 0; time < 3; time += 1)
      expect(await (await snapshot.stream("work-items"))!.record(1)).toMatchObject({ id: 1 });

    expect(reads).toBe(once);
  });

  it("says that a stream could never be read", async () => {
    const access = { store: goldenStore(), cryptography, vault: sampleVault, identities: [sampleKeys.recoveryKey] };

    const stream = vaultStreamReader(access, { s: "wikis/1", st: "missing", err: "TF401019" });

    await expect(stream.state()).rejects.toMatchObject({ code: "STREAM_NEVER_READ" });
    expect(await collect(stream.items())).toEqual([]);
  });

  it("refuses a state that belongs to another stream", async () => {
    const snapshot = await newest(goldenStore());
    const lines = await collect(snapshot.streams());
    const access = { store: goldenStore(), cryptography, vault: sampleVault, identities: [sampleKeys.recoveryKey] };

    const stream = vaultStreamReader(access, { ...lines[0]!, s: "git-repositories/other" });

    await expect(stream.state()).rejects.toMatchObject({ code: "STATE_INVALID" });
  });
});

interface Failure {
  readonly code: string;
  readonly context?: Readonly<Record<string, unknown>>;
}

async function newest(store: MemoryStore): Promise<SnapshotReader> {
  const access = { store, cryptography, vault: sampleVault, identities: [sampleKeys.recoveryKey] };
  const { entry, createdAt } = entriesOf(await readLog(access), "snapshot").at(-1)!;
  return openSnapshot({ access, entry, takenAt: createdAt });
}

/** Reads all there is and collects what fails. */
async function everythingOf(snapshot: SnapshotReader): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    await work().catch((error: unknown) => failures.push(error as Failure));
  };
  const stream = async (id: string): ReturnType<SnapshotReader["stream"]> => snapshot.stream(id);
  await attempt(async () => {
    for await (const { chunks } of (await stream(sampleRepository))!.bundles()) await readAll(chunks, 1 << 20);
  });
  await attempt(async () => collect((await stream(sampleRepository))!.items()));
  await attempt(async () => collect((await stream("work-items"))!.records()));
  await attempt(async () => collect((await stream("work-items"))!.items()));
  await attempt(async () => {
    for await (const { chunks } of (await stream("work-items/files"))!.files()) await readAll(chunks, 1 << 20);
  });
  return failures;
}
