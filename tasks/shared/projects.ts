/** Projects by what people write: name, GUID, or `*`. */
import { getProject, listProjects } from "../../engine/azure-devops/project/projects.ts";
import type { AzureDevOps } from "../../engine/azure-devops/azure-devops.ts";
import { hasCode } from "../../engine/foundation/errors.ts";
import type { ProjectRef } from "../../engine/kinds/kind.ts";
import { badInput } from "./bad-input.ts";

/** Distinct projects in the order given. Throws INPUT for one that cannot be found. */
export async function projectsNamed(
  azureDevOps: AzureDevOps,
  input: string,
  names: readonly string[],
): Promise<readonly ProjectRef[]> {
  const found = new Map<string, ProjectRef>();
  for (const name of names) {
    if (name === "*")
      for await (const { id, name: own } of listProjects(azureDevOps))
        found.set(id.toLowerCase(), { id: id.toLowerCase(), name: own });
    else {
      const project = await projectNamed(azureDevOps, input, name);
      found.set(project.id, project);
    }
  }
  if (found.size === 0)
    throw badInput(
      input,
      "matches no project that this identity can see",
      "Give the identity 'View project-level information', or name the projects.",
    );
  return [...found.values()];
}

async function projectNamed(azureDevOps: AzureDevOps, input: string, name: string): Promise<ProjectRef> {
  const project = await findProject(azureDevOps, name);
  if (project !== undefined) return project;
  throw badInput(
    input,
    `names the project "${name}", which does not exist in ${azureDevOps.organization.url} or is hidden from this identity`,
    "Correct the name, or give the identity 'View project-level information' on it.",
  );
}

export async function findProject(azureDevOps: AzureDevOps, name: string): Promise<ProjectRef | undefined> {
  if (name === "." || name === "..") return undefined; // no project's name, and no part of an address
  try {
    const { id, name: own } = await getProject(azureDevOps, name);
    return { id: id.toLowerCase(), name: own };
  } catch (error) {
    if (hasCode(error, "ADO_NOT_FOUND")) return undefined;
    throw error;
  }
}
