/** The place a restore writes to: a project that exists, or one that its first step will create. */
import { idMap, type FillingIdMap } from "../../kinds/restore/id-map.ts";
import type { ProjectRef, TargetProject } from "../../kinds/kind.ts";

export interface RestoreTarget {
  /** As kinds see it while they work on what was asked for. */
  readonly asAsked: TargetProject;
  /** The same for what is only needed: made where it is missing, never changed. */
  readonly asNeeded: TargetProject;
  readonly ids: FillingIdMap;
  /** Called once the project has been created: from here on it is read and written like any other. */
  enter(project: ProjectRef): void;
}

/** Kinds get to see exactly the members of `TargetProject`, whatever else `facts` holds. */
export function restoreTarget(facts: Omit<TargetProject, "ids">, ids: FillingIdMap = idMap()): RestoreTarget {
  let { project, isNew } = facts;
  const { azureDevOps, git, clock, reporter, signal, parallelism, temporaryFolder, once } = facts;
  const { source, isSource, isSameOrganization, workItemHistory, mapping, restoreId, snapshot } = facts;
  const withPolicy = (conflictPolicy: TargetProject["conflictPolicy"]): TargetProject => ({
    ...{ azureDevOps, git, clock, reporter, signal, parallelism, temporaryFolder, once },
    ...{ source, isSource, isSameOrganization, workItemHistory, mapping, restoreId, snapshot },
    ids: ids.view,
    conflictPolicy,
    get project() {
      return project;
    },
    get isNew() {
      return isNew;
    },
  });
  return {
    asAsked: withPolicy(facts.conflictPolicy),
    asNeeded: withPolicy("skip"),
    ids,
    enter(created) {
      project = created;
      isNew = false;
    },
  };
}
