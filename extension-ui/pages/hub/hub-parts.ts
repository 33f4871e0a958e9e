/** What the hub is put together from, and how a visit reads its vault. */
import type { Clock } from "../../../engine/foundation/clock.ts";
import type { ProjectServices, ProjectSettings } from "../../model/project-services.ts";
import type { VaultSource, VaultView } from "../../model/vault-source.ts";

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
