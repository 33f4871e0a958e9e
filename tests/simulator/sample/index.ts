/** The project of a team that builds a web shop: what `npm start` and the sandbox show. */
import type { DefinitionRecord } from "../pipelines/definition-store.ts";
import type { ProjectRecord } from "../project/project-store.ts";
import type { SimulatorState } from "../state.ts";
import { addSamplePipelines } from "../pipelines/sample.ts";
import type { SamplePipelines } from "../pipelines/sample.ts";
import { addSampleWorkItems } from "../boards/sample.ts";
import type { SampleWorkItems } from "../boards/sample.ts";
import { addSampleRepositories } from "./repositories.ts";
import type { SampleRepositories } from "./repositories.ts";

export interface SampleProject {
  readonly project: ProjectRecord;
  readonly repositories: SampleRepositories;
  readonly workItems: SampleWorkItems;
  readonly pipelines: SamplePipelines;
  /** The pipeline whose runs back the project up. */
  readonly nightly: DefinitionRecord;
}

export interface SampleOrganization extends SampleProject {
  readonly state: SimulatorState;
}

/** What somebody might change in it between two nights, by kind; each area says its own in `changes.ts`. */
export type SampleChanges = Readonly<Record<string, (sample: SampleOrganization) => void>>;

/** Adds the sample project, `Contoso Shop`, to an organisation. */
export function addSampleProject(state: SimulatorState): SampleProject {
  const project = state.addProject({
    name: "Contoso Shop",
    description: "Everything that sells, packs and ships.",
    defaultRepository: false,
  });
  for (const [name, description] of teams) addTeam(state, project, { name, description });
  const repositories = addSampleRepositories(state, project);
  const workItems = addSampleWorkItems(state, project);
  const nightly = state.builds.addDefinition(project, {
    name: "Nightly backup",
    path: "\\Operations",
    yamlFilename: "pipelines/backup.yml",
    repositoryId: repositories.infrastructure.id,
  });
  const pipelines = addSamplePipelines(state, project, repositories);
  return { project, repositories, workItems, pipelines, nightly };
}

const teams = [
  ["Storefront", "Web and mobile"],
  ["Fulfilment", "Orders, stock, shipping"],
] as const;

function addTeam(
  state: SimulatorState,
  project: ProjectRecord,
  { name, description }: { readonly name: string; readonly description: string },
): void {
  const team = state.projectStore.addTeam(project, { name, description });
  for (const identity of state.identities.slice(1, 5)) team.members.set(identity.id, { identity, isAdmin: false });
}
