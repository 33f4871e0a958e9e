/** One large repository: backed up whole, after commits, and unchanged; beside git itself and restic. */
import { statSync } from "node:fs";
import { join } from "node:path";
import type { AzuriteContainer } from "../support/azurite.ts";
import { runGit, tryGit } from "../simulator/git/run-git.ts";
import type { NamedThing } from "./azure-devops-process.ts";
import { largeRepository, type LargeRepository } from "./large-repository.ts";
import { measureProgram, type Measured } from "./measured.ts";
import { peerGit } from "./peer-git.ts";
import { compared, figure, type Row } from "./results.ts";
import { growthSince, storedIn, type Growth } from "./storage.ts";
import { workplace, type Benchmark, type BenchOptions, type TaskRun, type Workplace } from "./workplace.ts";

export const gitBenchmark: Benchmark = {
  name: "git",
  about: "a large repository: base, increments, unchanged",
  async run(options) {
    options.say("  making the large repository, unless an earlier run has");
    const large = await largeRepository(options);
    await using place = await workplace(options);
    const served = await serve(place, large);
    const rows = await baseRows(served, options);
    rows.push(...(await incrementRows(served, options)));
    rows.push(...(await unchangedRows(served)), ...(await verifyRows(served, options)));
    return rows;
  },
};

interface Served {
  readonly place: Workplace;
  readonly large: LargeRepository;
  readonly project: NamedThing;
  readonly url: string;
  /** The bare repository behind the server. */
  readonly origin: string;
  readonly container: AzuriteContainer;
  /** What the peer keeps. */
  readonly mirror: string;
}

async function serve(place: Workplace, large: LargeRepository): Promise<Served> {
  const { azureDevOps, organizationUrl, folder } = place;
  const project = await azureDevOps.addProject("Large");
  const wanted = { projectId: project.id, name: "Monolith", from: large.folder };
  const { name, folder: origin } = await azureDevOps.addRepository(wanted);
  const url = `${organizationUrl}/${project.name}/_git/${name}`;
  const mirror = join(folder, "mirror.git");
  return { place, large, project, url, origin, container: await place.newContainer(), mirror };
}

/** Ours before and after the peer, so that a machine that gets slower or faster meanwhile spoils neither. */
async function baseRows(served: Served, options: BenchOptions): Promise<Row[]> {
  const { place, mirror, container } = served;
  options.say("  base backup of ours, of git, of ours again");
  const first = await backUp(served, container);
  const clone = await peerGit(place, ["clone", "--quiet", "--mirror", served.url, mirror]);
  const bundle = await peerGit(place, ["-C", mirror, "bundle", "create", "--quiet", `${mirror}.bundle`, "--all"]);
  const second = await backUp(served, await place.newContainer());
  const ours = (first.seconds + second.seconds) / 2;
  const peer = "git clone --mirror + git bundle create --all";
  const bundleBytes = statSync(`${mirror}.bundle`).size;
  const rows = [
    compared("git-base", [ours, "s"], { peer, peerValue: clone.seconds + bundle.seconds, bar: 0.35 }),
    figure("git-base-cpu", [((first.cpuSeconds ?? 0) + (second.cpuSeconds ?? 0)) / 2, "s"]),
    figure("git-base-memory", [Math.max(first.peakMegabytes ?? 0, second.peakMegabytes ?? 0), "MB"], 150),
    compared("git-base-bytes", [first.growth.bytes, "B"], { peer: "git bundle create --all", peerValue: bundleBytes }),
  ];
  const peerMemory = Math.max(clone.peakMegabytes ?? 0, bundle.peakMegabytes ?? 0);
  if (peerMemory > 0) rows.push(figure("git-base-memory-of-git", [peerMemory, "MB"]));
  return [...rows, ...(await resticRows(served, options, clone.seconds))];
}

