/** What every verb of the interface shares: tools that operations hand to kinds, and what kinds tell of what they saw. */
import type { AzureDevOps } from "../azure-devops/azure-devops.ts";
import type { GitAccess } from "../git/git-access.ts";
import type { Clock } from "../foundation/clock.ts";
import type { Reporter } from "../foundation/reporter.ts";

/** Something that could not be read this time: makes the snapshot partial. */
export interface Gap {
  readonly stream: string;
  readonly item?: string;
  /** Azure DevOps' own code where there is one (`TF401019`), else ours. */
  readonly code: string;
  /** What was found. */
  readonly message: string;
  /** What to do. */
  readonly cure: string;
}

/** Something worth knowing that is not a gap: the source itself lost it, or a verification noticed it. */
export interface Finding {
  readonly stream: string;
  readonly item?: string;
  readonly code: string;
  readonly message: string;
  readonly severity: "note" | "warning" | "damage";
}

export interface ProjectRef {
  readonly id: string;
  readonly name: string;
}

/** Tools an operation hands to kinds. */
export interface Surroundings {
  readonly azureDevOps: AzureDevOps;
  readonly git: GitAccess;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** Upper bound of concurrent requests of one stream. */
  readonly parallelism: number;
  /** A folder of ours for temporary files; content in it must be encrypted or not be content. */
  readonly temporaryFolder: string;
  /**
   * What `read` gives, read at most once in a run for each key: lists of the whole organisation, listings that several
   * streams or kinds need. A failed reading is tried again. Keys begin with the name of what is listed, and name the
   * project where the list is one project's. For what the run itself changes, read anew.
   */
  readonly once: <Value>(key: string, read: () => Promise<Value>) => Promise<Value>;
}

export interface Permission {
  /** Scope of a personal access token, e.g. `vso.code`. */
  readonly scope: string;
  /** Permission of the identity, as Azure DevOps shows it. */
  readonly permission: string;
  /** Where it can be asked for before the run. */
  readonly check?: PermissionCheck;
}

/** A permission as the service's security namespaces know it: data, nothing is asked here. */
export interface PermissionCheck {
  /** GUID of the security namespace. */
  readonly namespace: string;
  readonly bit: number;
  /** `{project}` stands for the project's id. */
  readonly token: string;
}
