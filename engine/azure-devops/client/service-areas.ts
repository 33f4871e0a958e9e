import type { ApiRequest, Area } from "../azure-devops.ts";

/**
 * What `_apis/resourceAreas` calls each area (learn.microsoft.com/azure/devops/extend/develop/work-with-urls). Areas
 * without an id live on the organisation's own address in every deployment.
 */
export const areaIds: Readonly<Partial<Record<Area, string>>> = {
  core: "79134c72-4a58-4b42-976c-04e7115f32bf",
  git: "4e080c62-fa21-4fbc-8fef-2a10a2b38049",
  wit: "5264459e-e5e0-4bd8-b118-0985e68a4ec5",
  work: "1d4f49f9-02b9-4e26-b826-2cdb6195f2a9",
  build: "965220d5-5bb9-42cf-8d67-9b146df2a5a4",
  pipelines: "2e0bf237-8973-4ec9-a581-9c3d679d1776",
  release: "efc2f575-36ef-48e9-b672-0c6fb4a48ac5",
  distributedtask: "a85b8835-c1a1-4aac-ae97-1c3d0ba72dbd",
  policy: "fb13a388-40dd-4a04-b530-013a739c72ef",
  wiki: "bf7d82a0-8aa5-4613-94ef-6172a5ea01f3",
  tfvc: "8aa40520-446d-40e6-89f6-9c9f9ce44c48",
  test: "c2aa639c-3ccc-4740-b3b6-ce2a1e1d984e",
  testplan: "e4c27205-9d23-4c98-b958-d798bc3f9cd4",
  dashboard: "31c84e0a-3ece-48fd-a29d-100849af99ba",
  serviceendpoint: "1814ab31-2f4f-4a9f-8761-f4d77dc5a5d7",
  graph: "bb1e7ec9-e901-4b68-999a-de7012b920f8",
  ims: "8a3d49b8-91f0-46ef-b33d-dda338c25db3",
  approvals: "4a933897-0488-45af-bd82-6fd3ad33f46a",
  packaging: "7ab4e64e-c4d8-4f50-ae73-5ef2e21642a5",
  packages: "b3be7473-68ea-4a81-bfc7-9530baaa19ad",
  audit: "94ff054d-5ee1-413d-9341-3f4a7827de2e",
  extensionManagement: "6c2b0933-3600-42ae-bf8b-93d4f7e83594",
  favorite: "67349c8b-6425-42f2-97b6-0843cb037473",
};

/** What the service calls an area in `OPTIONS _apis/{name}`, where it is not our own name for it. */
const locationNames: Readonly<Partial<Record<Area, readonly string[]>>> = {
  location: ["Location"],
  approvals: ["PipelinesChecks", "pipelinePermissions", "approval"],
  distributedtask: ["distributedtask", "environments"],
  packages: ["nuget", "npm", "maven", "pypi", "upack"],
  packaging: ["Packaging"],
  pipelines: ["pipelines"],
  security: ["Security"],
};

export function locationNamesOf(area: Area): readonly string[] {
  return locationNames[area] ?? [area];
}

/** What a token needs for a request: as token pages show it, and the scope's own name. */
export function scopeOf({ area, path }: Pick<ApiRequest, "area" | "path">, isWrite: boolean): string {
  const ofResource = path[0] === "distributedtask" ? ofTasks[path[1] ?? ""] : undefined;
  const [label, read, write] = ofResource ?? scopes[area] ?? ["Project and Team", "vso.project", "vso.project_manage"];
  return isWrite ? `${label} (write; ${write})` : `${label} (read; ${read})`;
}

type ScopeNames = readonly [label: string, read: string, write: string];

const workItems: ScopeNames = ["Work Items", "vso.work", "vso.work_write"];
const code: ScopeNames = ["Code", "vso.code", "vso.code_manage"];
const build: ScopeNames = ["Build", "vso.build", "vso.build_execute"];
const test: ScopeNames = ["Test Management", "vso.test", "vso.test_write"];
const packaging: ScopeNames = ["Packaging", "vso.packaging", "vso.packaging_manage"];

/** Resources of the task area with a scope of their own. */
const ofTasks: Readonly<Partial<Record<string, ScopeNames>>> = {
  variablegroups: ["Variable Groups", "vso.variablegroups_read", "vso.variablegroups_manage"],
  taskgroups: ["Task Groups", "vso.taskgroups_read", "vso.taskgroups_manage"],
};

const scopes: Readonly<Partial<Record<Area, ScopeNames>>> = {
  git: code,
  policy: code,
  tfvc: code,
  wit: workItems,
  work: workItems,
  processes: workItems,
  build,
  pipelines: build,
  approvals: build,
  test,
  testplan: test,
  packaging,
  packages: packaging,
  release: ["Release", "vso.release", "vso.release_manage"],
  distributedtask: ["Agent Pools", "vso.agentpools", "vso.agentpools_manage"],
  wiki: ["Wiki", "vso.wiki", "vso.wiki_write"],
  dashboard: ["Team Dashboard", "vso.dashboards", "vso.dashboards_manage"],
  serviceendpoint: ["Service Connections", "vso.serviceendpoint", "vso.serviceendpoint_manage"],
  security: ["Security", "vso.security_manage", "vso.security_manage"],
  graph: ["Graph", "vso.graph", "vso.graph_manage"],
  ims: ["Identity", "vso.identity", "vso.identity_manage"],
  notification: ["Notifications", "vso.notification", "vso.notification_write"],
  audit: ["Audit Log", "vso.auditlog", "vso.auditlog"],
  extensionManagement: ["Extensions", "vso.extension", "vso.extension_manage"],
};
