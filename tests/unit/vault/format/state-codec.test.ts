import { describe, expect, it } from "vitest";
import { chunksOf, utf8 } from "../../../../engine/foundation/bytes.ts";
import { collect } from "../../../../engine/foundation/concurrency.ts";
import { canonicalJson } from "../../../../engine/foundation/json.ts";
import { readIndex, readState, writeIndex, writeState } from "../../../../engine/vault/objects/index-file.ts";
import { isRef, isStreamId, parseIndexLine, parseState } from "../../../../engine/vault/format/state-codec.ts";
import type { FilesState, GitState, IndexLine, RecordsState } from "../../../../engine/vault/format/state.ts";
import type { Ref, Segment } from "../../../../engine/vault/format/ref.ts";
import { cryptography, each, sealedVault } from "../../../support/sealed-vault.ts";

const hash = "ab".repeat(32);
const oid = "0123456789abcdef0123456789abcdef01234567";
const git: GitState = {
  s: "git-repositories/5a3c0000-0000-4000-8000-000000000001",
  kind: "git",
  asOf: "2026-11-22T18:05:44.123Z",
  hash: "sha1",
  refs: { "refs/heads/main": [oid], "refs/tags/v1": [oid, oid] },
  head: "refs/heads/main",
  chain: [segment(1, null, "a"), segment(2, "a", "b")],
};
const records: RecordsState = {
  s: "work-items",
  kind: "records",
  asOf: "2026-11-22T18:05:44Z",
  schema: 1,
  count: 2,
  watermark: { token: "x", half: 0.5 },
  chain: [
    {
      ...segment(1, null, "a"),
      n: 200 + 32 + 100,
      frames: [
        [1, 0, 60],
        [9, 60, 40],
      ],
    },
  ],
};
const files: FilesState = {
  s: "work-items/files",
  kind: "files",
  asOf: "2026-11-22T18:05:44Z",
  count: 1,
  chain: [segment(1, null, hash)],
  toc: [{ ...segment(2, null, hash), n: 200 + 32 + 10, frames: [["ab", 0, 10]] }],
};

describe("states", () => {
  it("come back as they were written, for whoever holds the viewer key", async () => {
    const vault = await sealedVault();
    for (const state of [git, records, files]) {
      const ref = await writeState(vault.sealed, state);
      expect(await readState(vault.viewing, ref)).toEqual(state);
    }
  });

  it("keep members a newer version may have added", () => {
    const text = canonicalJson({ ...git, novelty: { a: 1 } });

    expect(parseState(text, "state")).toMatchObject({ novelty: { a: 1 } });
  });

  it.each<[string, unknown]>([
    ["another kind", { ...git, kind: "pictures" }],
    ["a stream that leaves its place", { ...git, s: "../x" }],
    ["no time", { ...git, asOf: "yesterday" }],
    ["another hash", { ...git, hash: "md5" }],
    ["a ref without an object id", { ...git, refs: { "refs/heads/main": ["--upload-pack=x"] } }],
    ["a ref with three object ids", { ...git, refs: { "refs/heads/main": [oid, oid, oid] } }],
    ["a chain that does not join", { ...git, chain: [segment(1, null, "a"), segment(2, "x", "b")] }],
    ["a chain that begins with a delta", { ...git, chain: [segment(2, "a", "b")] }],
    ["a base within the chain", { ...git, chain: [segment(1, null, "a"), { ...segment(2, "a", "b"), k: "base" }] }],
    ["a base that claims to continue", { ...git, chain: [{ ...segment(1, null, "a"), from: "z" }] }],
    [
      "an object named twice",
      { ...git, chain: [segment(1, null, "a"), { ...segment(2, "a", "b"), o: segment(1, null, "a").o }] },
    ],
    [
      "an object outside the vault",
      { ...git, chain: [{ ...segment(1, null, "a"), o: "../../other/data/x.bundle.age" }] },
    ],
    [
      "an object of a form we do not write",
      { ...git, chain: [{ ...segment(1, null, "a"), o: "20261122T180544Z-7f3a9c1e/00-000001.zip" }] },
    ],
    ["a negative length", { ...git, chain: [{ ...segment(1, null, "a"), n: -1 }] }],
    ["a length beyond 2^53", { ...git, chain: [{ ...segment(1, null, "a"), n: 2 ** 53 }] }],
    ["a header longer than the object", { ...git, chain: [{ ...segment(1, null, "a"), hl: 5000 }] }],
    ["a negative frame", withFrames([[1, -5, 10]])],
    [
      "frames that overlap",
      withFrames([
        [1, 0, 60],
        [9, 50, 50],
      ]),
    ],
    [
      "frames that leave a hole",
      withFrames([
        [1, 0, 50],
        [9, 60, 40],
      ]),
    ],
    [
      "frames out of order",
      withFrames([
        [9, 0, 60],
        [1, 60, 40],
      ]),
    ],
    [
      "frames of two sorts of keys",
      withFrames([
        [1, 0, 60],
        ["9", 60, 40],
      ]),
    ],
    [
      "frames beyond the object",
      withFrames([
        [1, 0, 60],
        [9, 60, 4000],
      ]),
    ],
    ["frames that are no list", withFrames({})],
    ["records without frames", { ...records, chain: [segment(1, null, "a")] }],
    ["a count that is none", { ...records, count: 1.5 }],
    ["a table that is not of its chain", { ...files, toc: [{ ...files.toc[0], to: "other" }] }],
    ["missing ids that are no ids", { ...files, missing: [1] }],
  ])("are refused with %s", (_, state) => {
    expect(() => parseState(canonicalJson(state), "state")).toThrow(expect.objectContaining({ code: "STATE_INVALID" }));
  });

  it.each<[string, string]>([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["white space", canonicalJson(git).replace(":", ": ")],
    ["duplicate members", `{"asOf":"2026-11-22T18:05:44Z",${canonicalJson(git).slice(1)}`],
    ["a number that loses digits", canonicalJson(records).replace('"count":2', '"count":12345678901234567890')],
    ["a member __proto__", canonicalJson(git).replace('"asOf"', '"__proto__":{"x":1},"asOf"')],
    ["a hidden member __proto__", canonicalJson({ ...git, detail: { deep: [0] } }).replace("[0]", '[{"__proto__":1}]')],
    [
      "lists nested without end",
      canonicalJson(git).replace('"sha1"', `"sha1","zz":${"[".repeat(100_000)}${"]".repeat(100_000)}`),
    ],
  ])("are refused as text with %s", (_, text) => {
    expect(() => parseState(text, "state")).toThrow(expect.objectContaining({ code: "STATE_INVALID" }));
  });

  it("may speak of __proto__ where it is only a text", () => {
    const refs = { "refs/heads/__proto__": [oid] };

    expect(parseState(canonicalJson({ ...git, refs, detail: { name: "__proto__" } }), "state")).toMatchObject({ refs });
  });

  it("are not written when no reader would accept them", async () => {
    const vault = await sealedVault();

    await expect(writeState(vault.sealed, { ...git, chain: [segment(2, "x", "y")] })).rejects.toMatchObject({
      code: "STATE_INVALID",
    });
    expect(vault.store.objects.size).toBe(0);
  });

  it("are not inflated beyond any state's size", async () => {
    const vault = await sealedVault();
    const bomb = await cryptography.gzip(new Uint8Array(200 * 1024 * 1024));
    const ref = await vault.sealed.write("json.gz.age", "catalogue", chunksOf(bomb));

    await expect(readState(vault.viewing, ref)).rejects.toMatchObject({ code: "OBJECT_DAMAGED" });
  });
});

