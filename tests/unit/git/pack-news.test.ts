import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isAncestor, type PackFigures } from "../../../engine/git/pack-news.ts";
import { PackScanner } from "../../../engine/git/pack-scanner.ts";
import { aDelta, aPack, blobId, pieces, type PackedObject } from "../../support/packs.ts";
import { sampleText } from "../../support/git-repositories.ts";

const text = Buffer.from(sampleText(40));

async function figuresOf(objects: readonly PackedObject[], usesOffsets = false): Promise<PackFigures> {
  const scanner = new PackScanner({ hash: "sha1", name: "repo", isThin: true, isIncrement: true, usesOffsets });
  const passing = scanner.watch(pieces(aPack(objects), 5000));
  while ((await passing.next()).done !== true);
  return scanner.news.figures();
}

const blob = (content: Uint8Array | string): PackedObject => ({ type: "blob", content: Buffer.from(content) });
const base64 = (bytes: number): string => randomBytes(bytes).toString("base64");
/** A delta on something that is not in the pack. */
const outside = (literal: Uint8Array): PackedObject => ({
  type: "delta",
  base: "ab".repeat(20),
  delta: aDelta(500, 100, literal),
});

describe("figures of a pack", () => {
  it("count noise of 1 KiB and more as dense, in objects of any size", async () => {
    const objects = [blob(randomBytes(1024)), blob(randomBytes(700_000)), blob(randomBytes(1000)), blob(text)];

    expect(await figuresOf(objects)).toMatchObject({ whole: 4, largeWhole: 3, dense: 2, halfDense: 0 });
  });

  it("count Base64 as half dense, in blobs and in deltas", async () => {
    const objects = [blob(base64(3000)), outside(Buffer.from(base64(3000))), blob(base64(300_000)), blob(text)];

    expect(await figuresOf(objects)).toMatchObject({ whole: 3, dense: 0, halfDense: 3 });
  });

  it("take neither names in trees nor noise in deltas for dense content", async () => {
    const tree: PackedObject = { type: "tree", content: randomBytes(4000) };

    expect(await figuresOf([tree, outside(randomBytes(4000))])).toMatchObject({ whole: 0, dense: 0, halfDense: 0 });
  });

  it("tell that the server builds on what it sent before", async () => {
    expect(await figuresOf([blob(text), outside(text)])).toMatchObject({ isThin: true });
    expect(await figuresOf([outside(text)], true)).toMatchObject({ isThin: true });
  });

  it("leave that open where a delta may build on something in the pack", async () => {
    const inside: PackedObject = { type: "delta", base: blobId(text), delta: aDelta(text.length, 100, text) };
    const before: PackedObject = { type: "delta", base: 1, delta: aDelta(text.length, 100, text) };

    expect(await figuresOf([inside, blob(text)])).toMatchObject({ isThin: false });
    expect(await figuresOf([blob(text), before], true)).toMatchObject({ isThin: false });
    expect(await figuresOf([blob(text)])).toMatchObject({ isThin: false });
  });
});

describe("whether a commit is part of another's history", () => {
  const parents = new Map([
    ["d", ["c", "x"]],
    ["c", ["b"]],
    ["x", ["b"]],
    ["b", ["a"]],
    ["root", []],
    ["on root", ["root"]],
  ]);

  it("is certain when the way leads there, over merges too", () => {
    expect(isAncestor("a", "d", parents)).toBe(true);
    expect(isAncestor("x", "d", parents)).toBe(true);
    expect(isAncestor("d", "d", parents)).toBe(true);
  });

  it("is certain not to be when all of the history is there", () => {
    expect(isAncestor("a", "on root", parents)).toBe(false);
  });

  it("stays open when the history leads out of what is known", () => {
    expect(isAncestor("q", "d", parents)).toBeUndefined();
    expect(isAncestor("q", "z", parents)).toBeUndefined();
  });
});
