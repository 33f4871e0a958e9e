/** A project of very many repositories in which nothing has changed, beside the bare refs requests. */
import { join } from "node:path";
import { basic } from "../support/simulator.ts";
import { initBare, workRepository } from "../support/git-repositories.ts";
import type { NamedThing } from "./azure-devops-process.ts";
import { startChild } from "./child.ts";
import type { RefsFunctions, RefsWanted } from "./refs-process.ts";
import { compared, figure } from "./results.ts";
import { workplace, type Benchmark, type BenchOptions, type Workplace } from "./workplace.ts";

/** What the task does at once by default. */
const concurrency = 8;

export function unchangedBenchmark(repositories: number): Benchmark {
  const name = `unchanged-${repositories}`;
  return {
    name,
    about: `a project of ${repositories} repositories without a change`,
    async run(options) {
      const count = Math.max(1, Math.round(repositories * options.scale));
      await using place = await workplace(options);
      const project = await addProject(place, count);
      const container = await place.newContainer();
      const backUp = () => place.task("BackupProject", { project, container, more: { include: "git-repositories" } });
      options.say("  first backup");
      const base = await backUp();
      options.say("  refs alone and ours in turn");
      const alone = [await refsAlone(place, project, options)];
      await place.azureDevOps.takeRequests(undefined);
      const ours = [await backUp()];
      const requests = await place.azureDevOps.takeRequests(undefined);
      alone.push(await refsAlone(place, project, options));
      ours.push(await backUp());
      const seconds = mean(ours.map((run) => run.seconds));
      const peer = "refs requests alone";
      return [
        compared(name, [seconds, "s"], { peer, peerValue: mean(alone), bar: 1.3 }),
        figure(`${name}-requests`, [requests.length, "requests"], count + fixedRequests),
        figure(`${name}-cpu`, [mean(ours.map((run) => run.cpuSeconds ?? 0)), "s"]),
        figure(`${name}-memory`, [Math.max(...ours.map((run) => run.peakMegabytes ?? 0)), "MB"], 250),
        figure(`${name}-base`, [base.seconds, "s"]),
        figure(`${name}-base-memory`, [base.peakMegabytes ?? 0, "MB"], 250),
      ];
    },
  };
}

/** Signing in, finding the project, listing its repositories. */
const fixedRequests = 10;

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function addProject({ azureDevOps, folder }: Workplace, count: number): Promise<NamedThing> {
  const origin = join(folder, "service.git");
  initBare(origin);
  const work = workRepository(join(folder, "service"), origin);
  work.commit({ "README.md": "# Service\n", "src/main.ts": "export const port = 8080;\n" }, "First commit");
  work.commits(5);
  work.git("tag", "-a", "v1.0", "-m", "Version 1.0");
  work.push("main", "main:feature/one", "--tags");
  const project = await azureDevOps.addProject("Services");
  await azureDevOps.addRepositories({ projectId: project.id, count, from: origin });
  return project;
}

async function refsAlone(place: Workplace, project: NamedThing, options: BenchOptions): Promise<number> {
  const child = await startChild<RefsFunctions>(options.childScript, "refs");
  try {
    const ids = await place.azureDevOps.repositoriesOf(project.id);
    const wanted: RefsWanted = {
      urls: ids.map((id) => `${place.organizationUrl}/${project.id}/_git/${id}`),
      authorization: basic(place.token),
      concurrency,
      temporaryFolder: place.folder,
    };
    return await child.call.listAll(wanted);
  } finally {
    await child.stop();
  }
}
