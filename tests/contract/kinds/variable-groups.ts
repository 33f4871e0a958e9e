/** Variable groups, as the contract suite makes and changes them. */
import { arrayAt, isObject, type JsonObject } from "../../../engine/foundation/json.ts";
import type { Place, Thing } from "../restoring/declaration.ts";
import { documentContract } from "../restoring/document-contract.ts";
import { variableGroupDocuments } from "../../simulator/pipelines/variable-group-store.ts";
import { ask } from "../../support/simulator.ts";

export const contract = documentContract({
  documents: variableGroupDocuments,
  path: "_apis/distributedtask/variablegroups",
  needs: [],
  body: (_, name) => ({
    ...{ name, description: "Of the payment provider", type: "Vsts" },
    variables: { merchant: { value: "4711" }, region: { value: "eu", isReadOnly: true }, key: secret() },
  }),
  changed: () => ({ description: "changed", variables: { merchant: { value: "0815" }, key: secret() } }),
  secrets: ["value of variable key"],
  remove: { because: "the service has no recycle bin for variable groups" },
  dependent: {
    kind: "build-definitions",
    needs: ["git-repositories"],
    make: ({ azure, project }: Place, { key }: Thing) => {
      const repository = azure.state.addRepository(project, { name: "Code" });
      const made = azure.state.builds.addDefinition(project, {
        name: "Uses it",
        repositoryId: repository.id,
        document: { variableGroups: [{ id: Number(key) }] },
      });
      return { key: String(made.id), id: String(made.id), name: made.name };
    },
    names: async ({ azure, project }, id) => {
      const { json } = await ask(azure, `${project.id}/_apis/build/definitions/${id}`);
      const [group] = (arrayAt(json as JsonObject, "variableGroups") ?? []).filter(isObject);
      return group === undefined ? undefined : JSON.stringify(group.id);
    },
  },
  differences: {
    inPlace: [
      { at: "modifiedOn", becomes: "the time of the restore" },
      { at: "modifiedBy.*", becomes: "whoever restores" },
    ],
    anew: [
      { at: "id", becomes: "a new one" },
      { at: "createdOn", becomes: "the time of the restore" },
      { at: "createdBy.*", becomes: "whoever restores" },
      { at: "modifiedOn", becomes: "the time of the restore" },
      { at: "modifiedBy.*", becomes: "whoever restores" },
    ],
    beside: [
      { at: "name", becomes: "with the snapshot's time" },
      { at: "variableGroupProjectReferences[].name", becomes: "with the snapshot's time" },
    ],
  },
});

function secret(): { readonly value: string; readonly isSecret: true } {
  return { value: "kept by the service", isSecret: true };
}
