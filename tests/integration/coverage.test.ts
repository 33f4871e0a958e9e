/**
 * Coverage of a project by its backup: what was never stored is a gap until it is read or left out on purpose, what may
 * be hidden is said, and "complete" is a sum that adds up.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { registry } from "../../engine/kinds/registry.ts";
import { makeKeySet, type KeySet } from "../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { BackupRequest } from "../../engine/operations/backup/session.ts";
import type { BackupResult } from "../../engine/operations/results.ts";
import { isWhole } from "../../engine/vault/format/coverage.ts";
import type { RepositoryRecord } from "../simulator/repos/repository-store.ts";
import { engineOver } from "../support/backup-engine.ts";
import { hastyClock } from "../support/hasty-clock.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";

/** Streams of kinds that have one each; repositories are counted beside. */
const whole = registry.length - 1;

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let azure: TestSimulator;
let small: SmallProject;
let keys: KeySet;
let store: MemoryStore;

beforeEach(async () => {
  azure = await simulator();
  small = await smallProject(azure);
  keys = await makeKeySet(nodeCryptography());
  store = memoryStore();
});

afterEach(async () => {
  await small.remove();
  await azure.stop();
});

async function backUp(changes: Partial<BackupRequest> & { readonly token?: string } = {}): Promise<BackupResult> {
  const { token = azure.token, ...request } = changes;
  const engine = await engineOver(azure, { store, keys, token, clock: hastyClock });
  try {
    return await engine.backUp(small.project, request);
  } finally {
    await engine.close();
  }
}

function refuse(part: string): void {
  azure.faults.add({ kind: "status", status: 403, when: ({ path }) => path.includes(part), times: 99 });
}

/** Whether the sum of the snapshot adds up; the whole of it stands in the log. */
function addsUp({ coverage }: BackupResult): boolean {
  if (coverage === undefined) throw new Error("the snapshot says nothing of coverage");
  return isWhole(coverage);
}

const disabled = expect.objectContaining({
  code: "REPOSITORY_DISABLED",
  message: expect.stringContaining("nothing of it was ever stored") as unknown,
  cure: expect.stringContaining("exclude: git-repositories/Api") as unknown,
}) as unknown;

describe("a repository that is disabled", () => {
  it("from the start is a gap with its cure in every run, and no older for it", async () => {
    small.api.record.isDisabled = true;
    const first = await backUp({ maxStaleDays: 0 });
    const second = await backUp({ maxStaleDays: 0 });

    for (const result of [first, second]) {
      expect(result).toMatchObject({ status: "partial", gaps: [disabled], overdue: [] });
      expect(result.coverage).toMatchObject({ inProject: whole + 3, stored: whole + 2, disabled: 1 });
      expect(addsUp(result)).toBe(false);
    }
  });

  it("is no gap any more once it was read, nor when it is left out on purpose", async () => {
    small.api.record.isDisabled = true;
    await backUp();
    const excluded = await backUp({ exclude: ["git-repositories/Api"] });
    small.api.record.isDisabled = false;
    const read = await backUp();
    small.api.record.isDisabled = true;
    const carried = await backUp();

    expect(excluded).toMatchObject({
      status: "complete",
      coverage: { inProject: whole + 3, stored: whole + 2, excluded: 1 },
    });
    expect(read).toMatchObject({ status: "complete", gaps: [], coverage: { inProject: whole + 3, stored: whole + 3 } });
    expect(carried).toMatchObject({ status: "complete", gaps: [], coverage: { stored: whole + 3, disabled: 0 } });
    expect(carried.findings).toEqual([expect.objectContaining({ code: "REPOSITORY_DISABLED", severity: "note" })]);
    expect([excluded, read, carried].map(addsUp)).toEqual([true, true, true]);
  });

  it("is a gap again when what is stored of it has gone and cannot be stored anew", async () => {
    await backUp();
    const bundles = [...store.objects.keys()].filter((name) => name.endsWith(".bundle.age"));
    for (const name of bundles) await store.delete(name);
    for (const { record } of [small.api, small.web]) record.isDisabled = true;
    const results = [];
    for (let run = 0; run < 7; run += 1) results.push(await backUp()); // each looks at a seventh

    const found = results.flatMap(({ gaps, status }) => gaps.map(({ code }) => [status, code]));
    expect(found).toContainEqual(["partial", "REPOSITORY_DISABLED"]);
  });
});

