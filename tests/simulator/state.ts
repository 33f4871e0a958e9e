/**
 * Everything the simulated organisation holds, in memory (Git, LFS and attachments on disk below one folder). Tests
 * change it directly through the `add…` builders; the REST parts change it as the service would.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../engine/foundation/clock.ts";
import type { Clock } from "../../engine/foundation/clock.ts";
import { buildStore } from "./pipelines/build-store.ts";
import type { BuildStore } from "./pipelines/build-store.ts";
import { documentStore } from "./project/extension-data-store.ts";
import type { DocumentStore } from "./project/extension-data-store.ts";
import { buildServiceOf, identityIn, personOf, teamOf } from "./project/identity-store.ts";
import { operationStore } from "./project/operation-store.ts";
import type { OperationStore } from "./project/operation-store.ts";
import { pipelineSettingsStore } from "./pipelines/pipeline-settings-store.ts";
import type { PipelineSettingsStore } from "./pipelines/pipeline-settings-store.ts";
import { projectStore } from "./project/project-store.ts";
import type { NewProject, ProjectRecord, ProjectStore } from "./project/project-store.ts";
import { repositoryStore } from "./repos/repository-store.ts";
import type { NewRepository, RepositoryRecord, RepositoryStore } from "./repos/repository-store.ts";
import { sequenceOf, timestampsOf } from "./sequence.ts";
import type { SimHost, SimIdentity, SimProject } from "./service.ts";
import { signInDesk } from "./http/sign-in.ts";
import type { SignIn, TokenOptions } from "./http/sign-in.ts";

export interface StateOptions {
  /** Where Git, LFS and attachments live; made when missing. */
  readonly folder: string;
  /** Name of the organisation; default `contoso`. */
  readonly organization?: string;
  readonly clock?: Clock;
  /** Same seed, same ids. */
  readonly seed?: string;
  /** How long the creation of a project by REST takes; default 150 ms. */
  readonly projectCreationMs?: number;
}

export class SimulatorState implements SimHost {
  readonly organization: { readonly id: string; readonly name: string };
  readonly folder: string;
  readonly projectCreationMs: number;
  readonly projectStore: ProjectStore;
  readonly repositories: RepositoryStore;
  readonly operations: OperationStore;
  readonly builds: BuildStore;
  readonly extensionData: DocumentStore;
  readonly pipelineSettings: PipelineSettingsStore = pipelineSettingsStore();
  readonly signIn: SignIn;
  readonly timestamp: () => string;
  readonly newId: () => string;
  /** Releases that are switched off, by area (lower case): `{ git: ["7.1"] }`. */
  readonly retiredVersions = new Map<string, readonly string[]>();
  /** Message with which the next project creation fails. */
  nextCreationFailure: string | undefined;
  readonly #clock: Clock;
  readonly #owner: SimIdentity;
  readonly #identities: SimIdentity[];
  readonly #denied = new Set<string>();
  readonly #parts = new Map<unknown, unknown>();
  readonly #created: ((project: SimProject) => void)[] = [];
  readonly #purged: ((project: SimProject) => void)[] = [];

