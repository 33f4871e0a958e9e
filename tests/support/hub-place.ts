/**
 * Everything that the hub of a project needs around it: pipelines with their secrets, agents that run them, storage
 * that lets its pages read, saved settings, and the host page.
 */
import type { KeySet } from "../../engine/crypto/keys.ts";
import { corsAllowedHeaders, corsExposedHeaders, corsMethods } from "../../extension-ui/model/azure-cli.ts";
import type { ProjectSettings } from "../../extension-ui/model/project-services.ts";
import { stringAt } from "../../engine/foundation/json.ts";
import { extensionFacts } from "../hub-host/manifest.ts";
import { startHubHost, type HubHost } from "../hub-host/server.ts";
import type { Simulator } from "../simulator/server.ts";
import type { SimProject } from "../simulator/service.ts";
import type { Azurite } from "./azurite.ts";
import { containers } from "./hub-browser.ts";
import { startPipelineAgent, type PipelineAgent } from "./pipeline-agent.ts";
import { addProjectPipelines, type ProjectPipelines } from "./project-pipelines.ts";
import { ask } from "./simulator.ts";

export interface HubPlaceOptions {
  readonly simulator: Simulator;
  readonly azurite: Azurite;
  readonly project: SimProject;
  readonly container: { readonly url: string; readonly sas: string };
  readonly keys: KeySet;
  /** Default: dist/hub. */
  readonly hubFolder?: string;
  /** Of the host page; default: a free one. */
  readonly port?: number;
  /** False leaves out pipelines and settings: the hub then shows Set up. Default true. */
  readonly isSetUp?: boolean;
  /** Pipelines that are there already. */
  readonly pipelines?: ProjectPipelines;
  /** Whatever else the settings say, e.g. where people sign in to storage. */
  readonly settings?: Partial<ProjectSettings>;
}

export interface HubPlace {
  /** Address of the host page. */
  readonly hubUrl: string;
  readonly hubOrigin: string;
  readonly agent: PipelineAgent;
  /** Undefined when nothing is set up. */
  readonly pipelines: ProjectPipelines | undefined;
  /** Ends the pages and the agents, and what they run. */
  stop(): Promise<void>;
}

export async function startHubPlace(options: HubPlaceOptions): Promise<HubPlace> {
  const { simulator, project, hubFolder = "dist/hub", port, isSetUp = true } = options;
  const host: HubHost = await startHubHost({
    simulator,
    hubFolder,
    project: project.name,
    ...(port === undefined ? {} : { port }),
  });
  try {
    await letIn(options.azurite, host.hubOrigin);
    const pipelines = isSetUp ? (options.pipelines ?? addProjectPipelines(options)) : undefined;
    if (pipelines !== undefined) await saveSettings(options, pipelines);
    containers.set(host.hubUrl, () => savedContainer(options));
    const agent = startPipelineAgent(simulator);
    const stop = async (): Promise<void> => {
      await Promise.all([agent.stop(), host.stop()]);
    };
    return { hubUrl: host.hubUrl, hubOrigin: host.hubOrigin, agent, pipelines, stop };
  } catch (error) {
    await host.stop();
    throw error;
  }
}

/** The rule that Set up shows: browsers may read from pages of this origin, and nothing else. */
export async function letIn(azurite: Azurite, origin: string): Promise<void> {
  await azurite.service().setProperties({
    cors: [
      {
        allowedOrigins: origin,
        allowedMethods: corsMethods.join(","),
        allowedHeaders: corsAllowedHeaders,
        exposedHeaders: corsExposedHeaders,
        maxAgeInSeconds: 3600,
      },
    ],
  });
}

const extensionPlace = "project-backup.project-backup";

/** Where a person's hub keeps which settings they have confirmed. */
export function confirmedPlace(person: string): string {
  return `${extensionPlace}/${person}/confirmed-settings`;
}

/** The container that the settings name now: what a person's SAS would be for. */
function savedContainer({ simulator, project }: HubPlaceOptions): string | undefined {
  const { extensionData } = simulator.state;
  try {
    return stringAt(extensionData.read(`${extensionPlace}/default/project-settings`, project.id), "containerUrl");
  } catch {
    return undefined;
  }
}

/** Saved by the person who looks: they know these settings. */
async function saveSettings(
  { simulator, project, container, keys, settings: others }: HubPlaceOptions,
  pipelines: ProjectPipelines,
): Promise<void> {
  const settings: ProjectSettings = {
    containerUrl: container.url,
    signers: keys.signer.split(","),
    backupPipelineId: pipelines.backup,
    verifyPipelineId: pipelines.verify,
    restorePipelineId: pipelines.restore,
    rpoHours: 26,
    ...others,
  };
  const { id: extension, publisher } = extensionFacts("vss-extension.json");
  const base = `${simulator.url}/extmgmt/${simulator.state.organization.name}/_apis/ExtensionManagement`;
  const place = `InstalledExtensions/${publisher}/${extension}/Data/Scopes/Default/Current`;
  const documents = `${base}/${place}/Collections/project-settings/Documents?api-version=7.1-preview.1`;
  const { status, text } = await ask(simulator, documents, {
    method: "PUT",
    body: { id: project.id, ...settings, __etag: -1 },
  });
  if (status !== 200) throw new Error(`The settings could not be saved: ${text}`);
  const { extensionData, owner } = simulator.state;
  extensionData.set(confirmedPlace(owner.id), { id: project.id, ...settings, __etag: -1 });
}
