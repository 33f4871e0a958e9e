// @ts-check
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { interruption } from "./lib/interruption.mjs";
import { loadEngine } from "./lib/load-engine.mjs";

const help = `npm run sandbox -- [--port P] [--storage-port P] [--empty] [--hub-port P]

Starts storage (Azurite), a simulated Azure DevOps and a page with the hub on this machine and prints one line of JSON
when they are ready: where they are, a token, a SAS and a key set of their own. The project has pipelines that back
it up, verify and restore; started in the hub or by REST, they really run. Runs until it is interrupted; nothing stays
behind.

  --port P          port of the simulated Azure DevOps; default: a free one
  --storage-port P  port of the storage; default: a free one
  --empty           one project without content and pipelines instead of the sample project
  --hub-port P      port of the hub's host page

SIMULATOR_TRAFFIC=<file> appends every exchange with the simulated Azure DevOps as one line of JSON.
`;

const distFolder = fileURLToPath(new URL("../dist/", import.meta.url));

/** @param {string | undefined} text @param {string} name */
function portOf(text, name) {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`--${name}: '${text}' is not a port.`);
  return port;
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      "storage-port": { type: "string" },
      "hub-port": { type: "string" },
      empty: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return {
    hubPort: portOf(values["hub-port"], "hub-port"),
    port: portOf(values.port, "port"),
    storagePort: portOf(values["storage-port"], "storage-port"),
    isEmpty: values.empty,
    wantsHelp: values.help,
  };
}

/** @param {{ hubPort: number | undefined, port: number | undefined, storagePort: number | undefined, isEmpty: boolean }} options */
async function runSandbox({ hubPort, port, storagePort, isEmpty }) {
  const interrupted = interruption();
  buildWhatIsMissing();
  const engine = await loadEngine(
    "engine/crypto/keys.ts",
    "engine/native/node-cryptography.ts",
    "tests/simulator/server.ts",
    "tests/simulator/sample/index.ts",
    "tests/support/azurite.ts",
    "tests/support/hub-place.ts",
  );
  const stateFolder = await mkdtemp(path.join(tmpdir(), "sandbox-"));
  /** @type {(() => Promise<void>)[]} */
  const endings = [() => rm(stateFolder, { recursive: true, force: true, maxRetries: 5 })];
  try {
    const simulator = await engine.startSimulator({ stateFolder, ...(port === undefined ? {} : { port }) });
    endings.unshift(() => simulator.stop());
    const starting = engine.startAzurite(storagePort === undefined ? {} : { port: storagePort });
    endings.unshift(async () => (await starting).stop());
    const project = isEmpty
      ? simulator.state.addProject("Contoso Shop")
      : engine.addSampleProject(simulator.state).project;
    const keys = await engine.makeKeySet(engine.nodeCryptography());
    const azurite = await starting;
    const container = await azurite.createContainer("backup");
    const hub = await engine.startHubPlace({
      ...{ simulator, azurite, project, container, keys, isSetUp: !isEmpty },
      ...(hubPort === undefined ? {} : { port: hubPort }),
    });
    endings.unshift(() => hub.stop());
    const answer = {
      organizationUrl: simulator.organizationUrl,
      project: project.name,
      accessToken: simulator.token,
      containerUrl: container.url,
      containerSas: container.sas,
      ...keys,
      hubUrl: hub.hubUrl,
      hubSas: azurite.containerSas(container.name, { permissions: "rl" }),
    };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
    await interrupted;
  } finally {
    for (const end of endings) await Promise.allSettled([end()]);
  }
}

/** The hub's page and the tasks that its pipelines run come from dist/. */
function buildWhatIsMissing() {
  const needed = [
    "hub/hub.html",
    "tasks/BackupProject/index.js",
    "tasks/RestoreItem/index.js",
    "tasks/VerifyBackup/index.js",
  ];
  if (needed.every((file) => existsSync(path.join(distFolder, file)))) return;
  const script = fileURLToPath(new URL("build.mjs", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" });
  if (status !== 0) throw new Error(`dist/ could not be built:\n${stderr}`);
}

try {
  const { wantsHelp, ...options } = readArguments();
  if (wantsHelp) process.stdout.write(help);
  else await runSandbox(options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
