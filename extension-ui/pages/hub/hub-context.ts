import * as React from "react";
import type { Picks } from "../snapshots/picks.ts";
import type { Route } from "./route.ts";
import type { Access } from "../access/use-access.ts";
import type { KeyMaking } from "../setup/use-made-keys.ts";
import type { Panels } from "./use-panels.ts";
import type { Go } from "./use-route.ts";
import type { LiveRuns } from "../runs/use-runs.ts";
import type { SetupState } from "../setup/use-setup-state.ts";
import type { Settings } from "./use-settings.ts";
import type { HubParts, VaultStatus } from "./hub-parts.ts";

export interface Hub extends HubParts, Access, Panels, Settings, KeyMaking {
  /** What Set up was told, and how far the person is. */
  readonly setup: SetupState;
  readonly route: Route;
  /** Goes to another page; see `nextRoute` for what stays of this one. */
  readonly go: Go;
  /** The same for a person who was warned that keys are not saved. */
  readonly leaveKeys: Go;
  /** Its `reload` reads the runs again too. */
  readonly vault: VaultStatus;
  /** Goes up whenever everything is to be read again. */
  readonly round: number;
  /** Of the backup pipeline. */
  readonly runs: LiveRuns;
  /** What people have ticked in lists. */
  readonly picks: Picks;
}

export const HubContext = React.createContext<Hub | undefined>(undefined);

/** The hub around a component. */
export function useHub(): Hub {
  const hub = React.useContext(HubContext);
  if (hub === undefined) throw new Error("A page is shown outside the hub");
  return hub;
}
