/** Numbers behind the names of enumerations, as azure-devops-extension-api declares them. */
import type { EnumNumbers } from "../service.ts";

const project = {
  visibility: { private: 0, organization: 1, public: 2 },
  state: { deleting: 2, new: 0, wellFormed: 1, createPending: 3, deleted: 4 },
} as const;

const definition = {
  queueStatus: { enabled: 0, paused: 1, disabled: 2 },
  quality: { definition: 1, draft: 2 },
  jobAuthorizationScope: { projectCollection: 1, project: 2 },
} as const;

export const definitionEnums: EnumNumbers = {
  ...project,
  ...definition,
  type: { xaml: 1, build: 2, yaml: 1, azureReposGit: 2 },
};

export const buildEnums: EnumNumbers = {
  ...project,
  ...definition,
  type: { xaml: 1, build: 2 },
  status: { inProgress: 1, completed: 2, cancelling: 4, postponed: 8, notStarted: 32 },
  result: { succeeded: 2, partiallySucceeded: 4, failed: 8, canceled: 32 },
  reason: { manual: 1, individualCI: 2, schedule: 8 },
  priority: { high: 1, aboveNormal: 2, normal: 3, belowNormal: 4, low: 5 },
};

export const timelineEnums: EnumNumbers = {
  state: { pending: 0, inProgress: 1, completed: 2 },
  result: { succeeded: 0, succeededWithIssues: 1, failed: 2, canceled: 3, skipped: 4, abandoned: 5 },
  type: { error: 1, warning: 2 },
};

export const runEnums: EnumNumbers = {
  state: { unknown: 0, inProgress: 1, canceling: 2, completed: 4 },
  result: { unknown: 0, succeeded: 1, failed: 2, canceled: 4 },
};
