/**
 * A page that plays Azure DevOps around an extension's page: frame of another origin, handshake, services, themes.
 * For tests: `window.__log` (calls in order), `__loaded` (and `__loadedAt`, in
 * milliseconds since 1970), `__failed`, `__setTheme("dark")`.
 */
import { channelManager } from "../../../node_modules/azure-devops-extension-sdk/esm/XDM.js";
import { browser, elementAt } from "./browser.ts";
import { extensionDataService } from "./extension-data.ts";
import { hostFacts, type HostFacts } from "./facts.ts";
import { locationService, pageDataService } from "./locations.ts";
import { log, logged } from "./log.ts";
import { messagesService, pageLayoutService } from "./messages.ts";
import { navigationService } from "./navigation.ts";
import { nestedSignIn } from "./nested-sign-in.ts";
import { accessToken } from "./service.ts";
import { themes, type ThemeName } from "./themes.ts";

const facts = hostFacts();
let theme: ThemeName = facts.theme;
const seen: { __log: typeof log; __loaded: boolean; __failed?: unknown; __setTheme: (name: ThemeName) => void } = {
  __log: log,
  __loaded: false,
  __setTheme: setTheme,
};
Object.assign(globalThis, seen);

const frame = elementAt("extension");
const channel = channelManager.addChannel(frame.contentWindow, new URL(facts.frameUrl).origin);
const registry = channel.getObjectRegistry();
const services: Readonly<Record<string, object>> = {
  "ms.vss-features.extension-data-service": extensionDataService(facts),
  "ms.vss-features.host-navigation-service": navigationService(facts),
  "ms.vss-features.host-page-layout-service": pageLayoutService(),
  "ms.vss-features.location-service": locationService(facts),
  "ms.vss-tfs-web.tfs-global-messages-service": messagesService(),
  "ms.vss-tfs-web.tfs-page-data-service": pageDataService(facts),
};

registry.register(
  "DevOps.HostControl",
  logged("host", {
    initialHandshake: () => handshake(facts),
    notifyLoadSucceeded: () => {
      elementAt("spinner").hidden = true;
      Object.assign(globalThis, { __loaded: true, __loadedAt: performance.timeOrigin + performance.now() });
    },
    notifyLoadFailed: (error: unknown) => {
      elementAt("spinner").textContent = "The extension could not be loaded.";
      Object.assign(globalThis, { __failed: error });
    },
    resize: () => undefined,
    getAccessToken: async () => ({ token: await accessToken() }),
    getAppToken: async () => ({ token: await accessToken() }),
  }),
);
registry.register(
  "DevOps.ServiceManager",
  logged("services", {
    getService: (id: string) => {
      const service = services[id];
      if (service === undefined) throw new Error(`There is no service ${id}.`);
      return service;
    },
  }),
);
if (facts.signIn !== "absent") registry.register("DevOps.NestedAppAuth", nestedSignIn(facts));

show(theme);
elementAt("theme").addEventListener("click", () => setTheme(theme === "dark" ? "light" : "dark"));
frame.src = facts.frameUrl;

function setTheme(name: ThemeName): void {
  theme = name;
  show(name);
  const change = ["themeChanged", { detail: { data: themes[name] } }];
  void channel.invokeRemoteMethod("dispatchEvent", "DevOps.SdkClient", change);
}

function show(name: ThemeName): void {
  browser.document.documentElement.className = name;
}

function handshake({ organization, project, user, extension, buildId }: HostFacts): object {
  const { publisher, id, version, contribution } = extension;
  const globalization = {
    culture: "en-US",
    theme: theme === "dark" ? "ms.vss-web.vsts-theme-dark" : "ms.vss-web.vsts-theme",
    explicitTheme: "",
    timeZoneId: "UTC",
    timezoneOffset: 0,
    typeAheadDisabled: false,
  };
  return {
    contributionId: `${publisher}.${id}.${contribution}`,
    context: {
      extension: {
        id: `${publisher}.${id}`,
        publisherId: publisher,
        extensionId: id,
        version,
        baseUri: new URL(".", facts.frameUrl).href,
      },
      user: { ...user, imageUrl: "" },
      host: { id: organization.id, name: organization.name, serviceVersion: "Dev20.M277.1", type: 4, isHosted: true },
      pageContext: {
        globalization,
        timeZonesConfiguration: { daylightSavingsAdjustments: [] },
        webContext: { project, team: { id: "", name: `${project.name} Team` } },
      },
    },
    initialConfig: buildId === undefined ? {} : resultsTab(buildId),
    themeData: themes[theme],
  };
}

/** A tab of a run's results is told which run it shows. */
function resultsTab(buildId: number): object {
  return {
    onBuildChanged: (tell: (build: { readonly id: number }) => void) => {
      tell({ id: buildId });
    },
    onViewDisplayed: (tell: () => void) => {
      tell();
    },
  };
}
