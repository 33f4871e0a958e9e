/**
 * A bounded model check of commits against retirement: every interleaving of a few backups, prunes and a reaper,
 * each taken apart into the steps between which others may come in. There is no grace time at all, runs may stop
 * for ever at any step, and the decisions are the product's own functions: mayCommit, doubtfulReferences,
 * retirable, mergeIndex.
 *
 * A state object is named by what it names (`<run>/<stream>:<object>+<object>`), so that names are all there is.
 */
import { doubtfulReferences, mayCommit, retirable, runOf } from "../../../../engine/vault/snapshots/commit-rules.ts";
import type { Retired } from "../../../../engine/vault/snapshots/commit-rules.ts";
import { mergeIndex } from "../../../../engine/vault/snapshots/merge-index.ts";
import type { Index, StreamDraft } from "../../../../engine/vault/snapshots/merge-index.ts";
import type { IndexLine } from "../../../../engine/vault/format/state.ts";
import { aRef } from "../log/log-vault.ts";

/** Ways to get it wrong; each must be caught. */
export type Mutant =
  | "none"
  /** Commits without looking at what was retired. */
  | "no-validation"
  /** Appends without compare-and-swap. */
  | "no-cas"
  /** Does not look whether adopted objects are those of a retired run. */
  | "no-run-check"
  /** Takes what the base of the run held for safe, instead of what the newest kept snapshot holds. */
  | "base-is-safe"
  /** After a lost race only validates the old index again instead of merging. */
  | "no-remerge"
  /** Retires dead runs as a whole although others have adopted their objects. */
  | "no-adoption-check";

export interface BackupActor {
  readonly kind: "backup";
  readonly run: string;
  /** Streams that have changed at the source: the chain of the base goes on. */
  readonly changes: readonly string[];
  /** Uses the states that the dead run has left. */
  readonly adopts?: boolean;
}

export type Actor = BackupActor | { readonly kind: "prune" } | { readonly kind: "reap"; readonly times: number };

export interface Exploration {
  readonly states: number;
  /** What went wrong, and how; undefined when nothing can. */
  readonly violation: string | undefined;
}

/** By stream: name of the state. */
type Snapshot = Readonly<Record<string, string>>;
type Entry =
  | { readonly kind: "snapshot"; readonly run: string; readonly streams: Snapshot }
  | {
      readonly kind: "retire";
      readonly snapshots: readonly number[];
      readonly objects: readonly string[];
      readonly runs: readonly string[];
    };
type Log = readonly Entry[];

interface Place {
  /** Step the actor takes next; `done` for none. */
  readonly at: string;
  /** Entries of the log it has read. */
  readonly read: number;
  /** Backups: the streams of its base and its drafts. Prunes: the entry to append. */
  readonly base: Snapshot;
  readonly drafts: Snapshot;
  readonly composed: Entry | undefined;
  readonly left: number;
}

interface World {
  readonly log: Log;
  /** Sorted. */
  readonly objects: readonly string[];
  readonly places: readonly Place[];
}

const start: Place = { at: "start", read: 0, base: {}, drafts: {}, composed: undefined, left: 0 };

export function explore(actors: readonly Actor[], mutant: Mutant = "none"): Exploration {
  const dead = stateName("d", "b", ["r/2", "d/1"]);
  const first = { a: stateName("r", "a", ["r/1"]), b: stateName("r", "b", ["r/2"]) };
  const initial: World = {
    log: [{ kind: "snapshot", run: "r", streams: first }],
    objects: [...new Set(["d/1", dead, ...reachedBy(first)])].sort(),
    places: actors.map((actor) => ({ ...start, left: actor.kind === "reap" ? actor.times : 0 })),
  };
  const seen = new Set<string>();
  const waiting: { readonly world: World; readonly trace: Trace | undefined }[] = [
    { world: initial, trace: undefined },
  ];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { world, trace } = next;
    const key = JSON.stringify(world);
    if (seen.has(key)) continue;
    seen.add(key);
    const wrong = lostObject(world) ?? lostChange(world);
    if (wrong !== undefined) return { states: seen.size, violation: `${wrong}: ${stepsOf(trace).join(", ")}` };
    actors.forEach((actor, index) => {
      const place = world.places[index];
      if (place === undefined || place.at === "done") return;
      waiting.push({
        world: step(world, actor, { index, place, mutant }),
        trace: { actor, at: place.at, before: trace },
      });
    });
  }
  return { states: seen.size, violation: undefined };
}

interface Trace {
  readonly actor: Actor;
  readonly at: string;
  readonly before: Trace | undefined;
}

function stepsOf(trace: Trace | undefined): string[] {
  return trace === undefined ? [] : [...stepsOf(trace.before), `${nameOf(trace.actor)} ${trace.at}`];
}

