/** The one list of the simulator's parts. */
import { operationRoutes } from "../operations.ts";
import type { Route } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { connectionRoutes } from "./connection.ts";
import type { ConnectionOptions } from "./connection.ts";
import { projectRoutes } from "./projects.ts";

export type AreaOptions = ConnectionOptions;

export function areaRoutes(state: SimulatorState, options: AreaOptions): readonly Route[] {
  return [...connectionRoutes(state, options), ...projectRoutes(state), ...operationRoutes(state)];
}