describe("a job's token", () => {
  async function asJob(
    references: readonly RepositoryRecord[],
    changes: Partial<BackupRequest> = {},
  ): Promise<BackupResult> {
    const token = azure.state.jobTokenOf(small.project, { references: references.map(({ id }) => id) });
    return backUp({ token, jobProject: small.project.id, ...changes });
  }

  const unsure = expect.objectContaining({ stream: "git-repositories", code: "REPOSITORIES_UNSURE" }) as unknown;

  it("that sees one repository of three makes no complete backup, and the run says why and what to do", async () => {
    azure.state.pipelineSettings.change(small.project, { enforceReferencedRepoScopedToken: true });
    const result = await asJob([small.web.record]);

    expect(result).toMatchObject({ status: "partial", gaps: [unsure] });
    expect(result.gaps[0]?.message).toMatch(/project Shop other than Web may be hidden/);
    expect(result.gaps[0]?.message).toMatch(/"Protect access to repositories in YAML pipelines" is on/);
    expect(result.gaps[0]?.cure).toMatch(/azureDevOpsAuthentication.*switch .* off/);
    expect(result.coverage).toMatchObject({ inProject: whole + 1, stored: whole + 1, kindsUnsure: 1 });
    expect(addsUp(result)).toBe(false);
  });

  it("is limited by what the organisation enforces, too", async () => {
    azure.state.pipelineSettings.enforce({ enforceReferencedRepoScopedToken: true });

    expect(await asJob([small.web.record])).toMatchObject({ status: "partial", gaps: [unsure] });
  });

  it("counts what earlier snapshots hold and it does not see as hidden", async () => {
    await backUp();
    azure.state.pipelineSettings.change(small.project, { enforceReferencedRepoScopedToken: true });
    const result = await asJob([small.web.record]);

    expect(result.gaps.map(({ code }) => code).sort()).toEqual([
      "REPOSITORIES_UNSURE",
      "STREAM_MISSING",
      "STREAM_MISSING",
    ]);
    expect(result.coverage).toMatchObject({ inProject: whole + 3, stored: whole + 1, hidden: 2 });
  });

  it("makes a complete backup where nothing limits it", async () => {
    azure.state.pipelineSettings.change(small.project, { enforceJobAuthScope: true }); // its own project it may read
    const result = await asJob([]);

    expect(result).toMatchObject({ status: "complete", gaps: [] });
    expect(addsUp(result)).toBe(true);
  });

  it("is doubted when the settings cannot be read", async () => {
    const token = azure.state.jobTokenOf(small.project, { scopes: ["vso.code", "vso.work"] });
    const engine = await engineOver(azure, { store, keys, token, clock: hastyClock });
    refuse("/generalsettings");
    const result = await engine.backUp(small.project, { jobProject: small.project.id });
    await engine.close();

    expect(result.gaps).toContainEqual(unsure);
    expect(result.gaps.find(({ code }) => code === "REPOSITORIES_UNSURE")?.message).toMatch(/could not be read/);
  });

  it("is enough for repositories that are named one by one, as long as it sees each", async () => {
    azure.state.pipelineSettings.change(small.project, { enforceReferencedRepoScopedToken: true });
    const include = ["git-repositories/Web", "work-items"];
    const seen = await asJob([small.web.record], { include });
    const unseen = await asJob([small.api.record], { include });
    const wild = await asJob([small.web.record], { include: ["git-repositories/W*"] });

    expect(seen).toMatchObject({ status: "complete", gaps: [] });
    expect(unseen).toMatchObject({ status: "partial" });
    expect(wild).toMatchObject({ status: "partial" });
  });
});

describe("an identity", () => {
  it("without Read on all repositories makes no complete backup: those it is kept from are not even listed", async () => {
    const hides = [small.api.record.id, small.web.record.id];
    const result = await backUp({ token: azure.state.signIn.issue({ hides }) });

    expect(result).toMatchObject({ status: "partial", coverage: { kindsUnsure: 1 } });
    expect(result.gaps).toEqual([
      expect.objectContaining({
        code: "REPOSITORIES_UNSURE",
        message: expect.stringContaining("no Read permission on all Git repositories") as unknown,
      }),
    ]);
  });

  it("that the service does not tell its permissions is believed", async () => {
    refuse("_apis/permissions/");

    expect(await backUp()).toMatchObject({ status: "complete", gaps: [] });
  });
});

describe("a kind that the identity may not read", () => {
  const withoutWork = (): string => azure.state.signIn.issue({ scopes: ["vso.project", "vso.code"] });
  const withoutCode = (): string => azure.state.signIn.issue({ scopes: ["vso.project", "vso.work"] });

  it.each([
    ["lists nothing", withoutCode, "git-repositories"],
    ["is one stream", withoutWork, "work-items"],
  ] as const)("and never could is not covered, where it %s: said with its cure, no gap", async (_, token, kind) => {
    const result = await backUp({ token: token() });

    expect(result.notCovered).toContainEqual(expect.objectContaining({ stream: kind, code: "ADO_FORBIDDEN" }));
    expect(result.notCovered.every(({ cure }) => cure !== "")).toBe(true);
    expect(result).toMatchObject({ status: "complete", gaps: [] });
    expect(result.kindsNotRead).toContain(kind);
    expect(addsUp(result)).toBe(false);
  });

  it("is a gap when include asks for it", async () => {
    const result = await backUp({ token: withoutWork(), include: ["project", "work-items"] });

    expect(result).toMatchObject({ status: "partial", notCovered: [] });
    expect(result.gaps).toContainEqual(expect.objectContaining({ stream: "work-items" }));
  });

  it("is a gap once anything of it is stored", async () => {
    await backUp();
    const result = await backUp({ token: withoutCode() });

    expect(result).toMatchObject({ status: "partial", notCovered: [] });
    expect(result.gaps).toContainEqual(expect.objectContaining({ stream: "git-repositories" }));
  });

  it("becomes a part of the backup when it may be read", async () => {
    await backUp({ token: withoutCode() });
    const result = await backUp();

    expect(result).toMatchObject({
      status: "complete",
      notCovered: [],
      coverage: { inProject: whole + 3, stored: whole + 3 },
    });
  });

  it("is a gap when there is nothing else: a backup of nothing is not complete", async () => {
    const token = azure.state.signIn.issue({ scopes: ["vso.packaging"] });
    const result = await backUp({ token });

    expect(result).toMatchObject({ status: "partial", notCovered: [], coverage: { stored: 0 } });
  });
});
