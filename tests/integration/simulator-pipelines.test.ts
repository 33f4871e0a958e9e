/** What the hub runs against: pipelines whose runs really carry out the bundled tasks, and data of extensions. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeKeySet } from "../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { startAzurite, type Azurite, type AzuriteContainer } from "../support/azurite.ts";
import { startPipelineAgent, type PipelineAgent } from "../support/pipeline-agent.ts";
import { addProjectPipelines, type ProjectPipelines } from "../support/project-pipelines.ts";
import { ask, simulator, type Answered, type Ask, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";
import { checkTraffic } from "../support/traffic-check.ts";
import type { KeySet } from "../../engine/crypto/keys.ts";

/** As the clients for extensions ask. */
const extensionAccept =
  "application/json;api-version=7.2-preview.1;excludeUrls=true;enumsAsNumbers=true;msDateFormat=true;noArrayWrap=true";

let folder: string;
let azure: TestSimulator;
let azurite: Azurite;
let container: AzuriteContainer;
let keys: KeySet;
let shop: SmallProject;
let agent: PipelineAgent;
let pipelines: ProjectPipelines;

beforeAll(async () => {
  if (!existsSync("dist/tasks/RestoreItem/index.js")) throw new Error("dist/tasks is missing: npm run build");
  folder = await mkdtemp(join(tmpdir(), "pipelines-"));
  azurite = await startAzurite();
  azure = await simulator({ trafficFile: join(folder, "traffic.ndjson") });
  container = await azurite.createContainer();
  keys = await makeKeySet(nodeCryptography());
  shop = await smallProject(azure);
  agent = startPipelineAgent(azure);
  pipelines = addProjectPipelines({ simulator: azure, project: shop.project, container, keys });
});

afterAll(async () => {
  await agent.stop();
  await azure.stop();
  await azurite.stop();
  await shop.remove();
  await rm(folder, { recursive: true, force: true });
});

function call(path: string, options?: Ask): Promise<Answered> {
  return ask(azure, path.startsWith("http") ? path : `Shop/_apis/${path}`, options);
}

function post(path: string, body: unknown): Promise<Answered> {
  return call(path, { method: "POST", body });
}

async function start(pipeline: number, templateParameters: object): Promise<number> {
  const { status, json, text } = await post(`pipelines/${pipeline}/runs`, { templateParameters });
  expect([status, text]).toEqual([200, expect.any(String)]);
  return json.id as number;
}

interface Step {
  readonly type: string;
  readonly name: string;
  readonly state: string;
  readonly result: string | null;
  readonly percentComplete: number | null;
  readonly currentOperation: string | null;
  readonly issues?: readonly { readonly type: string; readonly message: string }[];
  readonly log: { readonly id: number } | null;
}

async function steps(run: number): Promise<readonly Step[]> {
  return (await call(`build/builds/${run}/timeline`)).json.records as readonly Step[];
}

