import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readAll, utf8 } from "../../../../engine/foundation/bytes.ts";
import { collect } from "../../../../engine/foundation/concurrency.ts";
import { BackupError } from "../../../../engine/foundation/errors.ts";
import { canonicalJson } from "../../../../engine/foundation/json.ts";
import { allFiles, findFile } from "../../../../engine/vault/streams/files-reader.ts";
import { readTableEntries } from "../../../../engine/vault/streams/file-table.ts";
import { parseState } from "../../../../engine/vault/format/state-codec.ts";
import type { FilesState } from "../../../../engine/vault/format/state.ts";
import type { FileContent, FilesWriter } from "../../../../engine/vault/streams/stream-writer.ts";
import { sealedWriter } from "../../../../engine/vault/objects/sealed-objects.ts";
import { filesWriter } from "../../../../engine/vault/streams/files-writer.ts";
import { faultyStore } from "../../../support/faulty-store.ts";
import { memoryStore } from "../../../support/memory-store.ts";
import {
  cryptography,
  flipBit,
  inPieces,
  patternBytes,
  sampleRun,
  sampleVault,
  sealedVault,
  type SealedVault,
} from "../../../support/sealed-vault.ts";

const asOf = "2026-11-22T18:05:44Z";
const megabyte = 1024 * 1024;

