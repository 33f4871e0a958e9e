/** Address, title and windows of the host page, as an extension changes them. */
import { browser } from "./browser.ts";
import type { HostFacts } from "./facts.ts";
import { logged } from "./log.ts";

type Texts = Readonly<Record<string, string | undefined>>;

export function navigationService(facts: HostFacts): object {
  const listeners: ((hash: string) => void)[] = [];
  const hash = (): string => browser.location.hash.replace(/^#/, "");
  browser.addEventListener("hashchange", () => {
    for (const listener of listeners) listener(hash());
  });
  return logged("navigation", {
    getQueryParams: () => Object.fromEntries(new URLSearchParams(browser.location.search)),
    setQueryParams: (parameters: Texts) => {
      browser.history.replaceState(null, "", addressWith(parameters));
    },
    getHash: hash,
    setHash: (wanted: string) => {
      browser.location.hash = wanted;
    },
    replaceHash: (wanted: string) => {
      browser.history.replaceState(null, "", `#${wanted}`);
    },
    onHashChanged: (listener: (hash: string) => void) => void listeners.push(listener),
    navigate: (url: string) => {
      browser.location.assign(url);
    },
    openNewWindow: (url: string, features: string) => {
      browser.open(shownHere(url, facts), "_blank", `noopener,${features}`);
    },
    reload: () => {
      browser.location.reload();
    },
    setDocumentTitle: (title: string) => {
      browser.document.title = title;
    },
    getPageRoute: () => ({ id: "ms.vss-web.hub", routeValues: { viewname: "hub" } }),
    getPageNavigationElements: () => [],
  });
}

/** Parameters that are not named stay; an empty value takes one away. */
function addressWith(parameters: Texts): string {
  const url = new URL(browser.location.href);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === "") url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return `${url.pathname}${url.search}${url.hash}`;
}

/** The service's own pages of runs and of a project's settings are pages of this host. */
function shownHere(url: string, { organizationUrl }: HostFacts): string {
  const isOwn = url.startsWith(`${organizationUrl}/`) && /\/_(?:build|settings|library|git|apps)(?:[/?]|$)/.test(url);
  return isOwn ? url.replace(new URL(organizationUrl).origin, browser.location.origin) : url;
}
