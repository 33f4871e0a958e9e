/** Work item tracking behind a running simulator, and the traffic it made. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSimulator } from "../../simulator/server.ts";
import type { Simulator } from "../../simulator/server.ts";
import { SimulatorState } from "../../simulator/state.ts";
import { Wit } from "../../simulator/wit/builder.ts";
import { ask } from "../../support/simulator.ts";
import type { Answered } from "../../support/simulator.ts";
import type { WitHost } from "../../simulator/wit/host.ts";
import { checkTraffic } from "../../support/traffic-check.ts";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are looked at freely
export type Loose = any;

export interface Said extends Omit<Answered, "json" | "list"> {
  readonly json: Loose;
  readonly list: Loose[];
}

export interface WitService {
  readonly simulator: Simulator;
  readonly state: SimulatorState;
  readonly wit: Wit;
  readonly folder: string;
  get(path: string): Promise<Said>;
  send(method: string, path: string, body?: unknown): Promise<Said>;
  /** A JSON patch: `{field: value}` pairs or whole operations. */
  patch(path: string, document: readonly object[], method?: string): Promise<Said>;
  upload(path: string, content: Uint8Array, headers?: Record<string, string>, method?: string): Promise<Said>;
  /** Stops the service; the errors that the published descriptions find in its traffic. */
  stop(): Promise<readonly string[]>;
}

const SCRUM = "6b724908-ef14-45cf-84f8-768b5384da45";

/** Projects: Shop (Agile) and Lab (Scrum). `limits` are switches of the host. */
export async function witService(limits: Partial<WitHost> = {}): Promise<WitService> {
  const folder = mkdtempSync(join(tmpdir(), "simulator-wit-"));
  const state = Object.assign(new SimulatorState({ folder }), limits);
  state.addProject({ name: "Shop", defaultRepository: false });
  state.addProject({ name: "Lab", processId: SCRUM, defaultRepository: false });
  const trafficFile = join(folder, "traffic.ndjson");
  const simulator = await startSimulator({ state, trafficFile });
  const send = (path: string, init: Parameters<typeof ask>[2]): Promise<Said> =>
    ask(simulator, path, init) as Promise<Said>;
  return {
    simulator,
    state,
    folder,
    wit: new Wit(state),
    get: (path) => send(path, {}),
    send: (method, path, body) => send(path, { method, body }),
    patch: (path, document, method = "PATCH") =>
      send(path, { method, body: document, headers: { "content-type": "application/json-patch+json" } }),
    upload: async (path, content, headers = {}, method = "POST") => {
      const versioned = `${path}${path.includes("?") ? "&" : "?"}api-version=7.1`;
      const authorization = `Basic ${Buffer.from(`:${simulator.token}`).toString("base64")}`;
      const answer = await fetch(`${simulator.organizationUrl}/${versioned}`, {
        method,
        body: Buffer.from(content),
        headers: { authorization, accept: "application/json", "content-type": "application/octet-stream", ...headers },
      });
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, text, json: JSON.parse(text), list: [] };
    },
    stop: async () => {
      await simulator.stop();
      const { errors } = await checkTraffic(trafficFile);
      rmSync(folder, { recursive: true, force: true });
      return errors;
    },
  };
}

export function add(field: string, value: unknown): object {
  return { op: "add", path: `/fields/${field}`, value };
}

export function relate(rel: string, url: string, attributes: object = {}): object {
  return { op: "add", path: "/relations/-", value: { rel, url, attributes } };
}
