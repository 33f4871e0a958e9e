/** The simulated Azure DevOps behaves as the service does where clients notice: refusals, limits, pages, faults. */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SimulatorOptions } from "../simulator/server.ts";
import { ask, basic, simulator } from "../support/simulator.ts";
import type { Answered, TestSimulator } from "../support/simulator.ts";
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
  azure = await simulator({ gitMemory: undefined, trafficFile: traffic(), ...options });
}

beforeEach(() => start());
afterEach(() => azure.stop());

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

describe("sign-in", () => {
  it("answers strangers with 401 and an empty body", async () => {
    const answer = await ask(azure, "_apis/projects", { token: "wrong" });

    expect([answer.status, answer.text]).toEqual([401, ""]);
  });

  it("can show the sign-in page or redirect to it instead", async () => {
    azure.state.signIn.refusal = "203";
    const page = await ask(azure, "_apis/projects", { token: "wrong" });
    azure.state.signIn.refusal = "302";
    const redirect = await ask(azure, "_apis/projects", { token: "wrong" });
    const suppressed = await ask(azure, "_apis/projects", {
      token: "wrong",
      headers: { "x-tfs-fedauthredirect": "Suppress" },
    });

    expect([page.status, page.headers.get("content-type")]).toEqual([203, "text/html; charset=utf-8"]);
    expect([redirect.status, redirect.headers.get("location")]).toEqual([302, expect.stringContaining("_signin")]);
    expect(suppressed.status).toBe(401);
  });

  it("takes personal access tokens as Basic only, and bearer tokens both ways", async () => {
    const bearer = azure.state.signIn.issue({ kind: "bearer" });
    const as = async (authorization: string): Promise<number> =>
      (await ask(azure, "_apis/projects", { headers: { authorization } })).status;

    expect(azure.token).toMatch(/^[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}$/);
    expect(await as(`Bearer ${azure.token}`)).toBe(401);
    expect(await as(`Bearer ${bearer}`)).toBe(200);
    expect(await as(basic(bearer))).toBe(200);
  });

  it("gives pipeline jobs an identity of their own that knows of one project", async () => {
    const shop = azure.state.addProject("Shop");
    azure.state.addProject("Other");
    azure.state.pipelineSettings.change(shop, { enforceJobAuthScope: true });
    const token = azure.state.jobTokenOf(shop);
    const who = await ask(azure, "_apis/connectionData?api-version=7.1-preview.1", { token });
    const projects = await ask(azure, "_apis/projects", { token });

    expect(who.text).toContain("Shop Build Service (contoso)");
    expect(projects.list.map(({ name }) => name)).toEqual(["Shop"]);
  });

  it("opens to a job, while repositories are protected, only those that its pipeline names", async () => {
    const shop = azure.state.addProject("Shop");
    const api = azure.state.addRepository(shop, { name: "Api" });
    const web = azure.state.addRepository(shop, { name: "Web" });
    const token = azure.state.jobTokenOf(shop, { references: [api.id] });
    const names = async (): Promise<readonly unknown[]> =>
      (await ask(azure, "Shop/_apis/git/repositories", { token })).list.map(({ name }) => name);
    const settings = await ask(azure, "Shop/_apis/build/generalsettings", { token });
    const before = await names();
    azure.state.pipelineSettings.enforce({ enforceReferencedRepoScopedToken: true });
    const attempt = await ask(azure, "Shop/_apis/build/generalsettings", {
      method: "PATCH",
      body: { enforceReferencedRepoScopedToken: false },
    });
    const hidden = await ask(azure, `Shop/_apis/git/repositories/${web.id}`, { token });
    const git = await fetch(`${azure.organizationUrl}/Shop/_git/Web/info/refs?service=git-upload-pack`, {
      headers: { authorization: `Bearer ${token}`, "git-protocol": "version=2" },
    });

    expect([settings.status, settings.json.enforceReferencedRepoScopedToken]).toEqual([200, false]);
    expect(before).toEqual(["Shop", "Api", "Web"]);
    expect(attempt.json.enforceReferencedRepoScopedToken).toBe(true); // the organisation enforces it
    expect(await names()).toEqual(["Api"]);
    expect([hidden.status, hidden.json.typeKey]).toEqual([404, "GitRepositoryNotFoundException"]);
    expect(git.status).toBe(404);
  });

  it("tells a caller whether it may read all repositories of a project", async () => {
    const shop = azure.state.addProject("Shop");
    const api = azure.state.addRepository(shop, { name: "Api" });
    const token = azure.state.signIn.issue({ hides: [api.id] });
    const path = `_apis/permissions/2e9eb7ed-3c0a-47d4-87c1-0ffdd275fd87/2?tokens=repoV2/${shop.id}`;

    expect((await ask(azure, path)).json.value).toEqual([true]);
    expect((await ask(azure, path, { token })).json.value).toEqual([false]);
  });

  it("refuses writes to a token that may only read, and areas it has no scope for", async () => {
    const project = azure.state.addProject("Shop");
    const reader = azure.state.signIn.issue({ scopes: ["vso.project", "vso.code"] });
    const read = await ask(azure, "Shop/_apis/git/repositories", { token: reader });
    const write = await ask(azure, "Shop/_apis/git/repositories", {
      method: "POST",
      body: { name: "New" },
      token: reader,
    });
    const builds = await ask(azure, "Shop/_apis/build/builds", { token: reader });

    expect(read.status).toBe(200);
    expect([write.status, write.text]).toEqual([401, ""]);
    expect(builds.status).toBe(401);
    expect(azure.state.repositories.list(project.id).length).toBe(1);
  });

  it("lets a token end by time and by number of requests", async () => {
    const expired = azure.state.signIn.issue({ expiresAt: new Date(Date.now() - 1000) });
    const short = azure.state.signIn.issue({ requests: 2 });
    const statuses = [];
    for (const token of [expired, short, short, short])
      statuses.push((await ask(azure, "_apis/projects", { token })).status);

    expect(statuses).toEqual([401, 200, 200, 401]);
  });

  it("hides projects and repositories from a token that must not know of them", async () => {
    const shop = azure.state.addProject("Shop");
    const secret = azure.state.addProject("Secret");
    const hidden = azure.state.addRepository(shop, { name: "Payments" });
    const token = azure.state.signIn.issue({ hides: [secret.id, hidden.id] });
    const projects = await ask(azure, "_apis/projects", { token });
    const repositories = await ask(azure, "_apis/git/repositories", { token });
    const one = await ask(azure, `Shop/_apis/git/repositories/${hidden.id}`, { token });
    const inside = await ask(azure, "Secret/_apis/git/repositories", { token });
    const gitRefs = await ask(azure, "Shop/_git/Payments/info/refs?service=git-upload-pack", { token });

    expect(projects.list.map(({ name }) => name)).toEqual(["Shop"]);
    expect(repositories.list.map(({ name }) => name)).toEqual(["Shop"]);
    expect([one.status, one.json.typeKey]).toEqual([404, "GitRepositoryNotFoundException"]);
    expect([inside.status, gitRefs.status]).toEqual([404, 404]);
  });
});

