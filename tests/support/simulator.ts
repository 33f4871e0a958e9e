/** Starts a simulated Azure DevOps for a test and takes it away again. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { arrayAt, isObject, parseObject } from "../../engine/foundation/json.ts";
import { gitMemory } from "../simulator/git/git-memory.ts";
import { startSimulator } from "../simulator/server.ts";
import type { Simulator, SimulatorOptions } from "../simulator/server.ts";

export type TestSimulator = Simulator & AsyncDisposable;

/** What git has answered to a reading request is the same for all simulators of this process. */
const memory = gitMemory();

/**
 * A simulator with its own temporary folder; `stop()` (or `await using`) removes both. Git is asked once about the same
 * repository in the same state; with `gitMemory: undefined` every time.
 */
export async function simulator(options: SimulatorOptions = {}): Promise<TestSimulator> {
  const stateFolder = options.stateFolder ?? (await mkdtemp(join(tmpdir(), "simulator-")));
  const running = await startSimulator({ gitMemory: memory, ...options, stateFolder });
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

export interface Ask {
  readonly method?: string;
  readonly body?: unknown;
  /** Default: the simulator's own. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON object of the body; empty when it is none. */
  readonly json: Readonly<Record<string, unknown>>;
  /** `value` of the body: the members of a list. */
  readonly list: readonly Readonly<Record<string, unknown>>[];
}

/** One request, credentials and api-version 7.1 added. `path` is below the organisation, or a whole address. */
export async function ask(azure: Simulator, path: string, options: Ask = {}): Promise<Answered> {
  const { method = "GET", body, token = azure.token, headers = {} } = options;
  const versioned = path.includes("api-version") ? path : `${path}${path.includes("?") ? "&" : "?"}api-version=7.1`;
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const answer = await fetch(path.startsWith("http") ? versioned : `${azure.organizationUrl}/${versioned}`, {
    method,
    redirect: "manual",
    headers: { accept: "application/json", authorization: basic(token), ...type, ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const json = parseObject(text) ?? {};
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    json,
    list: (arrayAt(json, "value") ?? []).filter(isObject),
  };
}