  constructor(options: StateOptions) {
    const name = options.organization ?? "contoso";
    const sequence = sequenceOf(options.seed ?? name);
    this.#clock = options.clock ?? systemClock;
    this.timestamp = timestampsOf(this.#clock);
    this.newId = () => sequence.newId();
    this.organization = { id: this.newId(), name };
    const [owner, ...others] = teamOf(name, this.newId);
    this.#owner = owner;
    this.#identities = [owner, ...others];
    this.folder = options.folder;
    this.projectCreationMs = options.projectCreationMs ?? 150;
    const context = { newId: this.newId, timestamp: this.timestamp, now: () => this.now(), owner: this.owner };
    this.projectStore = projectStore(context);
    this.repositories = repositoryStore({ ...context, folder: this.folderOf("git") });
    this.operations = operationStore(context);
    this.builds = this.part(buildStore);
    this.extensionData = documentStore(this.newId);
    this.signIn = signInDesk(this.owner, () => sequence.newText());
  }

  /** The first person: owns the organisation and may do everything. */
  get owner(): SimIdentity {
    return this.#owner;
  }

  get identities(): readonly SimIdentity[] {
    return this.#identities;
  }

  projects(): readonly ProjectRecord[] {
    return this.projectStore.all().filter(({ deletedAt }) => deletedAt === undefined);
  }

  projectOf(idOrName: string): ProjectRecord | undefined {
    return this.projectStore.find(idOrName);
  }

  identityOf(text: string): SimIdentity | undefined {
    return identityIn(this.#identities, text);
  }

  isAllowed(identity: SimIdentity, permission: string): boolean {
    return !this.#denied.has(`${identity.id}/${permission}`);
  }

  /** Takes a permission such as `bypassRules` away from an identity. */
  deny(identity: SimIdentity, permission: string): void {
    this.#denied.add(`${identity.id}/${permission}`);
  }

  now(): Date {
    return this.#clock.now();
  }

  onProjectCreated(listener: (project: SimProject) => void): void {
    this.#created.push(listener);
    for (const project of this.projectStore.all()) listener(project);
  }

  onProjectPurged(listener: (project: SimProject) => void): void {
    this.#purged.push(listener);
  }

  part<State>(make: (host: SimHost) => State): State {
    if (!this.#parts.has(make)) this.#parts.set(make, make(this));
    return this.#parts.get(make) as State; // put there by the line above, under its own maker
  }

  folderOf(part: string): string {
    const folder = join(this.folder, part);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  addIdentity(person: { readonly displayName: string; readonly uniqueName: string }): SimIdentity {
    const identity = personOf(person, this.newId());
    this.#identities.push(identity);
    return identity;
  }

  /** The identity of a project's pipeline jobs. */
  buildServiceOf(project: SimProject): SimIdentity {
    const displayName = `${project.name} Build Service (${this.organization.name})`;
    const known = this.identityOf(displayName);
    if (known !== undefined) return known;
    const identity = buildServiceOf({ name: project.name, organizationName: this.organization.name }, this.newId());
    this.#identities.push(identity);
    return identity;
  }

  /**
   * A token as a pipeline job of this project gets it. Whether it knows of other projects, and of repositories that the
   * pipeline's file does not name (`references`, by id), is up to the project's pipeline settings.
   */
  jobTokenOf(
    project: SimProject,
    {
      references = [],
      ...options
    }: Omit<TokenOptions, "kind" | "identity" | "job"> & { readonly references?: readonly string[] } = {},
  ): string {
    const job = { projectId: project.id, references: new Set(references) };
    return this.signIn.issue({ ...options, kind: "bearer", identity: this.buildServiceOf(project), job });
  }

  /** A project as it stands once created: default team, empty repository of the same name. */
  addProject(project: string | (NewProject & { readonly defaultRepository?: boolean })): ProjectRecord {
    const options = typeof project === "string" ? { name: project } : project;
    return this.createProject(options, 0);
  }

  /** The same, ready only after a while. */
  createProject(project: NewProject & { readonly defaultRepository?: boolean }, readyInMs: number): ProjectRecord {
    const record = this.projectStore.create(project, readyInMs);
    const wantsRepository = record.sourceControl === "Git" && project.defaultRepository !== false;
    if (wantsRepository) this.repositories.create(record.id, { name: record.name });
    for (const listener of this.#created) listener(record);
    return record;
  }

  /** Deletes a project beyond the recycle bin. */
  purgeProject(project: ProjectRecord): void {
    for (const repository of this.repositories.list(project.id)) this.repositories.purge(repository);
    this.projectStore.purge(project);
    for (const listener of this.#purged) listener(project);
  }

  /** Adds a repository, empty or with the content of one on disk. */
  addRepository(project: SimProject, repository: NewRepository): RepositoryRecord {
    return this.repositories.create(project.id, repository);
  }
}
