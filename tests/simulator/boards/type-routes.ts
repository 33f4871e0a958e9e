/** What there is to know of types, states, fields, tags and kinds of links. */
import type { JsonObject, JsonValue } from "../../../engine/foundation/json.ts";
import { SimError } from "../service.ts";
import type { Route, SimAnswer, SimProject, SimRequest } from "../service.ts";
import { shownInstant } from "./dates.ts";
import { fieldNotFound, typeNotFound } from "./errors.ts";
import { fieldOf, FIELDS } from "./fields.ts";
import type { FieldDefinition } from "./fields.ts";
import { LINK_TYPES } from "./links.ts";
import type { Tag } from "./model.ts";
import { ARTIFACT_LINKS } from "./relation-plan.ts";
import * as requests from "./requests.ts";
import { boardFieldsOf, SET_BY_RULES } from "./rules.ts";
import type { WorkItemTracking } from "./tracking.ts";
import { ALLOWED_VALUES } from "./types.ts";
import type { WorkItemType } from "./types.ts";
import { quoted } from "./values.ts";

export function typeRoutes(tracking: WorkItemTracking): Route[] {
  const { routesAt, READ } = requests;
  const types = "{project}/_apis/wit/workitemtypes";
  const get = (template: string, handle: requests.Handler): Route[] => routesAt("GET", template, { ...READ, handle });
  return [
    ...get(types, (request) => {
      const project = requests.projectOf(request);
      return requests.listOf(tracking.typesIn(project).map((type) => typeJson(request, project, type)));
    }),
    ...get(`${types}/{type}`, (request) => {
      return { body: typeJson(request, requests.projectOf(request), typeIn(tracking, request)) };
    }),
    ...get(`${types}/{type}/states`, (request) => {
      return requests.listOf(typeIn(tracking, request).states.map((state) => ({ ...state })));
    }),
    ...get(`${types}/{type}/fields`, (request) => {
      const type = typeIn(tracking, request);
      return requests.listOf(fieldsOfType(type).map((field) => typeFieldJson(request, type, field)));
    }),
    ...get(`${types}/{type}/fields/{field}`, (request) => {
      const type = typeIn(tracking, request);
      const name = requests.param(request, "field");
      const field = fieldsOfType(type).find((one) => one === fieldOf(name));
      if (!field) throw fieldNotFound(name);
      return { body: typeFieldJson(request, type, field) };
    }),
    ...get("{project}/_apis/wit/workitemtypecategories", (request) => {
      const project = requests.projectOf(request);
      return requests.listOf(categoriesOf(tracking, project).map((name) => categoryJson(tracking, request, name)));
    }),
    ...get("{project}/_apis/wit/workitemtypecategories/{category}", (request) => {
      const name = requests.param(request, "category").replace(/^Microsoft\./, "");
      return { body: categoryJson(tracking, request, name) };
    }),
    ...fieldRoutes(tracking),
    ...linkTypeRoutes(),
    ...tagRoutes(tracking),
  ];
}

function typeIn(tracking: WorkItemTracking, request: SimRequest): WorkItemType {
  const project = requests.projectOf(request);
  const name = requests.param(request, "type");
  const type = tracking.typeIn(project, name);
  if (!type) throw typeNotFound(name, project.name);
  return type;
}

function fieldsOfType(type: WorkItemType): FieldDefinition[] {
  return type.fields.flatMap((name) => fieldOf(name) ?? []);
}

function typeJson(request: SimRequest, project: SimProject, type: WorkItemType): JsonObject {
  const base = request.organizationUrl;
  const fields = fieldsOfType(type).map((field) => ({
    defaultValue: text(type.defaults[field.referenceName]),
    alwaysRequired: field.referenceName === "System.Title",
    referenceName: field.referenceName,
    name: field.name,
    url: `${base}/_apis/wit/fields/${field.referenceName}`,
  }));
  const names = type.states.map(({ name }) => name);
  const transitions: Record<string, JsonValue> = { "": [{ to: names[0] ?? "New", actions: null }] };
  for (const from of names) transitions[from] = names.map((to) => ({ to, actions: null }));
  return {
    name: type.name,
    referenceName: type.referenceName,
    description: `Tracks a ${type.name.toLowerCase()}.`,
    color: type.color,
    icon: { id: type.icon, url: `${base}/_apis/wit/workItemIcons/${type.icon}?color=${type.color}&v=2` },
    isDisabled: false,
    xmlForm: `<FORM><Layout><Control FieldName="System.Title" Type="FieldControl" /></Layout></FORM>`,
    fields,
    fieldInstances: fields,
    transitions,
    states: type.states.map((state) => ({ ...state })),
    url: `${base}/${project.id}/_apis/wit/workItemTypes/${encodeURIComponent(type.name)}`,
  };
}

