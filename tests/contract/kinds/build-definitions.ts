/** Build definitions, as the contract suite makes and changes them. */
import { arrayAt, isObject, type JsonObject } from "../../../engine/foundation/json.ts";
import { definitionDocuments } from "../../simulator/pipelines/definition-store.ts";
import { folderStore } from "../../simulator/pipelines/folder-store.ts";
import { queueStore } from "../../simulator/pipelines/queue-store.ts";
import { ask } from "../../support/simulator.ts";
import type { Place, Thing } from "../restoring/declaration.ts";
import { documentContract } from "../restoring/document-contract.ts";

const path = "_apis/build/definitions";

export const contract = documentContract({
  documents: definitionDocuments,
  path,
  needs: ["git-repositories", "variable-groups"],
  body: bodyOf,
  changed: (body) => ({
    ...{ badgeEnabled: true, queueStatus: "disabled", variableGroups: [], triggers: [] },
    variables: { feedKey: body.variables === undefined ? {} : { value: "newer", isSecret: true } },
  }),
  secrets: ["value of variable feedKey"],
  remove: "bin",
  dependent: {
    kind: "build-definitions",
    needs: [],
    make: (place: Place, { key }: Thing) => {
      const triggers = [{ triggerType: "buildCompletion", definition: { id: Number(key) }, branchFilters: [] }];
      const { id } = place.azure.state.part(definitionDocuments).add(place.project, {
        body: { ...bodyOf(place, "Follows on it"), triggers },
      });
      return { key: id, id, name: "Follows on it" };
    },
    names: async ({ azure, project }, id) => {
      const { json } = await ask(azure, `${project.id}/${path}/${id}`);
      const [trigger] = (arrayAt(json as JsonObject, "triggers") ?? []).filter(isObject);
      const definition = trigger?.definition;
      return isObject(definition) ? JSON.stringify(definition.id) : undefined;
    },
  },
  references: { "variableGroups[].id": "variable-groups" },
  asleep: {
    isWaking: ({ method, path: where }) => method === "PUT" && where.toLowerCase().includes(path),
    isAsleep: ({ queueStatus, triggers = [] }) => queueStatus === "disabled" && JSON.stringify(triggers) === "[]",
  },
  differences: {
    inPlace: [
      { at: "revision", becomes: "counted up: the restore is a change" },
      { at: "authoredBy.*", becomes: "whoever restores" },
      { at: "url", becomes: "names the new revision" },
      { at: "_links.self.href", becomes: "names the new revision" },
    ],
    anew: [
      { at: "id", becomes: "a new one" },
      { at: "revision", becomes: "counted from the beginning: earlier revisions do not come back" },
      { at: "authoredBy.*", becomes: "whoever restores" },
      { at: "createdDate", becomes: "the time of the restore" },
      { at: "uri", becomes: "names the new id" },
      { at: "url", becomes: "names the new id" },
      { at: "_links.*", becomes: "name the new id" },
    ],
    beside: [{ at: "name", becomes: "with the snapshot's time" }],
    elsewhere: [{ at: "queue.*", becomes: "the queue of the same name" }],
  },
});

/** From a file, with a folder, a queue, a group, a secret and triggers. */
function bodyOf({ azure, project }: Place, name: string): JsonObject {
  const { state } = azure;
  const record = { id: project.id };
  state.part(folderStore).add(project.id, "\\Shop\\Storefront");
  const repository = state.repositories.find("Code", project.id) ?? state.addRepository(project, { name: "Code" });
  const group =
    state.builds.variableGroup(project.id, "Settings") ??
    state.builds.addVariableGroup(project, { name: "Settings", variables: { currency: { value: "EUR" } } });
  const push = { branchFilters: ["+refs/heads/main"], pathFilters: [], settingsSourceType: 1, batchChanges: false };
  return {
    ...{ name, path: "\\Shop\\Storefront", type: "build", quality: "definition", queueStatus: "enabled" },
    ...{ properties: {}, tags: ["shop"], jobAuthorizationScope: "project", jobTimeoutInMinutes: 90 },
    triggers: [{ triggerType: "continuousIntegration", ...push, maxConcurrentBuildsPerBranch: 1 }],
    process: { yamlFilename: "azure-pipelines.yml", type: 2 },
    repository: { type: "TfsGit", id: repository.id, defaultBranch: "refs/heads/main", clean: null },
    queue: { id: state.part(queueStore).defaultOf(record.id).id },
    variables: { feed: { value: "contoso" }, feedKey: { value: "kept by the service", isSecret: true } },
    variableGroups: [{ id: group.id }],
  };
}