interface Turn {
  readonly index: number;
  readonly place: Place;
  readonly mutant: Mutant;
}

function step(world: World, actor: Actor, turn: Turn): World {
  if (actor.kind === "backup") return backupStep(world, actor, turn);
  return actor.kind === "prune" ? pruneStep(world, turn) : reapStep(world, turn);
}

function backupStep(world: World, actor: BackupActor, { index, place, mutant }: Turn): World {
  const to = (change: Partial<Place>, rest: Partial<World> = {}): World => moved({ ...world, ...rest }, index, change);
  switch (place.at) {
    case "start":
      return to({ at: "upload", base: newestKept(world.log), drafts: draftsOf(actor, world) });
    case "upload":
      return to(
        { at: "compose" },
        { objects: withObjects(world.objects, reachedBy(ownOf(place.drafts, actor.run)), actor.run) },
      );
    case "compose":
      return composeStep(world, actor, { index, place, mutant });
    case "append": {
      if (mutant !== "no-cas" && world.log.length !== place.read) return to({ at: "compose" });
      const log = place.composed === undefined ? world.log : [...world.log, place.composed];
      return to({ ...start, at: "done" }, { log });
    }
    default:
      throw new Error(place.at);
  }
}

function composeStep(world: World, actor: BackupActor, { index, place, mutant }: Turn): World {
  const { log } = world;
  const { run } = actor;
  const parent = mutant === "no-remerge" ? place.base : newestKept(log);
  const streams = merged(place, parent);
  const inParent = mutant === "base-is-safe" ? place.base : parent;
  const doubtful = Object.entries(streams).flatMap(([stream, state]) =>
    place.drafts[stream] === state
      ? doubtfulReferences(run, reachedBy({ stream: state }), new Set(reachedBy({ stream: inParent[stream] ?? "" })))
      : [],
  );
  const verdict =
    mutant === "no-validation" ? ({ allowed: true } as const) : mayCommit(run, doubtful, retiredBy(log, mutant, run));
  if (verdict.allowed) {
    const composed: Entry = { kind: "snapshot", run, streams };
    return moved(world, index, { at: "append", read: log.length, composed });
  }
  if (verdict.why === "run-retired") return moved(world, index, { ...start, at: "done" });
  // The streams concerned are stored anew, under new names, and composed again.
  const bad = new Set(verdict.objects);
  const anew = Object.fromEntries(
    Object.entries(place.drafts).map(([stream, state]) => [
      stream,
      reachedBy({ stream: state }).some((path) => bad.has(path))
        ? stateName(run, stream, [`${run}/base-${stream}`])
        : state,
    ]),
  );
  const objects = withObjects(world.objects, reachedBy(ownOf(anew, run)), run);
  return moved({ ...world, objects }, index, { drafts: anew });
}

