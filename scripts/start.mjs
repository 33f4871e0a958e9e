// @ts-check
/** The main job on embedded defaults, as a story. `--keep` leaves everything running afterwards. */
import { parseArgs } from "node:util";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { interruption } from "./lib/interruption.mjs";
import { loadEngine } from "./lib/load-engine.mjs";

const startedAt = performance.now();
const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);

try {
  const { values } = parseArgs({ options: { keep: { type: "boolean", default: false } } });
  say("Project Backup for Azure DevOps: backup, proof and restore on this machine");
  say("");
  build();
  const { openHub, startWorld, tellStory } = await loadEngine("tests/demo/story.ts");
  const world = await startWorld();
  try {
    say(
      `Azure DevOps (simulated) at ${world.simulator.organizationUrl}, Azure Storage (Azurite) at ${world.container.url}`,
    );
    await tellStory(world, say);
    say("");
    say(
      `Everything holds, in ${((performance.now() - startedAt) / 1000).toFixed(0)} s. ${values.keep ? "" : "Nothing of it stays on this machine."}`.trim(),
    );
    if (values.keep) await keepRunning(world, openHub);
  } finally {
    await world.stop();
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function build() {
  const script = fileURLToPath(new URL("build.mjs", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" });
  if (status !== 0) throw new Error(`The tasks could not be built:\n${stderr}`);
  say(stdout.trim());
}

/** @param {any} world @param {(world: any) => Promise<{ hubUrl: string, readSas: string, stop: () => Promise<void> }>} openHub */
async function keepRunning(world, openHub) {
  const { simulator, sample, container, keys } = world;
  const interrupted = interruption();
  const hub = await openHub(world);
  const project = encodeURIComponent(sample.project.name);
  say("");
  say("Left running until Ctrl-C:");
  say(`  Hub            ${hub.hubUrl}`);
  say(`    read-only SAS ${hub.readSas}`);
  say(`    viewer key    ${keys.viewerKey}`);
  say(`  Azure DevOps   ${simulator.organizationUrl}/${project}   token ${simulator.token}`);
  say(`  Git            ${simulator.organizationUrl}/${project}/_git/Web`);
  say(`  Container      ${container.url}?${container.sas}`);
  say(`  Recovery key   ${keys.recoveryKey}`);
  say(`  Look into it   CONTAINER_URL, CONTAINER_SAS and RECOVERY_KEY from above, then: npm run vault -- list`);
  await interrupted;
  await hub.stop();
}
