/** Git repositories, as the contract suite makes and changes them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isObject, stringAt, type JsonObject } from "../../../engine/foundation/json.ts";
import { runGit } from "../../simulator/git/run-git.ts";
import type { RepositoryRecord } from "../../simulator/repos/repository-store.ts";
import { workRepository } from "../../support/git-repositories.ts";
import { ask } from "../../support/simulator.ts";
import type { KindContract, Place, Thing } from "../restoring/declaration.ts";

const path = "_apis/git/repositories";

export const contract: KindContract = {
  needs: [],
  make: (place, name) => {
    const { id } = place.azure.state.addRepository(place.project, { name, from: template(place) });
    return { key: id, id, name };
  },
  ids: async ({ azure, project }) => {
    const { list } = await ask(azure, `${project.id}/${path}`);
    return list.map(({ id }) => String(id));
  },
  read: async ({ azure, project }, id) => {
    const { status, json } = await ask(azure, `${project.id}/${path}/${id}`);
    if (status === 404) return undefined;
    const { list } = await ask(azure, `${project.id}/${path}/${id}/refs`);
    const refs = Object.fromEntries(list.map(({ name, objectId }) => [name, objectId]));
    return { ...(json as JsonObject), refs: refs as JsonObject };
  },
  change: (place, thing) => {
    const folder = place.azure.state.repositories.ownFolderOf(recordOf(place, thing));
    runGit(["-C", folder, "update-ref", "--stdin"], changes);
  },
  remove: (place, thing) => place.azure.state.repositories.delete(recordOf(place, thing)),
  purge: (place, thing) => {
    place.azure.state.repositories.delete(recordOf(place, thing));
    place.azure.state.repositories.purge(recordOf(place, thing));
  },
  beside: true,
  namesake: async (place, { name }) => {
    const made = await contract.make(place, name);
    await contract.change(place, made);
    return made;
  },
  hide: ({ azure }, { id }) => {
    const hidden = azure.state.signIn.tokenOf(azure.token)?.hides;
    hidden?.add(id);
    return () => void hidden?.delete(id);
  },
  unreadable: ({ azure }, { id }) => {
    const text = "TF401019: The Git repository does not exist or you do not have permissions for it.";
    azure.gitFaults.add({ on: "refs", path: id, times: 999, action: { kind: "status", status: 403, text } });
    return { undo: () => azure.gitFaults.clear() };
  },
  dependent: {
    kind: "build-definitions",
    needs: ["variable-groups"],
    make: ({ azure, project }, { id: repositoryId }) => {
      const { id, name } = azure.state.builds.addDefinition(project, { name: "Builds it", repositoryId });
      return { key: String(id), id: String(id), name };
    },
    names: async ({ azure, project }, id) => {
      const { json } = await ask(azure, `${project.id}/_apis/build/definitions/${id}`);
      return isObject(json.repository) ? stringAt(json.repository, "id") : undefined;
    },
  },
  isMaking: ({ method, path: where }) => method === "POST" && where.toLowerCase().endsWith(path),
  differences: {
    inPlace: [],
    undeleted: [{ at: "refs.*", only: "added", becomes: "what came after the snapshot stays beside what was stored" }],
    anew: [],
    beside: ["name", "remoteUrl", "sshUrl", "webUrl"].map((at) => ({ at, becomes: "with the snapshot's time" })),
  },
};

/** `main` is set back by one commit, a tag goes, a branch comes. */
const changes = [
  "update refs/heads/main refs/heads/main~1",
  "delete refs/tags/v1",
  "create refs/heads/later refs/heads/topic",
  "",
].join("\n");

function recordOf({ azure }: Place, { id }: Thing): RepositoryRecord {
  const record = azure.state.repositories.byId(id);
  if (record === undefined) throw new Error(`there is no repository ${id}`);
  return record;
}

/** Two branches and a tag; made once for each simulator. */
function template({ azure }: Place): string {
  const folder = join(azure.state.folderOf("templates"), "shop");
  if (existsSync(folder)) return folder;
  const work = workRepository(folder, folder);
  work.commit({ "README.md": "# Shop\n" });
  work.commit({ "src/cart.ts": "export const cart = [];\n" });
  work.git("branch", "topic", "HEAD~1");
  work.git("tag", "-a", "v1", "-m", "One");
  return folder;
}
