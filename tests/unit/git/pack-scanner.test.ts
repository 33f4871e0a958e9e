import { randomBytes } from "node:crypto";
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { checkedPack } from "../../../engine/git/pack-stream.ts";
import { PackScanner } from "../../../engine/git/pack-scanner.ts";
import { aDelta, aPack, blobId, lfsPointerText, pieces, withTrailer } from "../../support/packs.ts";
import type { PackedObject } from "../../support/packs.ts";

const [first, second, third] = ["1", "2", "3"].map((digit) => `${digit}f`.repeat(32)) as [string, string, string];
const pointer = Buffer.from(lfsPointerText(first, 1_234_567));
const prefix = pointer.indexOf("sha256:") + "sha256:".length;

async function scan(pack: Buffer, size = 10_000, isThin = false): Promise<PackScanner> {
  const scanner = new PackScanner({ hash: "sha1", name: "https://host/repo", isThin });
  const facts = { objects: 0, bytes: 0 };
  const passed: Buffer[] = [];
  const checked = checkedPack(pieces(pack, size), { hash: "sha1", name: "https://host/repo", facts });
  for await (const chunk of scanner.watch(checked)) passed.push(Buffer.from(chunk));
  expect(Buffer.concat(passed).equals(pack)).toBe(true);
  expect(facts.bytes).toBe(pack.length);
  return scanner;
}

function blob(content: Uint8Array | string): PackedObject {
  return { type: "blob", content: Buffer.from(content) };
}

function pointerDelta(oid: string): Buffer {
  return aDelta(pointer.length, prefix, pointerTail(oid));
}

function pointerTail(oid: string): Buffer {
  return Buffer.from(`${oid}\nsize 42\n`);
}

describe("scanning a pack", () => {
  it("finds LFS pointers among blobs of any size, wherever the input breaks", async () => {
    const objects = [
      blob("just text"),
      blob(randomBytes(3_000_000)),
      blob(pointer),
      blob(Buffer.alloc(5_000_000)),
      blob(randomBytes(900_000)),
      { type: "commit", content: Buffer.from(lfsPointerText(second, 1)) } as const,
      blob(lfsPointerText(third, 7).replace("oid", "ext-0-foo sha256:aa\noid")),
      blob(""),
    ];
    const pack = aPack(objects);

    for (const size of [997, 65_515, 1 << 24]) {
      const scanner = await scan(pack, size);

      expect(scanner.pointers).toEqual([
        { oid: first, size: 1_234_567 },
        { oid: third, size: 7 },
      ]);
      expect(scanner.hiddenPointers).toBe(0);
    }
  });

  it("reads small packs byte by byte", async () => {
    const scanner = await scan(aPack([blob("a"), blob(pointer), blob("b".repeat(5000))]), 1);

    expect(scanner.pointers).toHaveLength(1);
  });

  it("accepts an empty pack", async () => {
    expect((await scan(aPack([]))).pointers).toEqual([]);
  });

  it("resolves pointers stored as deltas, with the base before, later, or a delta itself", async () => {
    const base = blobId(pointer);
    const middle = Buffer.concat([pointer.subarray(0, prefix), pointerTail(second)]);
    const chained = aDelta(middle.length, prefix, pointerTail(third));

    const scanner = await scan(
      aPack([
        { type: "delta", base: blobId(middle), delta: chained },
        { type: "delta", base, delta: pointerDelta(second) },
        blob(pointer),
        { type: "delta", base: 1, delta: pointerDelta("4f".repeat(32)) },
      ]),
    );

    expect(scanner.pointers.map(({ oid }) => oid).sort()).toEqual([first, second, third, "4f".repeat(32)].sort());
    expect(scanner.hiddenPointers).toBe(0);
  });

  it("counts deltas that may be pointers when their base lies elsewhere", async () => {
    const elsewhere = "9".repeat(40);
    const harmless = aDelta(pointer.length, 100, Buffer.from("nothing like an object id in here"));

    const scanner = await scan(
      aPack([
        { type: "delta", base: elsewhere, delta: pointerDelta(second) },
        { type: "delta", base: elsewhere, delta: harmless },
      ]),
      10_000,
      true,
    );

    expect(scanner.pointers).toEqual([]);
    expect(scanner.hiddenPointers).toBe(1);
  });

  it("knows that deltas of commits, tags and texts are no pointers where all bases are at hand", async () => {
    const commit = Buffer.from(`tree ${"a".repeat(40)}\n${"x".repeat(150)}`);
    const oid = Buffer.from(`${"b".repeat(40)}\n`);
    const whole = Buffer.from(lfsPointerText(third, 7));

    const scanner = await scan(
      aPack([
        { type: "commit", content: commit },
        { type: "delta", base: 1, delta: aDelta(commit.length, 100, oid) },
        { type: "delta", base: "8".repeat(40), delta: aDelta(commit.length, 100, oid) },
        { type: "delta", base: 3, delta: aDelta(commit.length, 0, Buffer.concat([oid, commit])) },
        blob(pointer),
        { type: "delta", base: 1, delta: pointerDelta(second) },
        { type: "delta", base: 6, delta: aDelta(commit.length, 0, whole) },
      ]),
    );

    expect(scanner.pointers.map(({ oid: found }) => found)).toEqual([first, second]);
    expect(scanner.hiddenPointers).toBe(1);
  });

  it.each([
    ["too few objects", aPack([blob("a")], { count: 2 })],
    ["more than it announces", aPack([blob("a"), blob("b")], { count: 1 })],
    ["an object that cannot be inflated", withTrailer(damaged(aPack([blob("some content here")])))],
    ["a large object that cannot be inflated", withTrailer(damaged(aPack([blob(randomBytes(2_000_000))])))],
    ["an object larger than announced", withTrailer(resized(10, 5000))],
    ["a large object larger than announced", withTrailer(resized(1_500_000, 5_000_000))],
    ["a large object smaller than announced", withTrailer(resized(1_500_000, 10))],
    ["an unknown object type", withTrailer(Buffer.concat([aPack([], { count: 1 }).subarray(0, 12), Buffer.alloc(80)]))],
  ])("refuses %s", async (_, pack) => {
    await expect(scan(pack)).rejects.toMatchObject({ code: "GIT_PROTOCOL" });
    await expect(scan(pack, 100)).rejects.toMatchObject({ code: "GIT_PROTOCOL" });
  });

  it("never takes a cut or changed pack for a good one", async () => {
    const pack = aPack([blob("some content"), blob(pointer), blob(randomBytes(2000))]);
    const codes = new Set<string>();

    for (let at = 0; at < pack.length; at += 37) {
      const flipped = Buffer.from(pack);
      flipped[at]! ^= 4;
      for (const bad of [pack.subarray(0, at), flipped]) {
        codes.add(
          await scan(bad).then(
            () => "accepted",
            (error: unknown) => (error as { code: string }).code,
          ),
        );
      }
    }

    expect([...codes].sort()).toEqual(["GIT_PROTOCOL", "GIT_TRUNCATED"]);
  });
});

/** The body of a pack with one damaged byte in its last object's content. */
function damaged(pack: Buffer): Buffer {
  const body = Buffer.from(pack.subarray(0, -20));
  body[body.length - 6]! ^= 0xff;
  return body;
}

/** The body of a pack whose one object announces another size than it has. */
function resized(announced: number, actual: number): Buffer {
  const template = aPack([blob(Buffer.alloc(announced))]).subarray(0, -20);
  const content = deflateSync(Buffer.alloc(announced));
  const head = template.subarray(0, template.length - content.length);
  return Buffer.concat([head, deflateSync(Buffer.alloc(actual))]);
}