/** Looks at a run until it is over, and remembers what its task showed on the way. */
async function followed(run: number): Promise<{ readonly build: Answered["json"]; readonly seen: readonly Step[] }> {
  const seen: Step[] = [];
  for (;;) {
    const { json } = await call(`build/builds/${run}`);
    const task = (await steps(run)).find(({ type }) => type === "Task");
    if (task !== undefined) seen.push(task);
    if (json.status === "completed") return { build: json, seen };
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

async function attached(run: number, type: string): Promise<string> {
  const { list } = await call(`build/builds/${run}/attachments/${type}`);
  const links = list[0]?._links as { readonly self: { readonly href: string } };
  return (await call(links.self.href)).text;
}

const everything = { items: "*", conflictPolicy: "overwrite" };

describe("a preview of a run", () => {
  it("shows the file with the parameters filled in, and starts nothing", async () => {
    const templateParameters = { ...everything, items: "work-items/1\nwork-items/2", planHash: "sha256:aa" };
    const { status, json } = await post(`pipelines/${pipelines.restore}/preview`, { templateParameters });
    const byRuns = await post(`pipelines/${pipelines.restore}/runs`, { templateParameters, previewRun: true });
    const yaml = String(json.finalYaml);

    expect(status).toBe(200);
    expect(yaml).toContain("task: RestoreItem@1");
    expect(yaml).toContain("items: |-\n          work-items/1\n          work-items/2\n");
    expect(yaml).toContain("previewOnly: True\n");
    expect(yaml).toContain("recoveryKey: $(RecoveryKey)");
    expect(yaml).not.toContain("${{");
    expect(yaml).not.toContain(keys.recoveryKey);
    expect(byRuns.json.finalYaml).toBe(yaml);
    expect((await call("build/builds")).list).toEqual([]);
  });

  it("is refused for parameters that the file does not know, needs or allows, in the service's words", async () => {
    const refusal = async (templateParameters: object): Promise<unknown> => {
      const { status, json } = await post(`pipelines/${pipelines.restore}/preview`, { templateParameters });
      return [status, json.typeKey, json.message];
    };
    const file = "/.project-backup/restore.yml";

    expect(await refusal({ items: "*", evil: "1" })).toEqual([
      400,
      "PipelineValidationException",
      `${file}: Unexpected parameter 'evil'`,
    ]);
    expect(await refusal({})).toEqual([
      400,
      "PipelineValidationException",
      `${file}: A value for the 'items' parameter must be provided.`,
    ]);
    expect(await refusal({ items: "*", previewOnly: "perhaps", conflictPolicy: "destroy" })).toEqual([
      400,
      "PipelineValidationException",
      `${file}: The 'conflictPolicy' parameter value 'destroy' is not a valid value. Valid values: skip, overwrite, rename.\n${file}: The 'previewOnly' parameter value 'perhaps' is not a valid Boolean.`,
    ]);
  });

  it("takes another file instead; a real run does not", async () => {
    const yamlOverride =
      "parameters:\n  - name: deep\n    type: boolean\n    default: false\nsteps:\n  - ${{ if parameters.deep }}:\n    - task: RestoreItem@1\n  - ${{ else }}:\n    - script: echo no\n";
    const preview = (deep: string): Promise<Answered> =>
      post(`pipelines/${pipelines.restore}/preview`, { yamlOverride, templateParameters: { deep } });
    const run = await post(`pipelines/${pipelines.restore}/runs`, { yamlOverride });

    expect((await preview("true")).json.finalYaml).toBe(
      "stages:\n- stage: __default\n  jobs:\n  - job: Job\n    steps:\n    - task: RestoreItem@1\n",
    );
    expect((await preview("false")).json.finalYaml).toContain("- script: echo no\n");
    expect(run.status).toBe(400);
  });

  it("needs the right to start runs", async () => {
    const token = azure.state.signIn.issue({ kind: "bearer", scopes: ["vso.build"] });
    const { status } = await call(`pipelines/${pipelines.restore}/preview`, { method: "POST", body: {}, token });

    expect(status).toBe(403);
  });
});

describe("pipelines", () => {
  it("are found by their file, and never show a secret", async () => {
    const query = `yamlFilename=${encodeURIComponent("/.project-backup/restore.yml")}&includeAllProperties=true`;
    const { list } = await call(`build/definitions?${query}`);
    const secret = { value: "hunter2-hunter2", isSecret: true };
    const variables = { RecoveryKey: secret, Region: { value: "west", isSettable: true } };
    const own = azure.state.builds.addDefinition(shop.project, { name: "Own", variables });
    const { json, text } = await call(`build/definitions/${own.id}`);

    expect(list).toMatchObject([{ name: "Restore", process: { yamlFilename: "/.project-backup/restore.yml" } }]);
    expect(json.variables).toEqual({
      RecoveryKey: { value: null, isSecret: true },
      Region: { value: "west", allowOverride: true },
    });
    expect(text).not.toContain(secret.value);
  });

  it("are made from a file and a variable group, whose secrets never come out again", async () => {
    const reference = { name: "Extra", projectReference: { id: shop.project.id, name: "Shop" } };
    const variables = { Key: { value: "hunter3-hunter3", isSecret: true }, Region: { value: "west" } };
    const body = { name: "Extra", type: "Vsts", variables, variableGroupProjectReferences: [reference] };
    const group = await ask(azure, "_apis/distributedtask/variablegroups", { method: "POST", body });
    const { list, text } = await call("distributedtask/variablegroups?groupName=extra");
    const repository = { id: pipelines.repository.id, type: "azureReposGit" };
    const configuration = { type: "yaml", path: "/.project-backup/verify.yml", repository };
    const made = await post("pipelines", { name: "Verify again", folder: "\\Extra", configuration });
    const preview = await post(`pipelines/${String(made.json.id)}/preview`, {});

    expect(list).toMatchObject([{ id: group.json.id, variables: { Key: { value: null }, Region: { value: "west" } } }]);
    expect(group.text + text).not.toContain(variables.Key.value);
    expect(made.json).toMatchObject({ name: "Verify again", folder: "\\Extra", configuration: { type: "yaml" } });
    expect(preview.json.finalYaml).toContain("VerifyBackup@1");
  });

  it("refuse variables that nobody may set, and files or groups that are not there", async () => {
    const variables = { RecoveryKey: { value: "mine" } };
    const set = await post(`pipelines/${pipelines.restore}/runs`, { variables, templateParameters: everything });
    const gone = azure.state.builds.addDefinition(shop.project, { name: "Gone", yamlFilename: "nowhere.yml" });
    const missing = await post(`pipelines/${gone.id}/runs`, {});
    const yamlOverride = "variables:\n  - group: Nobody\nsteps:\n  - script: echo\n";
    const group = await post(`pipelines/${pipelines.restore}/preview`, { yamlOverride });

    expect([set.status, set.json.message]).toEqual([400, expect.stringContaining("RecoveryKey")]);
    expect([missing.status, missing.json.message]).toEqual([400, expect.stringContaining("/nowhere.yml")]);
    expect([group.status, group.json.message]).toEqual([400, expect.stringContaining("Variable group Nobody")]);
  });
});

describe("a run", () => {
  it("backs up, shows its progress on the way, and keeps what the task attached", async () => {
    const run = await start(pipelines.backup, { requestId: "click-1" });
    const { build, seen } = await followed(run);
    const snapshot = JSON.parse(await attached(run, "devops-backup.snapshot")) as { readonly status: string };
    const log = seen.at(-1)?.log?.id ?? 0;
    const { text } = await call(`build/builds/${run}/logs/${log}`, { headers: { accept: "text/plain" } });
    const { json } = await call(`build/builds/${run}/logs/${log}?startLine=1&endLine=2`);

    expect(build).toMatchObject({
      status: "completed",
      result: "succeeded",
      templateParameters: { requestId: "click-1" },
    });
    expect(seen.some(({ state, percentComplete }) => state === "inProgress" && percentComplete !== null)).toBe(true);
    expect(new Set(seen.map(({ currentOperation }) => currentOperation)).size).toBeGreaterThan(1);
    expect(snapshot).toMatchObject({ status: "complete" });
    expect(await attached(run, "Distributedtask.Core.Summary")).toContain("Shop");
    expect(text).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z \S/);
    expect(text).not.toContain(keys.agentKey);
    expect(json.value).toEqual(text.split("\r\n").slice(0, 2));
    for (const secret of [keys.agentKey, container.sas]) expect(JSON.stringify([build, seen])).not.toContain(secret);
  });

  it("plans a restore with the parameters of whoever started it", async () => {
    azure.state.repositories.delete(shop.api.record);
    const run = await start(pipelines.restore, { items: "git-repositories/Api", previewOnly: "true" });
    const { build } = await followed(run);
    const plan = await attached(run, "devops-backup.plan");
    const timeline = await steps(run);

    expect(build.result).toBe("succeeded");
    expect(plan).toContain("Api");
    expect(timeline.map(({ type, state, result }) => [type, state, result])).toEqual([
      ["Stage", "completed", "succeeded"],
      ["Phase", "completed", "succeeded"],
      ["Job", "completed", "succeeded"],
      ["Task", "completed", "succeeded"],
    ]);
    expect(azure.state.repositories.deleted(shop.project.id)).toHaveLength(1);
  });

  it("restores by a plan that was looked at", async () => {
    const { builds, repositories } = azure.state;
    const [planned] = builds.builds(shop.project.id).filter(({ definitionId }) => definitionId === pipelines.restore);
    const plan = JSON.parse(await attached(planned?.id ?? 0, "devops-backup.plan")) as { readonly hash: string };
    const wish = { items: "git-repositories/Api", previewOnly: "false", planHash: plan.hash };
    const { build } = await followed(await start(pipelines.restore, wish));

    expect(build).toMatchObject({ result: "succeeded", templateParameters: wish });
    expect(repositories.list(shop.project.id).map(({ id }) => id)).toContain(shop.api.record.id);
  });

  it("that fails tells why on its task", async () => {
    const run = await start(pipelines.restore, { items: "git-repositories/Nothing-like-it" });
    const { build, seen } = await followed(run);

    expect(build.result).toBe("failed");
    expect(seen.at(-1)).toMatchObject({ state: "completed", result: "failed" });
    expect(seen.at(-1)?.issues).toEqual([
      expect.objectContaining({ type: "error", message: expect.stringContaining("Nothing-like-it") }),
    ]);
  });

  it("can be cancelled while it works and while it waits", async () => {
    const [working, queued, waiting] = [
      await start(pipelines.backup, { requestId: "click-2" }),
      await start(pipelines.backup, { requestId: "click-3" }),
      await start(pipelines.backup, { requestId: "click-4" }),
    ];
    const before = await call(`build/builds/${waiting}`);
    await call(`build/builds/${waiting}`, { method: "PATCH", body: { status: "cancelling" } });
    const cancelled = await call(`build/builds/${working}`, { method: "PATCH", body: { status: 4 } });
    const ends = await Promise.all([working, queued, waiting].map((run) => followed(run)));

    expect(before.json.status).toBe("notStarted");
    expect(["cancelling", "completed"]).toContain(cancelled.json.status);
    expect(ends.map(({ build }) => build.result)).toEqual(["canceled", "succeeded", "canceled"]);
    expect(ends[2]?.seen.at(-1)).toMatchObject({ result: "canceled", log: null });
  });

  it("waits for an approval where one is needed, and begins once it is given", async () => {
    const { builds } = azure.state;
    const definition = builds.definition(shop.project.id, pipelines.backup)!;
    definition.needsApproval = true;
    const run = await start(pipelines.backup, {});
    await agent.idle();
    const waiting = (await steps(run)).filter(({ state }) => state === "inProgress").map(({ type }) => type);
    definition.needsApproval = false;
    builds.approveRun(builds.build(shop.project.id, run)!);
    const { build } = await followed(run);

    expect(waiting).toEqual(["Checkpoint", "Checkpoint.Approval"]);
    expect(build.result).toBe("succeeded");
  });

  it("carries tags by which it is found again", async () => {
    const { list } = await call("build/builds?$top=1");
    const id = Number(list[0]?.id);
    const tagged = await call(`build/builds/${id}/tags/restore-click-9`, { method: "PUT" });
    const more = await call(`build/builds/${id}/tags`, { method: "POST", body: ["b"] });
    const found = await call(`build/builds?definitions=${pipelines.backup}&tagFilters=restore-click-9`);
    await call(`build/builds/${id}/tags/b`, { method: "DELETE" });

    expect([tagged.json.value, more.json.value]).toEqual([["restore-click-9"], ["restore-click-9", "b"]]);
    expect(found.list.map((build) => build.id)).toEqual([id]);
    expect((await call(`build/builds/${id}/tags`)).json.value).toEqual(["restore-click-9"]);
  });
});

describe("pages of other origins", () => {
  it("are let in after a preflight without credentials", async () => {
    const address = `${azure.organizationUrl}/Shop/_apis/build/builds`;
    const origin = "http://127.0.0.1:5002";
    const preflight = await fetch(address, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "GET",
        "access-control-request-headers": "authorization,x-tfs-fedauthredirect",
      },
    });
    const { headers, status } = await call("build/builds", { headers: { origin } });

    expect(preflight.status).toBe(200);
    expect(preflight.headers.get("access-control-allow-headers")).toBe("authorization,x-tfs-fedauthredirect");
    expect(preflight.headers.get("access-control-allow-methods")).toContain("PATCH");
    expect([status, headers.get("access-control-allow-origin")]).toEqual([200, origin]);
    expect(headers.get("access-control-expose-headers")).toContain("X-MS-ContinuationToken");
  });

  it("get numbers, bare lists and old dates when their Accept header asks for them", async () => {
    const headers = { accept: extensionAccept };
    const list = JSON.parse((await call("pipelines", { headers })).text) as { readonly name: string }[];
    const builds = await call(`build/builds?definitions=${pipelines.restore}&$top=1`, { headers });
    const [build] = JSON.parse(builds.text) as Record<string, unknown>[];
    const run = await call(`pipelines/${pipelines.restore}/runs/${String(build?.id)}`, { headers });
    const timeline = await call(`build/builds/${String(build?.id)}/timeline`, { headers });

    expect(list.map(({ name }) => name)).toContain("Restore");
    expect(build).toMatchObject({
      status: 2,
      result: 8,
      reason: 1,
      queueTime: expect.stringMatching(/^\/Date\(\d+\)\/$/),
    });
    expect(run.json).toMatchObject({ state: 4, result: 2 });
    expect(timeline.json.records).toMatchObject([{ state: 2, result: 2 }, {}, {}, { issues: [{ type: 1 }] }]);
  });
});

