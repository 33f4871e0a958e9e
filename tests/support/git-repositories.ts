/**
 * Real repositories for tests, made with git itself: deterministic (fixed author, growing dates), isolated from the
 * machine's configuration. A `WorkRepository` is what a developer would have; `origin` is the bare repository behind
 * a server.
 */
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inheritedEnvironment } from "../simulator/git/run-git.ts";
import { keepSample, keptSample } from "./kept-samples.ts";

export interface GitOutcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const firstCommitSeconds = 1_760_000_000;
let ticks = 0;

function environment(): NodeJS.ProcessEnv {
  ticks += 60;
  const date = `${firstCommitSeconds + ticks} +0000`;
  return {
    ...inheritedEnvironment(),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: "Sample Author",
    GIT_AUTHOR_EMAIL: "author@example.com",
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: "Sample Author",
    GIT_COMMITTER_EMAIL: "author@example.com",
    GIT_COMMITTER_DATE: date,
  };
}

/** Runs git and returns what it said, whatever the outcome. */
export function tryGit(folder: string, args: readonly string[], input?: string): GitOutcome {
  const result = spawnSync("git", args, {
    cwd: folder,
    env: environment(),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    ...(input === undefined ? {} : { input }),
  });
  return { status: result.status ?? -1, stdout: result.stdout, stderr: result.stderr };
}

/** The same without blocking this process, for servers that live in it. */
export async function runGit(
  folder: string,
  args: readonly string[],
  config: Readonly<Record<string, string>> = {},
): Promise<GitOutcome> {
  const entries = Object.entries(config).flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  const more = { GIT_CONFIG_COUNT: String(Object.keys(config).length), ...Object.fromEntries(entries) };
  const child = spawn("git", args, {
    cwd: folder,
    env: { ...environment(), ...more },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (said.stdout += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (said.stderr += chunk.toString("utf8")));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status: status ?? -1, ...said }));
  });
}

/** Runs git, throws when it fails, returns its output without the last line end. */
export function git(folder: string, args: readonly string[], input?: string): string {
  const { status, stdout, stderr } = tryGit(folder, args, input);
  if (status !== 0) throw new Error(`git ${args.join(" ")} ended with ${status}: ${stderr.slice(0, 800)}`);
  return stdout.trimEnd();
}

/** `oid name` of every ref, sorted by name. */
export function refsOf(folder: string): readonly string[] {
  const lines = git(folder, ["for-each-ref", "--format=%(objectname) %(refname)"]);
  return lines === "" ? [] : lines.split("\n");
}

export function initBare(folder: string, hash: "sha1" | "sha256" = "sha1"): void {
  mkdirSync(folder, { recursive: true });
  git(folder, ["init", "--quiet", "--bare", "--initial-branch=main", `--object-format=${hash}`]);
}

export interface WorkRepository {
  readonly folder: string;
  /** Writes files (path → content) and commits them on the current branch; returns the commit's oid. */
  commit(files: Readonly<Record<string, string | Uint8Array>>, message?: string): string;
  /** Adds a line to a file and commits, `count` times. */
  commits(count: number, path?: string): void;
  push(...args: readonly string[]): void;
  git(...args: readonly string[]): string;
}

/** The commit that was just made: as git has written it. */
function headOf(gitFolder: string): string {
  const head = readFileSync(join(gitFolder, "HEAD"), "utf8").trim();
  return head.startsWith("ref: ") ? readFileSync(join(gitFolder, head.slice(5)), "utf8").trim() : head;
}

/** A working copy whose `origin` is the bare repository. */
export function workRepository(folder: string, origin: string, hash: "sha1" | "sha256" = "sha1"): WorkRepository {
  mkdirSync(folder, { recursive: true });
  const name = `empty working copy ${hash}`;
  const kept = keptSample(name);
  if (kept === undefined) {
    git(folder, ["init", "--quiet", "--template=", "--initial-branch=main", `--object-format=${hash}`]);
    keepSample(name, { ".git": join(folder, ".git") });
  } else {
    cpSync(join(kept, ".git"), join(folder, ".git"), { recursive: true });
  }
  appendFileSync(join(folder, ".git", "config"), remoteSection(origin));
  return workRepositoryAt(folder);
}

const remoteSection = (origin: string): string =>
  `[remote "origin"]\n\turl = ${origin.replaceAll("\\", "/")}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n`;

/** Keeps a working copy and the bare repository behind it as a sample; both stay as they are. */
export function keepWork(name: string, { folder }: WorkRepository, origin: string): void {
  const clock = join(folder, ".git", clockFile);
  writeFileSync(clock, String(ticks));
  keepSample(name, { work: folder, "origin.git": origin });
}