describe("api-versions", () => {
  beforeEach(async () => {
    await azure.stop();
    await start({ trafficFile: null });
  });

  const refusals: readonly (readonly [what: string, path: string, typeKey: string])[] = [
    [
      "a released version of a preview resource",
      "_apis/connectionData?api-version=7.1",
      "VssInvalidPreviewVersionException",
    ],
    ["an unreleased version", "_apis/projects?api-version=7.2", "VssInvalidPreviewVersionException"],
    ["a version from the future", "_apis/projects?api-version=9.0", "VssVersionOutOfRangeException"],
    [
      "an unknown resource version",
      "_apis/connectionData?api-version=7.1-preview.9",
      "VssResourceVersionNotSupportedException",
    ],
  ];

  it.each(refusals)("refuse %s", async (_, path, typeKey) => {
    const answer = await ask(azure, path);

    expect([answer.status, answer.json.typeKey]).toEqual([400, typeKey]);
  });

  it("are needed for writes", async () => {
    const headers = { authorization: basic(azure.token) };
    const answer = await fetch(`${azure.organizationUrl}/_apis/projects`, { method: "POST", headers });
    const { typeKey } = (await answer.json()) as { typeKey: string };

    expect([answer.status, typeKey]).toEqual([400, "VssVersionNotSpecifiedException"]);
  });

  it("may stand in the Accept header", async () => {
    const headers = { authorization: basic(azure.token), accept: "application/json;api-version=7.2-preview.1" };
    const answer = await fetch(`${azure.organizationUrl}/_apis/connectionData`, { headers });

    expect(answer.headers.get("content-type")).toContain("api-version=7.2-preview.1");
  });

  it("can be retired for an area, whose OPTIONS then say so", async () => {
    azure.state.addProject("Shop");
    azure.state.retiredVersions.set("git", ["7.1"]);
    const old = await ask(azure, "Shop/_apis/git/repositories?api-version=7.1");
    const fresh = await ask(azure, "Shop/_apis/git/repositories?api-version=7.2");
    const options = await ask(azure, "_apis/git", { method: "OPTIONS" });
    const repositories = options.list.find(({ id }) => id === "225f7195-f9c7-4d14-ab28-a83f7ff77e1f");

    expect([old.status, old.json.typeKey]).toEqual([400, "VssVersionNotSupportedException"]);
    expect(fresh.status).toBe(200);
    expect(repositories).toMatchObject({ minVersion: "7.2", releasedVersion: "7.2" });
  });
});