function merged({ base, drafts }: Place, parent: Snapshot): Snapshot {
  const streams = mergeIndex({
    base: indexOf(base),
    parent: indexOf(parent),
    drafts: Object.keys(base).map((stream): StreamDraft => {
      const draft = drafts[stream];
      return { changed: draft !== undefined, lines: [lineOf(stream, draft ?? base[stream] ?? "")] };
    }),
    unusable: new Map(),
  });
  const states = streams.map(({ stream, lines: [line] }) => [stream, line?.state?.o ?? ""] as const);
  return Object.fromEntries(states.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function pruneStep(world: World, { index, place, mutant }: Turn): World {
  switch (place.at) {
    case "start":
      return moved(world, index, { at: "plan", read: world.log.length });
    case "plan": {
      const composed = retirement(world.log.slice(0, place.read), world.objects, mutant);
      return moved(world, index, composed === undefined ? { ...start, at: "done" } : { at: "append", composed });
    }
    case "append": {
      if (mutant !== "no-cas" && world.log.length !== place.read) return moved(world, index, { ...start, at: "start" });
      const log = place.composed === undefined ? world.log : [...world.log, place.composed];
      return moved({ ...world, log }, index, { ...start, at: "done" });
    }
    default:
      throw new Error(place.at);
  }
}

/** Keeps the newest snapshot only; everything else may go at once. */
function retirement(log: Log, objects: readonly string[], mutant: Mutant): Entry | undefined {
  const kept = keptNumbers(log);
  const live = new Set(reachedBy(newestKept(log)));
  const { objects: single, runs } = retirable({
    stored: objects.map((path) => ({ path, createdMs: 0 })),
    live: mutant === "no-adoption-check" ? new Set([...live].filter((path) => isCommitted(log, runOf(path)))) : live,
    retired: retiredBy(log, "none", ""),
    committed: new Set(log.flatMap((entry) => (entry.kind === "snapshot" ? [entry.run] : []))),
    idleSinceMs: 0,
  });
  const snapshots = kept.slice(0, -1);
  if (snapshots.length + single.length + runs.length === 0) return undefined;
  return { kind: "retire", snapshots, objects: single, runs };
}

/** Deletes all that is retired at this moment. */
function reapStep(world: World, { index, place }: Turn): World {
  const { objects, runs } = retiredBy(world.log, "none", "");
  const left = place.left - 1;
  const kept = world.objects.filter((path) => !objects.has(path) && !runs.has(runOf(path)));
  return moved({ ...world, objects: kept }, index, left === 0 ? { ...start, at: "done" } : { left });
}

function lostObject({ log, objects }: World): string | undefined {
  const there = new Set(objects);
  for (const number of keptNumbers(log)) {
    const entry = log[number];
    if (entry?.kind !== "snapshot") continue;
    const lost = reachedBy(entry.streams).find((path) => !there.has(path));
    if (lost !== undefined) return `snapshot ${number} lost ${lost}`;
  }
  return undefined;
}

/** A snapshot differs from the one before only by content that its own run brings. */
function lostChange({ log }: World): string | undefined {
  const snapshots = log.filter((entry) => entry.kind === "snapshot");
  for (const [number, { run, streams }] of snapshots.entries()) {
    const before = snapshots[number - 1]?.streams ?? streams;
    const undone = Object.keys(streams).find(
      (stream) => streams[stream] !== before[stream] && ![run, "d"].includes(runOf(streams[stream] ?? "")),
    );
    if (undone !== undefined) return `snapshot ${number} of ${run} took back a change of ${undone}`;
  }
  return undefined;
}

function draftsOf({ run, changes, adopts }: BackupActor, { log, objects }: World): Snapshot {
  const base = newestKept(log);
  const drafts: Record<string, string> = {};
  const left = objects.find((path) => path.startsWith("d/b:"));
  if (adopts === true && left !== undefined) drafts.b = left;
  for (const stream of changes) {
    drafts[stream] = stateName(run, stream, [...chainOf(base[stream] ?? ""), `${run}/${stream}`]);
  }
  return drafts;
}

function newestKept(log: Log): Snapshot {
  const newest = log[keptNumbers(log).at(-1) ?? -1];
  return newest?.kind === "snapshot" ? newest.streams : {};
}

function keptNumbers(log: Log): readonly number[] {
  const retired = new Set(log.flatMap((entry) => (entry.kind === "retire" ? entry.snapshots : [])));
  return log.flatMap((entry, number) => (entry.kind === "snapshot" && !retired.has(number) ? [number] : []));
}

function isCommitted(log: Log, run: string): boolean {
  return log.some((entry) => entry.kind === "snapshot" && entry.run === run);
}

function retiredBy(log: Log, mutant: Mutant, run: string): Retired {
  const entries = log.filter((entry) => entry.kind === "retire");
  const runs = entries.flatMap((entry) => entry.runs).filter((other) => mutant !== "no-run-check" || other === run);
  return { objects: new Set(entries.flatMap((entry) => entry.objects)), runs: new Set(runs) };
}

function stateName(run: string, stream: string, chain: readonly string[]): string {
  return `${run}/${stream}:${chain.join("+")}`;
}

function chainOf(state: string): readonly string[] {
  const chain = state.slice(state.indexOf(":") + 1);
  return chain === "" ? [] : chain.split("+");
}

function reachedBy(snapshot: Snapshot): readonly string[] {
  return Object.values(snapshot).flatMap((state) => (state === "" ? [] : [state, ...chainOf(state)]));
}

function ownOf(drafts: Snapshot, run: string): Snapshot {
  return Object.fromEntries(Object.entries(drafts).filter(([, state]) => runOf(state) === run));
}

/** Only what the run itself makes is stored; the rest of a chain must be there already. */
function withObjects(objects: readonly string[], paths: readonly string[], run: string): readonly string[] {
  return [...new Set([...objects, ...paths.filter((path) => runOf(path) === run)])].sort();
}

function indexOf(snapshot: Snapshot): Index {
  return new Map(Object.entries(snapshot).map(([stream, state]) => [stream, lineOf(stream, state)]));
}

const lines = new Map<string, IndexLine>();

function lineOf(s: string, state: string): IndexLine {
  const known = lines.get(state);
  if (known !== undefined) return known;
  const minute = ["r", "d", "A", "B", "C"].indexOf(runOf(state));
  const line: IndexLine = { s, st: "ok", asOf: `2026-11-22T18:0${minute}:00Z`, state: aRef({ o: state }) };
  lines.set(state, line);
  return line;
}

function moved(world: World, index: number, change: Partial<Place>): World {
  return { ...world, places: world.places.map((place, other) => (other === index ? { ...place, ...change } : place)) };
}

function nameOf(actor: Actor): string {
  return actor.kind === "backup" ? `backup ${actor.run}` : actor.kind;
}
