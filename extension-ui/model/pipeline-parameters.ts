/** Parameters of the pipelines that Set up writes, as the hub fills them in when it starts runs. */

/** Names of the parameters of the restore pipeline. */
export const restoreParameters = [
  "items",
  "snapshot",
  "destination",
  "targetProject",
  "createProject",
  "conflictPolicy",
  "workItemHistory",
  "previewOnly",
  "planHash",
  "requestId",
] as const;
export type RestoreParameter = (typeof restoreParameters)[number];

/** Made by the hub for each click: a second click and a reload find the first one's run by it. */
export const requestParameter = "requestId";

export const restoreDestinations = ["azureDevOps", "archive"] as const;
export const conflictPolicies = ["skip", "overwrite", "rename"] as const;
export const workItemHistories = ["attach", "last 10", "last 100", "replay"] as const;

/** As an item: all that is in the snapshot. */
export const everything = "*";
