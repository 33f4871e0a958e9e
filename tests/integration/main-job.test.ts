import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseIdentities, parseOwnerKey, parseSigners } from "../../engine/crypto/keys.ts";
import { systemClock } from "../../engine/foundation/clock.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { closureReader } from "../../engine/vault/snapshots/closure.ts";
import { appendEntry } from "../../engine/vault/log/append.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { keptSnapshots } from "../../engine/vault/snapshots/snapshots.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { Wit } from "../simulator/boards/builder.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { memoryStore } from "../support/memory-store.ts";
import { workRepository, type WorkRepository } from "../support/git-repositories.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";

const cryptography = nodeCryptography();

describe("the main job on the engine", () => {
  let azure: TestSimulator;
  let engine: Engine;
  let folder: string;

  beforeEach(async () => {
    azure = await simulator();
    engine = await engineOver(azure);
    folder = await mkdtemp(join(tmpdir(), "main-job-"));
  });

  afterEach(async () => {
    await engine.close();
    await azure.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("backs up a project with a repository and work items, and verifies it", async () => {
    const project = azure.state.addProject("Shop");
    const { work } = addRepository(project, "Web");
    const wit = new Wit(azure.state);
    const story = wit.create(project, {
      type: "User Story",
      title: "Pay by card",
      fields: { "System.Description": "<p>Cards</p>" },
    });
    wit.create(project, { type: "Task", title: "Form", parent: story });
    wit.comment(story, "<div>Please hurry</div>");

    const first = await engine.backUp(project);
    expect(first.gaps).toEqual([]);
    expect(first.status).toBe("complete");
    expect(first.sum.items).toBeGreaterThan(3);

    const second = await engine.backUp(project);
    expect(second.sum.changed).toBe(0);

    work.commit({ "more.txt": "more\n" });
    work.push("main");
    wit.edit(story, { "System.State": "Active" });
    const third = await engine.backUp(project);
    expect(third.sum.changed).toBe(2);

    const verified = await engine.verify(project, { snapshot: "all" });
    expect(verified.streams.flatMap(({ findings }) => findings)).toEqual([]);
    expect(verified.damaged).toBe(0);
  });

  it("goes on under a new build from what a run that died has stored", async () => {
    const project = azure.state.addProject("Shop");
    addRepository(project, "Web");
    await engine.backUp(project);
    const { work } = addRepository(project, "Large");
    work.commit({ "noise.bin": randomBytes(300_000) });
    work.push("main");
    const hasEnded = ({ path }: { readonly path: string }): boolean => /\/reporting\/|connectionData/i.test(path);
    azure.faults.add({ kind: "status", status: 401, when: hasEnded, times: 1000 });
    await expect(engine.backUp(project, { build: "1" })).rejects.toThrow();
    azure.faults.clear();

    const second = await engine.backUp(project, { build: "2" });

    expect(second.status).toBe("complete");
    expect(second.sum.newBytes).toBeLessThan(100_000);
    expect((await engine.verify(project, { snapshot: "all" })).damaged).toBe(0);
  });

  it("stores everything anew once the keys were replaced, changed or not", async () => {
    let aheadMs = 0;
    const store = memoryStore({ clock: { now: () => new Date(systemClock.now().getTime() + aheadMs) } });
    await engine.close();
    engine = await engineOver(azure, { store });
    const project = azure.state.addProject("Shop");
    addRepository(project, "Web");
    new Wit(azure.state).create(project, { type: "Task", title: "Form" });
    await engine.backUp(project);
    aheadMs += 60_000;
    await replaceKeys(engine, project.id);
    aheadMs += 60_000;

    const second = await engine.backUp(project);
    expect(second).toMatchObject({ status: "complete", sum: { changed: second.sum.streams } });
    const [, newest] = await reachedObjects(engine, project.id);
    expect(newest?.filter((path) => !path.startsWith(`${second.snapshot}/`))).toEqual([]);

    expect((await engine.backUp(project)).sum.changed).toBe(0);
    expect((await engine.verify(project, { snapshot: "all" })).damaged).toBe(0);
  });

  it("says of a new vault that has no owner key what nobody will ever be able to do in it", async () => {
    const [agentOnly] = parseSigners(engine.keys.signer);
    const withOwner = await engineOver(azure, { store: memoryStore() });
    const kinds = { include: ["project"] };

    await engine.backUp(azure.state.addProject("Ownerless"), { ...kinds, pinnedSigners: [agentOnly!] });
    await withOwner.backUp(azure.state.addProject("Owned"), kinds);
    await withOwner.close();

    expect(engine.messages.join("\n")).toMatch(/new vault of project Ownerless has no owner key.*owner=ed25519:/);
    expect(withOwner.messages.join("\n")).not.toContain("no owner key");
  });

  /** A `keys` entry by the owner that asks for everything to be stored anew. */
  async function replaceKeys({ keys, store }: Engine, vault: string): Promise<void> {
    const signing = await parseOwnerKey(keys.ownerKey, cryptography);
    const by = { tool: "0.0.0", build: "keys", run: "keys" };
    const facts = { store, cryptography, vault, clock: systemClock, signing, by };
    const log = await readLog(facts);
    const genesis = log.entries[0]?.entry;
    if (genesis?.kind !== "genesis") throw new Error("a log begins with its genesis");
    const { recipients, catalogue, signers } = genesis.genesis;
    await appendEntry(facts, log, async () => ({
      kind: "keys",
      keys: { recipients, catalogue, signers, rekey: true },
    }));
  }

  /** Paths of what each snapshot reaches, by snapshot. */
  async function reachedObjects({ keys, store }: Engine, vault: string): Promise<readonly (readonly string[])[]> {
    const access = { store, cryptography, vault, identities: parseIdentities(keys.recoveryKey) };
    const snapshots = keptSnapshots(await readLog({ store, cryptography, vault }));
    return Promise.all(
      snapshots.map(async (snapshot) => (await closureReader(access).read([snapshot])).map(({ ref }) => ref.o)),
    );
  }

  function addRepository(
    project: ProjectRecord,
    name: string,
  ): { readonly work: WorkRepository; readonly folder: string } {
    const repository = azure.state.addRepository(project, { name });
    const work = workRepository(join(folder, name), azure.state.repositories.folderOf(repository));
    work.commit({ "README.md": "# Web\n" });
    work.push("main");
    return { work, folder: azure.state.repositories.folderOf(repository) };
  }
});
