/**
 * The main job as a story (`npm start`): a team's project is backed up, changes, is backed up again, verified, loses
 * things, and gets them back. Everything is real but Azure DevOps itself: the bundled tasks run as an agent runs
 * them, Git goes over HTTP, storage is Azurite. Each chapter checks what it claims; the first wrong thing ends it.
 */
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKeySet, type KeySet } from "../../engine/crypto/keys.ts";
import { bytesForPeople, inert } from "../../engine/foundation/text.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { addSampleProject, type SampleProject } from "../simulator/sample/index.ts";
import { startSimulator, type Simulator } from "../simulator/server.ts";
import { Wit } from "../simulator/boards/builder.ts";
import { startAzurite, type Azurite } from "../support/azurite.ts";
import { refsOf, runGit } from "../support/git-repositories.ts";
import { startHubPlace } from "../support/hub-place.ts";
import { runHostedTask, type HostedRun } from "../support/hosted-task.ts";
import { addProjectPipelines, pipelineNames, type ProjectPipelines } from "../support/project-pipelines.ts";
import { ask } from "../support/simulator.ts";

export interface World {
  readonly simulator: Simulator;
  readonly sample: SampleProject;
  readonly azurite: Azurite;
  readonly container: { readonly url: string; readonly sas: string };
  readonly keys: KeySet;
  /** Under which the story's runs stand; started in the hub, they run by themselves. */
  readonly pipelines: ProjectPipelines;
  /** Ends all and removes everything. */
  stop(): Promise<void>;
}

export type Say = (line: string) => void;

