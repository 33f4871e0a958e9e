/** `npm run sandbox` as people and checks use it: one line of JSON, everything in it works, nothing stays behind. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSasProblem } from "../../extension-ui/model/read-sas.ts";
import { basic } from "../support/simulator.ts";
import { checkTraffic } from "../support/traffic-check.ts";

const project = fileURLToPath(new URL("../../", import.meta.url));
const startMs = 100_000;

let folder: string;
let sandbox: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sandbox-test-"));
});

afterEach(async () => {
  if (sandbox?.exitCode === null) sandbox.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

/** Its temporary folders are ours to look into. */
async function start(...args: readonly string[]): Promise<Record<string, string | null>> {
  const child = spawn(process.execPath, ["scripts/sandbox.mjs", ...args], {
    cwd: project,
    env: {
      ...process.env,
      TMPDIR: folder,
      TEMP: folder,
      TMP: folder,
      SIMULATOR_TRAFFIC: join(folder, "traffic.ndjson"),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  sandbox = child;
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return JSON.parse(line) as Record<string, string | null>;
}

async function end(signal: NodeJS.Signals): Promise<number | null> {
  if (sandbox === undefined) throw new Error("nothing runs");
  const ended = once(sandbox, "exit") as Promise<[number | null]>;
  sandbox.kill(signal);
  return (await ended)[0];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function get(
  address: string,
  token: string,
): Promise<{ readonly status: number; readonly json: { value: { name: string }[] } }> {
  const answer = await fetch(address, { headers: { authorization: basic(token), accept: "application/json" } });
  return { status: answer.status, json: (await answer.json()) as { value: { name: string }[] } };
}

/** Starts the pipeline that the hub's settings name, and tells how far it has come when its task shows progress. */
async function startBackup({ base, token }: { readonly base: string; readonly token: string }): Promise<unknown> {
  const headers = { authorization: basic(token), accept: "application/json", "content-type": "application/json" };
  const ask = async (path: string, method = "GET"): Promise<Record<string, unknown>> => {
    const body = method === "POST" ? { body: "{}" } : {};
    const answer = await fetch(`${base}/${path}?api-version=7.1`, { method, headers, ...body });
    return (await answer.json()) as Record<string, unknown>;
  };
  const pipelines = (await ask("pipelines")).value as { readonly id: number; readonly name: string }[];
  const backup = pipelines.find(({ name }) => name === "Back up");
  const run = await ask(`pipelines/${backup?.id ?? 0}/runs`, "POST");
  for (;;) {
    const { records } = await ask(`build/builds/${String(run.id)}/timeline`);
    const task = (records as Record<string, unknown>[]).find(({ type }) => type === "Task");
    if (task?.state === "completed" || task?.percentComplete !== null) return [backup?.name, task?.state];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("the sandbox", () => {
  it(
    "names a sample project, storage and keys, and takes everything away at the end",
    { timeout: startMs },
    async () => {
      const answer = await start();
      const { organizationUrl, accessToken, containerUrl, containerSas, hubUrl } = answer;
      const hubSas = String(answer.hubSas);
      const token = accessToken ?? "";
      const shop = encodeURIComponent(answer.project ?? "");
      const url = `${organizationUrl ?? ""}/${shop}/_apis/git/repositories?api-version=7.1`;
      const repositories = await get(url, accessToken ?? "");
      const list = `${String(containerUrl)}?restype=container&comp=list`;
      const blobs = await fetch(`${list}&${String(containerSas)}`);
      const browsed = await fetch(`${list}&${hubSas}`);
      const page = await fetch(`${hubUrl ?? ""}?theme=dark`);
      const html = await page.text();
      const hub = await fetch(/"frameUrl":"([^"]+)"/.exec(html)?.[1] ?? "");
      const started = await startBackup({ base: `${organizationUrl ?? ""}/${shop}/_apis`, token });
      const traffic = await readFile(join(folder, "traffic.ndjson"), "utf8");
      const { errors } = await checkTraffic(join(folder, "traffic.ndjson"));
      const code = await end("SIGTERM");

      expect(Object.keys(answer)).toEqual([
        "organizationUrl",
        "project",
        "accessToken",
        "containerUrl",
        "containerSas",
        "agentKey",
        "ownerKey",
        "viewerKey",
        "recoveryKey",
        "recoveryRecipient",
        "signer",
        "hubUrl",
        "hubSas",
      ]);
      // The hub takes a signature that reads and lists, and no other.
      expect(readSasProblem(hubSas)).toBeUndefined();
      expect(readSasProblem(String(containerSas))).toContain("This SAS also allows to");
      expect(browsed.status).toBe(200);
      expect(answer).toMatchObject({
        agentKey: expect.stringMatching(/^pbak1/),
        signer: expect.stringMatching(/^agent=ed25519:[^,]+,owner=ed25519:[^,]+$/),
      });
      expect([page.status, html]).toEqual([200, expect.stringContaining('class="dark"')]);
      expect([hub.status, new URL(hub.url).origin === new URL(hubUrl ?? "").origin]).toEqual([200, false]);
      expect(started).toEqual(["Back up", "inProgress"]);
      expect(repositories.json.value.map(({ name }) => name)).toContain("Mobile App");
      expect(blobs.status).toBe(200);
      expect(traffic).not.toContain(accessToken);
      expect(errors).toEqual([]);
      expect(code).toBe(0);
      expect(await readdir(folder)).toEqual(["traffic.ndjson"]);
    },
  );

  it("can hold one project without content, and ends on an interrupt", { timeout: startMs }, async () => {
    const port = await freePort();
    const { organizationUrl, accessToken, hubUrl } = await start("--empty", "--hub-port", String(port));
    const hub = await fetch(hubUrl ?? "");
    const projects = await get(`${organizationUrl ?? ""}/_apis/projects?api-version=7.1`, accessToken ?? "");

    expect(projects.json.value.map(({ name }) => name)).toEqual(["Contoso Shop"]);
    expect([new URL(hub.url).port, hub.status]).toEqual([String(port), 200]);
    expect(await end("SIGINT")).toBe(0);
  });

  it("refuses a wrong port in one line", { timeout: startMs }, async () => {
    const child = spawn(process.execPath, ["scripts/sandbox.mjs", "--port", "x"], { cwd: project });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const [code] = (await once(child, "exit")) as [number];

    expect([code, said]).toEqual([1, "--port: 'x' is not a port.\n"]);
  });
});
