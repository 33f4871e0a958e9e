/**
 * A large repository, made by `git fast-import` from a seed: source files with long histories, pictures, merges,
 * branches and tags. The versions of a file are written one after the other, so git stores them as deltas.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { runGit } from "../simulator/git/run-git.ts";
import { noiseOf, randomOf } from "./random.ts";
import type { Random } from "./random.ts";
import { sentenceOf, sourceFileOf, vocabularyOf } from "./source-text.ts";

/**
 * Counts of a repository of full size: its pack has 308 MB. Shaped like the one of git itself in what costs time; what
 * that means, and by which figures, stands in docs/benchmarks.md.
 */
const fullSize = { commits: 52_000, filesPerCommit: 0.35, picturesPerCommit: 0.012 };
const linesPerEdit = 27;
const newestCommits = 60;

export interface LargeRepository {
  /** A bare repository. */
  readonly folder: string;
  /** Tips of `main`: as the first backup sees it, one commit later, and `newestCommits` later. */
  readonly base: string;
  readonly next: string;
  readonly newest: string;
  readonly newestCommits: number;
}

/** The repository of this seed and scale; made on first use, then kept in `cache`. */
export async function largeRepository(options: {
  readonly seed: string;
  readonly scale: number;
  readonly cache: string;
}): Promise<LargeRepository> {
  const { seed, scale, cache } = options;
  const folder = join(cache, `repository-4-${seed}-${scale}.git`);
  if (!existsSync(folder)) {
    const unfinished = `${folder}.new`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(cache, { recursive: true });
    const random = randomOf(seed);
    const commits = Math.round(fullSize.commits * scale);
    await makeRepository(unfinished, { random, commits, vocabulary: vocabularyOf(random, 6000) });
    renameSync(unfinished, folder);
  }
  const tip = (name: string): string => runGit(["-C", folder, "rev-parse", `refs/bench/${name}`]).trim();
  return { folder, base: tip("base"), next: tip("next"), newest: tip("newest"), newestCommits };
}

interface Plan {
  readonly random: Random;
  readonly commits: number;
  readonly vocabulary: readonly string[];
}

async function makeRepository(folder: string, plan: Plan): Promise<void> {
  runGit(["init", "--quiet", "--bare", "--initial-branch=main", folder]);
  const importer = spawn("git", ["-C", folder, "fast-import", "--quiet", "--depth=50"], {
    stdio: ["pipe", "inherit", "inherit"],
  });
  const ended = once(importer, "close");
  for (const part of streamOf(plan)) await write(importer.stdin, part);
  importer.stdin.end();
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`git fast-import ended with ${String(code)}`);
  runGit(["-C", folder, "update-ref", "-d", "refs/bench/side"]);
  packAsAfterPush(folder);
  runGit(["-C", folder, "commit-graph", "write", "--reachable"]);
  runGit(["-C", folder, "config", "uploadpack.hideRefs", "refs/bench"]);
}

/**
 * One pack of what the first backup sees and one of the commits after it, as a server has them once those are pushed.
 * In the one pack of the import, versions are deltas of later commits' files, which the server then has to replace
 * each time the older commits are asked for.
 */