describe("an index", () => {
  const ref: Ref = { o: "20261122T180544Z-7f3a9c1e/00-000001.json.gz.age", n: 500, h: hash, hl: 200, hh: hash };
  const lines: IndexLine[] = [
    { s: "areas", st: "ok", asOf: "2026-11-22T18:05:44Z", t: hash, state: ref, count: 3, bytes: 100 },
    {
      s: "git-repositories/5a",
      name: "Web ##vso[x]\n",
      st: "stale",
      since: 4,
      err: "TF401019",
      state: ref,
      items: [ref],
    },
    { s: "work-items", st: "missing" },
  ];

  it("comes back line by line, also when it is empty or long", async () => {
    const vault = await sealedVault();
    const long = Array.from({ length: 5000 }, (_, index): IndexLine => ({
      ...lines[0]!,
      s: `git-repositories/${String(index).padStart(5, "0")}`,
    }));
    for (const content of [lines, [], long]) {
      const written = await writeIndex(vault.sealed, each(...content));
      expect(await collect(readIndex(vault.viewing, written))).toEqual(content);
    }
  });

  it("is refused when it is out of order or names a stream twice", async () => {
    const vault = await sealedVault();
    for (const content of [
      [lines[1]!, lines[0]!],
      [lines[0]!, lines[0]!],
    ]) {
      await expect(writeIndex(vault.sealed, each(...content))).rejects.toMatchObject({ code: "STATE_INVALID" });
    }
  });

  it.each<[string, unknown]>([
    ["an unknown status", { ...lines[0], st: "fine" }],
    ["a state outside the vault", { ...lines[0], state: { ...ref, o: "../x" } }],
    ["a negative count", { ...lines[0], count: -1 }],
    ["a name that is no text", { ...lines[0], name: {} }],
    ["items that are no references", { ...lines[0], items: [{}] }],
    ["a stream id with a dot path", { ...lines[0], s: "git-repositories/.." }],
  ])("is refused with %s", (_, line) => {
    expect(() => parseIndexLine(canonicalJson(line), "Index")).toThrow(
      expect.objectContaining({ code: "STATE_INVALID" }),
    );
  });

  it("is refused when it is compressed in another form, however well it is sealed", async () => {
    const vault = await sealedVault();
    const plain = await cryptography.gzip(utf8(`${canonicalJson(lines[0])}\n`));
    const written = await vault.sealed.write("ndjson.gz.age", "catalogue", chunksOf(plain));

    await expect(collect(readIndex(vault.viewing, written))).rejects.toMatchObject({ code: "OBJECT_DAMAGED" });
  });
});

describe("stream ids and references", () => {
  it("have exactly one form", () => {
    expect(["work-items", "work-items/files", "git-repositories/5A3c-0_1/files"].every(isStreamId)).toBe(true);
    expect(["", "/", "a/", "../a", "a//b", "a/../b", "A", "a b", "a\u0000"].some(isStreamId)).toBe(false);
    expect([null, "x", {}, { ...segment(1, null, "a"), v: 1 }].some(isRef)).toBe(false);
  });
});

function segment(number: number, from: string | null, to: string): Segment {
  const extension = number === 1 ? "bundle.age" : "ndjson.gz.age";
  const o = `20261122T180544Z-7f3a9c1e/00-${String(number).padStart(6, "0")}.${extension}`;
  return { o, n: 1000, h: hash, hl: 200, hh: hash, k: from === null ? "base" : "delta", from, to };
}

function withFrames(frames: unknown): unknown {
  return { ...records, chain: [{ ...records.chain[0], frames }] };
}
