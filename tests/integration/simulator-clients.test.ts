/** Clients that were not written for the simulator work against it: azure-devops-node-api, git, git-lfs. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { WebApi, getHandlerFromToken } from "azure-devops-node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { basic, simulator } from "../support/simulator.ts";
import type { TestSimulator } from "../support/simulator.ts";
import { checkTraffic } from "../support/traffic-check.ts";

const run = promisify(execFile);
/** Where everything must run, a missing program is a failure. */
const isCi = (process.env.CI ?? "") !== "";

let folder: string;
let azure: TestSimulator;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simulator-clients-"));
  const slowCreation = { projectCreationMs: 2000 };
  azure = await simulator({
    gitMemory: undefined,
    trafficFile: join(folder, "traffic.ndjson"),
    stateOptions: slowCreation,
  });
  azure.state.addProject({ name: "Shop", description: "The web shop" });
});

afterAll(async () => {
  await azure.stop();
  await rm(folder, { recursive: true, force: true });
});

function webApi(): WebApi {
  return new WebApi(azure.organizationUrl, getHandlerFromToken(azure.token));
}

async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const config = [
    "-c",
    `http.extraHeader=Authorization: ${basic(azure.token)}`,
    "-c",
    "user.name=Ada",
    "-c",
    "user.email=ada@contoso.example",
  ];
  const { stdout } = await run("git", [...config, ...args], { cwd, env: { ...process.env, GIT_TERMINAL_PROMPT: "0" } });
  return stdout.trim();
}

describe("azure-devops-node-api", () => {
  it("connects, lists projects and reads one with its capabilities", async () => {
    const connection = await webApi().connect();
    const core = await webApi().getCoreApi();
    const projects = await core.getProjects();
    const project = await core.getProject("shop", true);

    expect(connection.instanceId).toBe(azure.state.organization.id);
    expect(projects.map(({ name }) => name)).toEqual(["Shop"]);
    expect(project.capabilities?.versioncontrol?.sourceControlType).toBe("Git");
    expect(project.defaultTeam?.name).toBe("Shop Team");
    expect((await core.getTeams(project.id ?? "")).length).toBe(1);
    expect((await core.getTeamMembersWithExtendedProperties("Shop", "Shop Team")).length).toBe(1);
  });

  it("creates a project, which is ready after a while", async () => {
    const core = await webApi().getCoreApi();
    const capabilities = {
      versioncontrol: { sourceControlType: "Git" },
      processTemplate: { templateTypeId: "adcc42ab-9882-485e-a3ed-7678f01f66bc" },
    };
    const operation = await core.queueCreateProject({ name: "Warehouse", description: "", capabilities });
    const statusOf = async (): Promise<string> => {
      const url = `${operation.url ?? ""}?api-version=7.1`;
      const answer = await fetch(url, { headers: { authorization: basic(azure.token) } });
      return ((await answer.json()) as { status: string }).status;
    };

    expect(["queued", "inProgress"]).toContain(await statusOf());
    await expect.poll(statusOf, { timeout: 20_000 }).toBe("succeeded");
    await expect.poll(async () => String((await core.getProject("Warehouse")).state)).toBe("wellFormed");
    const gitApi = await webApi().getGitApi();
    expect((await gitApi.getRepositories("Warehouse")).map(({ name }) => name)).toEqual(["Warehouse"]);
  });

  it("creates, renames, deletes and brings back a repository under the same id", async () => {
    const gitApi = await webApi().getGitApi();
    const created = await gitApi.createRepository({ name: "Web" }, "Shop");
    const id = created.id ?? "";
    await gitApi.updateRepository({ name: "Website" }, id, "Shop");
    await gitApi.deleteRepository(id, "Shop");
    const inBin = await gitApi.getRecycleBinRepositories("Shop");
    await gitApi.restoreRepositoryFromRecycleBin({ deleted: false }, "Shop", id);
    const back = await gitApi.getRepository("Website", "Shop");

    expect(inBin.map((one) => one.id)).toEqual([id]);
    expect(inBin[0]?.deletedDate).toBeInstanceOf(Date);
    expect(back.id).toBe(id);
  });

  it("finds a run and reads what it attached", async () => {
    const project = azure.state.projectOf("Shop");
    if (project === undefined) throw new Error("no project");
    const nightly = azure.state.builds.addDefinition(project, { name: "Nightly backup" });
    const record = azure.state.builds.startRun(nightly);
    const content = Buffer.from('{"snapshot":"one"}');
    azure.state.builds.attach(record, { type: "devops-backup.snapshot", name: "snapshot.json", content });
    azure.state.builds.finishRun(record, "succeeded");

    const buildApi = await webApi().getBuildApi();
    const builds = await buildApi.getBuilds("Shop", [nightly.id]);
    const attachments = await buildApi.getAttachments("Shop", builds[0]?.id ?? 0, "devops-backup.snapshot");
    const self = (attachments[0] as { _links: { self: { href: string } } })._links.self.href;
    const answer = await fetch(`${self}?api-version=7.1`, { headers: { authorization: basic(azure.token) } });

    expect(builds.map(({ id }) => id)).toEqual([record.id]);
    expect(builds[0]?.finishTime).toBeInstanceOf(Date);
    expect(await answer.text()).toBe('{"snapshot":"one"}');
  });
});