function text(value: string | number | undefined): string | null {
  return value === undefined ? null : String(value);
}

function typeFieldJson(request: SimRequest, type: WorkItemType, field: FieldDefinition): JsonObject {
  const expand = requests.queryValue(request, "$expand")?.toLowerCase();
  const withValues = expand === "allowedvalues" || expand === "all";
  const name = field.referenceName;
  const values = name === "System.State" ? type.states.map((state) => state.name) : (ALLOWED_VALUES[name] ?? []);
  return {
    defaultValue: text(type.defaults[name]),
    ...(withValues && { allowedValues: values.map(String) }),
    alwaysRequired: name === "System.Title",
    dependentFields: [],
    referenceName: name,
    name: field.name,
    url: `${request.organizationUrl}/_apis/wit/fields/${name}`,
  };
}

function categoriesOf(tracking: WorkItemTracking, project: SimProject): string[] {
  return [...new Set(tracking.typesIn(project).map(({ category }) => category))];
}

function categoryJson(tracking: WorkItemTracking, request: SimRequest, name: string): JsonObject {
  const project = requests.projectOf(request);
  const base = `${request.organizationUrl}/${project.id}/_apis/wit`;
  const types = tracking
    .typesIn(project)
    .filter(({ category }) => category.toLowerCase() === name.toLowerCase())
    .map((type) => ({ name: type.name, url: `${base}/workItemTypes/${encodeURIComponent(type.name)}` }));
  const [first] = types;
  if (!first)
    throw new SimError(404, "WorkItemTypeCategoryNotFoundException", `VS402319: Category ${name} does not exist.`);
  const referenceName = `Microsoft.${name}`;
  return {
    name: name.replace(/([a-z])([A-Z])/g, "$1 $2"),
    referenceName,
    defaultWorkItemType: first,
    workItemTypes: types,
    url: `${base}/workItemTypeCategories/${referenceName}`,
  };
}

function fieldRoutes(tracking: WorkItemTracking): Route[] {
  const list: requests.Handler = (request) => {
    const fields = [...FIELDS, ...boardFields(tracking, request.project)];
    return requests.listOf(fields.map((field) => fieldJson(request, field)));
  };
  const single: requests.Handler = (request) => {
    const name = requests.param(request, "fieldNameOrRefName");
    const field = fieldOf(name);
    if (field) return { body: fieldJson(request, field) };
    throw new SimError(404, "WorkItemTrackingFieldDefinitionNotFoundException", `TF51535: Cannot find field ${name}.`);
  };
  return [
    ...requests.routesAt("GET", "{project}?/_apis/wit/fields", { ...requests.READ, handle: list }),
    ...requests.routesAt("GET", "{project}?/_apis/wit/fields/{fieldNameOrRefName}", {
      ...requests.READ,
      handle: single,
    }),
  ];
}

function boardFields(tracking: WorkItemTracking, project: SimProject | undefined): FieldDefinition[] {
  if (!project) return [];
  const boards = new Set(tracking.typesIn(project).flatMap(({ board }) => board ?? []));
  return [...boards].flatMap((board) =>
    Object.values(boardFieldsOf(project, board)).flatMap((name) => fieldOf(name) ?? []),
  );
}

const COMPARISONS = [
  ["SupportedOperations.Equals", "="],
  ["SupportedOperations.NotEquals", "<>"],
] as const;

