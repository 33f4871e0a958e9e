/** The work item commands of tfx-cli, which know nothing of the simulator, work against it. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { simulator } from "../support/simulator.ts";
import type { TestSimulator } from "../support/simulator.ts";
import { checkTraffic } from "../support/traffic-check.ts";

const run = promisify(execFile);
const tfxMain = createRequire(import.meta.url).resolve("tfx-cli/_build/tfx-cli.js");

let folder: string;
let azure: TestSimulator;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simulator-tfx-"));
  azure = await simulator({ trafficFile: join(folder, "traffic.ndjson") });
  azure.state.addProject("Contoso Shop");
});

afterAll(async () => {
  await azure.stop();
  await rm(folder, { recursive: true, force: true });
});

interface WorkItem {
  readonly id: number;
  readonly rev: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** tfx keeps its cache in the home folder: it gets one of its own. */
async function tfx(...args: readonly string[]): Promise<unknown> {
  const connection = ["--service-url", azure.organizationUrl, "--auth-type", "pat", "--token", azure.token];
  const { stdout } = await run(
    process.execPath,
    [tfxMain, "workitem", ...args, ...connection, "--no-prompt", "--json"],
    {
      env: { ...process.env, HOME: folder, USERPROFILE: folder, TFX_CACHE_FOLDER: folder },
    },
  );
  return JSON.parse(stdout) as unknown;
}

describe("tfx workitem", () => {
  it("creates, shows, updates and finds a work item", async () => {
    const place = ["--project", "Contoso Shop", "--work-item-type", "Bug", "--title", "Basket loses items"];
    const created = (await tfx("create", ...place, "--description", "It does")) as WorkItem;
    const id = ["--work-item-id", String(created.id)];
    const updated = (await tfx("update", ...id, "--title", "Basket keeps items")) as WorkItem;
    const shown = (await tfx("show", ...id)) as WorkItem;
    const wiql = "SELECT [System.Id] FROM WorkItems WHERE [System.Title] CONTAINS 'Basket'";
    const found = (await tfx("query", "--project", "Contoso Shop", "--query", wiql)) as readonly WorkItem[];

    expect([created.rev, updated.rev]).toEqual([1, 2]);
    expect(shown.fields).toMatchObject({ "System.Title": "Basket keeps items", "System.WorkItemType": "Bug" });
    expect(found.map((item) => item.id)).toEqual([created.id]);
  });

  it("makes only requests that the service knows, and gets answers of its form", async () => {
    const { errors } = await checkTraffic(join(folder, "traffic.ndjson"));
    // tfx numbers the verbs of patches, which the service takes and its description does not mention.
    const others = errors.filter((line) => !line.includes("[request-patch]"));

    expect(others).toEqual([]);
  });
});
