/**
 * Records what every simulator of a test run is asked and answers, and fails the run when the recording does not
 * keep to the published descriptions of the service.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkTraffic } from "./traffic-check.ts";

let folder: string | undefined;

export async function setup(): Promise<void> {
  if (process.env.SIMULATOR_TRAFFIC !== undefined) return;
  folder = await mkdtemp(join(tmpdir(), "traffic-"));
  process.env.SIMULATOR_TRAFFIC = join(folder, "traffic.ndjson");
}

export async function teardown(): Promise<void> {
  const file = process.env.SIMULATOR_TRAFFIC;
  try {
    if (file === undefined || !existsSync(file)) return;
    const { hasRun, exchanges, errors } = await checkTraffic(file);
    if (errors.length > 0) {
      process.exitCode = 1; // vitest only prints what a teardown throws
      throw new Error(`The traffic of the tests has ${errors.length} errors:\n${errors.join("\n")}`);
    }
    if (hasRun) console.log(`Traffic check: ${exchanges} exchanges with the simulator, 0 errors.`);
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}
