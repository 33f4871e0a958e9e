/**
 * A repository of 200 source files with a past, and what may happen to it in a night: attacks and ordinary work. All of
 * it is made once, by `git fast-import`; a night moves refs. Repositories that share its objects cost a few files each.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { noiseOf, randomOf, type Random } from "../bench/random.ts";
import { sourceFileOf, vocabularyOf } from "../bench/source-text.ts";
import { git } from "./git-repositories.ts";

const files = 200;
const lines = { least: 50, more: 400 };
const pastCommits = 30;
export const historyNights = 7;
const releases = 9;

/** Ref → commit; what is not named is gone. */
export type Refs = Readonly<Record<string, string>>;

export interface SourceHistory {
  /** A small bare repository without refs that borrows all objects. */
  readonly folder: string;
  /** The base, then each night of ordinary work. */
  readonly nights: readonly Refs[];
  /** Refs after the last of them and one thing more, by its name; of what takes several nights, each night. */
  readonly then: Readonly<Record<Happening, readonly Refs[]>>;
}

export const happenings = [
  ...(["noise", "base64", "scrambled", "deleted", "force push"] as const),
  ...(["noise beside, originals deleted", "noise, 1/30 a night", "2 % deleted a night"] as const),
  ...(["licence header", "vendored folder added", "vendored folder removed", "branches cleaned up"] as const),
] as const;
export type Happening = (typeof happenings)[number];

export function sourceHistory(root: string): SourceHistory {
  const origin = join(root, "origin.git");
  mkdirSync(root, { recursive: true });
  git(root, ["init", "--quiet", "--bare", "--initial-branch=main", origin]);
  const importer = new Importer(randomOf("source history"));
  const past = importer.past();
  importer.run(origin, 50);
  // With a bitmap git builds on nothing it sent before, whatever it is asked for.
  git(origin, ["-c", "repack.writeBitmaps=false", "repack", "-a", "-d", "-q"]);
  const happened = importer.happenings();
  importer.run(origin, 0);
  const names = new Map(
    git(origin, ["for-each-ref", "--format=%(refname) %(objectname)"])
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
  const resolved = (refs: Refs): Refs =>
    Object.fromEntries(Object.entries(refs).map(([name, mark]) => [name, names.get(`refs/made/${mark}`) ?? ""]));
  const then = Object.fromEntries(happenings.map((name) => [name, happened[name].map(resolved)]));
  return {
    folder: borrowing(root, origin),
    nights: past.map(resolved),
    then: then as unknown as SourceHistory["then"],
  };
}

/** Writes refs as files, without git: of a repository that has no packed ones. */
export function setRefs(folder: string, refs: Refs): void {
  for (const kind of ["heads", "tags"]) rmSync(join(folder, "refs", kind), { recursive: true, force: true });
  for (const [name, oid] of Object.entries(refs)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), `${oid}\n`);
  }
  mkdirSync(join(folder, "refs", "heads"), { recursive: true });
}

function borrowing(root: string, origin: string): string {
  const folder = join(root, "borrowing.git");
  git(root, ["init", "--quiet", "--bare", "--initial-branch=main", "--template=", folder]);
  for (const setting of ["allowTipSHA1InWant", "allowFilter"]) git(folder, ["config", `uploadpack.${setting}`, "true"]);
  mkdirSync(join(folder, "objects", "info"), { recursive: true });
  writeFileSync(join(folder, "objects", "info", "alternates"), `${join(origin, "objects")}\n`);
  cpSync(join(origin, "HEAD"), join(folder, "HEAD"));
  return folder;
}

type Content = Buffer | null;

/** Composes a fast-import stream; every commit gets a ref below refs/made by its own name. */
class Importer {
  readonly #random: Random;
  readonly #vocabulary: readonly string[];
  readonly #sources: readonly ReturnType<typeof sourceFileOf>[];
  readonly #paths: readonly string[];
  #parts: (string | Buffer)[] = [];
  #seconds = 1_760_000_000;

