/** What somebody might change in the sample project between two nights. */
import { objectAt } from "../../../engine/foundation/json.ts";
import type { SampleChanges } from "../sample/index.ts";
import { definitionDocuments } from "./definition-store.ts";
import { variableGroupDocuments } from "./variable-group-store.ts";

export const changes: SampleChanges = {
  "variable-groups": ({ state, pipelines }) => {
    const documents = state.part(variableGroupDocuments);
    const id = String(pipelines.groups.settings.id);
    const body = documents.byId(id)?.body ?? {};
    const variables = { ...objectAt(body, "variables"), currency: { value: "NOK" } };
    documents.update(id, { body: { ...body, variables } });
  },
  "build-definitions": ({ state, pipelines }) => {
    const documents = state.part(definitionDocuments);
    const id = String(pipelines.definitions.web.id);
    documents.update(id, { body: { ...documents.byId(id)?.body, badgeEnabled: true } });
  },
};
