/**
 * A local Azure DevOps that behaves: one origin for all hosts of the service, state that changes as the service's
 * would, its refusals, delays and faults. `startSimulator` is all that tests and scripts need.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { areaRoutes } from "./routes.ts";
import type { AreaOptions } from "./routes.ts";
import { faultList } from "./http/faults.ts";
import type { Faults } from "./http/faults.ts";
import { gitFaults } from "./git/git-faults.ts";
import type { GitFaults } from "./git/git-faults.ts";
import type { GitMemory } from "./git/git-memory.ts";
import { gitMount } from "./git/git-mount.ts";
import { serve } from "./http/request-pipeline.ts";
import type { Pipeline } from "./http/request-pipeline.ts";
import { routerOf } from "./http/router.ts";
import type { Route } from "./service.ts";
import { storageHost } from "./storage/storage-host.ts";
import { SimulatorState } from "./state.ts";
import type { StateOptions } from "./state.ts";
import { throttleOf } from "./http/throttle.ts";
import type { Throttle, ThrottleOptions } from "./http/throttle.ts";
import { trafficLog } from "./http/traffic.ts";
import type { Traffic } from "./http/traffic.ts";

export interface SimulatorOptions extends AreaOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** A state made before; otherwise one is made from `stateFolder` and the options of StateOptions. */
  readonly state?: SimulatorState;
  /** Where Git, LFS and attachments live. Needed without `state`. */
  readonly stateFolder?: string;
  readonly organization?: string;
  readonly stateOptions?: Omit<StateOptions, "folder" | "organization">;
  readonly throttle?: Partial<ThrottleOptions>;
  /** `azure` (default) or `any`, which lets Git speak v2. */
  readonly gitProtocol?: "azure" | "any";
  /** Keeps what git answered about a repository in the same state; without it, git is asked every time. */
  readonly gitMemory?: GitMemory | undefined;
  /** File the exchanges are appended to; default SIMULATOR_TRAFFIC; null writes none. */
  readonly trafficFile?: string | null;
  /** Routes of parts beside the built-in ones. */
  readonly routes?: (state: SimulatorState) => readonly Route[];
}

export interface Simulator {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** `http://127.0.0.1:port/{org}`, as tasks get it. */
  readonly organizationUrl: string;
  /** A personal access token that may do everything. */
  readonly token: string;
  readonly state: SimulatorState;
  readonly faults: Faults;
  /** Faults of Git and LFS at byte precision. */
  readonly gitFaults: GitFaults;
  readonly throttle: Throttle;
  readonly traffic: Traffic;
  stop(): Promise<void>;
}

export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const state = options.state ?? stateOf(options);
  const git = gitFaults();
  const pipeline: Pipeline = {
    state,
    router: routerOf([...areaRoutes(state, options), ...(options.routes?.(state) ?? [])]),
    git: gitMount(state, {
      faults: git,
      protocol: options.gitProtocol ?? "azure",
      memory: options.gitMemory,
    }),
    faults: faultList(),
    throttle: throttleOf(options.throttle),
    traffic: trafficLog(trafficFileOf(options)),
    storage: storageHost(),
  };
  // Room for a few chunks of a pack on their way out, as any server has.
  const server = createServer(
    { highWaterMark: 512 * 1024 },
    (request, response) => void serve(pipeline, request, response),
  );
  server.keepAliveTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    organizationUrl: `${url}/${state.organization.name}`,
    token: state.signIn.issue(),
    state,
    faults: pipeline.faults,
    gitFaults: git,
    throttle: pipeline.throttle,
    traffic: pipeline.traffic,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          pipeline.traffic.close();
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function stateOf({ stateFolder, organization, stateOptions }: SimulatorOptions): SimulatorState {
  if (stateFolder === undefined) throw new Error("startSimulator needs a state or a stateFolder");
  const named = organization === undefined ? {} : { organization };
  return new SimulatorState({ ...stateOptions, ...named, folder: stateFolder });
}

function trafficFileOf({ trafficFile }: SimulatorOptions): string | undefined {
  return trafficFile === null ? undefined : (trafficFile ?? process.env.SIMULATOR_TRAFFIC);
}
