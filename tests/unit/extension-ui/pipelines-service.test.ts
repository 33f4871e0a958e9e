/** The hub's service for pipelines against the simulated Azure DevOps; runs stay queued, no agent takes them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeKeySet } from "../../../engine/crypto/keys.ts";
import { systemClock } from "../../../engine/foundation/clock.ts";
import { nodeCryptography } from "../../../engine/native/node-cryptography.ts";
import { provePipeline } from "../../../extension-ui/model/pipeline-proof.ts";
import type { Pipelines } from "../../../extension-ui/model/project-services.ts";
import { applyParameters, defaultChoice, previewParameters } from "../../../extension-ui/model/restore-request.ts";
import { runProgress } from "../../../extension-ui/model/run-progress.ts";
import { backUpParameters, runOfRequest } from "../../../extension-ui/model/run-request.ts";
import { pipelinesOver } from "../../../extension-ui/services/pipelines.ts";
import { restClient } from "../../../extension-ui/services/rest.ts";
import { begin } from "../../simulator/pipelines/timeline.ts";
import { addProjectPipelines, type ProjectPipelines } from "../../support/project-pipelines.ts";
import { simulator, type TestSimulator } from "../../support/simulator.ts";
import { checkTraffic } from "../../support/traffic-check.ts";

const nonce = "0123456789abcdef";
let folder: string;
let azure: TestSimulator;
let project: { readonly id: string; readonly name: string };
let ids: ProjectPipelines;
let pipelines: Pipelines;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hub-services-"));
  azure = await simulator({ trafficFile: join(folder, "traffic.ndjson") });
  const added = azure.state.addProject("Shop");
  project = { id: added.id, name: added.name };
  ids = addProjectPipelines({
    simulator: azure,
    project: added,
    container: { url: "https://contosobackups.blob.core.windows.net/azure-devops", sas: "sv=1&sig=x" },
    keys: await makeKeySet(nodeCryptography()),
  });
  pipelines = pipelinesWith(["vso.build_execute"]);
});

afterAll(async () => {
  await azure.stop();
  await rm(folder, { recursive: true, force: true });
});

function pipelinesWith(scopes: readonly string[]): Pipelines {
  const token = azure.state.signIn.issue({ kind: "bearer", scopes: [...scopes] });
  const { organizationUrl } = azure;
  const rest = restClient({ organizationUrl, token: async () => token, clock: systemClock });
  return pipelinesOver(rest, { ...project, organizationName: "contoso", organizationUrl });
}

describe("the pipelines of a project", () => {
  it("are listed, and found by their file", async () => {
    const listed = await pipelines.list();

    expect(listed.map(({ id, name, folder: path }) => [id, name, path])).toEqual(
      expect.arrayContaining([[ids.restore, "Restore", "\\Operations"]]),
    );
    expect(await pipelines.byFile("/.project-backup/restore.yml")).toEqual([
      { id: ids.restore, name: "Restore", folder: "\\Operations" },
    ]);
    expect(await pipelines.byFile("/none.yml")).toEqual([]);
  });

  it("of Set up are proven to be ours by their preview, and not mistaken for each other", async () => {
    const choice = { ...defaultChoice(["work-items/42", "areas/Shop\\Ünï: x"], "latest"), targetProject: "Shop 2" };
    const parameters = previewParameters(choice, nonce);
    const restore = await pipelines.preview({ pipelineId: ids.restore, parameters });
    const backup = await pipelines.preview({ pipelineId: ids.backup, parameters: backUpParameters(nonce) });

    expect(provePipeline(restore, { task: "RestoreItem", parameters, project })).toEqual({
      isProven: true,
      serviceConnections: [],
      variableGroups: ["Restore"],
      environments: [],
      otherTasks: [],
    });
    expect(provePipeline(backup, { task: "BackupProject", parameters: {}, project }).isProven).toBe(true);
    expect(provePipeline(backup, { task: "RestoreItem", parameters, project }).isProven).toBe(false);
    expect(await pipelines.runs([ids.restore, ids.backup], 10)).toEqual([]);
  });

  it("refuse in the service's own words", async () => {
    const unknown = pipelines.preview({ pipelineId: ids.backup, parameters: { items: "*" } });
    const reader = pipelinesWith(["vso.build"]);

    await expect(unknown).rejects.toMatchObject({
      code: "ADO_REQUEST",
      message: expect.stringContaining("Unexpected parameter 'items'"),
    });
    await expect(reader.start({ pipelineId: ids.backup, parameters: {} })).rejects.toMatchObject({
      code: "ADO_FORBIDDEN",
    });
    await expect(pipelines.run(987_654)).rejects.toMatchObject({ code: "ADO_NOT_FOUND" });
  });
});

describe("a run", () => {
  it("is found again by its request, newest first, and can be cancelled", async () => {
    const parameters = applyParameters(defaultChoice(["*"], "latest"), "ab".repeat(32), nonce);
    const first = await pipelines.start({ pipelineId: ids.backup, parameters: backUpParameters(nonce) });
    const started = await pipelines.start({ pipelineId: ids.restore, parameters });
    const runs = await pipelines.runs([ids.restore, ids.backup], 10);
    const found = runOfRequest(runs, parameters);

    expect(runs.map(({ id }) => id)).toEqual([started.id, first.id]);
    expect(found).toMatchObject({
      id: started.id,
      state: "queued",
      pipeline: { id: ids.restore, name: "Restore" },
      parameters: { items: "*", planHash: "ab".repeat(32), previewOnly: "false" },
      url: `${azure.organizationUrl}/${project.id}/_build/results?buildId=${started.id}`,
    });
    expect(found?.requestedBy).not.toBe("");
    expect(await pipelines.runs([ids.verify], 10)).toEqual([]);
    expect(await pipelines.runs([], 10)).toEqual([]);

    await pipelines.cancel(first.id);

    expect(await pipelines.run(first.id)).toMatchObject({ state: "canceled", finishedAt: expect.any(String) });
  });

  it("tells how far it is, what went wrong, and what it has attached", async () => {
    const { id } = await pipelines.start({ pipelineId: ids.restore, parameters: { items: "*" } });
    const { builds } = azure.state;
    const build = builds.build(project.id, id);
    const task = build?.timeline.find(({ type }) => type === "Task");
    if (build === undefined || task === undefined) throw new Error("the run is not there");
    const attach = (type: string, text: string): void =>
      builds.attach(build, { type, name: "plan 1.json", content: new TextEncoder().encode(text) });
    attach("devops-backup.plan", '{"a":"ä"}');
    attach("other", "{}");
    const look = async (): Promise<unknown> => runProgress(await pipelines.run(id), await pipelines.steps(id));

    expect(await look()).toMatchObject({ state: "queued", headline: "Waiting for an agent", percent: undefined });

    builds.beginRun(build);
    begin(task, azure.state.now().toISOString());
    Object.assign(task, { percentComplete: 40, currentOperation: "work-items: 4 of 10" });
    task.issues.push({ type: "warning", message: "Half of it\nis gone" });

    expect(await look()).toMatchObject({
      state: "running",
      headline: "Restore: work-items: 4 of 10",
      percent: 40,
      issues: [{ severity: "warning", message: "Half of it is gone", step: "Restore" }],
    });

    builds.finishRun(build, "partiallySucceeded");

    expect(await look()).toMatchObject({ state: "done", headline: "Succeeded with issues", percent: 100 });
    expect((await pipelines.steps(id)).map(({ type, result }) => [type, result])).toEqual(
      ["Stage", "Phase", "Job", "Task"].map((type) => [type, "issues"]),
    );
    expect(await pipelines.attachments(id, "devops-backup.plan")).toEqual(['{"a":"ä"}']);
    expect(await pipelines.attachments(id, "devops-backup.none")).toEqual([]);
  });
});

describe("what the service asks for", () => {
  it("is what Azure DevOps documents", async () => {
    const { errors, warnings } = await checkTraffic(join(folder, "traffic.ndjson"));

    expect([...errors, ...warnings]).toEqual([]);
  });
});
