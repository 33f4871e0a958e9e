/**
 * 401, 203 and sign-in pages: one that passes is asked again; one that stays is a matter of that area as long as the
 * service takes the token at all, because that is how it answers personal access tokens that lack a scope.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeKeySet, type KeySet } from "../../engine/crypto/keys.ts";
import { silentReporter } from "../../engine/foundation/reporter.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { BackupRequest } from "../../engine/operations/backup/session.ts";
import type { BackupResult } from "../../engine/operations/results.ts";
import type { Agent } from "../../tasks/shared/agent.ts";
import { headPins } from "../../tasks/shared/head-pins.ts";
import type { Exchange, FaultAction } from "../simulator/http/faults.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { hastyClock } from "../support/hasty-clock.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";

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

async function withEngine<Result>(token: string, use: (engine: Engine) => Promise<Result>): Promise<Result> {
  const engine = await engineOver(azure, { store, keys, token, clock: hastyClock });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

function backUp(token = azure.token, changes: Partial<BackupRequest> = {}): Promise<BackupResult> {
  return withEngine(token, (engine) => engine.backUp(small.project, changes));
}

const refusals: readonly (readonly [string, FaultAction])[] = [
  ["401", { kind: "status", status: 401 }],
  ["203 with the sign-in page", { kind: "signInPage" }],
  ["a redirect to sign in", { kind: "signInRedirect" }],
];
const places: readonly (readonly [string, (exchange: Exchange) => boolean])[] = [
  ["a query", ({ path }) => path.endsWith("wit/wiql")],
  ["an attachment", ({ path }) => path.includes("wit/attachments/")],
  ["a list", ({ path }) => path.endsWith("git/repositories")],
  ["the refs of a repository", ({ path }) => path.endsWith("info/refs")],
  ["objects of a repository", ({ path }) => path.endsWith("git-upload-pack")],
  ["an LFS batch", ({ path }) => path.endsWith("objects/batch")],
];

describe.each(refusals)("%s that passes", (_, fault) => {
  it.each(places)("leaves the run complete: %s", async (__, when) => {
    azure.faults.add({ ...fault, when, times: 2 });
    expect(await backUp()).toMatchObject({ status: "complete", gaps: [], findings: [], notCovered: [] });
    expect(azure.faults.struck).toBe(2);
  });
});

describe.each(refusals)("%s that stays while the token is taken", (_, fault) => {
  it("is the gap of that kind alone", async () => {
    await backUp();
    small.change();
    azure.faults.add({ ...fault, when: ({ path }) => path.includes("/_apis/wit/reporting"), times: Infinity });
    const result = await backUp();
    expect(result.status).toBe("partial");
    expect(result.gaps.map(({ stream, code }) => [stream, code])).toEqual([["work-items", "ADO_FORBIDDEN"]]);
    expect(result.gaps[0]?.message).toContain("takes the token");
  });

  it("is the gap of that repository alone", async () => {
    await backUp();
    small.change();
    azure.faults.add({
      ...fault,
      when: ({ path }) => path.includes(small.web.record.id) && path.endsWith("info/refs"),
      times: Infinity,
    });
    const result = await backUp();
    expect(result.gaps.map(({ stream }) => stream)).toEqual([`git-repositories/${small.web.record.id}`]);
    expect((await backUp()).gaps).toHaveLength(1);
    azure.faults.clear();
    expect((await backUp()).status).toBe("complete");
  });

  it("is the gap of that attachment alone", async () => {
    azure.faults.add({ ...fault, when: ({ path }) => path.includes("wit/attachments/"), times: Infinity });
    const result = await backUp();
    azure.faults.clear();
    expect(result.gaps.map(({ stream, code }) => [stream, code])).toEqual([
      ["work-items", "ADO_FORBIDDEN"],
      ["work-items", "ADO_FORBIDDEN"],
    ]);
    expect(await backUp()).toMatchObject({ status: "complete", gaps: [] });
  });
});

describe("a personal access token without a scope", () => {
  const without = (scope: string): string =>
    azure.state.signIn.issue({
      scopes: ["vso.project", "vso.code", "vso.work", "vso.build", "vso.variablegroups_read"].filter(
        (one) => one !== scope,
      ),
    });

  it.each([
    ["vso.work", "work-items"],
    ["vso.code", "git-repositories"],
    ["vso.build", "build-definitions"],
    ["vso.variablegroups_read", "variable-groups"],
  ] as const)("(%s) leaves out that kind and says so", async (scope, kind) => {
    const result = await backUp(without(scope));
    expect(result.status).toBe("complete");
    expect(result.kindsNotRead).toContain(kind);
    const told = result.notCovered.find(({ stream }) => stream === kind);
    expect([told?.message, told?.cure].join(" ")).toContain(scope);
  });

  it("is asked with back-off once, not at every request", async () => {
    const before = azure.traffic.requests;
    await backUp(without("vso.work"), { include: ["areas", "iterations", "work-items"] });
    expect(azure.traffic.requests - before).toBeLessThan(20);
  });

  it("(Build) pins no head, and says why", async () => {
    const pipeline = azure.state.builds.addDefinition(small.project, { name: "Nightly backup" });
    const variables: Readonly<Record<string, string>> = {
      "System.TeamProject": "Shop",
      "System.DefinitionId": String(pipeline.id),
      "Build.SourceBranch": "refs/heads/main",
    };
    const told: string[] = [];
    const pins = await withEngine(without("vso.build"), ({ azureDevOps }) =>
      headPins([small.project.id], {
        agent: { input: () => undefined, variable: (name: string) => variables[name] } as unknown as Agent,
        azureDevOps,
        reporter: { ...silentReporter, info: (line) => told.push(line) },
      }),
    );
    expect(pins.size).toBe(0);
    expect(told.join("\n")).toMatch(/the log's head is not pinned.*vso\.build/);
  });
});

it("a write that is turned away once is made once", async () => {
  await backUp();
  const copy = azure.state.addProject({ name: "Copy", defaultRepository: false });
  azure.faults.add({
    kind: "status",
    status: 401,
    when: ({ method, path }) => method === "POST" && path.endsWith("git/repositories"),
    times: 1,
  });
  azure.faults.add({ kind: "status", status: 401, when: ({ path }) => path.endsWith("git-receive-pack"), times: 1 });
  await withEngine(azure.token, async (engine) => {
    const restored = await engine.restore(small.project, ["git-repositories/Api"], { targetProject: copy });
    expect(restored.failed, engine.messages.join("\n")).toBe(0);
  });
  expect(azure.state.repositories.list(copy.id).filter(({ name }) => name === "Api")).toHaveLength(1);
});
