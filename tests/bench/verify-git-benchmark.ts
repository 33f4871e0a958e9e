/** The content of a large repository verified, beside git doing as much with a bundle of it on its own disk. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { runGit } from "../simulator/git/run-git.ts";
import { largeRepository } from "./large-repository.ts";
import { peerGit } from "./peer-git.ts";
import { compared, figure } from "./results.ts";
import { workplace, type Benchmark, type TaskRun, type Workplace } from "./workplace.ts";

export const verifyRepositoryBenchmark: Benchmark = {
  name: "verify-repository",
  about: "a large repository verified, content included",
  async run(options) {
    options.say("  making the large repository, unless an earlier run has");
    const large = await largeRepository(options);
    await using place = await workplace(options);
    const project = await place.azureDevOps.addProject("Monoliths");
    await place.azureDevOps.addRepository({ projectId: project.id, name: "Monolith", from: large.folder });
    const container = await place.newContainer();
    await place.task("BackupProject", { project, container, more: { include: "git-repositories" } });
    const bundle = join(place.folder, "large.bundle");
    runGit(["-C", large.folder, "bundle", "create", "--quiet", bundle, "--branches", "--tags"]);
    const more = { level: "content", recoveryKey: place.keys.recoveryKey };
    const verified = (): Promise<TaskRun> => place.task("VerifyBackup", { project, container, more });
    options.say("  verification of ours, of git, of ours again");
    const first = await verified();
    const peerValue = await checkedByGit(place, bundle);
    const second = await verified();
    const peer = "git clone --mirror of the bundle + git fsck --full --strict";
    return [
      compared("verify-repository", [(first.seconds + second.seconds) / 2, "s"], { peer, peerValue, bar: 1.2 }),
      figure("verify-repository-memory", [Math.max(first.peakMegabytes ?? 0, second.peakMegabytes ?? 0), "MB"], 250),
    ];
  },
};

async function checkedByGit(place: Workplace, bundle: string): Promise<number> {
  const mirror = join(place.folder, "mirror.git");
  const clone = await peerGit(place, ["clone", "--quiet", "--mirror", bundle, mirror]);
  const check = await peerGit(place, ["-C", mirror, "fsck", "--full", "--strict", "--no-progress"]);
  rmSync(mirror, { recursive: true, force: true });
  return clone.seconds + check.seconds;
}
