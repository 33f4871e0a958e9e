import { describe, expect, it } from "vitest";
import { jitterOf, rebaseReason, urgentReason, writtenAt } from "../../../../engine/vault/snapshots/chain-rules.ts";
import type { Segment } from "../../../../engine/vault/format/ref.ts";
import type { FilesState, GitState, RecordsState } from "../../../../engine/vault/format/state.ts";

const stream = "git-repositories/5a3c0000-0000-4000-8000-000000000001";
const megabyte = 1_000_000;
const now = new Date("2026-11-22T12:00:00Z");

describe("a chain", () => {
  it("is continued while it is short, small and young", () => {
    expect(rebaseReason(gitState(segment(0, 100), segment(1, 10)), { now })).toBeUndefined();
    expect(rebaseReason(recordsState(segment(0, 100), segment(1, 90)), { now })).toBeUndefined();
  });

  it("starts anew at a depth between three quarters and all of the limit, always the same for a stream", () => {
    const limit = Math.ceil(30 * jitterOf(stream));
    const chain = (deltas: number): GitState =>
      gitState(segment(0, 1000), ...Array.from({ length: deltas }, (_, index) => segment(index + 1, 0)));

    expect(limit).toBeGreaterThanOrEqual(23);
    expect(limit).toBeLessThanOrEqual(30);
    expect(rebaseReason(chain(limit - 1), { now })).toBeUndefined();
    expect(rebaseReason(chain(limit), { now })).toBe(`its chain has ${limit} increments`);
  });

  it("spreads the limits of many streams", () => {
    const jitters = Array.from({ length: 1000 }, (_, index) => jitterOf(`git-repositories/${index}`));

    expect(Math.min(...jitters)).toBeLessThan(0.76);
    expect(Math.max(...jitters)).toBeGreaterThan(0.99);
    expect(jitters.reduce((sum, jitter) => sum + jitter) / 1000).toBeCloseTo(0.875, 1);
  });

  it("starts anew when its increments weigh half of a Git base, or all of a base of records", () => {
    expect(rebaseReason(gitState(segment(0, 10), segment(1, 5)), { now })).toContain("5000000 bytes");
    expect(rebaseReason(recordsState(segment(0, 10), segment(1, 9)), { now })).toBeUndefined();
    expect(rebaseReason(recordsState(segment(0, 10), segment(1, 5), segment(2, 5)), { now })).toContain(
      "10000000 bytes",
    );
  });

  it("does not start anew because of small increments on a tiny base", () => {
    expect(rebaseReason(gitState(segment(0, 0.001), segment(1, 0.9)), { now })).toBeUndefined();
  });

  it("starts anew when its base is old by the time of the run that wrote it", () => {
    const daysLater = (days: number): Date => new Date(writtenAt(segment(0, 1)).getTime() + days * 86_400_000);

    expect(rebaseReason(gitState(segment(0, 1)), { now: daysLater(67) })).toBeUndefined();
    expect(rebaseReason(gitState(segment(0, 1)), { now: daysLater(90) })).toBe("its base is 90 days old");
    expect(rebaseReason(recordsState(segment(0, 1)), { now: daysLater(134) })).toBeUndefined();
    expect(rebaseReason(recordsState(segment(0, 1)), { now: daysLater(180) })).toBe("its base is 180 days old");
  });

  it("starts anew at once after damage, with new keys, and before a lock would end too early", () => {
    const state = filesState(segment(0, 1), segment(1, 1));

    expect(urgentReason(state, { now })).toBeUndefined();
    expect(urgentReason(state, { now, damaged: new Set([segment(1, 1).o]) })).toContain("missing or damaged");
    expect(urgentReason(state, { now, rekeyedAt: "2026-11-20T00:00:00Z" })).toContain("keys");
    expect(urgentReason(state, { now, rekeyedAt: "2026-10-01T00:00:00Z" })).toBeUndefined();
    expect(urgentReason(state, { now, maxObjectAgeDays: 20 })).toContain("protection");
    expect(rebaseReason(state, { now, maxObjectAgeDays: 20 })).toContain("protection");
  });
});

function segment(index: number, megabytes: number): Segment {
  const hash = index.toString(16).padStart(64, "0");
  const o = `20261101T000000Z-7f3a9c1e/00-${String(index + 1).padStart(6, "0")}.bundle.age`;
  const link = { from: index === 0 ? null : String(index - 1), to: String(index) };
  return { o, n: megabytes * megabyte, h: hash, hl: 200, hh: hash, k: index === 0 ? "base" : "delta", ...link };
}

function gitState(...chain: Segment[]): GitState {
  return { s: stream, kind: "git", asOf: "2026-11-01T00:00:00Z", hash: "sha1", refs: {}, head: null, chain };
}

function recordsState(...chain: Segment[]): RecordsState {
  return { s: "work-items", kind: "records", asOf: "2026-11-01T00:00:00Z", schema: 1, count: 1, chain };
}

function filesState(...chain: Segment[]): FilesState {
  return { s: "work-items/files", kind: "files", asOf: "2026-11-01T00:00:00Z", count: 1, chain, toc: [] };
}
