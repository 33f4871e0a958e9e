/** The one list of the simulator's parts. */
import { operationRoutes } from "./project/operation-routes.ts";
import type { Route } from "./service.ts";
import type { SimulatorState } from "./state.ts";
import { workItemRoutes } from "./boards/routes.ts";
import { buildArtifactRoutes } from "./pipelines/build-artifact-routes.ts";
import { buildAttachmentRoutes } from "./pipelines/build-attachment-routes.ts";
import { buildLogRoutes } from "./pipelines/build-log-routes.ts";
import { buildTagRoutes } from "./pipelines/build-tag-routes.ts";
import { buildTimelineRoutes } from "./pipelines/build-timeline-routes.ts";
import { buildRoutes } from "./pipelines/build-routes.ts";
import { connectionRoutes } from "./project/connection-routes.ts";
import type { ConnectionOptions } from "./project/connection-routes.ts";
import { extensionDataRoutes } from "./project/extension-data-routes.ts";
import { gitDiffRoutes } from "./repos/diff-routes.ts";
import { gitRefRoutes } from "./repos/ref-routes.ts";
import { gitRepositoryRoutes } from "./repos/repository-routes.ts";
import { identityRoutes } from "./project/identity-routes.ts";
import { pipelineRunRoutes } from "./pipelines/pipeline-run-routes.ts";
import { permissionRoutes } from "./project/permission-routes.ts";
import { pipelineSettingsRoutes } from "./pipelines/pipeline-settings-routes.ts";
import { definitionRoutes } from "./pipelines/definition-routes.ts";
import { endpointRoutes } from "./pipelines/endpoint-routes.ts";
import { folderRoutes } from "./pipelines/folder-routes.ts";
import { queueRoutes } from "./pipelines/queue-routes.ts";
import { pipelineRoutes } from "./pipelines/pipeline-routes.ts";
import { projectRoutes } from "./project/project-routes.ts";
import { teamRoutes } from "./project/team-routes.ts";
import { variableGroupRoutes } from "./pipelines/variable-group-routes.ts";

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
    ...definitionRoutes(state),
    ...endpointRoutes(state),
    ...folderRoutes(state),
    ...queueRoutes(state),
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
