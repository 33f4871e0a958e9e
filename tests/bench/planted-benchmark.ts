/** A vault into whose log somebody has planted names, who may create objects and nothing else. */
import { join } from "node:path";
import { logName } from "../../engine/vault/format/layout.ts";
import { forEachConcurrent } from "../../engine/foundation/concurrency.ts";
import { initBare, workRepository } from "../support/git-repositories.ts";
import type { AzuriteContainer } from "../support/azurite.ts";
import type { NamedThing } from "./azure-devops-process.ts";
import { compared, figure } from "./results.ts";
import { workplace, type Benchmark, type Workplace } from "./workplace.ts";

const name = "planted-entries";
const plantedEntries = 2000;
const repositories = 10;
const uploadsAtOnce = 16;
const rounds = 3;

export const plantedBenchmark: Benchmark = {
  name,
  about: `a small project whose log has ${plantedEntries} planted names ahead`,
  async run(options) {
    const count = Math.max(1, Math.round(plantedEntries * options.scale));
    await using place = await workplace(options);
    const project = await addProject(place);
    const newVault = async (): Promise<AzuriteContainer> => {
      const container = await place.newContainer();
      await backUp(container);
      return container;
    };
    const backUp = (container: AzuriteContainer) => place.task("BackupProject", { project, container, more: {} });
    options.say("  first backups");
    const [sound, littered, copied] = [await newVault(), await newVault(), await newVault()];
    await plant(place, littered, { vault: project.id, count, content: () => Buffer.from("garbage\n") });
    await plant(place, copied, { vault: project.id, count, content: (genesis) => genesis });
    options.say("  backups without and with planted entries in turn");
    const without = [(await backUp(sound)).seconds];
    const garbage = await backUp(littered);
    const copies = await backUp(copied);
    const recorded: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      recorded.push((await backUp(copied)).seconds);
      without.push((await backUp(sound)).seconds);
    }
    const peer = { peer: "without planted entries", peerValue: median(without) };
    return [
      compared(name, [garbage.seconds, "s"], { ...peer, bar: 2 }),
      compared(`${name}-recorded`, [median(recorded), "s"], { ...peer, bar: 2 }),
      compared(`${name}-copies`, [copies.seconds, "s"], peer),
      figure(`${name}-memory`, [Math.max(garbage.peakMegabytes ?? 0, copies.peakMegabytes ?? 0), "MB"], 250),
    ];
  },
};

async function addProject({ azureDevOps, folder }: Workplace): Promise<NamedThing> {
  const origin = join(folder, "service.git");
  initBare(origin);
  const work = workRepository(join(folder, "service"), origin);
  work.commit({ "README.md": "# Service\n" }, "First commit");
  work.push("main");
  const project = await azureDevOps.addProject("Services");
  await azureDevOps.addRepositories({ projectId: project.id, count: repositories, from: origin });
  return project;
}

/** The same under each of the next numbers: garbage, or a real entry, which is of a size that has to be read. */
async function plant(
  { azurite }: Workplace,
  container: AzuriteContainer,
  planted: { readonly vault: string; readonly count: number; readonly content: (genesis: Buffer) => Buffer },
): Promise<void> {
  const client = azurite.service().getContainerClient(container.name);
  const content = planted.content(await client.getBlobClient(logName(planted.vault, 0)).downloadToBuffer());
  let next = 0;
  while (await client.getBlobClient(logName(planted.vault, next)).exists()) next += 1;
  const numbers = Array.from({ length: planted.count }, (_, index) => next + index);
  await forEachConcurrent(numbers, uploadsAtOnce, async (number) => {
    await client.getBlockBlobClient(logName(planted.vault, number)).uploadData(content);
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
