/** The project itself, as the contract suite makes and changes it. */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import { ask } from "../../support/simulator.ts";
import type { KindContract } from "../restoring/declaration.ts";

const path = "_apis/projects";

export const contract: KindContract = {
  needs: [],
  isSingle: true,
  make: ({ project }) => {
    project.description = "Everything that sells, packs and ships.";
    return { key: project.id, id: project.id, name: project.name };
  },
  ids: async ({ azure, project }) => {
    const { list } = await ask(azure, path);
    return list.filter(({ name }) => name === project.name).map(({ id }) => String(id));
  },
  read: async ({ azure }, id) => {
    const { status, json } = await ask(azure, `${path}/${id}?includeCapabilities=true`);
    return status === 404 ? undefined : (json as JsonObject);
  },
  change: ({ project }) => {
    project.description = "Sells, packs, ships, and takes back.";
    project.visibility = "public";
  },
  remove: { because: "a project is made anew where it is gone: its recycle bin is emptied by people" },
  purge: ({ azure, project }) => {
    azure.state.projectStore.delete(project);
    azure.state.purgeProject(project);
  },
  beside: { because: "a restore goes into one project" },
  namesake: { because: "the project that is named is the target" },
  hide: ({ azure, project }) => {
    const hidden = azure.state.signIn.tokenOf(azure.token)?.hides;
    hidden?.add(project.id);
    return () => void hidden?.delete(project.id);
  },
  unreadable: ({ azure, project }) => {
    const isIt = (where: { readonly path: string }): boolean => where.path === `${path}/${project.id}/properties`;
    azure.faults.add({ kind: "status", status: 403, when: isIt, times: 999 });
    return { undo: () => azure.faults.clear() };
  },
  dependent: { because: "everything lies in it: every restore into a new project makes it first" },
  isMaking: ({ method, path: where }) => method === "POST" && where.toLowerCase().endsWith(path),
  differences: {
    inPlace: [{ at: "revision", becomes: "counted up: the restore is a change" }],
    anew: [{ at: "defaultTeam.*", becomes: "the team that the service makes" }],
  },
};
