import * as React from "react";
import type { Clock } from "../../../engine/foundation/clock.ts";
import type { ProjectServices, ProjectSettings } from "../../model/project-services.ts";
import type { VaultSource, VaultView } from "../../model/vault-source.ts";
import type { Picks } from "../snapshots/picks.ts";
import type { Route } from "./route.ts";
import type { Access } from "../access/use-access.ts";
import type { KeyMaking } from "../setup/use-made-keys.ts";
import type { Panels } from "./use-panels.ts";
import type { Go } from "./use-route.ts";
import type { LiveRuns } from "../runs/use-runs.ts";
import type { SetupState } from "../setup/use-setup-state.ts";
import type { Settings } from "./use-settings.ts";

/** How this visit may read the container. */
export type StorageAccess =
  { readonly by: "sas"; readonly sas: string } | { readonly by: "entra"; readonly token: () => Promise<string> };

export interface VaultRequest {
  readonly settings: ProjectSettings;
  /** Undefined: what runs have reported is all there is. */
  readonly access: StorageAccess | undefined;
  /** Heads known from elsewhere, `<seq>:<sha256>` each: an earlier visit's, those that runs have reported. */
  readonly heads: readonly string[];
}

/** What the pages are made of; hub.tsx puts the real ones together. */
export interface HubParts {
  readonly services: ProjectServices;
  readonly clock: Clock;
  readonly openVault: (request: VaultRequest) => VaultSource;
}

/** What is known of the vault by now. */
export interface VaultStatus {
  readonly source: VaultSource | undefined;
  readonly view: VaultView | undefined;
  /** Why storage cannot be read; what runs have reported may be shown all the same. */
  readonly error: unknown;
  /** Nothing more will come unless it is read again. */
  readonly isDone: boolean;
  /** When the reading that is shown began, by the clock of people; undefined while nothing is shown. */
  readonly readAt: Date | undefined;
  /** The same on a clock that nobody can set, in milliseconds since the page was opened. */
  readonly startedAt: number | undefined;
  readonly reload: () => void;
}

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
