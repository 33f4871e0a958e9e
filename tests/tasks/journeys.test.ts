/** The journeys of the people who use the tasks, on the bundles, as an agent runs them. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parseIdentities } from "../../engine/crypto/keys.ts";
import { collect } from "../../engine/foundation/concurrency.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { readmeName } from "../../engine/vault/format/layout.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { newestSnapshot } from "../../engine/vault/snapshots/snapshots.ts";
import { openSnapshot } from "../../engine/vault/snapshots/snapshot-reader.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { git } from "../support/git-repositories.ts";
import { viewOf } from "../support/project-view.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";
import { unzipped } from "./unzip.ts";
import { workplace, type Workplace } from "./workplace.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let place: Workplace;

beforeAll(async () => {
  place = await workplace();
});

afterAll(async () => {
  const leaks = await place.leaks();
  await place.stop();
  expect(leaks).toEqual([]);
});

describe("a team's backup", () => {
  let small: SmallProject;

  beforeAll(async () => {
    small = await smallProject(place.azure, "Shop");
  });
  afterAll(() => small.remove());

  it("stores everything at first, nothing when nothing changed, then the news", async () => {
    const first = await place.backUp(small.project);
    expect(first).toMatchObject({ result: "Succeeded", exitCode: 0, errors: [], warnings: [] });
    expect(first.outputs).toMatchObject({ BackupStatus: "complete" });
    expect(first.outputs.BackupSnapshotId).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{8}$/);
    expect(first.outputs.BackupVaultHead).toMatch(/^1:[0-9a-f]{64}$/);
    expect(Number(first.outputs.BackupNewBytes)).toBeGreaterThan(5000);
    expect(first.summaries.map(({ name }) => name)).toEqual(["Backup_of_Shop"]);
    expect(first.summaries[0]?.markdown).toMatch(/^## ✅ Backup of Shop: complete/);
    expect(first.attachments.map(({ type }) => type)).toEqual(["devops-backup.snapshot"]);
    expect(first.log.join("\n")).toContain("Pin this head as input vaultHead: 1:");
    const readme = (await place.stored()).get(readmeName(small.project.id)) ?? Buffer.alloc(0);
    const sha256 = createHash("sha256").update(readme).digest("hex");
    expect(first.log.join("\n")).toContain(`SHA-256 of the vault's README.txt: ${sha256}`);

    const second = await place.backUp(small.project, { recoveryRecipients: "" });
    expect(second).toMatchObject({ result: "Succeeded", errors: [], warnings: [] });
    expect(Number(second.outputs.BackupNewBytes)).toBeLessThan(3000);
    expect(second.log.join("\n")).toMatch(/0 streams of \d+ changed/);
    expect(second.log.join("\n")).not.toContain("Pin this head");

    small.change();
    const third = await place.backUp(small.project);
    expect(third.result).toBe("Succeeded");
    const sight = await place.healthy(small.project);
    expect(sight.snapshots.map(({ status }) => status)).toEqual(["complete", "complete", "complete"]);
  });

  it("is verified at every level, with test results, reports and a signed entry", async () => {
    const catalogue = await place.verify(small.project, { level: "catalogue", snapshot: "all" });
    const stored = await place.verify(small.project, { level: "stored", agentKey: place.keys.agentKey });
    const content = await place.verify(small.project, {
      level: "content",
      recoveryKey: place.keys.recoveryKey,
      maxAgeHours: "1",
    });
    for (const run of [catalogue, stored, content]) {
      expect(run).toMatchObject({ result: "Succeeded", errors: [], warnings: [] });
      expect(run.outputs).toMatchObject({ VerifyStatus: "intact", VerifyDamaged: "0" });
      expect(run.attachments.map(({ name }) => name)).toContain(`verification-${small.project.id}.html`);
      const [junit] = run.testResults;
      expect(junit?.type).toBe("JUnit");
      expect(junit?.files[0]).toMatch(/^<\?xml[^]*<testsuites[^]*failures="0"[^]*<\/testsuites>\s*$/);
      expect(junit?.files[0]).toContain("Web");
    }
    const { log } = await place.healthy(small.project);
    expect(log.entries.map(({ entry }) => entry.kind)).toEqual([
      ...["genesis", "snapshot", "snapshot", "snapshot", "verification"],
    ]);
  });

  it("is restored after a look at the plan, only as approved", async () => {
    const target: ProjectRecord = place.azure.state.addProject({ name: "Copy of Shop", defaultRepository: false });
    const inputs = { targetProject: target.name };
    const preview = await place.restore(small.project, { ...inputs, previewOnly: "true" });
    expect(preview).toMatchObject({ result: "Succeeded", errors: [] });
    expect(viewOf(place.azure, target)).toEqual({ repositories: {}, workItems: [] });
    const planHash = preview.outputs.RestorePlanHash ?? "";
    expect(planHash).toMatch(/^[0-9a-f]{64}$/);
    expect(preview.log.join("\n")).toContain("create git-repositories Web");
    expect(preview.attachments.map(({ type }) => type)).toContain("devops-backup.plan");

    const wrong = await place.restore(small.project, { ...inputs, planHash: "0".repeat(64) });
    expect(wrong.result).toBe("Failed");
    expect(wrong.errors).toHaveLength(1);
    expect(wrong.errors[0]).toContain("hash");
    expect(viewOf(place.azure, target)).toEqual({ repositories: {}, workItems: [] });

    const applied = await place.restore(small.project, { ...inputs, planHash });
    expect(applied).toMatchObject({ result: "Succeeded", errors: [], warnings: [] });
    expect(applied.outputs).toMatchObject({ RestoreFailed: "0", RestorePlanHash: planHash });
    const view = viewOf(place.azure, target);
    expect(view.repositories.Web).toEqual(viewOf(place.azure, small.project).repositories.Web);
    expect(view.workItems.map(({ title }) => title)).toEqual(
      viewOf(place.azure, small.project).workItems.map(({ title }) => title),
    );

    const again = await place.restore(small.project, inputs);
    expect(again.outputs).toMatchObject({ RestoreCreated: "0", RestoreFailed: "0" });
    expect(viewOf(place.azure, target)).toEqual(view);
  });

  it("gives an archive that opens with ordinary tools, with Azure DevOps out of reach", async () => {
    place.azure.faults.add({ kind: "status", status: 503, when: () => true, times: Infinity });
    const run = await place.restore(small.project, {
      destination: "archive",
      sourceProject: "Shop",
      items: "git-repositories/Web\nwork-items/*",
    });
    place.azure.faults.clear();
    expect(run).toMatchObject({ result: "Succeeded", errors: [] });
    const files = unzipped(run.artifacts[0]?.content ?? new Uint8Array());
    const names = [...files.keys()];
    expect(names.filter((name) => name.endsWith(".bundle"))).not.toEqual([]);
    expect(names.filter((name) => /^work-items\/.*\.json$/.test(name)).length).toBeGreaterThan(2);
    const folder = mkdtempSync(join(tmpdir(), "unzipped-"));
    try {
      const bundles = [...files].filter(([name]) => name.endsWith(".bundle"));
      git(folder, ["init", "--quiet", "--bare"]);
      for (const [index, [, content]] of bundles.entries()) {
        writeFileSync(join(folder, `${index}.bundle`), content);
        git(folder, ["fetch", "--quiet", `${index}.bundle`, "+refs/*:refs/*"]);
      }
      const branch = git(folder, ["rev-parse", "refs/heads/main"]);
      expect(branch).toBe(small.web.work.git("rev-parse", "main"));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("notices a rolled-back storage by what earlier runs of the pipeline attached", async () => {
    const container = place.azurite.service().getContainerClient(place.container.name);
    const { log } = await place.healthy(small.project);
    const newest = `${small.project.id}/log/${String(log.head?.seq).padStart(10, "0")}.json`;
    const before = `${small.project.id}/log/${String((log.head?.seq ?? 0) - 1).padStart(10, "0")}.json`;
    const kept = await Promise.all(
      [newest, before].map(async (name) => [name, await container.getBlobClient(name).downloadToBuffer()] as const),
    );
    for (const [name] of kept) await container.deleteBlob(name);
    const names = [...(await place.stored()).keys()];

    const backup = await place.backUp(small.project);
    const verification = await place.verify(small.project);
    const restore = await place.restore(small.project, { previewOnly: "true" }, { pipeline: "Backup" });

    for (const run of [backup, verification, restore]) {
      expect(run.result).toBe("Failed");
      expect([...run.errors, run.message].join("\n")).toMatch(/known to have been written/);
    }
    expect([...(await place.stored()).keys()]).toEqual(names);
    for (const [name, bytes] of kept) await container.uploadBlockBlob(name, bytes, bytes.length);
    expect((await place.backUp(small.project)).result).toBe("Succeeded");
  });

  it("refuses to begin anew where a container was emptied", async () => {
    const empty = await place.newContainer();
    const run = await place.backUp(small.project, place.storage(empty));
    expect(run.result).toBe("Failed");
    expect(run.errors).toHaveLength(1);
    expect(run.errors[0]).toMatch(/known to have been written/);
    expect([...(await place.stored(empty)).keys()]).toEqual([]);
  });
});

describe("a backup of several projects", () => {
  it("names them or takes all, with inclusions and exclusions, and gives outputs by project", async () => {
    const [north, south] = [await smallProject(place.azure, "North"), await smallProject(place.azure, "South")];
    const container = await place.newContainer();
    const inputs = { ...place.storage(container), projects: `North\n${south.project.id}`, include: "git-repositories" };
    const named = await place.backUp(north.project, inputs);
    expect(named).toMatchObject({ result: "Succeeded", errors: [] });
    expect(Object.keys(JSON.parse(named.outputs.BackupStatus ?? "{}") as object).sort()).toEqual(
      [north.project.id, south.project.id].sort(),
    );
    expect(named.attachments).toHaveLength(2);
    expect(named.summaries.map(({ name }) => name)).toEqual(["Backup_of_North", "Backup_of_South"]);

    const all = await place.backUp(north.project, {
      ...place.storage(container),
      projects: "*",
      azureDevOpsAuthentication: "accessToken",
      accessToken: place.azure.state.signIn.issue(),
      exclude: "work-items\ngit-repositories/Web",
    });
    expect(all).toMatchObject({ result: "Succeeded", errors: [] });
    const projects = place.azure.state.projects().length;
    expect(Object.keys(JSON.parse(all.outputs.BackupStatus ?? "{}") as object)).toHaveLength(projects);
    const { snapshots } = await place.healthy(north.project, container);
    const web = `git-repositories/${north.web.record.id}`;
    const [before, after] = snapshots;
    expect(before?.streams["work-items"]?.status).toBe(undefined);
    expect(after?.streams[web]).toEqual({ ...before?.streams[web], status: "skipped" });
    expect(after?.streams.areas?.status).toBe("ok");
    await north.remove();
    await south.remove();
  });

  it("gives each its own failure: one vault that somebody else began does not cost the others their backup", async () => {
    const [north, south] = [await smallProject(place.azure, "East"), await smallProject(place.azure, "West")];
    const container = await place.newContainer();
    const foreign = `${north.project.id}/log/0000000000.json`;
    await place.store(container).create(foreign, new TextEncoder().encode("somebody was here\n"));
    const projects = "East\nWest";
    const run = await place.backUp(north.project, {
      ...place.storage(container),
      projects,
      include: "git-repositories",
    });
    expect(run.result).toBe("Failed");
    expect(run.errors).toHaveLength(1);
    expect(run.errors[0]).toMatch(/^Project East: /);
    expect(JSON.parse(run.outputs.BackupStatus ?? "{}")).toEqual({ [south.project.id]: "complete" });
    await place.healthy(south.project, container);
    await north.remove();
    await south.remove();
  });

  it("says which line of include matches nothing, be it mistyped or excluded", async () => {
    const narrow = await smallProject(place.azure, "Narrow");
    const run = await place.backUp(narrow.project, {
      ...place.storage(await place.newContainer()),
      include: "work-items\ngit-repositories/Wbe\ngit-repositories/W*",
      exclude: "git-repositories/Web",
    });
    expect(run.result).toBe("Succeeded");
    expect(run.warnings).toEqual([
      expect.stringContaining('"git-repositories/Wbe" matches nothing in project Narrow'),
      expect.stringContaining('"git-repositories/W*" matches nothing in project Narrow'),
    ]);
    await narrow.remove();
  });

  it("leaves names out of the catalogue when only ids are wanted", async () => {
    const quiet = await smallProject(place.azure, "Quiet");
    const container = await place.newContainer();
    const run = await place.backUp(quiet.project, { ...place.storage(container), catalogueNames: "ids" });
    expect(run.result).toBe("Succeeded");
    const access = {
      store: place.store(container),
      cryptography: nodeCryptography(),
      vault: quiet.project.id,
      identities: parseIdentities(place.keys.viewerKey, "viewerKey"),
    };
    const entry = newestSnapshot(await readLog(access))?.entry;
    if (entry === undefined) throw new Error("there is a snapshot");
    const reader = openSnapshot({ access, entry, takenAt: entry.srv });
    const texts: string[] = [];
    for (const line of await collect(reader.streams())) {
      texts.push(JSON.stringify(line));
      const stream = await reader.stream(line.s);
      if (!line.s.endsWith("/files")) for await (const item of stream?.items() ?? []) texts.push(JSON.stringify(item));
    }
    expect(texts.length).toBeGreaterThan(10);
    for (const name of ["Pay by card", "Cart is empty", "Api", "Web", "Quiet"])
      expect(texts.join("\n")).not.toContain(name);
    const restored = await place.restore(quiet.project, {
      ...place.storage(container),
      items: `work-items/${quiet.bug.id}\ngit-repositories/${quiet.api.record.id}`,
      previewOnly: "true",
    });
    expect(restored.result).toBe("Succeeded");
    await quiet.remove();
  });
});

describe("a backup on several agents", () => {
  const shards = 3;
  let big: SmallProject;

  beforeAll(async () => {
    big = await smallProject(place.azure, "Sharded");
    for (const name of ["One", "Two", "Three", "Four", "Five", "Six"]) big.addRepository(name);
  });
  afterAll(() => big.remove());

  it("is partial while an agent is missing, and complete once that agent has run again", async () => {
    const container = await place.newContainer();
    const storage = place.storage(container);
    const { builds } = place.azure.state;
    const definition = builds.addDefinition(big.project, { name: "Sharded" });
    const run = builds.startRun(definition);
    const shard = (number: number): ReturnType<Workplace["backUp"]> =>
      place.backUp(
        big.project,
        { ...storage, shardPhase: "shard" },
        {
          run,
          pipeline: "Sharded",
          variables: { "System.JobPositionInPhase": String(number), "System.TotalJobsInPhase": String(shards) },
        },
      );
    const compose = (): ReturnType<Workplace["backUp"]> =>
      place.backUp(big.project, { ...storage, shardPhase: "compose" }, { run, pipeline: "Sharded" });

    const [one, three] = await Promise.all([shard(1), shard(3)]);
    expect([one.result, three.result]).toEqual(["Succeeded", "Succeeded"]);
    const partial = await compose();
    expect(partial.result).toBe("SucceededWithIssues");
    expect(partial.outputs).toMatchObject({ BackupStatus: "partial" });
    expect(partial.summaries[0]?.markdown).toContain("the agent that should have read it did not finish");
    await place.healthy(big.project, container);

    expect((await shard(2)).result).toBe("Succeeded");
    const whole = await compose();
    expect(whole).toMatchObject({ result: "Succeeded", errors: [] });
    expect(whole.outputs).toMatchObject({ BackupStatus: "complete" });
    const again = await compose();
    expect(again.outputs.BackupSnapshotId).toBe(whole.outputs.BackupSnapshotId);
    const { snapshots } = await place.healthy(big.project, container);
    expect(snapshots.map(({ status }) => status)).toEqual(["partial", "complete"]);
    const statuses = Object.values(snapshots.at(-1)?.streams ?? {}).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set(["ok"]));
    expect(statuses.length).toBeGreaterThan(12);
  });
});
