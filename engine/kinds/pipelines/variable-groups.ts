/**
 * Variable groups of the library. Values of secrets can be read by nobody: a group that is made again has them empty, and
 * they stand on the worksheet; a group that is changed keeps those that it has. There is no recycle bin: what is gone is
 * made again, with another id. The variables of a group that is linked to a key vault stay in that vault.
 */
import { listServiceEndpoints } from "../../azure-devops/pipelines/service-endpoints.ts";
import {
  createVariableGroup,
  getVariableGroup,
  listVariableGroups,
  updateVariableGroup,
} from "../../azure-devops/pipelines/variable-groups.ts";
import { arrayAt, isObject, objectAt, stringAt, type JsonObject } from "../../foundation/json.ts";
import { secretVariables, type Listed, type Place, type Unreadable } from "../documents/declaration.ts";
import { documentKind } from "../documents/document-kind.ts";

export const variableGroups = documentKind({
  name: "variable-groups",
  title: "Variable groups",
  one: "variable group",
  permissions: {
    backUp: [{ scope: "vso.variablegroups_read", permission: "Reader of the library" }],
    restore: [{ scope: "vso.variablegroups_manage", permission: "Creator and Administrator of the library" }],
  },
  list: async function* ({ azureDevOps, project }) {
    for await (const group of listVariableGroups(azureDevOps, project.id)) yield listed(group);
  },
  read: async ({ azureDevOps, project }, id) => (await getVariableGroup(azureDevOps, project.id, id)).raw,
  content: contentOf,
  references: [{ at: "providerData.serviceEndpointId", kind: "service-endpoints" }],
  foreign: [
    {
      kind: "service-endpoints",
      one: "service connection",
      list: ({ azureDevOps, project }) => listServiceEndpoints(azureDevOps, project.id),
    },
  ],
  secrets: (content) => (content.type === "AzureKeyVault" ? [] : secretVariables(content)),
  named: (content, name) => ({ ...content, name }),
  create: async ({ azureDevOps, project }, content) => {
    const body = { ...content, variableGroupProjectReferences: [referenceTo(project, content)] };
    return (await createVariableGroup(azureDevOps, body)).id;
  },
  update: async (place, id, content) => {
    const { azureDevOps, project } = place;
    const { raw } = await getVariableGroup(azureDevOps, project.id, id);
    const others = otherReferences(raw, place);
    const variableGroupProjectReferences = [referenceTo(project, content), ...others];
    await updateVariableGroup(azureDevOps, id, { ...content, variableGroupProjectReferences });
  },
});

/** A group whose variables the answer lacks says nothing of them: it must not look like an empty one. */
function listed({
  id,
  name,
  raw,
}: {
  readonly id: string;
  readonly name: string;
  readonly raw: JsonObject;
}): Listed | Unreadable {
  if (objectAt(raw, "variables") !== undefined) return { id, name, raw };
  const message = `Variable group ${name} is listed without its variables`;
  return {
    id,
    gap: {
      code: "DOCUMENT_INCOMPLETE",
      message,
      cure: "Open it in the library: Azure DevOps itself may not be able to read it.",
    },
  };
}

/** Without who changed it when, and without the projects that it is shared with: those have their own names for it. */
function contentOf(raw: JsonObject): JsonObject {
  const own = Object.entries(raw).filter(([member]) => !setByTheService.has(member));
  const { description = "", providerData = null, ...rest } = Object.fromEntries(own);
  return {
    ...rest,
    description: description ?? "",
    ...(providerData === null ? {} : { providerData: withoutTimes(providerData) }),
  };
}

const setByTheService = new Set([
  "id",
  "isShared",
  "createdBy",
  "createdOn",
  "modifiedBy",
  "modifiedOn",
  "variableGroupProjectReferences",
]);

/** When it was last refreshed from the vault is no setting. */
function withoutTimes(providerData: JsonObject[string]): JsonObject[string] {
  if (!isObject(providerData)) return providerData;
  return Object.fromEntries(Object.entries(providerData).filter(([member]) => member !== "lastRefreshedOn"));
}

function referenceTo({ id, name }: Place["project"], content: JsonObject): JsonObject {
  const description = stringAt(content, "description") ?? "";
  return { name: stringAt(content, "name") ?? "", description, projectReference: { id, name } };
}

/** Other projects keep the group, under the names that they have for it. */
function otherReferences(raw: JsonObject, { project }: Place): readonly JsonObject[] {
  return (arrayAt(raw, "variableGroupProjectReferences") ?? [])
    .filter(isObject)
    .filter(
      (one) => stringAt(objectAt(one, "projectReference") ?? {}, "id")?.toLowerCase() !== project.id.toLowerCase(),
    );
}
