/** What judging a snapshot costs where it is dearest: very many repositories, a tenth of them changed, a year of log. */
import { gitCrossings } from "../../engine/insight/git-crossings.ts";
import { judgeSnapshot } from "../../engine/insight/judge-snapshot.ts";
import { snapshotFacts, type StoredSnapshot } from "../../engine/insight/snapshot-facts.ts";
import { nightOf, type GitDelta, type GitTrend, type KindSum } from "../../engine/vault/format/figures.ts";
import type { Log } from "../../engine/vault/log/log.ts";
import type { IndexLine } from "../../engine/vault/format/state.ts";
import { randomOf, type Random } from "./random.ts";
import { figure } from "./results.ts";
import type { Benchmark } from "./workplace.ts";

const repositories = 5000;
const changedTonight = 560;
const nights = 365;
const dayMs = 86_400_000;
const begunAt = new Date("2026-11-22T01:00:00Z");
const rounds = 15;

export const judgingBenchmark: Benchmark = {
  name: "judging",
  about: `a snapshot of ${repositories} repositories, ${changedTonight} of them changed, is judged`,
  run({ seed, scale }) {
    const random = randomOf(seed);
    const snapshot = aSnapshot(random, scale);
    const times = Array.from({ length: rounds }, () => timed(() => judgeSnapshot(snapshotFacts(snapshot))));
    const crossing = timed(() => crossings(random, Math.round(changedTonight * scale)));
    return Promise.resolve([
      figure("judging", [median(times), "ms"], 50),
      figure("judging-crossings", [crossing, "ms"]),
    ]);
  },
};

function timed(work: () => unknown): number {
  const from = performance.now();
  work();
  return performance.now() - from;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

function aSnapshot(random: Random, scale: number): StoredSnapshot {
  const count = Math.max(1, Math.round(repositories * scale));
  const lines = Array.from({ length: count }, (_, index) => aLine(index, { random, isChanged: index % 9 === 0 }));
  return {
    log: { entries: Array.from({ length: nights }, (_, index) => anEntry(index)) },
    begunAt,
    lines,
    before: new Map(lines.map((line) => [line.s, line])),
    kinds: [kindSum(10)],
    skewMs: 0,
  };
}

function aLine(
  index: number,
  { random, isChanged }: { readonly random: Random; readonly isChanged: boolean },
): IndexLine {
  const changedAt = nightOf(begunAt) - (isChanged ? 0 : random.below(200));
  const c = { baseAt: 20_000, baseKiB: 900, deltaKiB: 50, depth: 9, changedAt, changedNights: 20, meanKiB: 5 };
  const line = { s: `git-repositories/${index}`, st: "ok", c } as const;
  if (!isChanged) return line;
  const delta = aDelta(random);
  return { ...line, d: { ...delta, crossed: gitCrossings(undefined, delta).crossed } };
}

function crossings(random: Random, count: number): void {
  let trend: GitTrend | undefined;
  for (let i = 0; i < count; i += 1) trend = gitCrossings(trend, aDelta(random)).trend;
}

function aDelta(random: Random): GitDelta {
  const upTo = (most: number): number => random.below(most);
  return {
    at: nightOf(begunAt),
    files: 200 + upTo(2000),
    branches: 1 + upTo(30),
    tags: upTo(20),
    added: upTo(40),
    edited: upTo(200),
    deleted: upTo(40),
    lost: 0,
    whole: upTo(40),
    dense: upTo(20),
    halfDense: upTo(20),
    refsAdded: upTo(3),
    refsMoved: 1,
    refsDeleted: upTo(3),
    tagsDeleted: 0,
    rewritten: upTo(2),
    defaultRewritten: false,
  };
}

function kindSum(changed: number): KindSum {
  const items = { items: 20_000, added: 5, changed, deleted: 0, back: 1, dense: 0 };
  return { kind: "work-items", streams: 1, ...items, missing: 0, newBytes: 9000 };
}

function anEntry(index: number): Log["entries"][number] {
  const srv = new Date(begunAt.getTime() - (nights - index) * dayMs).toISOString();
  const figures = { streams: 5001, changed: 560, failed: 0, stale: 0, missing: 0, deleted: 0, skipped: 0 };
  return {
    createdAt: srv,
    sha256: "",
    signer: "",
    entry: {
      type: "azdo-vault/log/v1",
      vault: "",
      seq: index,
      prev: null,
      void: [],
      at: srv,
      srv,
      by: { tool: "", build: "", run: `${index}` },
      kind: "snapshot",
      snapshot: {
        parent: null,
        status: "complete",
        window: [srv, srv],
        index: { o: "", n: 0, h: "", hl: 0, hh: "" },
        sum: { ...figures, items: 20_000, newBytes: 9000, totalBytes: 9_000_000, kinds: [kindSum(index % 40)] },
        anomaly: [{ code: "mass-change", n: 40, note: true }],
      },
    },
  };
}
