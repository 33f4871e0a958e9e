/**
 * Projects and their teams: creation takes a while, deletion goes through the recycle bin
 * (learn.microsoft.com/rest/api/azure/devops/core).
 */
import type { JsonValue } from "../../../engine/foundation/json.ts";
import { badRequest } from "../http/errors.ts";
import type { SimIdentity, SimProject } from "../service.ts";

export interface TeamRecord {
  readonly id: string;
  name: string;
  description: string;
  readonly members: Map<string, { readonly identity: SimIdentity; readonly isAdmin: boolean }>;
}

export type ProjectState = "createPending" | "wellFormed" | "deleting" | "deleted";

export interface ProjectRecord extends SimProject {
  readonly sourceControl: "Git" | "Tfvc";
  revision: number;
  lastUpdateTime: string;
  readonly properties: Map<string, JsonValue>;
  readonly teams: TeamRecord[];
  defaultTeamId: string;
  /** Former names, found with includeHistory. */
  readonly formerNames: string[];
  /** From when on it is well formed. */
  readyAt: number;
  deletedAt: number | undefined;
}

export interface NewProject {
  readonly name: string;
  readonly description?: string;
  readonly visibility?: "private" | "public";
  readonly processId?: string;
  readonly sourceControl?: "Git" | "Tfvc";
}

export const processes = [
  { id: "adcc42ab-9882-485e-a3ed-7678f01f66bc", name: "Agile" },
  { id: "6b724908-ef14-45cf-84f8-768b5384da45", name: "Scrum" },
  { id: "27450541-8e31-4150-9947-dc59f998fc01", name: "CMMI" },
  { id: "b8a3a935-7e91-48b8-a94c-606d37c3e9f2", name: "Basic" },
] as const;

export interface ProjectStore {
  /** Every project, whatever its state. */
  all(): readonly ProjectRecord[];
  byId(id: string): ProjectRecord | undefined;
  /** By id or name among those that are not deleted. */
  find(idOrName: string): ProjectRecord | undefined;
  stateOf(project: ProjectRecord): ProjectState;
  /** Throws for names that are taken or not allowed. */
  create(project: NewProject, readyInMs: number): ProjectRecord;
  rename(project: ProjectRecord, name: string): void;
  touch(project: ProjectRecord): void;
  delete(project: ProjectRecord): void;
  undelete(project: ProjectRecord): void;
  /** Takes it out of the recycle bin, for good. */
  purge(project: ProjectRecord): void;
  addTeam(project: ProjectRecord, team: { readonly name: string; readonly description?: string }): TeamRecord;
}

export interface ProjectStoreContext {
  readonly newId: () => string;
  readonly timestamp: () => string;
  readonly now: () => Date;
  readonly owner: SimIdentity;
}

const forbidden = /[/:\\~&%;@'"?<>|#$*}{,+=[\]]|^_|^\.|\.$|^\s|\s$/;

export function projectStore(context: ProjectStoreContext): ProjectStore {
  const records = new Map<string, ProjectRecord>();
  const now = (): number => context.now().getTime();
  const find = (idOrName: string): ProjectRecord | undefined => {
    const wanted = idOrName.toLowerCase();
    const alive = [...records.values()].filter(({ deletedAt }) => deletedAt === undefined);
    return alive.find(({ id }) => id === wanted) ?? alive.find(({ name }) => name.toLowerCase() === wanted);
  };
  const checkName = (name: string, own?: ProjectRecord): void => {
    if (name === "" || name.length > 64 || forbidden.test(name)) throw invalidName(name);
    const other = find(name);
    if (other !== undefined && other !== own) throw nameTaken(name);
  };
  const touch = (project: ProjectRecord): void => {
    project.revision += 1;
    project.lastUpdateTime = context.timestamp();
  };
  const store: ProjectStore = {
    all: () => [...records.values()],
    byId: (id) => records.get(id.toLowerCase()),
    find,
    stateOf: (project) => {
      if (project.deletedAt !== undefined) return "deleted";
      return project.readyAt > now() ? "createPending" : "wellFormed";
    },
    create: (project, readyInMs) => {
      checkName(project.name);
      const record = newRecord(project, context, now() + readyInMs);
      records.set(record.id, record);
      return record;
    },
    rename: (project, name) => {
      checkName(name, project);
      project.formerNames.push(project.name);
      project.name = name;
      touch(project);
    },
    touch,
    delete: (project) => {
      project.deletedAt = now();
      touch(project);
    },
    undelete: (project) => {
      checkName(project.name, project);
      project.deletedAt = undefined;
      touch(project);
    },
    purge: (project) => void records.delete(project.id),
    addTeam: (project, team) => addTeam(project, team, context),
  };
  return store;
}

function newRecord(project: NewProject, context: ProjectStoreContext, readyAt: number): ProjectRecord {
  const process = processes.find(({ id }) => id === (project.processId?.toLowerCase() ?? processes[0].id));
  if (process === undefined) throw unknownProcess(project.processId ?? "");
  const record: ProjectRecord = {
    id: context.newId(),
    name: project.name,
    description: project.description ?? "",
    visibility: project.visibility ?? "private",
    process,
    sourceControl: project.sourceControl ?? "Git",
    revision: 11,
    lastUpdateTime: context.timestamp(),
    properties: new Map<string, JsonValue>([
      ["System.CurrentProcessTemplateId", process.id],
      ["System.OriginalProcessTemplateId", process.id],
      ["System.ProcessTemplateType", process.id],
      ["System.MSPROJ", ""],
      ["System.Process Template", process.name],
      ["System.SourceControlCapabilityFlags", project.sourceControl === "Tfvc" ? "1" : "2"],
      ["System.SourceControlGitEnabled", project.sourceControl === "Tfvc" ? "False" : "True"],
    ]),
    teams: [],
    defaultTeamId: "",
    formerNames: [],
    readyAt,
    deletedAt: undefined,
  };
  const team = addTeam(record, { name: `${project.name} Team`, description: "The default project team." }, context);
  record.defaultTeamId = team.id;
  return record;
}

function addTeam(
  project: ProjectRecord,
  { name, description = "" }: { readonly name: string; readonly description?: string },
  { newId, owner }: ProjectStoreContext,
): TeamRecord {
  if (project.teams.some((team) => team.name.toLowerCase() === name.toLowerCase())) {
    throw badRequest("TeamAlreadyExistsException", `VS402400: The team '${name}' already exists in this project.`);
  }
  const members = new Map([[owner.id, { identity: owner, isAdmin: true }]]);
  const team = { id: newId(), name, description, members };
  project.teams.push(team);
  return team;
}

function invalidName(name: string): Error {
  const message = `TF200012: The following name is not valid: ${name}. Verify that the name does not exceed the maximum character limit, only contains valid characters, and is not a reserved name.`;
  return badRequest("InvalidProjectNameException", message);
}

function nameTaken(name: string): Error {
  const message = `TF200019: The following project already exists on the Azure DevOps Server: ${name}. You cannot create a new project with the same name as an existing project. Provide a different name.`;
  return badRequest("ProjectAlreadyExistsException", message);
}

function unknownProcess(id: string): Error {
  return badRequest("ProcessTemplateNotFoundException", `VS402438: The process template with id ${id} does not exist.`);
}
