/** The Azure DevOps page around us: the only file that knows the extension SDK. */
import * as SDK from "azure-devops-extension-sdk";
import { BackupError, describeError } from "../../engine/foundation/errors.ts";
import { systemClock } from "../../engine/foundation/clock.ts";
import type { ProjectFacts, ProjectServices } from "../model/project-services.ts";
import { messagesOver, navigationOver, type HostMessages, type HostNavigation } from "./navigation.ts";
import { pipelinesOver } from "./pipelines.ts";
import { restClient } from "./rest.ts";
import { sessionSecrets } from "./session-secrets.ts";
import { settingsStore, type ExtensionData } from "./settings.ts";
import { msalClient, storageSignIn } from "./storage-sign-in.ts";

/** Ids that Azure DevOps gives its services (azure-devops-extension-api, CommonServiceIds). */
const services = {
  project: "ms.vss-tfs-web.tfs-page-data-service",
  location: "ms.vss-features.location-service",
  navigation: "ms.vss-features.host-navigation-service",
  messages: "ms.vss-tfs-web.tfs-global-messages-service",
  data: "ms.vss-features.extension-data-service",
} as const;

interface PageData {
  getProject(): Promise<{ readonly id: string; readonly name: string } | undefined>;
}

interface Locations {
  getServiceLocation(): Promise<string>;
}

interface ExtensionDataService {
  getExtensionDataManager(extensionId: string, token: string): Promise<ExtensionData>;
}

/** Shakes hands with the page around us; the theme is taken over and followed. Must come before everything else. */
export async function connectHost(): Promise<void> {
  await SDK.init({ loaded: false, applyTheme: true });
}

/** Takes the host's spinner away: the page shows something now. */
export function showLoaded(): void {
  void SDK.notifyLoadSucceeded();
}

/** Lets the host say that the page cannot be shown. */
export function showFailed(error: unknown): void {
  void SDK.notifyLoadFailed(describeError(error));
}

/** After `connectHost`. Throws NO_PROJECT outside of a project. */
export async function hostServices(): Promise<ProjectServices> {
  const [project, hostNavigation] = await Promise.all([
    projectFacts(),
    SDK.getService<HostNavigation>(services.navigation),
  ]);
  const rest = restClient({
    organizationUrl: project.organizationUrl,
    token: () => SDK.getAccessToken(),
    clock: systemClock,
  });
  return {
    project,
    settings: settingsStore(extensionData(), project.id),
    pipelines: pipelinesOver(rest, project),
    navigation: navigationOver(hostNavigation),
    messages: messagesOver(() => SDK.getService<HostMessages>(services.messages)),
    secrets: sessionSecrets(() => window.sessionStorage, project.id),
    signIn: (settings) =>
      storageSignIn(settings, {
        enableBridge: () => SDK.enableNestedAppAuth(),
        client: msalClient,
        clock: systemClock,
      }),
  };
}

interface ResultsTab {
  onBuildChanged?(tell: (build: { readonly id: number }) => void): void;
}

/** In the tab of a run's results: which run it shows, now and whenever that changes. */
export function watchBuild(tell: (buildId: number) => void): void {
  const tab: ResultsTab = SDK.getConfiguration();
  tab.onBuildChanged?.(({ id }) => tell(id));
}

async function projectFacts(): Promise<ProjectFacts> {
  const [pageData, locations] = await Promise.all([
    SDK.getService<PageData>(services.project),
    SDK.getService<Locations>(services.location),
  ]);
  const [project, location] = await Promise.all([pageData.getProject(), locations.getServiceLocation()]);
  if (project === undefined)
    throw new BackupError({
      code: "NO_PROJECT",
      message: "This page belongs to no project",
      hint: "Open it from the Pipelines menu of a project.",
    });
  return {
    id: project.id.toLowerCase(),
    name: project.name,
    organizationName: SDK.getHost().name,
    organizationUrl: location.replace(/\/+$/, ""),
  };
}

/** One manager for the page's life, asked for when settings are needed first; after a failure asked for again. */
function extensionData(): () => Promise<ExtensionData> {
  let opening: Promise<ExtensionData> | undefined;
  const open = async (): Promise<ExtensionData> => {
    const [service, token] = await Promise.all([
      SDK.getService<ExtensionDataService>(services.data),
      SDK.getAccessToken(),
    ]);
    return service.getExtensionDataManager(SDK.getExtensionContext().id, token);
  };
  return async () => {
    opening ??= open();
    return opening.catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
  };
}