describe("a stream of files", () => {
  it("gives back small and large files, one by one and all of them", async () => {
    const vault = await sealedVault();
    const contents = [0, 1, 511, 512, 70_000, 4 * megabyte, 4 * megabyte + 1, 9_000_000].map((length, index) =>
      patternBytes(length, index + 1),
    );

    const state = await written(vault, undefined, ...contents.map(fileOf));

    expect(state.count).toBe(contents.length);
    expect(state.chain.map(({ o }) => o.slice(o.indexOf(".")))).toEqual([".tar.age", ".bin.age", ".bin.age"]);
    for (const content of contents) expect(await contentOf(vault, state, idOf(content))).toEqual(idOf(content));
    const all = await everything(vault, state);
    expect(new Set(all)).toEqual(new Set(contents.map(idOf)));
    expect(await findFile(vault.access, state, "0".repeat(64))).toBeUndefined();
  });

  it("continues an earlier state: known files are not written again, new ones join the chain", async () => {
    const vault = await sealedVault();
    const [old, fresh] = [patternBytes(100, 1), patternBytes(200, 2)];
    const first = await written(vault, undefined, fileOf(old));
    const writer = await vault.writerOf("work-items").files(first);

    expect(writer.has(idOf(old))).toBe(true);
    await writer.add(fileOf(old));
    await writer.add(fileOf(fresh));
    const second = (await writer.finish({ asOf }))!;

    expect([writer.added, second.count]).toEqual([1, 2]);
    expect(second.chain.map(({ k, from }) => [k, from])).toEqual([
      ["base", null],
      ["delta", first.chain[0]!.to],
    ]);
    expect(second.toc).toHaveLength(2);
    expect(parseState(canonicalJson(second), "state")).toBeDefined();
    expect(await everything(vault, second)).toEqual([idOf(old), idOf(fresh)]);
    expect(await everything(vault, first)).toEqual([idOf(old)]);
  });

  it("keeps its state when there is nothing new, is nothing when there never was a file, starts anew on request", async () => {
    const vault = await sealedVault();
    const writer = vault.writerOf("work-items");
    const state = await written(vault, undefined, fileOf(patternBytes(10)));

    const unchanged = await (await writer.files(state)).finish({ asOf: "2026-11-23T00:00:00Z", missing: ["ab"] });
    const nothing = await (await writer.files(undefined)).finish({ asOf });
    const anew = await writer.files(state, { base: true });

    expect(unchanged).toEqual({ ...state, asOf: "2026-11-23T00:00:00Z", missing: ["ab"] });
    expect(nothing).toBeUndefined();
    expect(anew.has(idOf(patternBytes(10)))).toBe(false);
  });

  it("survives sources that fail: only their own files are missing", async () => {
    const vault = await sealedVault();
    const writer = await vault.writerOf("work-items").files(undefined);
    const good = [patternBytes(100, 1), patternBytes(5 * megabyte, 2), patternBytes(300, 3)];
    async function* broken(length: number): AsyncGenerator<Uint8Array> {
      yield* inPieces(patternBytes(length), 65_536);
      throw new Error("connection lost");
    }

    await writer.add(fileOf(good[0]!));
    await expect(writer.add({ id: "aa", chunks: broken(1000) })).rejects.toThrow("connection lost");
    await writer.add(fileOf(good[1]!));
    await expect(writer.add({ id: "bb", chunks: broken(6 * megabyte) })).rejects.toThrow("connection lost");
    await expect(writer.add({ ...fileOf(patternBytes(10)), id: "cc", length: 11 })).rejects.toMatchObject({
      code: "FILE_DIFFERS",
    });
    await expect(
      writer.add({ ...fileOf(patternBytes(5 * megabyte, 9)), id: "dd", sha256: "0".repeat(64) }),
    ).rejects.toMatchObject({ code: "FILE_DIFFERS" });
    await expect(writer.add({ ...fileOf(patternBytes(10)), id: "../x" })).rejects.toMatchObject({ code: "FILE_ID" });
    await writer.add(fileOf(good[2]!));
    const state = (await writer.finish({ asOf }))!;

    expect([writer.has("aa"), writer.has("bb"), state.count]).toEqual([false, false, 3]);
    expect(new Set(await everything(vault, state))).toEqual(new Set(good.map(idOf)));
  });

  it("takes files that are added at the same time", async () => {
    const vault = await sealedVault();
    const writer = await vault.writerOf("work-items").files(undefined);
    const contents = Array.from({ length: 50 }, (_, index) => patternBytes(index * 997, index + 1));

    await Promise.all([...contents, ...contents].map((content) => writer.add(fileOf(content))));
    const state = (await writer.finish({ asOf }))!;

    expect(new Set(await everything(vault, state))).toEqual(new Set(contents.map(idOf)));
    for (const content of contents) expect(await contentOf(vault, state, idOf(content))).toEqual(idOf(content));
  });

  it("closes a tar at 64 MiB and goes on with the next", async () => {
    const vault = await sealedVault();
    const contents = Array.from({ length: 18 }, (_, index) => patternBytes(4 * megabyte, index + 1));

    const state = await written(vault, undefined, ...contents.map(fileOf));

    expect(state.chain).toHaveLength(2);
    expect(await everything(vault, state)).toEqual(contents.map(idOf));
    expect(await contentOf(vault, state, idOf(contents[17]!))).toBe(idOf(contents[17]!));
  });

  it("merges its table of contents into a new base when it has many increments", async () => {
    const vault = await sealedVault();
    let state: FilesState | undefined;
    const ids: string[] = [];
    for (let round = 1; round <= 12; round += 1) {
      const content = patternBytes(100, round);
      ids.push(idOf(content));
      state = await written(vault, state, fileOf(content));
      expect(state.toc.length).toBeLessThanOrEqual(9);
      expect(parseState(canonicalJson(state), "state")).toBeDefined();
    }

    const entries = await collect(readTableEntries(vault.viewing, state!));
    expect(entries.map(({ id }) => id)).toEqual([...ids].sort());
    expect(new Set(await everything(vault, state!))).toEqual(new Set(ids));
  });

  it("fails as a whole when the store refuses a segment", async () => {
    const store = faultyStore(memoryStore());
    store.faults.refuseFrom = { operation: 1, code: "STORE_FULL" };
    const vault = await sealedVault();
    const facts = { store, cryptography, vault: sampleVault, run: sampleRun, shard: "00", keys: vault.keys };
    const writer = await filesWriter({
      stream: "work-items/files",
      sealed: sealedWriter(facts),
      access: vault.viewing,
      previous: undefined,
    });

    await Promise.allSettled([
      writer.add(fileOf(patternBytes(2_000_000))),
      writer.add(fileOf(patternBytes(2_000_001))),
    ]);

    await expect(writer.finish({ asOf })).rejects.toMatchObject({ code: "STORE_FULL" });
  });

  it("names the object when a stored bit changed, and still gives files of other segments", async () => {
    const vault = await sealedVault();
    const [small, large] = [patternBytes(70_000, 1), patternBytes(5 * megabyte, 2)];
    const state = await written(vault, undefined, fileOf(small), fileOf(large));
    const [tar, bin] = state.chain;
    flipBit(vault.store, vault.nameOf(tar!), 40_000);
    const damaged = { code: "OBJECT_DAMAGED", context: { object: tar!.o } };

    await expect(contentOf(vault, state, idOf(small))).rejects.toMatchObject(damaged);
    await expect(everything(vault, state)).rejects.toMatchObject(damaged);
    expect(await contentOf(vault, state, idOf(large))).toBe(idOf(large));
    flipBit(vault.store, vault.nameOf(bin!), 4_000_000);
    await expect(contentOf(vault, state, idOf(large))).rejects.toMatchObject({ code: "OBJECT_DAMAGED" });
  });

  it("refuses a table of contents that points outside its segments", async () => {
    const vault = await sealedVault();
    const state = await written(vault, undefined, fileOf(patternBytes(100)));
    const hostile = { ...state, chain: [{ ...state.chain[0]!, n: 400 }] };

    await expect(findFile(vault.access, hostile, idOf(patternBytes(100)))).rejects.toMatchObject({
      code: "STATE_INVALID",
    });
  });
});

function idOf(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function fileOf(content: Uint8Array): FileContent {
  const id = idOf(content);
  return { id, length: content.length, sha256: id, chunks: inPieces(content, 100_000) };
}

async function written(
  vault: SealedVault,
  previous: FilesState | undefined,
  ...files: readonly FileContent[]
): Promise<FilesState> {
  const writer: FilesWriter = await vault.writerOf("work-items").files(previous);
  for (const file of files) await writer.add(file);
  const state = await writer.finish({ asOf });
  if (state === undefined) throw new BackupError({ code: "TEST", message: "no files", hint: "" });
  return state;
}

/** Hash of what was read: equal to the id when all went well. */
async function contentOf(vault: SealedVault, state: FilesState, id: string): Promise<string> {
  const file = await findFile(vault.access, state, id);
  return idOf(await readAll(file?.chunks ?? inPieces(utf8("no such file"), 1), 1 << 28));
}

async function everything(vault: SealedVault, state: FilesState): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const { id, length, chunks } of allFiles(vault.access, state)) {
    const content = await readAll(chunks, 1 << 28);
    expect(content).toHaveLength(length);
    ids.push(idOf(content));
    expect(idOf(content)).toBe(id);
  }
  return ids;
}
