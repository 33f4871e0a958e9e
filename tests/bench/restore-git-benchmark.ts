/** Repositories restored into another project, beside `git push --mirror` of the same refs to the same server. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { AzuriteContainer } from "../support/azurite.ts";
import { runGit } from "../simulator/git/run-git.ts";
import type { NamedThing } from "./azure-devops-process.ts";
import { largeRepository } from "./large-repository.ts";
import { peerGit } from "./peer-git.ts";
import { compared, figure, type Row } from "./results.ts";
import { workplace, type Benchmark, type TaskRun, type Workplace } from "./workplace.ts";

const fullRefs = 5000;

export const restoreRefsBenchmark: Benchmark = {
  name: "restore-refs",
  about: `a repository of ${fullRefs} branches and tags restored`,
  async run(options) {
    await using place = await workplace(options);
    const folder = join(place.folder, "many-refs.git");
    makeManyRefs(folder, Math.max(1, Math.round(fullRefs * options.scale)));
    const scene = await backedUp(place, folder);
    options.say("  restores of ours and pushes of git in turn");
    const ours = [await restored(scene, 1)];
    const peers = [await pushed(scene, folder)];
    ours.push(await restored(scene, 2));
    peers.push(await pushed(scene, folder));
    const peer = "git push --mirror of the same refs";
    return [
      compared("restore-refs", [mean(ours.map(({ seconds }) => seconds)), "s"], {
        peer,
        peerValue: mean(peers),
        bar: 1.3,
      }),
      figure("restore-refs-pushes", [Math.max(...ours.map(({ pushes }) => pushes)), "requests"]),
      memoryRow("restore-refs-memory", ours),
    ];
  },
};

export const restoreRepositoryBenchmark: Benchmark = {
  name: "restore-repository",
  about: "a large repository restored",
  async run(options) {
    options.say("  making the large repository, unless an earlier run has");
    const large = await largeRepository(options);
    await using place = await workplace(options);
    const scene = await backedUp(place, large.folder);
    const bundle = join(place.folder, "large.bundle");
    runGit(["-C", large.folder, "bundle", "create", "--quiet", bundle, "--branches", "--tags"]);
    options.say("  restore of ours, of git, of ours again");
    const ours = [await restored(scene, 1)];
    const peerValue = await mirrored(scene, bundle);
    ours.push(await restored(scene, 2));
    const peer = "git clone --mirror of the bundle + git push --mirror";
    const value = mean(ours.map(({ seconds }) => seconds));
    return [
      compared("restore-repository", [value, "s"], { peer, peerValue, bar: 1.1 }),
      memoryRow("restore-repository-memory", ours),
    ];
  },
};

interface Scene {
  readonly place: Workplace;
  readonly project: NamedThing;
  readonly container: AzuriteContainer;
  /** An empty repository, to be copied. */
  readonly empty: string;
  pushTargets: number;
}

async function backedUp(place: Workplace, from: string): Promise<Scene> {
  const project = await place.azureDevOps.addProject("Monoliths");
  await place.azureDevOps.addRepository({ projectId: project.id, name: "Monolith", from });
  const container = await place.newContainer();
  await place.task("BackupProject", { project, container, more: { include: "git-repositories" } });
  const empty = join(place.folder, "empty.git");
  runGit(["init", "--quiet", "--bare", empty]);
  return { place, project, container, empty, pushTargets: 0 };
}

interface Restored extends TaskRun {
  readonly pushes: number;
}

/** Into a project of its own each time. */
async function restored({ place, project, container }: Scene, number: number): Promise<Restored> {
  const target = await place.azureDevOps.addProject(`Restored ${number}`);
  await place.azureDevOps.takeRequests(undefined);
  const more = {
    items: "git-repositories/*",
    recoveryKey: place.keys.recoveryKey,
    targetProject: target.name,
  };
  const run = await place.task("RestoreItem", { project, container, more });
  const requests = await place.azureDevOps.takeRequests(undefined);
  return { ...run, pushes: requests.filter((line) => line.includes("git-receive-pack")).length };
}

/** Seconds of pushing a local repository to an empty one of the server. */
async function pushed(scene: Scene, folder: string): Promise<number> {
  const { place, project, empty } = scene;
  scene.pushTargets += 1;
  const wanted = { projectId: project.id, name: `Pushed ${scene.pushTargets}`, from: empty };
  const { name } = await place.azureDevOps.addRepository(wanted);
  const url = `${place.organizationUrl}/${project.name}/_git/${encodeURIComponent(name)}`;
  return (await peerGit(place, ["-C", folder, "push", "--quiet", "--mirror", url])).seconds;
}

async function mirrored(scene: Scene, bundle: string): Promise<number> {
  const mirror = join(scene.place.folder, "mirror.git");
  const clone = await peerGit(scene.place, ["clone", "--quiet", "--mirror", bundle, mirror]);
  const push = await pushed(scene, mirror);
  rmSync(mirror, { recursive: true, force: true });
  return clone.seconds + push;
}

function memoryRow(name: string, runs: readonly TaskRun[]): Row {
  return figure(name, [Math.max(...runs.map((run) => run.peakMegabytes ?? 0)), "MB"], 150);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A line of commits, every one of them with its branch or its tag, or several. */
function makeManyRefs(folder: string, refs: number): void {
  mkdirSync(folder, { recursive: true });
  runGit(["init", "--quiet", "--bare", "--initial-branch=main", folder]);
  const commits = Math.max(1, refs >> 1);
  const who = "Sample Author <author@example.com> 1400000000 +0000";
  const history = Array.from({ length: commits }, (_, index) => {
    const content = `content ${index}\n`;
    const message = `Change ${index}\n`;
    return (
      `commit refs/heads/main\nmark :${index + 1}\ncommitter ${who}\ndata ${message.length}\n${message}` +
      `M 100644 inline file-${index % 100}.txt\ndata ${content.length}\n${content}\n`
    );
  });
  const named = Array.from({ length: refs - 1 }, (_, index) => {
    const name = index % 2 === 0 ? `refs/heads/topic/${index}` : `refs/tags/build-${index}`;
    return `reset ${name}\nfrom :${(index % commits) + 1}\n\n`;
  });
  runGit(["-C", folder, "fast-import", "--quiet"], [...history, ...named].join(""));
  runGit(["-C", folder, "pack-refs", "--all"]);
}
