/** Where a run learns how far the log had got: from what earlier runs of its pipeline have attached. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectAzureDevOps, type AzureDevOpsConnection } from "../../engine/azure-devops/connection.ts";
import { personalAccessToken } from "../../engine/azure-devops/sign-in.ts";
import { systemClock } from "../../engine/foundation/clock.ts";
import { silentReporter } from "../../engine/foundation/reporter.ts";
import { formatHead } from "../../engine/vault/format/head-pin.ts";
import { snapshotAttachmentType, snapshotForm } from "../../engine/vault/format/reported-snapshot.ts";
import type { Agent } from "../../tasks/shared/agent.ts";
import { headPins } from "../../tasks/shared/head-pins.ts";
import type { BuildResult } from "../simulator/pipelines/build-store.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";

const vault = "6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c";
const sha256 = "a".repeat(64);
const main = "refs/heads/main";

let azure: TestSimulator;
let azureDevOps: AzureDevOpsConnection;
let pipeline: ReturnType<TestSimulator["state"]["builds"]["addDefinition"]>;
let told: string[];

beforeEach(async () => {
  azure = await simulator();
  const project = azure.state.addProject({ name: "Shop" });
  pipeline = azure.state.builds.addDefinition(project, { name: "Nightly backup" });
  told = [];
  azureDevOps = await connectAzureDevOps({
    organizationUrl: azure.organizationUrl,
    signIn: personalAccessToken(azure.token),
    clock: systemClock,
    random: Math.random,
    reporter: silentReporter,
    signal: new AbortController().signal,
  });
});
afterEach(async () => {
  azureDevOps.close();
  await azure.stop();
});

function reported(seq: number): Uint8Array {
  const facts = {
    form: snapshotForm,
    vault,
    project: { id: vault, name: "Shop" },
    snapshot: "1",
    seq,
    status: "complete",
  };
  return Buffer.from(JSON.stringify({ ...facts, head: formatHead({ seq, sha256 }) }));
}

function aRun(
  content: Uint8Array,
  {
    branch = main,
    result = "succeeded",
    of = pipeline,
  }: { branch?: string; result?: BuildResult; of?: typeof pipeline } = {},
): void {
  const run = azure.state.builds.startRun(of, { sourceBranch: branch });
  azure.state.builds.attach(run, { type: snapshotAttachmentType, name: "snapshot.json", content });
  azure.state.builds.finishRun(run, result);
}

/** What headPins needs of an agent, on the branch main unless said otherwise. */
function agentOn(branch: string | undefined): Agent {
  const variables: Readonly<Record<string, string | undefined>> = {
    "System.DefinitionId": String(pipeline.id),
    "System.TeamProject": "Shop",
    "Build.SourceBranch": branch,
  };
  return { input: () => undefined, variable: (name: string) => variables[name] } as unknown as Agent;
}

async function pinned(agent = agentOn(main)): Promise<number | undefined> {
  const reporter = {
    ...silentReporter,
    info: (line: string) => told.push(line),
    warn: (line: string) => told.push(line),
  };
  return (await headPins([vault], { agent, azureDevOps, reporter })).get(vault)?.seq;
}

describe("the head that earlier runs have reported", () => {
  it("is the newest of those that succeeded, with or without warnings", async () => {
    aRun(reported(7));
    aRun(reported(9), { result: "partiallySucceeded" });
    aRun(reported(8));

    expect(await pinned()).toBe(9);
  });

  it.each([
    ["of another branch", { branch: "refs/heads/feature/evil" }],
    ["that failed", { result: "failed" as const }],
    ["that was cancelled", { result: "canceled" as const }],
  ])("is not that of a run %s", async (_, run) => {
    aRun(reported(7));
    aRun(reported(5000), run);

    expect(await pinned()).toBe(7);
  });

  it("is not that of another pipeline", async () => {
    const project = azure.state.projectOf("Shop");
    if (project === undefined) throw new Error("no project");
    aRun(reported(5000), { of: azure.state.builds.addDefinition(project, { name: "Another" }) });

    expect(await pinned()).toBeUndefined();
  });

  it("is not one that no log can have got to since the others", async () => {
    aRun(reported(7));
    aRun(reported(9_999_999_999));

    expect(await pinned()).toBe(7);
    expect(told.join()).toContain("out of line");
  });

  it.each([
    ["of 5 MiB", Buffer.alloc(5 << 20, 0x20)],
    ["that is no UTF-8", Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ["that is empty", Buffer.alloc(0)],
  ])("is not pinned by an attachment %s", async (_, content) => {
    aRun(content);

    expect(await pinned()).toBeUndefined();
  });

  it("is not looked for where the job has no branch, as in a release", async () => {
    aRun(reported(7));

    expect(await pinned(agentOn(undefined))).toBeUndefined();
  });
});
