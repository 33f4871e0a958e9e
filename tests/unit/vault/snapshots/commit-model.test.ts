import { describe, expect, it } from "vitest";
import { explore } from "./commit-model.ts";
import type { Actor, Mutant } from "./commit-model.ts";

const prune: Actor = { kind: "prune" };

const adopting: Actor = { kind: "backup", run: "A", changes: ["a"], adopts: true };
const reapTwice: Actor = { kind: "reap", times: 2 };

const small: readonly Actor[] = [adopting, prune, reapTwice];
const racing: readonly Actor[] = [
  { kind: "backup", run: "A", changes: ["a"] },
  { kind: "backup", run: "B", changes: ["b"] },
  prune,
  reapTwice,
];
const large: readonly Actor[] = [adopting, { kind: "backup", run: "B", changes: ["b"] }, prune, prune, reapTwice];
const overlapping: readonly Actor[] = [
  adopting,
  { kind: "backup", run: "B", changes: ["a", "b"] },
  prune,
  prune,
  reapTwice,
];
const threeBackups: readonly Actor[] = [
  adopting,
  { kind: "backup", run: "B", changes: ["a", "b"] },
  { kind: "backup", run: "C", changes: ["b"] },
  prune,
  { kind: "reap", times: 1 },
];
const threePrunes: readonly Actor[] = [adopting, prune, prune, prune, { kind: "reap", times: 3 }];

describe("commits against retirement, every interleaving (case 35)", () => {
  it("never lose an object of a kept snapshot or a change that was committed", () => {
    let states = 0;
    for (const actors of [small, racing, large, overlapping, threeBackups, threePrunes]) {
      const result = explore(actors);
      expect(result.violation).toBeUndefined();
      states += result.states;
    }
    expect(states).toBeGreaterThan(100_000);
  });

  const mutants: readonly [Mutant, readonly Actor[], RegExp][] = [
    ["no-validation", small, /lost/],
    ["no-cas", racing, /lost|took back/],
    ["no-run-check", small, /lost/],
    ["base-is-safe", large, /lost/],
    ["no-remerge", racing, /took back|lost/],
    ["no-adoption-check", large, /lost/],
  ];

  it.each(mutants)("are caught when they are wrong: %s", (mutant, actors, violation) => {
    expect(explore(actors, mutant).violation).toMatch(violation);
  });
});