/** The kept sample's bare repository, to be copied, and how to get a working copy that pushes to the copy. */
export function keptWork(name: string): KeptWork | undefined {
  const kept = keptSample(name);
  if (kept === undefined) return undefined;
  return {
    origin: join(kept, "origin.git"),
    work: (folder, origin) => {
      cpSync(join(kept, "work"), folder, { recursive: true });
      const config = join(folder, ".git", "config");
      const others = readFileSync(config, "utf8").replace(/^\[remote "origin"\]\n(?:\t.*\n)*/m, "");
      writeFileSync(config, others + remoteSection(origin));
      // Commits to come are younger than those of the sample, whichever process has made it.
      ticks = Math.max(ticks, Number(readFileSync(join(folder, ".git", clockFile), "utf8")));
      return workRepositoryAt(folder);
    },
  };
}

export interface KeptWork {
  readonly origin: string;
  work(folder: string, origin: string): WorkRepository;
}

const clockFile = "sample-clock";

/** A working copy that is there. */
function workRepositoryAt(folder: string): WorkRepository {
  const commit: WorkRepository["commit"] = (files, message = "Change files") => {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    git(folder, ["add", "--all"]);
    git(folder, ["commit", "--quiet", "--allow-empty", "-m", message]);
    return headOf(join(folder, ".git"));
  };
  return {
    folder,
    commit,
    commits: (count, path = "notes.txt") => {
      for (let index = 0; index < count; index += 1) {
        appendFileSync(join(folder, path), `line ${ticks} of the notes, long enough to be worth a delta\n`);
        commit({}, `Note ${ticks}`);
      }
    },
    push: (...args) => void git(folder, ["push", "--quiet", "origin", ...args]),
    git: (...args) => git(folder, args),
  };
}

/**
 * A repository with everything a ref can point to: branches, a merge, light and annotated tags, tags of a blob and
 * of a tree, a nested tag, notes, a pull request's merge ref, names outside ASCII, a file that makes good deltas.
 */
export function variedRepository(
  folder: string,
  hash: "sha1" | "sha256" = "sha1",
): { origin: string; work: WorkRepository } {
  const origin = join(folder, "origin.git");
  const name = `varied repository ${hash}`;
  const kept = keptWork(name);
  if (kept !== undefined) {
    cpSync(kept.origin, origin, { recursive: true });
    return { origin, work: kept.work(join(folder, "work"), origin) };
  }
  initBare(origin, hash);
  git(origin, ["config", "http.receivepack", "true"]);
  const work = workRepository(join(folder, "work"), origin, hash);
  vary(work);
  keepWork(name, work, origin);
  return { origin, work };
}

function vary(work: WorkRepository): void {
  work.commit({ "readme.md": "# Sample\n", "src/big.txt": sampleText(4000), "notes.txt": "start\n" }, "First commit");
  work.commits(6);
  work.git("tag", "light");
  work.git("tag", "-a", "v1.0", "-m", "Version 1.0");
  work.git("tag", "-a", "nested", "v1.0", "-m", "A tag of a tag");
  work.git("tag", "a-blob", "HEAD:readme.md");
  work.git("tag", "-a", "a-tree", "HEAD^{tree}", "-m", "A tag of a tree");
  work.git("switch", "--quiet", "-c", "feature/one", "HEAD~3");
  work.commit({ "feature.txt": "feature\n" }, "Feature");
  work.git("switch", "--quiet", "main");
  work.git("merge", "--quiet", "--no-ff", "-m", "Merge feature/one", "feature/one");
  work.git("branch", "größe/naïve-日本", "HEAD~1");
  work.git("notes", "add", "-m", "A note", "HEAD");
  work.git("update-ref", "refs/pull/7/merge", "HEAD~1");
  work.push("--all");
  work.push("--tags", "refs/notes/*:refs/notes/*", "refs/pull/*:refs/pull/*");
}

/** Lines of text that compress like prose and differ from each other. */
export function sampleText(lines: number, seed = 1): string {
  const words = "backup vault snapshot branch commit restore project pipeline board feature stream object".split(" ");
  let state = seed;
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648);
  const line = (index: number): string => {
    const text = Array.from({ length: 8 }, () => words[next() % words.length]).join(" ");
    return `${index} ${text} ${next().toString(36)}`;
  };
  return `${Array.from({ length: lines }, (_, index) => line(index)).join("\n")}\n`;
}

/** Bytes that do not compress, the same for the same seed. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed >>> 0 || 1;
  for (let index = 0; index < length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state & 0xff;
  }
  return bytes;
}