describe("data of extensions", () => {
  const place = "_apis/ExtensionManagement/InstalledExtensions/project-backup/project-backup/Data/Scopes";
  const documents = (scope: string, rest = ""): string =>
    `${azure.url}/extmgmt/contoso/${place}/${scope}/Collections/settings/Documents${rest}?api-version=7.1-preview.1`;
  const put = (body: object): Promise<Answered> => ask(azure, documents("Default/Current"), { method: "PUT", body });

  it("is refused when somebody else has written in between", async () => {
    const none = await ask(azure, documents("Default/Current", "/shop"));
    const first = await ask(azure, documents("Default/Current"), { method: "POST", body: { id: "shop", hours: 26 } });
    const again = await ask(azure, documents("Default/Current"), { method: "POST", body: { id: "shop" } });
    const second = await put({ ...first.json, hours: 24 });
    const late = await put({ ...first.json, hours: 1 });
    const forced = await put({ id: "shop", hours: 2, __etag: -1 });

    expect([none.status, none.json.typeKey]).toEqual([404, "DocumentCollectionDoesNotExistException"]);
    expect([first.status, first.json]).toEqual([201, { id: "shop", hours: 26, __etag: 1 }]);
    expect([again.status, again.json.typeKey]).toEqual([400, "DocumentExistsException"]);
    expect(second.json).toEqual({ id: "shop", hours: 24, __etag: 2 });
    expect([late.status, late.json.typeKey]).toEqual([400, "InvalidDocumentVersionException"]);
    expect(forced.json).toMatchObject({ hours: 2, __etag: 3 });
  });

  it("of a person is seen by nobody else", async () => {
    const other = azure.state.signIn.issue({ identity: azure.state.identities[1]! });
    await ask(azure, documents("User/Me"), { method: "POST", body: { id: "head", head: "3:aa" } });
    const own = await ask(azure, documents("User/Me", "/head"));
    const others = await ask(azure, documents("User/Me", "/head"), { token: other });
    await ask(azure, documents("User/Me", "/head"), { method: "DELETE" });

    expect([own.json.head, others.status]).toEqual(["3:aa", 404]);
    expect((await ask(azure, documents("User/Me", "/head"))).json.typeKey).toBe("DocumentDoesNotExistException");
  });
});

it("keeps to the published descriptions of the service", async () => {
  const { errors } = await checkTraffic(join(folder, "traffic.ndjson"));

  expect(errors).toEqual([]);
});
