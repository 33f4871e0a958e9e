/** The one list of the simulator's parts. */
import { operationRoutes } from "../operations.ts";
import type { Route } from "../service.ts";
import type { SimulatorState } from "../state.ts";
import { workItemRoutes } from "../wit/routes.ts";
import { buildArtifactRoutes } from "./build-artifacts.ts";
import { buildAttachmentRoutes } from "./build-attachments.ts";
import { buildLogRoutes } from "./build-logs.ts";
import { buildTagRoutes } from "./build-tags.ts";
import { buildTimelineRoutes } from "./build-timeline.ts";
import { buildRoutes } from "./builds.ts";
import { connectionRoutes } from "./connection.ts";
import type { ConnectionOptions } from "./connection.ts";
import { extensionDataRoutes } from "./extension-data.ts";
import { gitDiffRoutes } from "./git-diffs.ts";
import { gitRefRoutes } from "./git-refs.ts";
import { gitRepositoryRoutes } from "./git-repositories.ts";
import { identityRoutes } from "./identities.ts";
import { pipelineRunRoutes } from "./pipeline-runs.ts";
import { permissionRoutes } from "./permissions.ts";
import { pipelineSettingsRoutes } from "./pipeline-settings.ts";
import { pipelineRoutes } from "./pipelines.ts";
import { projectRoutes } from "./projects.ts";
import { teamRoutes } from "./teams.ts";
import { variableGroupRoutes } from "./variable-groups.ts";

export type AreaOptions = ConnectionOptions;

export function areaRoutes(state: SimulatorState, options: AreaOptions): readonly Route[] {
  return [
    ...connectionRoutes(state, options),
    ...projectRoutes(state),
    ...operationRoutes(state),
    ...teamRoutes(state),
    ...identityRoutes(state),
    ...gitRepositoryRoutes(state),
    ...gitRefRoutes(state),
    ...gitDiffRoutes(state),
    ...pipelineRoutes(state),
    ...pipelineRunRoutes(state),
    ...pipelineSettingsRoutes(state),
    ...permissionRoutes(state),
    ...variableGroupRoutes(state),
    ...buildRoutes(state),
    ...buildTimelineRoutes(state),
    ...buildLogRoutes(state),
    ...buildArtifactRoutes(state),
    ...buildAttachmentRoutes(state),
    ...buildTagRoutes(state),
    ...extensionDataRoutes(state),
    ...workItemRoutes(state),
  ];
}
