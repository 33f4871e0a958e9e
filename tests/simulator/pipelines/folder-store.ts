/** Folders of pipelines: paths such as `\Operations\Nightly`; the root is always there. */
import type { SimHost } from "../service.ts";

export interface FolderRecord {
  readonly path: string;
  readonly description: string;
  readonly createdOn: string;
}

export interface FolderStore {
  of(projectId: string): readonly FolderRecord[];
  has(projectId: string, path: string): boolean;
  /** With those above it. */
  add(projectId: string, path: string, description?: string): FolderRecord;
}

/** A part of the host. */
export function folderStore(host: SimHost): FolderStore {
  const folders = new Map<string, Map<string, FolderRecord>>();
  const ofProject = (projectId: string): Map<string, FolderRecord> => {
    const root = { path: "\\", description: "", createdOn: "2026-01-01T00:00:00Z" };
    const known = folders.get(projectId) ?? new Map([[root.path, root]]);
    folders.set(projectId, known);
    return known;
  };
  const has = (projectId: string, path: string): boolean => ofProject(projectId).has(path.toLowerCase());
  return {
    of: (projectId) => [...ofProject(projectId).values()],
    has,
    add: (projectId, path, description = "") => {
      for (const above of pathsDownTo(path))
        if (!has(projectId, above))
          ofProject(projectId).set(above.toLowerCase(), { path: above, description, createdOn: host.timestamp() });
      const found = ofProject(projectId).get(path.toLowerCase());
      if (found === undefined) throw new Error(`no path of a folder: ${path}`);
      return found;
    },
  };
}

/** `\A`, `\A\B`. */
function pathsDownTo(path: string): readonly string[] {
  const segments = path.split("\\").filter((segment) => segment !== "");
  return segments.map((_, index) => `\\${segments.slice(0, index + 1).join("\\")}`);
}

/** The path of the folder that it lies in. */
export function parentFolder(path: string): string {
  return `\\${path
    .split("\\")
    .filter((segment) => segment !== "")
    .slice(0, -1)
    .join("\\")}`;
}
