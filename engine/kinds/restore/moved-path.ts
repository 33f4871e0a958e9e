/** The path with the target project's name at its root. */
export function movedPath(path: string, projectName: string): string {
  return [projectName, ...path.split("\\").slice(1)].join("\\");
}
