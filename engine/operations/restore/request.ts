/** What a restore is asked for, and what it works with. */
import type { AzureDevOps } from "../../azure-devops/azure-devops.ts";
import type { Cryptography } from "../../crypto/cryptography.ts";
import type { PinnedSigner } from "../../crypto/keys.ts";
import type { Clock } from "../../foundation/clock.ts";
import type { JsonObject } from "../../foundation/json.ts";
import type { Reporter } from "../../foundation/reporter.ts";
import type { GitAccess } from "../../git/git-access.ts";
import type { ConflictPolicy, ProjectRef, ResourceKind, WorkItemHistory } from "../../kinds/kind.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import type { Head } from "../../vault/format/log-entry.ts";
import type { RestorePlan } from "../results.ts";

export interface RestoreRequest {
  readonly vault: string;
  readonly source: { readonly organizationUrl: string; readonly project: ProjectRef };
  readonly snapshot: string;
  readonly selectors: readonly string[];
  /** Undefined id: the project is to be created. */
  readonly targetProject: { readonly id: string | undefined; readonly name: string };
  readonly conflictPolicy: ConflictPolicy;
  readonly workItemHistory: WorkItemHistory;
  readonly mapping: JsonObject;
  readonly previewOnly: boolean;
  readonly planHash: string | undefined;
  readonly recoveryIdentities: readonly string[];
  readonly pinnedSigners: readonly PinnedSigner[];
  readonly pin: Head | undefined;
  readonly kinds: readonly ResourceKind[];
  readonly parallelism: number;
}

export interface RestoreTools {
  readonly store: ObjectStore;
  readonly cryptography: Cryptography;
  /** The target's organisation. */
  readonly azureDevOps: AzureDevOps;
  readonly git: GitAccess;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly temporaryFolder: string;
  /** Called with the plan before anything is changed. */
  readonly announce: (plan: RestorePlan) => void;
}
