/** The place a restore writes to: a project that exists, or one that its first step will create. */
import type { IdMap, ProjectRef, TargetProject } from "../../kinds/kind.ts";

export interface RestoreTarget extends TargetProject {
  readonly ids: FillingIdMap;
  /** Called once the project has been created: from here on it is read and written like any other. */
  enter(project: ProjectRef): void;
}

export function restoreTarget(facts: Omit<TargetProject, "ids"> & { readonly ids?: FillingIdMap }): RestoreTarget {
  let { project, isNew } = facts;
  const ids = facts.ids ?? idMap();
  return {
    ...facts,
    ids,
    get project() {
      return project;
    },
    get isNew() {
      return isNew;
    },
    enter(created) {
      project = created;
      isNew = false;
    },
  };
}

export interface FillingIdMap extends IdMap {
  /** Says that the restore is going to make it. */
  expect(kind: string, oldId: string): void;
  entries(): Iterable<readonly [kind: string, oldId: string, newId: string]>;
}

/** An empty map of old to new ids. */
export function idMap(): FillingIdMap {
  const maps = new Map<string, Map<string, string>>();
  const expected = new Set<string>();
  return {
    expect: (kind, oldId) => void expected.add(`${kind}/${oldId}`),
    isAwaited: (kind, oldId) => expected.has(`${kind}/${oldId}`),
    get: (kind, oldId) => maps.get(kind)?.get(oldId),
    set(kind, oldId, newId) {
      const map = maps.get(kind) ?? new Map<string, string>();
      maps.set(kind, map.set(oldId, newId));
      expected.delete(`${kind}/${oldId}`);
    },
    *entries() {
      for (const [kind, map] of maps) for (const [oldId, newId] of map) yield [kind, oldId, newId];
    },
  };
}
