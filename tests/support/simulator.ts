/** Starts a simulated Azure DevOps for a test and takes it away again. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSimulator } from "../simulator/server.ts";
import type { Simulator, SimulatorOptions } from "../simulator/server.ts";

export type TestSimulator = Simulator & AsyncDisposable;

/** A simulator with its own temporary folder; `stop()` (or `await using`) removes both. */
export async function simulator(options: SimulatorOptions = {}): Promise<TestSimulator> {
  const stateFolder = options.stateFolder ?? (await mkdtemp(join(tmpdir(), "simulator-")));
  const running = await startSimulator({ ...options, stateFolder });
  const stop = async (): Promise<void> => {
    await running.stop();
    if (options.stateFolder === undefined) await rm(stateFolder, { recursive: true, force: true });
  };
  return { ...running, stop, [Symbol.asyncDispose]: stop };
}

/** Value of the Authorization header for a token, as clients send it for personal access tokens. */
export function basic(token: string): string {
  return `Basic ${Buffer.from(`:${token}`).toString("base64")}`;
}
