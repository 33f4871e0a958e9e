/** What the pipelines of the sample team are: their library, their queues, definitions from files and classic ones. */
import type { JsonObject } from "../../../engine/foundation/json.ts";
import type { ProjectRecord } from "../project/project-store.ts";
import type { RepositoryRecord } from "../repos/repository-store.ts";
import type { SimulatorState } from "../state.ts";
import type { DefinitionRecord } from "./definition-store.ts";
import { queueStore } from "./queue-store.ts";
import type { VariableGroupRecord } from "./variable-group-store.ts";

export interface SamplePipelines {
  readonly groups: {
    /** Plain values. */
    readonly settings: VariableGroupRecord;
    /** Two secrets and an address. */
    readonly payments: VariableGroupRecord;
    /** One secret alone. */
    readonly signing: VariableGroupRecord;
    readonly staging: VariableGroupRecord;
  };
  readonly definitions: {
    /** From a file; with a group, a secret of its own and triggers. */
    readonly web: DefinitionRecord;
    /** Classic; follows on the one before. */
    readonly release: DefinitionRecord;
    /** Switched off. */
    readonly old: DefinitionRecord;
  };
}

interface Repositories {
  readonly web: RepositoryRecord;
  readonly api: RepositoryRecord;
}

export function addSamplePipelines(
  state: SimulatorState,
  project: ProjectRecord,
  repositories: Repositories,
): SamplePipelines {
  const groups = addGroups(state, project);
  return { groups, definitions: addDefinitions(state, project, { repositories, groups }) };
}

function addGroups(state: SimulatorState, project: ProjectRecord): SamplePipelines["groups"] {
  const add = (name: string, description: string, variables: VariableGroupRecord["variables"]): VariableGroupRecord =>
    state.builds.addVariableGroup(project, { name, description, variables });
  return {
    settings: add("Shop settings", "Read by every pipeline", {
      currency: { value: "EUR" },
      "api.address": { value: "https://api.shop.example" },
    }),
    payments: add("Payments", "Of the payment provider", {
      merchant: { value: "contoso-4711" },
      apiKey: { value: "sample-payments-key", isSecret: true },
      webhookKey: { value: "sample-webhook-key", isSecret: true },
    }),
    signing: add("Signing", "", { password: { value: "sample-signing-password", isSecret: true } }),
    staging: add("Shop settings (staging)", "Where testers shop", {
      currency: { value: "EUR" },
      "api.address": { value: "https://staging.shop.example" },
    }),
  };
}

interface Used {
  readonly repositories: Repositories;
  readonly groups: SamplePipelines["groups"];
}

function addDefinitions(
  state: SimulatorState,
  project: ProjectRecord,
  { repositories: { web, api }, groups }: Used,
): SamplePipelines["definitions"] {
  const { id: queue } = state.part(queueStore).defaultOf(project.id);
  const add = (name: string, path: string, rest: { readonly repositoryId: string; readonly document: JsonObject }) =>
    state.builds.addDefinition(project, { name, path, ...rest });
  const onPush: JsonObject = {
    triggerType: "continuousIntegration",
    branchFilters: ["+refs/heads/main"],
    pathFilters: [],
    settingsSourceType: 1,
    batchChanges: false,
    maxConcurrentBuildsPerBranch: 1,
  };
  const webBuild = add("Web", "\\Shop\\Storefront", {
    repositoryId: web.id,
    document: {
      queue: { id: queue },
      triggers: [onPush],
      variables: { feed: { value: "contoso" }, feedKey: { value: "sample-feed-key", isSecret: true } },
      variableGroups: [{ id: groups.settings.id }, { id: groups.signing.id }],
    },
  });
  const repository = { type: "TfsGit", id: api.id, defaultBranch: "refs/heads/main", clean: "true" };
  const release = add("Api (classic)", "\\Shop", {
    repositoryId: api.id,
    document: {
      queue: { id: queue },
      ...{ repository, process: { type: 1, phases: [classicPhase()] }, buildNumberFormat: "$(date:yyyyMMdd)$(rev:.r)" },
      triggers: [{ triggerType: "buildCompletion", definition: { id: webBuild.id }, requiresSuccessfulBuild: true }],
      variables: { configuration: { value: "Release", allowOverride: true } },
    },
  });
  const old = add("Nightly tests", "\\", {
    repositoryId: api.id,
    document: { queue: { id: queue }, queueStatus: "disabled" },
  });
  return { web: webBuild, release, old };
}

function classicPhase(): JsonObject {
  const task = { id: "d9bafed4-0b18-4f58-968d-86655b4d2ce9", versionSpec: "2.*", definitionType: "task" };
  const step = { enabled: true, displayName: "Test", inputs: { script: "dotnet test" }, task };
  return { name: "Job 1", refName: "Job_1", steps: [step], jobAuthorizationScope: "project" };
}