function packAsAfterPush(folder: string): void {
  const packs = join(folder, "objects", "pack");
  const imported = readdirSync(packs);
  const pack = (...revisions: readonly string[]): void => {
    const args = ["pack-objects", "--quiet", "--revs", "--delta-base-offset", join(packs, "pack")];
    runGit(["-C", folder, ...args], `${revisions.join("\n")}\n`);
  };
  const served = runGit(["-C", folder, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags"]);
  const before = served.trim().split("\n");
  pack(...before);
  pack("refs/bench/newest", "--not", ...before);
  for (const name of imported) rmSync(join(packs, name));
}

async function write(into: Writable, part: Buffer | string): Promise<void> {
  if (!into.write(part)) await once(into, "drain");
}

interface Change {
  readonly path: string;
  readonly mark: number;
}

function* streamOf(plan: Plan): Generator<Buffer | string> {
  const changes: Change[][] = Array.from({ length: plan.commits }, () => []);
  const marks = { last: 0 };
  yield* sourceFiles(plan, changes, marks);
  yield* pictures(plan, changes, marks);
  yield* history(plan, changes, marks);
}

function* blob(content: Buffer, marks: { last: number }): Generator<Buffer | string> {
  marks.last += 1;
  yield `blob\nmark :${marks.last}\ndata ${content.length}\n`;
  yield content;
  yield "\n";
}

/** Files appear all along the history; few of them change often, most hardly ever. */
function* sourceFiles({ random, commits, vocabulary }: Plan, changes: Change[][], marks: { last: number }) {
  const count = Math.round(commits * fullSize.filesPerCommit);
  const [areas, modules] = [vocabulary.slice(0, 20), vocabulary.slice(20, 35)];
  for (let index = 0; index < count; index += 1) {
    const path = `${random.of(areas)}/${random.of(modules)}/file${index}.ts`;
    const born = Math.floor((index / count) * commits);
    const edits = Math.min(200, Math.floor(1 / (random.next() + 0.003)));
    const later = Array.from({ length: edits }, () => born + 1 + random.below(commits - born));
    const file = sourceFileOf(random, vocabulary, 20 + random.below(80) + edits * linesPerEdit);
    for (const commit of [born, ...new Set(later.sort((a, b) => a - b))]) {
      if (commit >= commits) break;
      if (commit > born) file.edit();
      yield* blob(file.content(), marks);
      changes[commit]?.push({ path, mark: marks.last });
    }
  }
}

function* pictures({ random, commits }: Plan, changes: Change[][], marks: { last: number }) {
  const count = Math.round(commits * fullSize.picturesPerCommit);
  for (let index = 0; index < count; index += 1) {
    yield* blob(noiseOf(random, 10_000 + random.below(250_000)), marks);
    changes[random.below(commits)]?.push({ path: `images/picture${index % (count >> 1 || 1)}.png`, mark: marks.last });
  }
}

/** A line of commits with a side branch merged in every twenty, a tag now and then, some branches left open. */
function* history(plan: Plan, changes: readonly Change[][], marks: { last: number }): Generator<string> {
  const { commits } = plan;
  const first = marks.last + 1;
  const base = commits - newestCommits - 1;
  const tagEvery = Math.max(1, Math.floor(commits / 25));
  for (let commit = 0; commit < commits; commit += 1) {
    const mark = first + commit;
    const place = commit <= base ? placeOf(commit) : "line";
    const own = changes[commit] ?? [];
    yield commitText(plan, { ref: refFor(commit, place), number: commit, mark });
    if (place === "side") yield `from :${mark - 5}\n`;
    if (place === "merge") yield `merge :${mark - 1}\n`;
    yield filesText(place === "merge" ? [...(changes[commit - 1] ?? []), ...own] : own);
    if (commit > base) continue;
    if (commit % tagEvery === tagEvery - 1) yield tagText(`v1.${Math.floor(commit / tagEvery)}`, mark);
  }
  const tip = (offset: number): number => first + base + offset;
  yield (
    resetText("refs/heads/main", tip(0)) + resetText("refs/bench/base", tip(0)) + resetText("refs/bench/next", tip(1))
  );
}

type Place = "line" | "side" | "merge";

function placeOf(commit: number): Place {
  if (commit % 20 === 9) return "side";
  return commit % 20 === 10 ? "merge" : "line";
}

/** Every fiftieth side branch stays open; the others are merged and forgotten. */
function refFor(commit: number, place: Place): string {
  if (place !== "side") return "refs/bench/newest";
  return commit % 1000 === 9 ? `refs/heads/topic/${commit}` : "refs/bench/side";
}

function filesText(changes: readonly Change[]): string {
  return `${changes.map(({ path, mark }) => `M 100644 :${mark} ${path}\n`).join("")}\n`;
}

const firstSeconds = 1_400_000_000;

function commitText(
  { random, vocabulary }: Plan,
  commit: { readonly ref: string; readonly number: number; readonly mark: number },
): string {
  const { ref, number, mark } = commit;
  const paragraph = (): string => sentenceOf(random, vocabulary, 12 + random.below(50));
  const message = `Change number ${number}\n\n${paragraph()}\n\n${paragraph()}\n`;
  const who = `Sample Author ${number % 17} <author${number % 17}@example.com> ${firstSeconds + number * 600} +0000`;
  return `commit ${ref}\nmark :${mark}\nauthor ${who}\ncommitter ${who}\ndata ${Buffer.byteLength(message)}\n${message}`;
}

function resetText(ref: string, mark: number): string {
  return `reset ${ref}\nfrom :${mark}\n\n`;
}

function tagText(name: string, mark: number): string {
  const who = `Sample Author 1 <author1@example.com> ${firstSeconds} +0000`;
  return `tag ${name}\nfrom :${mark}\ntagger ${who}\ndata ${name.length}\n${name}\n`;
}