  constructor(random: Random) {
    this.#random = random;
    this.#vocabulary = vocabularyOf(random, 2000);
    const areas = Array.from({ length: 12 }, () => random.of(this.#vocabulary));
    this.#paths = Array.from({ length: files }, (_, index) => `src/${random.of(areas)}/${index}.ts`);
    this.#sources = this.#paths.map(() =>
      sourceFileOf(random, this.#vocabulary, lines.least + random.below(lines.more)),
    );
  }

  past(): readonly Refs[] {
    this.#commit("p0", undefined, new Map(this.#paths.map((path, index) => [path, this.#content(index)])));
    for (let index = 1; index < pastCommits; index += 1) this.#commit(`p${index}`, `p${index - 1}`, this.#edits(2));
    for (let index = 0; index < releases; index += 1) {
      this.#commit(`release${index}`, `p${index * 3}`, new Map([["VERSION", Buffer.from(`1.${index}\n`)]]));
    }
    const nights = ["p29"];
    for (let night = 1; night <= historyNights; night += 1) {
      this.#commit(`n${night}`, nights.at(-1), this.#edits(3));
      nights.push(`n${night}`);
    }
    return nights.map((main) => refsWith(main));
  }

  happenings(): Readonly<Record<Happening, readonly Refs[]>> {
    const last = `n${historyNights}`;
    const vendored = this.#vendored();
    const all = this.#paths.map((path, index) => ({ path, content: this.#content(index) }));
    const over = (name: string, change: (content: Buffer) => Buffer): readonly Refs[] => {
      this.#commit(name, last, new Map(all.map(({ path, content }) => [path, change(content)])));
      return [refsWith(name)];
    };
    return {
      noise: over("noise", (content) => noiseOf(this.#random, content.length)),
      base64: over("base64", (content) =>
        Buffer.from(noiseOf(this.#random, content.length).toString("base64").replace(/.{76}/g, "$&\n")),
      ),
      scrambled: over("scrambled", (content) => this.#scrambled(content)),
      deleted: this.#deleting("deleted", 1, 1),
      "force push": this.#forced(),
      "noise beside, originals deleted": this.#beside(all),
      "noise, 1/30 a night": this.#slowNoise(all),
      "2 % deleted a night": this.#deleting("gone", 0.02, 7),
      "licence header": over("header", (content) => Buffer.concat([Buffer.from(licence), content])),
      "vendored folder added": [vendored],
      "vendored folder removed": [vendored, refsWith(last)],
      "branches cleaned up": [
        refsWith(
          last,
          Array.from({ length: releases - 3 }, (_, index) => index + 3),
        ),
      ],
    };
  }

  run(origin: string, depth: number): void {
    const input = Buffer.concat(this.#parts.map((part) => Buffer.from(part)));
    this.#parts = [];
    const args = ["-C", origin, "fast-import", "--quiet", `--depth=${depth}`];
    const { status, stderr } = spawnSync("git", args, { input, maxBuffer: 1 << 28 });
    if (status !== 0) throw new Error(`git fast-import ended with ${String(status)}: ${stderr.toString("utf8")}`);
  }

  #commit(name: string, from: string | undefined, changes: ReadonlyMap<string, Content>): void {
    this.#seconds += 600;
    this.#parts.push(
      `commit refs/made/${name}\ncommitter Sample Author <author@example.com> ${this.#seconds} +0000\n`,
      `data ${name.length}\n${name}\n${from === undefined ? "" : `from refs/made/${from}\n`}`,
    );
    for (const [path, content] of changes) {
      if (content === null) this.#parts.push(`D ${path}\n`);
      else this.#parts.push(`M 100644 inline ${path}\ndata ${content.length}\n`, content, "\n");
    }
    this.#parts.push("\n");
  }

  #content(index: number): Buffer {
    return this.#sources[index]?.content() ?? Buffer.alloc(0);
  }

  #edits(count: number): ReadonlyMap<string, Content> {
    const chosen = Array.from({ length: count }, () => this.#random.below(files));
    for (const index of chosen) this.#sources[index]?.edit();
    return new Map(chosen.map((index) => [this.#paths[index] ?? "", this.#content(index)]));
  }

  /** The same words, in another order. */
  #scrambled(content: Buffer): Buffer {
    const words = content.toString("utf8").split(/(?<=\s)/);
    for (let index = words.length - 1; index > 0; index -= 1) {
      const other = this.#random.below(index + 1);
      [words[index], words[other]] = [words[other] ?? "", words[index] ?? ""];
    }
    return Buffer.from(words.join(""));
  }

  #deleting(name: string, share: number, nights: number): readonly Refs[] {
    const each = Math.round(files * share);
    return Array.from({ length: nights }, (_, night) => {
      const gone = this.#paths.slice(night * each, (night + 1) * each);
      const from = night === 0 ? `n${historyNights}` : `${name}${night - 1}`;
      this.#commit(`${name}${night}`, from, new Map(gone.map((path) => [path, null])));
      return refsWith(`${name}${night}`);
    });
  }

  #forced(): readonly Refs[] {
    const refs: Record<string, string> = {};
    for (const ref of Object.keys(refsWith(""))) {
      const name = `forced-${ref.replaceAll("/", "-")}`;
      this.#commit(name, "p0", new Map([["README.md", Buffer.from(`${ref} begins anew\n`)]]));
      refs[ref] = name;
    }
    return [refs];
  }

  #beside(all: readonly { readonly path: string; readonly content: Buffer }[]): readonly Refs[] {
    const beside = all.map(({ path, content }) => [`${path}.locked`, noiseOf(this.#random, content.length)] as const);
    this.#commit("beside", `n${historyNights}`, new Map(beside));
    this.#commit("instead", "beside", new Map(all.map(({ path }) => [path, null])));
    return [refsWith("beside"), refsWith("instead")];
  }

  #slowNoise(all: readonly { readonly path: string; readonly content: Buffer }[]): readonly Refs[] {
    const each = Math.round(files / 30);
    return Array.from({ length: 7 }, (_, night) => {
      const hit = all.slice(night * each, (night + 1) * each);
      const noisy = hit.map(({ path, content }) => [path, noiseOf(this.#random, content.length)] as const);
      this.#commit(`slow${night}`, night === 0 ? `n${historyNights}` : `slow${night - 1}`, new Map(noisy));
      return refsWith(`slow${night}`);
    });
  }

  #vendored(): Refs {
    const vendor = Array.from({ length: files / 10 }, (_, index) => {
      const source = sourceFileOf(this.#random, this.#vocabulary, lines.least + this.#random.below(lines.more));
      return [`vendor/library/${index}.js`, source.content()] as const;
    });
    this.#commit("vendored", `n${historyNights}`, new Map(vendor));
    return refsWith("vendored");
  }
}

const licence = `/*
 * Licensed under the Sample License, Version 2.0. You may not use this file except in compliance with it. Software is
 * distributed on an "as is" basis, without warranties or conditions of any kind, either express or implied.
 */
`;

function refsWith(main: string, open = Array.from({ length: releases }, (_, index) => index)): Refs {
  const others = open.map((index) => [`refs/heads/release/${index}`, `release${index}`] as const);
  return { "refs/heads/main": main, ...Object.fromEntries(others) };
}