describe("hosts", () => {
  it("names a prefix for each host and answers an area on its own host only", async () => {
    const areas = await ask(azure, "_apis/resourceAreas?api-version=7.1-preview.1");
    const release = areas.list.find(({ name }) => name === "Release");
    const right = await ask(
      azure,
      `${azure.url}/vssps/contoso/_apis/identities?searchFilter=General&filterValue=ada%40contoso.example`,
    );
    const wrong = await fetch(`${azure.organizationUrl}/_apis/graph/users?api-version=7.1-preview.1`, {
      headers: { authorization: basic(azure.token) },
    });

    expect(release?.locationUrl).toBe(`${azure.url}/vsrm/contoso/`);
    expect(right.list[0]?.providerDisplayName).toBe("Ada Nowak");
    expect(wrong.status).toBe(404);
  });

  it("can answer null instead, as a server of one's own does", async () => {
    await azure.stop();
    await start({ resourceAreas: "none" });
    const areas = await ask(azure, "_apis/resourceAreas?api-version=7.1-preview.1");

    expect(areas.json).toEqual({ count: 0, value: null });
  });
});

describe("rate limits", () => {
  it("first show headers, then Retry-After on good answers, then delays, then refuse", async () => {
    await azure.stop();
    await start({ throttle: { limit: 10, windowMs: 60_000, maxDelayMs: 5 } });
    const answers: Answered[] = [];
    for (let n = 0; n < 16; n += 1) answers.push(await ask(azure, "_apis/projects"));
    const blocked = answers.at(-1);

    expect(answers[0]?.headers.get("x-ratelimit-limit")).toBeNull();
    expect([answers[6]?.status, answers[6]?.headers.get("x-ratelimit-remaining")]).toEqual([200, "3"]);
    expect([answers[9]?.status, answers[9]?.headers.get("retry-after")]).toEqual([200, "1"]);
    expect([answers[12]?.status, Number(answers[12]?.headers.get("x-ratelimit-delay")) > 0]).toEqual([200, true]);
    expect([blocked?.status, blocked?.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(blocked?.json.message).toMatch(/^TF400733/);
  });

  it("count each identity apart", async () => {
    await azure.stop();
    await start({ throttle: { limit: 1, windowMs: 60_000, maxDelayMs: 1 } });
    const other = azure.state.identityOf("Ben Okafor");
    if (other === undefined) throw new Error("no such person");
    const token = azure.state.signIn.issue({ identity: other });
    const statuses = [];
    for (const one of [azure.token, azure.token, token])
      statuses.push((await ask(azure, "_apis/projects", { token: one })).status);

    expect(statuses).toEqual([200, 429, 200]);
  });
});

describe("faults", () => {
  const isProjects = ({ path }: { path: string }): boolean => path === "_apis/projects";

  it("strike the exchanges they name, as often as they say", async () => {
    azure.faults.add({ kind: "status", status: 503, retryAfterSeconds: 2, when: isProjects, times: 2, skip: 1 });
    const statuses = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await ask(azure, "_apis/projects")).status);

    expect(statuses).toEqual([200, 503, 503, 200]);
    expect(azure.faults.struck).toBe(2);
  });

  it("can be a sign-in page or a redirect in the middle of a run", async () => {
    azure.faults.add({ kind: "signInPage", when: isProjects });
    azure.faults.add({ kind: "signInRedirect", when: isProjects, skip: 0 });
    const page = await ask(azure, "_apis/projects");
    const redirect = await ask(azure, "_apis/projects");

    expect([page.status, redirect.status]).toEqual([203, 302]);
  });

  it("can cut a body, with a wrong length or a right one, and make it drip", async () => {
    azure.state.addProject("Shop");
    azure.faults.add({ kind: "cutBody", when: isProjects });
    await expect(ask(azure, "_apis/projects")).rejects.toThrow();
    azure.faults.add({ kind: "truncatedBody", when: isProjects });
    const truncated = await ask(azure, "_apis/projects");
    azure.faults.add({ kind: "slowBody", pieces: 5, pauseMs: 2, when: isProjects });
    const slow = await ask(azure, "_apis/projects");

    expect([truncated.status, truncated.json]).toEqual([200, {}]);
    expect(slow.json.count).toBe(1);
  });

  it("can lose a connection before anything happened, or the answer after it did", async () => {
    const project = azure.state.addProject("Shop");
    const isCreate = ({ method }: { method: string }): boolean => method === "POST";
    const create = (): Promise<Answered> =>
      ask(azure, "Shop/_apis/git/repositories", { method: "POST", body: { name: "Web" } });
    azure.faults.add({ kind: "resetBefore", when: isCreate });
    await expect(create()).rejects.toThrow();
    const before = azure.state.repositories.list(project.id).length;
    azure.faults.add({ kind: "resetAfter", when: isCreate });
    await expect(create()).rejects.toThrow();

    expect([before, azure.state.repositories.list(project.id).length]).toEqual([1, 2]);
  });

  it("can move an answer to another host, which takes no credentials", async () => {
    azure.state.addProject("Shop");
    azure.faults.add({ kind: "redirectToStorage", when: isProjects });
    const location = (await ask(azure, "_apis/projects")).headers.get("location") ?? "";
    const withCredential = await fetch(location, { headers: { authorization: basic(azure.token) } });
    const without = await fetch(location);

    expect(location).toMatch(/^http:\/\/localhost:/);
    expect([withCredential.status, without.status]).toEqual([400, 200]);
    expect(await without.json()).toMatchObject({ count: 1 });
  });

  it("reach Git as well, by request and by byte", async () => {
    const project = azure.state.addProject("Shop");
    azure.state.addRepository(project, { name: "Web", from: bareRepository("faulty.git", ["main"]) });
    const path = "Shop/_git/Web/info/refs?service=git-upload-pack";
    azure.faults.add({ kind: "status", status: 429, when: ({ path: asked }) => asked.includes("_git/") });
    const refused = await ask(azure, path);
    azure.gitFaults.add({ on: "refs", action: { kind: "cut", at: 10, clean: true } });
    const cut = await ask(azure, path);
    azure.faults.add({ kind: "cutBody", atByte: 20, when: ({ path: asked }) => asked.includes("_git/") });

    expect([refused.status, cut.text.length]).toEqual([429, 10]);
    await expect(ask(azure, path)).rejects.toThrow();
  });
});

describe("the traffic log", () => {
  it("holds no credential and keeps to the published descriptions", async () => {
    azure.state.addProject("Shop");
    await ask(azure, "_apis/projects");
    const text = await readFile(traffic(), "utf8");
    const { errors } = await checkTraffic(traffic());

    expect(text).not.toContain(azure.token);
    expect(text).not.toContain(basic(azure.token));
    expect(errors).toEqual([]);
  });
});
