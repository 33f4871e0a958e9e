/** The one list of kinds. Order is the order of backing up; restore order comes from each kind's `restore.after`. */
import { areas } from "./project/areas.ts";
import { buildDefinitions } from "./pipelines/build-definitions.ts";
import { gitRepositories } from "./repos/git-repositories/index.ts";
import { iterations } from "./project/iterations.ts";
import type { ResourceKind } from "./kind.ts";
import { project } from "./project/project.ts";
import { variableGroups } from "./pipelines/variable-groups.ts";
import { workItems } from "./boards/work-items/index.ts";
import { kindOf } from "../vault/format/stream-ids.ts";

export const registry: readonly ResourceKind[] = [
  project,
  areas,
  iterations,
  gitRepositories,
  variableGroups,
  buildDefinitions,
  workItems,
];

/** The kind of a stream id (`git-repositories/<guid>`), when this version knows it. */
export function kindOfStream(stream: string, kinds: readonly ResourceKind[] = registry): ResourceKind | undefined {
  const name = kindOf(stream);
  return kinds.find((kind) => kind.name === name);
}