async function incrementRows(served: Served, options: BenchOptions): Promise<Row[]> {
  const { large, origin } = served;
  const rows: Row[] = [];
  const steps = [
    { name: "git-increment-1", tip: large.next },
    { name: `git-increment-${large.newestCommits - 1}`, tip: large.newest },
  ];
  for (const { name, tip } of steps) {
    options.say(`  ${name.replace("git-increment-", "increment, commits: ")}`);
    const before = tipsOf(served.mirror);
    runGit(["-C", origin, "update-ref", "refs/heads/main", tip]);
    const ours = await backUp(served, served.container);
    const fetch = await peerGit(served.place, ["-C", served.mirror, "fetch", "--quiet"]);
    const file = join(served.place.folder, `${name}.bundle`);
    const notBefore = ["--all", "--not", ...before];
    const bundle = await peerGit(served.place, [
      "-C",
      served.mirror,
      "bundle",
      "create",
      "--quiet",
      file,
      ...notBefore,
    ]);
    const peer = "incremental bundle of a kept mirror";
    const peerBytes = statSync(file).size;
    rows.push(
      compared(name, [ours.growth.bundleBytes, "B"], { peer, peerValue: peerBytes, bar: 1.1 }),
      compared(`${name}-everything-stored`, [ours.growth.bytes, "B"], { peer, peerValue: peerBytes }),
      compared(`${name}-time`, [ours.seconds, "s"], { peer, peerValue: fetch.seconds + bundle.seconds }),
    );
  }
  return rows;
}

async function unchangedRows(served: Served): Promise<readonly Row[]> {
  await served.place.azureDevOps.takeRequests(undefined);
  const { growth, seconds } = await backUp(served, served.container);
  const requests = await served.place.azureDevOps.takeRequests(undefined);
  return [
    figure("git-unchanged", [requests.filter((line) => line.includes("/_git/")).length, "requests"], 1),
    figure("git-unchanged-stored", [growth.dataBytes, "B"], 0),
    figure("git-unchanged-snapshot", [growth.bytes, "B"]),
    figure("git-unchanged-time", [seconds, "s"]),
  ];
}

/** Everything opened, and put together and checked by git. */
async function verifyRows({ place, project, container }: Served, options: BenchOptions): Promise<readonly Row[]> {
  options.say("  verification of the content");
  const more = { level: "content", recoveryKey: place.keys.recoveryKey };
  const run = await place.task("VerifyBackup", { project, container, more });
  return [figure("git-verify-memory", [run.peakMegabytes ?? 0, "MB"], 250)];
}

/** restic saves the mirror into a folder: no server between, but the clone before it is needed each time. */
async function resticRows(served: Served, options: BenchOptions, cloneSeconds: number): Promise<readonly Row[]> {
  if (!hasRestic()) return [];
  options.say("  restic");
  const { folder } = served.place;
  const repository = join(folder, "restic");
  const run = (...args: readonly string[]): Promise<Measured> =>
    measureProgram({
      command: "restic",
      args: ["--quiet", "--repo", repository, ...args],
      environment: { RESTIC_PASSWORD: "bench", RESTIC_CACHE_DIR: join(folder, "restic-cache") },
    });
  await run("init");
  const saved = await run("backup", served.mirror);
  return [
    figure("git-base-with-restic", [cloneSeconds + saved.seconds, "s"]),
    figure("git-base-with-restic-after-clone", [saved.seconds, "s"]),
  ];
}

function hasRestic(): boolean {
  return tryGit(["-c", "alias.has=!command -v restic", "has"]).status === 0;
}

interface BackUp extends TaskRun {
  readonly growth: Growth;
}

async function backUp({ place, project }: Served, container: AzuriteContainer): Promise<BackUp> {
  const before = await storedIn(place.azurite, container);
  const run = await place.task("BackupProject", { project, container, more: { include: "git-repositories" } });
  return { ...run, growth: await growthSince(before, place.azurite, container) };
}

function tipsOf(repository: string): readonly string[] {
  const tips = runGit(["-C", repository, "for-each-ref", "--format=%(objectname)"]);
  return [...new Set(tips.trim().split("\n"))];
}
