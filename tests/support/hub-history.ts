/**
 * A vault with weeks of history: storage, Azure DevOps and engine share a clock that is moved day by day, while the
 * sample project is worked on, backed up and verified by the engine itself.
 */
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKeySet, parseAgentKey, type KeySet } from "../../engine/crypto/keys.ts";
import { systemClock, type Clock } from "../../engine/foundation/clock.ts";
import { md5 } from "../../engine/native/md5.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { recordVerification } from "../../engine/operations/verify/record-verification.ts";
import { azureBlobStore } from "../../engine/store/azure-blob-store.ts";
import { startStorageProxy } from "../simulator/storage/storage-proxy.ts";
import { addSampleProject, type SampleProject } from "../simulator/sample/index.ts";
import { Wit } from "../simulator/boards/builder.ts";
import { startAzurite, type Azurite, type AzuriteContainer } from "./azurite.ts";
import { engineOver, type Engine } from "./backup-engine.ts";
import { randomOf } from "../bench/random.ts";
import { sourceFileOf, vocabularyOf } from "../bench/source-text.ts";
import { workRepository, type WorkRepository } from "./git-repositories.ts";
import { startHubPlace, type HubPlace } from "./hub-place.ts";
import { simulator, type TestSimulator } from "./simulator.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** For so long the storage lets nobody delete what was written. */
const lockedDays = 45;

export interface HistoricWorld {
  readonly azure: TestSimulator;
  readonly azurite: Azurite;
  readonly sample: SampleProject;
  readonly container: AzuriteContainer;
  readonly keys: KeySet;
  readonly place: HubPlace;
  stop(): Promise<void>;
}

/** The hub of the sample project after `days` days with a backup each; the clock is right again at the end. */
export async function startHistoricWorld(days: number): Promise<HistoricWorld> {
  const folder = await mkdtemp(join(tmpdir(), "hub-history-"));
  const clock = movableClock(join(folder, "clock"));
  clock.goBack(days * dayMs + 10 * hourMs);
  const azurite = await startMovedAzurite(clock.file);
  const azure = await simulator({ stateOptions: { clock } });
  const sample = addSampleProject(azure.state);
  const container = await azurite.createContainer("azure-devops");
  const keys = await makeKeySet(nodeCryptography());
  const proxy = await startStorageProxy({ target: azurite.endpoint });
  proxy.protection.policy = { mode: "locked", days: lockedDays };
  const store = azureBlobStore({
    containerUrl: proxy.through(container.url),
    sas: azurite.containerSas(container.name, { expiresOn: new Date(Date.now() + 30 * dayMs) }),
    md5,
    clock,
    random: Math.random,
  });
  const engine = await engineOver(azure, { store, keys, clock });
  const team = teamOf(azure, sample, folder);
  for (let day = 0; day < days; day += 1) {
    clock.goBack((days - day - 1) * dayMs + 7 * hourMs);
    team.work(day);
    sample.repositories.disabled.isDisabled = day > 0; // it was stored once: since then its last state is carried
    // Rights that were missing for a day make that day's snapshot a partial one.
    if (day === days - 3) azure.faults.add({ kind: "status", status: 403, when: isAboutAreas, times: 1000 });
    await engine.backUp(sample.project, { buildName: `Backup_${day + 1}` });
    azure.faults.clear();
    if (day % 7 === (days - 1) % 7) await verify(engine, sample, clock);
  }
  await engine.close();
  await proxy.stop();
  clock.goBack(0);
  const settings = { retention: "last=3 daily=7 weekly=4 monthly=12" };
  const place = await startHubPlace({ simulator: azure, azurite, project: sample.project, container, keys, settings });
  return {
    ...{ azure, azurite, sample, container, keys, place },
    async stop() {
      await place.stop();
      await Promise.all([azure.stop(), azurite.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function isAboutAreas({ path }: { readonly path: string }): boolean {
  return path.toLowerCase().includes("/classificationnodes");
}

interface MovableClock extends Clock {
  /** How far it is off, for moved-clock.cjs. */
  readonly file: string;
  goBack(ms: number): void;
}

function movableClock(file: string): MovableClock {
  let behindMs = 0;
  return {
    ...systemClock,
    file,
    now: () => new Date(Date.now() - behindMs),
    goBack(ms) {
      behindMs = ms;
      writeFileSync(file, String(-ms));
    },
  };
}

async function startMovedAzurite(clockFile: string): Promise<Azurite> {
  const { NODE_OPTIONS: before = "" } = process.env;
  process.env.NODE_OPTIONS = `${before} --require ${join(process.cwd(), "tests", "support", "moved-clock.cjs")}`;
  process.env.MOVED_CLOCK_FILE = clockFile;
  try {
    return await startAzurite();
  } finally {
    process.env.NODE_OPTIONS = before;
    delete process.env.MOVED_CLOCK_FILE;
  }
}

async function verify(engine: Engine, { project }: SampleProject, clock: Clock): Promise<void> {
  const cryptography = nodeCryptography();
  const agentKeys = await parseAgentKey(engine.keys.agentKey, cryptography);
  const result = await engine.verify(project, { level: "content", snapshot: "all" });
  await recordVerification(result, {
    ...{ store: engine.store, cryptography, clock, agentKeys },
    by: { tool: "1.0.0", build: "Verify" },
  });
}

interface Team {
  /** What a team does in a day; nothing on Sundays. */
  work(day: number): void;
}

const branches = ["checkout", "search", "invoice", "stock", "labels", "images", "returns"];
const titles = ["Totals are rounded twice", "Search misses umlauts", "Label printer waits", "Photo is cut off"];

function teamOf(azure: TestSimulator, { project, repositories, workItems }: SampleProject, folder: string): Team {
  const wit = new Wit(azure.state);
  const { web, api } = repositories;
  const people = azure.state.identities;
  const works = [web, api].map((record): WorkRepository => {
    const work = workRepository(join(folder, record.name), azure.state.repositories.ownFolderOf(record));
    work.commit({ "README.md": `# ${record.name}\n` });
    return work;
  });
  return {
    work(day) {
      if (day % 7 === 6) return;
      const by = people[day % people.length]!;
      const branch = `feature/${branches[day % branches.length]!}-${day + 1}`;
      const work = works[day % works.length]!;
      const random = randomOf(`day ${day}`);
      const file = sourceFileOf(random, vocabularyOf(random, 300), 250 + 50 * ((day * 5) % 11));
      work.commit({ [`src/part-${day}.ts`]: file.content() });
      work.git("branch", branch);
      work.push(branch);
      const open = workItems.all[day % workItems.all.length]!;
      wit.comment(open, `<div>Looked at on day ${day + 1}</div>`, { by });
      wit.create(project, { type: "Bug", title: titles[day % titles.length]!, by });
    },
  };
}
