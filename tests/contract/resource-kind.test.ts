/**
 * What every kind in the registry promises (docs/adding-a-kind.md). Runs over the sample project of the simulator; a
 * kind is tested the moment it is listed.
 */
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readAll } from "../../engine/foundation/bytes.ts";
import { systemClock } from "../../engine/foundation/clock.ts";
import { collect } from "../../engine/foundation/concurrency.ts";
import { silentReporter } from "../../engine/foundation/reporter.ts";
import { nodeGitAccess } from "../../engine/git/node-git-access.ts";
import type { SourceProject, Step } from "../../engine/kinds/kind.ts";
import { registry } from "../../engine/kinds/registry.ts";
import { archiveItems, cleanPath } from "../../engine/operations/restore/archive-items.ts";
import { openForRestore } from "../../engine/operations/restore/restore-items.ts";
import { restoreOrder } from "../../engine/operations/restore/restorable.ts";
import { surroundingsOf } from "../../engine/operations/surroundings.ts";
import type { BackupResult, RestoreResult, VerifyResult } from "../../engine/operations/results.ts";
import { parseIdentities, parseSigners } from "../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { CatalogueItem, IndexLine } from "../../engine/vault/format/state.ts";
import type { SnapshotReader } from "../../engine/vault/streams/stream-reader.ts";
import { addSampleProject, type SampleChanges, type SampleOrganization } from "../simulator/sample/index.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";

const kinds = registry.map((kind) => [kind.name, kind] as const);
const nobody = "00000000-0000-4000-8000-000000000000";

let azure: TestSimulator;
let sample: SampleOrganization;
let engine: Engine;
let git: ReturnType<typeof nodeGitAccess>;
let folder: string;
let source: SourceProject;
let signal: AbortSignal;

beforeAll(async () => {
  azure = await simulator();
  sample = { ...addSampleProject(azure.state), state: azure.state };
  sample.repositories.disabled.isDisabled = false; // never stored it would be a gap (tests/integration/coverage.test.ts)
  engine = await engineOver(azure);
  folder = await mkdtemp(join(tmpdir(), "kinds-"));
  signal = new AbortController().signal;
  const shared = { clock: systemClock, reporter: silentReporter, signal, temporaryFolder: folder };
  git = nodeGitAccess({ ...shared, random: Math.random });
  source = {
    ...surroundingsOf({ ...shared, git, azureDevOps: engine.azureDevOps, parallelism: 4 }),
    project: { id: sample.project.id, name: sample.project.name },
    options: { pullRequestRefs: false, gitEngine: "auto", catalogueNames: "names" },
  };
});

afterAll(async () => {
  git.close();
  await engine.close();
  await azure.stop();
  await rm(folder, { recursive: true, force: true });
});

describe("the registry", () => {
  it("has every kind once, under a name that can stand in stream ids", () => {
    const names = registry.map(({ name }) => name);

    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+(?:-[a-z]+)*$/);
  });

  it("restores kinds in an order that exists", () => {
    const order = restoreOrder(registry).map(({ name }) => name);

    for (const { name, restore } of restoreOrder(registry))
      for (const before of restore.after === "everything" ? order.filter((other) => other !== name) : restore.after)
        expect(order.slice(0, order.indexOf(name))).toContain(before);
  });

  it.each(kinds)("%s says which scopes and permissions it needs", (_, { title, permissions }) => {
    expect(title).not.toBe("");
    for (const needed of [permissions.backUp, permissions.restore]) {
      expect(needed).not.toEqual([]);
      for (const { scope, permission } of needed) {
        expect(scope).toMatch(/^vso(?:\.[a-z_]+)+$/);
        expect(permission).not.toBe("");
      }
    }
  });
});

describe("listing", () => {
  it.each(kinds)("%s lists each stream once, under its own name", async (name, kind) => {
    const ids = (await collect(kind.streams(source))).map(({ id }) => id);

    expect(ids).not.toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(new RegExp(`^${name}(?:/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})?$`));
  });

  it.each(kinds)("%s never calls a stream deleted without evidence", async (name, kind) => {
    expect(await kind.absence(name, source)).toMatchObject({ status: "missing" });
    expect(await kind.absence(`${name}/${nobody}`, source)).toMatchObject({ status: "missing" });
  });
});

