/** Work item tracking behind a running simulator, and the traffic it made. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startSimulator } from "../../../simulator/server.ts";
import type { Simulator } from "../../../simulator/server.ts";
import { SimulatorState } from "../../../simulator/state.ts";
import { Wit } from "../../../simulator/boards/builder.ts";
import { ask } from "../../../support/simulator.ts";
import type { Answered } from "../../../support/simulator.ts";
import type { WitHost } from "../../../simulator/boards/host.ts";
import { checkTraffic } from "../../../support/traffic-check.ts";

/** What tests look at in answers; which of it is there depends on the answer. */
export interface Shown {
  readonly id: number;
  readonly rev: number;
  readonly url: string;
  readonly rel: string;
  readonly name: string;
  readonly text: string;
  readonly code: number;
  readonly body: string;
  readonly message: string;
  readonly typeKey: string;
  readonly renderedText: string;
  readonly continuationToken: string;
  readonly nextLink: string;
  readonly isLastBatch: boolean;
  readonly identifier: string;
  readonly count: number;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly multilineFieldsFormat: Readonly<Record<string, string>>;
  readonly relations?: readonly Shown[];
  readonly children: readonly Shown[];
  readonly comments: readonly Shown[];
  readonly workItems: readonly Shown[];
  readonly values: readonly Shown[];
  readonly value: readonly (Shown | null)[];
  readonly resource: Shown;
  readonly commentVersionRef: object;
  readonly _links: Readonly<Record<string, { readonly href: string }>>;
}

export interface Said extends Omit<Answered, "json" | "list"> {
  readonly json: Shown;
  readonly list: readonly Shown[];
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
  upload(path: string, content: Uint8Array, chunk?: { readonly "content-range": string }): Promise<Said>;
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
    ask(simulator, path, init) as unknown as Promise<Said>;
  return {
    simulator,
    state,
    folder,
    wit: new Wit(state),
    get: (path) => send(path, {}),
    send: (method, path, body) => send(path, { method, body }),
    patch: (path, document, method = "PATCH") =>
      send(path, { method, body: document, headers: { "content-type": "application/json-patch+json" } }),
    upload: async (path, content, chunk) => {
      const versioned = `${path}${path.includes("?") ? "&" : "?"}api-version=7.1`;
      const authorization = `Basic ${Buffer.from(`:${simulator.token}`).toString("base64")}`;
      const answer = await fetch(`${simulator.organizationUrl}/${versioned}`, {
        method: chunk ? "PUT" : "POST",
        body: Buffer.from(content),
        headers: { authorization, accept: "application/json", "content-type": "application/octet-stream", ...chunk },
      });
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, text, json: JSON.parse(text) as Shown, list: [] };
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
