/** Projects and Git repositories of the simulated Azure DevOps: pages, slow creation, recycle bins, refs. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SimulatorOptions } from "../simulator/server.ts";
import { ask, simulator } from "../support/simulator.ts";
import type { TestSimulator } from "../support/simulator.ts";
import { checkTraffic } from "../support/traffic-check.ts";

let folder: string;
let azure: TestSimulator;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simulator-test-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const traffic = (): string => join(folder, "traffic.ndjson");

async function start(options: SimulatorOptions = {}): Promise<void> {
  azure = await simulator({ trafficFile: traffic(), ...options });
}

beforeEach(() => start());
afterEach(() => azure.stop());

const zeros = "0".repeat(40);

/** A bare repository with these branches, made from one stream. */
function bareRepository(name: string, branches: readonly string[]): string {
  const target = join(folder, name);
  execFileSync("git", ["init", "--quiet", "--bare", "--initial-branch=main", target]);
  const commits = branches.map((branch, index) => {
    const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}\n`;
    const person = `committer Ada <ada@contoso.example> ${1_700_000_000 + index} +0000\n`;
    return `commit refs/heads/${branch}\n${person}${data(`Begin ${branch}`)}M 100644 inline README.md\n${data(branch)}\n`;
  });
  execFileSync("git", ["-C", target, "fast-import", "--quiet"], { input: commits.join("") });
  return target;
}

describe("projects", () => {
  const capabilities = {
    versioncontrol: { sourceControlType: "Git" },
    processTemplate: { templateTypeId: "adcc42ab-9882-485e-a3ed-7678f01f66bc" },
  };

  it("come in pages with a token in the header", async () => {
    for (const name of ["One", "Two", "Three"]) azure.state.addProject(name);
    const first = await ask(azure, "_apis/projects?$top=2");
    const token = first.headers.get("x-ms-continuationtoken") ?? "";
    const second = await ask(azure, `_apis/projects?$top=2&continuationToken=${token}`);

    expect([first.json.count, second.json.count]).toEqual([2, 1]);
    expect(second.headers.get("x-ms-continuationtoken")).toBeNull();
  });

  it("go to the recycle bin and come back with their id", async () => {
    const { id } = azure.state.addProject("Shop");
    const deleted = await ask(azure, `_apis/projects/${id}`, { method: "DELETE" });
    const gone = await ask(azure, "_apis/projects/Shop");
    const bin = await ask(azure, "_apis/projects?stateFilter=deleted");
    await ask(azure, `_apis/projects/${id}`, { method: "PATCH", body: { state: "wellFormed" } });
    const back = await ask(azure, "_apis/projects/Shop");

    expect([deleted.status, gone.status]).toEqual([202, 404]);
    expect(bin.list.map((one) => [one.id, one.state])).toEqual([[id, "deleted"]]);
    expect(back.json.id).toBe(id);
  });

  it("cannot take a name that is in use", async () => {
    azure.state.addProject("Shop");
    const answer = await ask(azure, "_apis/projects", { method: "POST", body: { name: "shop", capabilities } });

    expect([answer.status, answer.json.message]).toEqual([400, expect.stringMatching(/^TF200019/)]);
  });

  it("do not exist for others while they are being created", async () => {
    await ask(azure, "_apis/projects", { method: "POST", body: { name: "Shop", capabilities } });
    const early = await ask(azure, "Shop/_apis/git/repositories");
    const pending = await ask(azure, "_apis/projects?stateFilter=createPending");

    expect(early.status).toBe(404);
    expect(pending.json.count).toBe(1);
  });

  it("keep properties that a patch adds and removes", async () => {
    const { id } = azure.state.addProject("Shop");
    const path = `_apis/projects/${id}/properties?api-version=7.1-preview.1`;
    const headers = { "content-type": "application/json-patch+json" };
    const body = [{ op: "add", path: "/Team.Motto", value: "Ship it" }];
    await ask(azure, path, { method: "PATCH", body, headers });
    const found = await ask(azure, `${path}&keys=Team.*`);

    expect(found.list).toEqual([{ name: "Team.Motto", value: "Ship it" }]);
  });
});

describe("repositories", () => {
  it("answer refs in pages, filtered, with peeled tags and locks", async () => {
    const project = azure.state.addProject("Shop");
    const from = bareRepository("refs.git", ["main", "feature/a", "feature/b", "feature/c"]);
    execFileSync("git", [
      "-C",
      from,
      "-c",
      "user.name=Ada",
      "-c",
      "user.email=a@b.c",
      "tag",
      "-a",
      "v1",
      "-m",
      "One",
      "main",
    ]);
    azure.state.addRepository(project, { name: "Web", from });
    const path = "Shop/_apis/git/repositories/Web/refs";
    const first = await ask(azure, `${path}?filter=heads/feature&$top=2`);
    const token = encodeURIComponent(first.headers.get("x-ms-continuationtoken") ?? "");
    const second = await ask(azure, `${path}?filter=heads/feature&$top=2&continuationToken=${token}`);
    const tags = await ask(azure, `${path}?filter=tags/&peelTags=true`);
    await ask(azure, `${path}?filter=heads/main`, { method: "PATCH", body: { isLocked: true } });
    const main = await ask(azure, `${path}?filter=heads/main`);

    expect(first.list.map(({ name }) => name)).toEqual(["refs/heads/feature/a", "refs/heads/feature/b"]);
    expect(second.list.map(({ name }) => name)).toEqual(["refs/heads/feature/c"]);
    expect(tags.list[0]?.peeledObjectId).toBe(main.list[0]?.objectId);
    expect(main.list[0]?.isLocked).toBe(true);
  });

  it("answer 200 to ref updates and say of each what became of it", async () => {
    const project = azure.state.addProject("Shop");
    azure.state.addRepository(project, { name: "Web", from: bareRepository("updates.git", ["main"]) });
    const path = "Shop/_apis/git/repositories/Web/refs";
    const tip = (await ask(azure, `${path}?filter=heads/main`)).list[0]?.objectId as string;
    const body = [
      { name: "refs/heads/copy", oldObjectId: zeros, newObjectId: tip },
      { name: "refs/heads/main", oldObjectId: zeros, newObjectId: tip },
      { name: "refs/heads/ghost", oldObjectId: zeros, newObjectId: "1".repeat(40) },
      { name: "refs/pull/1/merge", oldObjectId: zeros, newObjectId: tip },
    ];
    const answer = await ask(azure, path, { method: "POST", body });

    expect(answer.status).toBe(200);
    expect(answer.list.map(({ updateStatus }) => updateStatus)).toEqual([
      "succeeded",
      "staleOldObjectId",
      "unresolvableToCommit",
      "rejectedByPlugin",
    ]);
  });

  it("only take a default branch that exists", async () => {
    const project = azure.state.addProject("Shop");
    azure.state.addRepository(project, { name: "Web", from: bareRepository("default.git", ["main", "release"]) });
    const path = "Shop/_apis/git/repositories/Web";
    const missing = await ask(azure, path, { method: "PATCH", body: { defaultBranch: "refs/heads/none" } });
    const release = await ask(azure, path, { method: "PATCH", body: { defaultBranch: "refs/heads/release" } });

    expect(missing.status).toBe(404);
    expect(release.json.defaultBranch).toBe("refs/heads/release");
  });

  it("are out of reach while disabled, but listed", async () => {
    const project = azure.state.addProject("Shop");
    azure.state.addRepository(project, { name: "Old", isDisabled: true });
    const list = await ask(azure, "Shop/_apis/git/repositories");
    const refs = await ask(azure, "Shop/_apis/git/repositories/Old/refs");
    const wire = await ask(azure, "Shop/_git/Old/info/refs?service=git-upload-pack");

    expect(list.list.find(({ name }) => name === "Old")?.isDisabled).toBe(true);
    expect([refs.status, wire.status]).toEqual([404, 403]);
  });

  it("share one folder until somebody pushes", async () => {
    const project = azure.state.addProject("Shop");
    const from = bareRepository("shared.git", ["main"]);
    const shared = azure.state.addRepository(project, { name: "Web", from, share: true });
    const before = azure.state.repositories.folderOf(shared);
    const after = azure.state.repositories.ownFolderOf(shared);

    expect(before).toBe(from);
    expect(after).not.toBe(from);
    expect(azure.state.repositories.folderOf(shared)).toBe(after);
  });

  it("may be five thousand and still be there in seconds", async () => {
    const project = azure.state.addProject("Shop");
    const from = bareRepository("many.git", ["main"]);
    const startedAt = performance.now();
    for (let n = 0; n < 5000; n += 1) azure.state.addRepository(project, { name: `Service-${n}`, from, share: true });
    const list = await ask(azure, "Shop/_apis/git/repositories");

    expect(list.json.count).toBe(5001);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});

describe("the traffic of these tests", () => {
  it("keeps to the published descriptions of the service", async () => {
    const { errors } = await checkTraffic(traffic());

    expect(errors).toEqual([]);
  });
});