describe("backing up", () => {
  let first: BackupResult;
  let second: BackupResult;
  let addedBySecond: readonly string[];

  beforeAll(async () => {
    first = await engine.backUp(sample.project);
    const before = new Set((await collect(engine.store.list(""))).map(({ name }) => name));
    second = await engine.backUp(sample.project);
    addedBySecond = (await collect(engine.store.list(""))).flatMap(({ name }) => (before.has(name) ? [] : [name]));
  });

  it.each(kinds)("%s reads the sample project without gaps", (name) => {
    expect(first.gaps.filter(({ stream }) => isOf(name, stream))).toEqual([]);
    expect(first.kinds.find(({ kind }) => kind === name)?.added).toBeGreaterThan(0);
  });

  it.each(kinds)("%s finds nothing to store when nothing changed", (name) => {
    expect(second.kinds.find(({ kind }) => kind === name)).toMatchObject({ changedStreams: 0, newBytes: 0, gaps: 0 });
  });

  it("stores no object but the index when nothing changed", () => {
    expect(addedBySecond.filter((name) => name.includes("/data/"))).toHaveLength(1);
    expect(second.sum.changed).toBe(0);
  });

  it.each(kinds)("%s gives each item of the catalogue an id of its own and a name", async (name) => {
    const items = await catalogueOf(engine, name);

    expect(items).not.toEqual([]);
    for (const [stream, ids] of idsByStream(items)) expect([stream, new Set(ids).size]).toEqual([stream, ids.length]);
    for (const { item } of items) {
      expect(item.id).not.toBe("");
      expect(item.name).toBeTruthy();
    }
  });

  it.each(kinds)("%s is found sound at level content", async (name) => {
    const { streams, log } = await verified();
    const own = streams.filter(({ stream }) => isOf(name, stream));

    expect(log).toEqual([]);
    expect(own).not.toEqual([]);
    expect(own.flatMap(({ findings }) => findings)).toEqual([]);
  });

  it.each(kinds)("%s is written into an archive under clean paths", async (name) => {
    const written = new Map<string, number>();
    const into = {
      write: async (path: string, content: AsyncIterable<Uint8Array> | string) => {
        expect(written.has(path)).toBe(false);
        written.set(path, typeof content === "string" ? content.length : (await readAll(content, 1 << 26)).length);
      },
    };
    const { snapshot } = await opened(engine);

    await archiveItems({ selectors: [name], snapshot, kinds: registry, into, reporter: silentReporter, signal });

    expect(written.size).toBeGreaterThan(0);
    for (const [path, length] of written) {
      expect(cleanPath(path)).toBe(path);
      expect(path).not.toMatch(/^\/|\.\.\//);
      expect([path, length]).not.toEqual([path, 0]);
    }
  });

  it.each(kinds)("%s plans nothing for a place that is as in the snapshot", async (name) => {
    const { plan } = await engine.restore(sample.project, [name], { previewOnly: true, conflictPolicy: "overwrite" });

    expect([...plan.steps].filter(({ action }) => action !== "skip").map(inShort)).toEqual([]);
    for (const { reason } of plan.steps) expect(reason).toBeTruthy();
  });

  it.each(kinds)("%s makes the same plan from the same snapshot and target", async (name) => {
    const [one, other] = await Promise.all(
      [1, 2].map(() => engine.restore(sample.project, [name], { previewOnly: true, ...intoNewProject })),
    );

    expect(other?.plan.hash).toBe(one?.plan.hash);
  });

  it.each(kinds)("%s plans to create what a new project does not have", async (name) => {
    const { plan } = await engine.restore(sample.project, [name], { previewOnly: true, ...intoNewProject });
    const own = [...plan.steps].filter(({ kind }) => kind === name);

    expect(own.map(({ action }) => action)).toContain("create");
    for (const step of own) {
      expect(isOf(name, step.stream)).toBe(true);
      expect(step.key).not.toBe("");
      expect(["create", "update", "skip"]).toContain(step.action);
      if (step.action === "skip") expect(step.reason).toBeTruthy();
    }
  });

  let once: VerifyResult | undefined;
  async function verified(): Promise<VerifyResult> {
    once ??= await engine.verify(sample.project, { snapshot: "all", level: "content" });
    return once;
  }
});

describe("leaving names out of the catalogue", () => {
  /** Their ids are names; the vault's description says so. */
  const namedByNature = new Set(["git-repositories"]);
  let anonymous: Engine;

  beforeAll(async () => {
    anonymous = await engineOver(azure);
    await anonymous.backUp(sample.project, { options: { ...source.options, catalogueNames: "ids" } });
  });

  afterAll(() => anonymous.close());

  it.each(kinds)("%s leaves them out when it is told to", async (name) => {
    const spoken = (await catalogueOf(engine, name)).flatMap(({ item }) => [item.name, item.by]);
    const names = new Set(spoken.filter((text) => text !== undefined));

    const lines = (await linesOf(anonymous)).filter(({ s, state }) => isOf(name, s) && state !== undefined);
    const items = await catalogueOf(anonymous, name);

    expect(items).not.toEqual([]);
    expect(lines.flatMap((line) => line.name ?? [])).toEqual([]);
    if (!namedByNature.has(name))
      expect(
        items.filter(({ item }) => item.name !== undefined || item.by !== undefined || names.has(item.id)),
      ).toEqual([]);
  });
});

describe("noticing a change", () => {
  it.each(kinds)("%s stores what changed, and no other kind stores anything", async (name) => {
    const change = (await changes())[name];
    if (change === undefined) throw new Error(`no changes.ts below tests/simulator has a change for ${name}`);
    await engine.backUp(sample.project);
    const before = new Map((await linesOf(engine)).map((line) => [line.s, JSON.stringify(line.state)]));

    change(sample);
    const result = await engine.backUp(sample.project);

    const touched = (await linesOf(engine)).filter((line) => before.get(line.s) !== JSON.stringify(line.state));
    const main = touched.filter(({ s }) => !s.endsWith("/files")).map(({ s }) => s);
    expect(result.status).toBe("complete");
    expect(main).toHaveLength(1);
    expect(isOf(name, main[0] ?? "")).toBe(true);
    for (const { s } of touched) expect(s.startsWith(main[0] ?? "-")).toBe(true);
  });
});

describe("restoring into a new project", () => {
  let first: RestoreResult;
  let second: RestoreResult;
  let third: RestoreResult;

  beforeAll(async () => {
    first = await engine.restore(sample.project, ["*"], intoNewProject);
    const made = azure.state.projects().find(({ name }) => name === intoNewProject.targetProject.name);
    const there = { targetProject: { id: made?.id, name: intoNewProject.targetProject.name } };
    second = await engine.restore(sample.project, ["*"], there);
    third = await engine.restore(sample.project, ["*"], { ...there, conflictPolicy: "overwrite" });
  }, 120_000);

  it.each(kinds)("%s creates what was backed up", (name) => {
    const steps = [...first.steps].filter(({ kind }) => kind === name);

    expect(steps.filter(({ result }) => result.outcome === "failed").map(inShort)).toEqual([]);
    expect(steps.filter(({ result }) => result.outcome === "created")).not.toEqual([]);
    for (const { action, result } of steps) if (action === "create") expect(result.newId).toBeTruthy();
  });

  it.each(kinds)("%s makes nothing a second time", (name) => {
    const steps = [...second.steps].filter(({ kind }) => kind === name);

    expect(steps.filter(({ result }) => result.outcome !== "skipped").map(inShort)).toEqual([]);
  });

  it.each(kinds)("%s finds what it made as it should be, even when it may overwrite", (name) => {
    const steps = [...third.steps].filter(({ kind }) => kind === name);

    expect(steps.filter(({ result }) => result.outcome !== "skipped").map(inShort)).toEqual([]);
  });
});

const intoNewProject = { targetProject: { id: undefined, name: "Contoso Shop restored" } };

/** Each area of the simulator says what may change in it. */
async function changes(): Promise<SampleChanges> {
  const found: Record<string, SampleChanges[string]> = {};
  const areas = resolve("tests/simulator");
  for (const area of readdirSync(areas)) {
    const file = join(areas, area, "changes.ts");
    if (!existsSync(file)) continue;
    const module: { readonly changes: SampleChanges } = await import(pathToFileURL(file).href);
    Object.assign(found, module.changes);
  }
  return found;
}

function isOf(kind: string, stream: string): boolean {
  return stream.split("/")[0] === kind;
}

function inShort({ kind, action, name, changes: lines }: Step): string {
  return `${action} ${kind} ${name}: ${lines.join("; ")}`;
}

async function opened({ store, keys }: Engine): Promise<{ readonly snapshot: SnapshotReader }> {
  return openForRestore(
    {
      vault: sample.project.id.toLowerCase(),
      snapshot: "latest",
      recoveryIdentities: parseIdentities(keys.recoveryKey),
      pinnedSigners: parseSigners(keys.signer),
      pin: undefined,
    },
    { store, cryptography: nodeCryptography() },
  );
}

async function linesOf(from: Engine): Promise<readonly IndexLine[]> {
  return collect((await opened(from)).snapshot.streams());
}

interface Listed {
  readonly stream: string;
  readonly item: CatalogueItem;
}

async function catalogueOf(from: Engine, kind: string): Promise<readonly Listed[]> {
  const { snapshot } = await opened(from);
  const listed: Listed[] = [];
  for await (const { s, state } of snapshot.streams()) {
    if (!isOf(kind, s) || state === undefined || s.endsWith("/files")) continue;
    for await (const item of (await snapshot.stream(s))?.items() ?? []) listed.push({ stream: s, item });
  }
  return listed;
}

function idsByStream(items: readonly Listed[]): Map<string, readonly string[]> {
  const ids = new Map<string, readonly string[]>();
  for (const { stream, item } of items) ids.set(stream, [...(ids.get(stream) ?? []), item.id]);
  return ids;
}