describe("git and git-lfs", () => {
  it("push to a repository and clone it again by name and by id", async () => {
    const work = join(folder, "work");
    const repository = azure.state.repositories.find("Shop", azure.state.projectOf("Shop")?.id);
    await git(folder, "init", "--quiet", "--initial-branch=main", work);
    await writeFile(join(work, "README.md"), "# Shop\n");
    await git(work, "add", ".");
    await git(work, "commit", "--quiet", "--message=Begin");
    await git(work, "push", "--quiet", `${azure.organizationUrl}/Shop/_git/Shop`, "main");
    await git(folder, "clone", "--quiet", `${azure.organizationUrl}/Shop/_git/${repository?.id ?? ""}`, "clone");

    const gitApi = await webApi().getGitApi();
    const refs = await gitApi.getRefs("Shop", "Shop");
    expect(await readFile(join(folder, "clone", "README.md"), "utf8")).toBe("# Shop\n");
    expect(refs.map(({ name, objectId }) => [name, objectId])).toEqual([
      ["refs/heads/main", await git(work, "rev-parse", "HEAD")],
    ]);
    expect((await gitApi.getRepository("Shop", "Shop")).defaultBranch).toBe("refs/heads/main");
    expect((await gitApi.getPushes("Shop", "Shop")).length).toBe(1);
  });

  it("carry LFS objects along", async ({ skip }) => {
    const hasLfs = await run("git", ["lfs", "version"]).then(
      () => true,
      () => false,
    );
    if (!hasLfs && !isCi) skip("git-lfs is not installed");
    const work = join(folder, "lfs");
    const url = `${azure.organizationUrl}/Shop/_git/Shop`;
    await git(folder, "clone", "--quiet", url, work);
    await git(work, "lfs", "install", "--local");
    await git(work, "lfs", "track", "*.bin");
    await writeFile(join(work, "photo.bin"), Buffer.alloc(100_000, 7));
    await git(work, "add", ".");
    await git(work, "commit", "--quiet", "--message=Add a photo");
    await git(work, "push", "--quiet", "origin", "main");
    await git(folder, "clone", "--quiet", url, "lfs-clone");
    await git(join(folder, "lfs-clone"), "lfs", "install", "--local");
    await git(join(folder, "lfs-clone"), "lfs", "pull");

    expect(await readFile(join(folder, "lfs-clone", "photo.bin"))).toEqual(Buffer.alloc(100_000, 7));
  });

  it("refuse a stranger with 401 and without asking anything of the caller", async () => {
    const answer = await fetch(`${azure.organizationUrl}/Shop/_git/Shop/info/refs?service=git-upload-pack`);

    expect(answer.status).toBe(401);
    expect(await answer.text()).toBe("");
  });
});

describe("the traffic of these tests", () => {
  it("keeps to the published descriptions of the service", async () => {
    const { errors } = await checkTraffic(join(folder, "traffic.ndjson"));

    expect(errors).toEqual([]);
  });
});