function fieldJson(request: SimRequest, field: FieldDefinition): JsonObject {
  const isLong = field.type === "html" || field.type === "history";
  return {
    name: field.name,
    referenceName: field.referenceName,
    description: null,
    type: field.type === "identity" ? "string" : field.type,
    usage: "workItem",
    readOnly: field.readOnly || SET_BY_RULES.has(field.referenceName),
    canSortBy: !isLong,
    isQueryable: true,
    supportedOperations: COMPARISONS.map(([referenceName, name]) => ({ referenceName, name })),
    isIdentity: field.type === "identity",
    isPicklist: false,
    isPicklistSuggested: false,
    isDeleted: false,
    isLocked: false,
    url: `${request.organizationUrl}/_apis/wit/fields/${field.referenceName}`,
  };
}

function linkTypeRoutes(): Route[] {
  const list: requests.Handler = (request) => requests.listOf(relationTypesJson(request));
  const single: requests.Handler = (request) => {
    const name = requests.param(request, "relation");
    const found = relationTypesJson(request).find(
      (one) => quoted(one.referenceName).toLowerCase() === name.toLowerCase(),
    );
    if (!found)
      throw new SimError(404, "WorkItemLinkTypeNotFoundException", `TF201028: Cannot find link type '${name}'.`);
    return { body: found };
  };
  return [
    ...requests.routesAt("GET", "_apis/wit/workitemrelationtypes", { ...requests.READ, handle: list }),
    ...requests.routesAt("GET", "_apis/wit/workitemrelationtypes/{relation}", { ...requests.READ, handle: single }),
    ...requests.routesAt("GET", "_apis/wit/artifactlinktypes", {
      ...requests.READ,
      handle: () =>
        requests.listOf(
          ARTIFACT_LINKS.map(([linkType, artifactType, toolType]) => ({ toolType, artifactType, linkType })),
        ),
    }),
  ];
}

function relationTypesJson(request: SimRequest): JsonObject[] {
  const named = (referenceName: string, name: string, attributes: JsonObject): JsonObject => ({
    attributes,
    referenceName,
    name,
    url: `${request.organizationUrl}/_apis/wit/workItemRelationTypes/${referenceName}`,
  });
  const ofLinks = LINK_TYPES.flatMap((type): JsonObject[] => {
    const isNetwork = type.topology === "network";
    const attributes = {
      usage: "workItemLink",
      editable: type.editable,
      enabled: true,
      acyclic: !isNetwork,
      directional: !isNetwork,
      singleTarget: type.topology !== "tree",
      topology: type.topology,
      remote: type.remote,
    };
    if (isNetwork) return [named(type.forward, type.forwardName, attributes)];
    const opposite = (isForward: boolean): JsonObject => ({
      ...attributes,
      isForward,
      oppositeEndReferenceName: isForward ? type.reverse : type.forward,
    });
    return [
      named(type.forward, type.forwardName, opposite(true)),
      named(type.reverse, type.reverseName, opposite(false)),
    ];
  });
  const resource = { usage: "resourceLink", editable: false, enabled: true };
  return [
    ...ofLinks,
    named("AttachedFile", "Attached File", resource),
    named("Hyperlink", "Hyperlink", resource),
    named("ArtifactLink", "Artifact Link", resource),
  ];
}

function tagRoutes(tracking: WorkItemTracking): Route[] {
  const at = "{project}/_apis/wit/tags";
  const found = (request: SimRequest): Tag => {
    const wanted = requests.param(request, "tagIdOrName").toLowerCase();
    const tags = tracking.tagsOf(requests.projectOf(request).id);
    const tag = tags.get(wanted) ?? [...tags.values()].find(({ id }) => id === wanted);
    if (!tag) throw new SimError(404, "TagNotFoundException", `VS403112: Tag ${wanted} does not exist.`);
    return tag;
  };
  return [
    ...requests.routesAt("GET", at, {
      ...requests.READ,
      handle: (request): SimAnswer => {
        const tags = [...tracking.tagsOf(requests.projectOf(request).id).values()];
        return requests.listOf(tags.map((tag) => tagJson(request, tag)));
      },
    }),
    ...requests.routesAt("GET", `${at}/{tagIdOrName}`, {
      ...requests.READ,
      handle: (request) => ({ body: tagJson(request, found(request)) }),
    }),
  ];
}

function tagJson(request: SimRequest, { id, name, lastUpdated }: Tag): JsonObject {
  const url = `${request.organizationUrl}/${requests.projectOf(request).id}/_apis/wit/tags/${id}`;
  return { id, name, lastUpdated: shownInstant(lastUpdated), url };
}