/** Starts storage and the simulated Azure DevOps with the sample project. */
export async function startWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "demo-"));
  const endings: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true, maxRetries: 5 })];
  const stop = async (): Promise<void> => {
    await Promise.allSettled(endings.map((end) => end()));
  };
  try {
    const starting: Promise<Azurite> = startAzurite();
    endings.unshift(async () => (await starting).stop());
    const simulator = await startSimulator({ stateFolder: folder });
    endings.unshift(() => simulator.stop());
    const sample = addSampleProject(simulator.state);
    const keys = await makeKeySet(nodeCryptography());
    const azurite = await starting;
    const container = await azurite.createContainer("backup");
    const pipelines = addProjectPipelines({ simulator, project: sample.project, container, keys });
    return { simulator, sample, azurite, container, keys, pipelines, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Tells the story. Throws at the first thing that is not as it should be. */
export async function tellStory(world: World, say: Say): Promise<void> {
  const chapter = chapters(say);
  const tasks = taskRunner(world, say);
  await chapter("A first backup of everything", () => firstBackup(world, tasks, say));
  const known = await rememberWeb(world);
  await chapter("The team works on, the next backup stores only the news", () => nextBackup(world, { tasks, say }));
  await chapter("Proof: every stored byte is opened and checked", () => proof(tasks, say));
  const lost = await chapter("Somebody deletes a repository, a bug and rewrites a story", () => disaster(world, say));
  await chapter("What a restore would do, then the restore itself", () => rescue({ tasks, say }, lost));
  await chapter("Are things what they were?", () => compare(world, { known, lost, say }));
}

type Chapter = <Result>(title: string, work: () => Promise<Result>) => Promise<Result>;

function chapters(say: Say): Chapter {
  let number = 0;
  return async (title, work) => {
    number += 1;
    say("");
    say(`${number}. ${title}`);
    return work();
  };
}

type RunTask = (
  task: "BackupProject" | "RestoreItem" | "VerifyBackup",
  inputs: Readonly<Record<string, string>>,
) => Promise<HostedRun>;

const pipelineOf = {
  BackupProject: pipelineNames.backup,
  VerifyBackup: pipelineNames.verify,
  RestoreItem: pipelineNames.restore,
} as const;

function taskRunner({ simulator, sample, container, keys }: World, say: Say): RunTask {
  return async (task, inputs) => {
    const run = await runHostedTask({
      simulator,
      project: sample.project,
      pipeline: pipelineOf[task],
      task,
      inputs: {
        storageConnection: "containerUrl",
        containerUrl: container.url,
        containerSas: container.sas,
        signer: keys.signer,
        ...(task === "BackupProject"
          ? { agentKey: keys.agentKey, recoveryRecipients: keys.recoveryRecipient, exclude: leftOut }
          : { recoveryKey: keys.recoveryKey }),
        ...inputs,
      },
    });
    const seconds = (run.durationMs / 1000).toFixed(1);
    const memory = run.peakMemoryBytes === undefined ? "" : `, ${bytesForPeople(run.peakMemoryBytes)} of memory`;
    say(`   ${task}: ${run.result ?? "no result"} in ${seconds} s${memory}`);
    for (const warning of run.warnings) say(`   Warning: ${inert(warning, 160)}`);
    if (run.result !== "Succeeded") throw new Error(`${task} ended with ${run.result ?? "no result"}: ${run.message}`);
    return run;
  };
}

/** The service delivers nothing of a disabled repository: until it is left out on purpose, it would be a gap. */
const leftOut = "git-repositories/Legacy-Import";

async function firstBackup({ simulator, sample }: World, run: RunTask, say: Say): Promise<void> {
  const repositories = simulator.state.repositories.list(sample.project.id).length;
  say(
    `   ${sample.project.name}: ${repositories} repositories, ${sample.workItems.all.length} work items, areas, iterations, settings`,
  );
  say("   Legacy-Import is disabled, so nothing of it can be read: it is left out on purpose (input exclude)");
  const { outputs } = await run("BackupProject", {});
  must(outputs.BackupStatus === "complete", "the first snapshot is complete");
  say(
    `   Snapshot ${outputs.BackupSnapshotId ?? ""}: ${bytesForPeople(Number(outputs.BackupNewBytes))} stored, encrypted, signed`,
  );
}

interface Remembered {
  readonly refs: readonly string[];
  readonly id: string;
}

async function rememberWeb(world: World): Promise<Remembered> {
  return { refs: refsOf(folderOf(world)), id: world.sample.repositories.web.id };
}

function folderOf({ simulator, sample }: World): string {
  return simulator.state.repositories.folderOf(sample.repositories.web);
}

async function nextBackup(world: World, { tasks, say }: { readonly tasks: RunTask; readonly say: Say }): Promise<void> {
  await pushCommit(world);
  const { bug, story } = world.sample.workItems;
  const wit = new Wit(world.simulator.state);
  wit.edit(bug, { "System.State": "Active", "Microsoft.VSTS.Common.Priority": 1 });
  wit.comment(story, "<div>Let us ship this on Thursday.</div>");
  say("   One commit pushed to Web, one bug set to Active, one comment written");
  const { outputs, summaries } = await tasks("BackupProject", {});
  must(outputs.BackupStatus === "complete", "the second snapshot is complete");
  say(`   Snapshot ${outputs.BackupSnapshotId ?? ""}: ${bytesForPeople(Number(outputs.BackupNewBytes))} stored`);
  must(summaries.length === 1, "the run has one summary");
  const third = await tasks("BackupProject", {});
  say(`   Nothing changed since: ${bytesForPeople(Number(third.outputs.BackupNewBytes))} stored (the signed index)`);
}

/** As a developer does it: clone, commit, push over HTTP. */
async function pushCommit({ simulator, sample }: World): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "developer-"));
  const url = `${simulator.organizationUrl}/${encodeURIComponent(sample.project.name)}/_git/${sample.repositories.web.name}`;
  const config = {
    "http.extraHeader": `Authorization: Basic ${Buffer.from(`:${simulator.token}`).toString("base64")}`,
  };
  try {
    await gitOrThrow(folder, ["clone", "--quiet", url, "web"], config);
    await writeFile(join(folder, "web", "NEWS.md"), "Cards are accepted.\n");
    await gitOrThrow(join(folder, "web"), ["add", "--all"], config);
    await gitOrThrow(join(folder, "web"), ["commit", "--quiet", "-m", "Tell customers about cards"], config);
    await gitOrThrow(join(folder, "web"), ["push", "--quiet", "origin", "HEAD"], config);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function gitOrThrow(
  folder: string,
  args: readonly string[],
  config: Readonly<Record<string, string>>,
): Promise<void> {
  const { status, stderr } = await runGit(folder, args, config);
  if (status !== 0) throw new Error(`git ${args[0] ?? ""} failed: ${stderr}`);
}

async function proof(run: RunTask, say: Say): Promise<void> {
  const { message, outputs } = await run("VerifyBackup", { snapshot: "all", level: "content" });
  must(outputs.VerifyStatus === "intact", "all snapshots are intact");
  say(`   ${message}`);
}

interface Lost {
  readonly refs: readonly string[];
  readonly bug: number;
  readonly story: number;
  readonly bugFingerprint: string;
  readonly storyFingerprint: string;
}

async function disaster(world: World, say: Say): Promise<Lost> {
  const { simulator, sample } = world;
  const { bug, story } = sample.workItems;
  const lost: Lost = {
    refs: refsOf(folderOf(world)),
    bug: bug.id,
    story: story.id,
    bugFingerprint: await fingerprintOf(simulator, bug.id),
    storyFingerprint: await fingerprintOf(simulator, story.id),
  };
  await ask(simulator, `${sample.project.id}/_apis/git/repositories/${sample.repositories.web.id}`, {
    method: "DELETE",
  });
  const wit = new Wit(simulator.state);
  wit.edit(story, { "System.Title": "pwned", "System.Description": "pay us" });
  wit.comment(story, "<div>All your work items are encrypted.</div>");
  wit.remove(bug);
  say(`   Gone: repository Web (${lost.refs.length} refs), bug ${lost.bug}; rewritten: story ${lost.story}`);
  return lost;
}

async function rescue({ tasks, say }: { readonly tasks: RunTask; readonly say: Say }, lost: Lost): Promise<void> {
  const request = {
    items: `git-repositories/Web\nwork-items/${lost.bug}\nwork-items/${lost.story}`,
    conflictPolicy: "overwrite",
  };
  const preview = await tasks("RestoreItem", { ...request, previewOnly: "true" });
  for (const line of preview.log.filter((entry) => /^ {2}(?:create|update|undelete|skip) /.test(entry)))
    say(`   Plan: ${line.trim()}`);
  const planHash = preview.outputs.RestorePlanHash ?? "";
  const { outputs } = await tasks("RestoreItem", { ...request, planHash });
  say(
    `   ${outputs.RestoreCreated ?? ""} brought back, ${outputs.RestoreUpdated ?? ""} set back, ${outputs.RestoreFailed ?? ""} failed`,
  );
  must(outputs.RestoreFailed === "0", "nothing failed");
}

async function compare(
  world: World,
  { known, lost, say }: { readonly known: Remembered; readonly lost: Lost; readonly say: Say },
): Promise<void> {
  const { simulator, sample } = world;
  const web = simulator.state.repositories.list(sample.project.id).find(({ name }) => name === "Web");
  must(web?.id === known.id, "the repository has its old id");
  must(refsOf(folderOf(world)).join("\n") === lost.refs.join("\n"), "all refs are identical");
  must(known.refs.join("\n") !== lost.refs.join("\n"), "the refs are those of the second snapshot");
  say(`   Repository Web is back with its id and ${lost.refs.length} identical refs`);
  must((await fingerprintOf(simulator, lost.bug)) === lost.bugFingerprint, "the bug is what it was");
  must((await fingerprintOf(simulator, lost.story)) === lost.storyFingerprint, "the story is what it was");
  say(`   Bug ${lost.bug} and story ${lost.story} have their ids, fields, links and comments again`);
}

/** Title, description, state, links and comments of a work item, as the service shows them. */
async function fingerprintOf(simulator: Simulator, id: number): Promise<string> {
  const { json } = await ask(simulator, `_apis/wit/workitems/${id}?$expand=relations`);
  const { fields, relations } = json as {
    readonly fields: Readonly<Record<string, unknown>>;
    readonly relations?: readonly { readonly rel: string; readonly url: string }[];
  };
  const comments = await ask(
    simulator,
    `${encodeURIComponent(String(fields["System.TeamProject"]))}/_apis/wit/workItems/${id}/comments?api-version=7.1-preview.4`,
  );
  const texts = (comments.json.comments as readonly { readonly text: string }[]).map(({ text }) => text);
  const kept = ["System.Title", "System.Description", "System.State", "System.Tags", "System.AreaPath"].map(
    (name) => fields[name] ?? "",
  );
  const links = (relations ?? []).map(({ rel, url }) => `${rel} ${url.split("/").at(-1) ?? ""}`).sort();
  return createHash("sha256")
    .update(JSON.stringify([kept, links, texts]))
    .digest("hex");
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`It does not hold that ${what}`);
}

export interface OpenHub {
  /** Address of the page around the hub. */
  readonly hubUrl: string;
  /** What a person needs who browses: read and list. */
  readonly readSas: string;
  stop(): Promise<void>;
}

/** The hub with everything the story has left, for people to look at. */
export async function openHub(world: World): Promise<OpenHub> {
  const place = await startHubPlace({ ...world, project: world.sample.project });
  const readSas = world.azurite.containerSas("backup", { permissions: "rl" });
  return { hubUrl: place.hubUrl, readSas, stop: () => place.stop() };
}
