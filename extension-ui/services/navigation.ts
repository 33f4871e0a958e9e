/** Address and title of the page around us, over the host's navigation service. */
import type { Messages, Navigation } from "../model/project-services.ts";

export interface HostNavigation {
  getQueryParams(): Promise<Readonly<Record<string, string>>>;
  getHash(): Promise<string>;
  /** Makes an entry in the browser's history. */
  setHash(hash: string): void;
  replaceHash(hash: string): void;
  onHashChanged(listener: (hash: string) => void): void;
  setDocumentTitle(title: string): void;
  openNewWindow(url: string, features: string): void;
}

/** Browsers take no more than some hundred changes of the address in half a minute. */
const replaceAfterMs = 300;

/**
 * The hub's place stands behind `#`: only of that does the host tell when people go back or forward. An address without
 * it (a link from elsewhere, the page's first entry) says its place in the query.
 */
export function navigationOver(host: HostNavigation): Navigation {
  let shown = "";
  /** Addresses that were set here and that the host has not told of yet. */
  let told: string[] = [];
  let replacing: { readonly hash: string; readonly timer: ReturnType<typeof setTimeout> } | undefined;

  function dropReplacement(): string | undefined {
    if (replacing === undefined) return undefined;
    clearTimeout(replacing.timer);
    const { hash } = replacing;
    replacing = undefined;
    return hash;
  }

  function replace(hash: string): void {
    told.push(hash);
    host.replaceHash(hash);
  }

  /** True for what was set here: nobody has moved. */
  function isOwn(hash: string): boolean {
    const place = told.indexOf(hash);
    if (hash !== shown && place < 0) return false;
    told = told.slice(place + 1);
    return true;
  }

  return {
    query: async () => {
      shown = bare(await host.getHash());
      return shown === "" ? host.getQueryParams() : parametersOf(shown);
    },
    go: (query, how) => {
      const hash = new URLSearchParams(query).toString();
      if (hash === shown) return;
      shown = hash;
      const unwritten = dropReplacement();
      if (how === "replace") {
        const write = (): void => replace(dropReplacement() ?? hash);
        replacing = { hash, timer: setTimeout(write, replaceAfterMs) };
        return;
      }
      if (unwritten !== undefined) replace(unwritten);
      told.push(hash);
      host.setHash(hash);
    },
    onMoved: (listener) => {
      host.onHashChanged((text) => {
        const hash = bare(text);
        if (isOwn(hash)) return;
        dropReplacement();
        told = [];
        shown = hash;
        if (hash !== "") listener(parametersOf(hash));
        else host.getQueryParams().then(listener, () => undefined);
      });
    },
    setTitle: (title) => host.setDocumentTitle(title),
    open: (url) => {
      // An address that a page was handed must not become a script.
      if (/^https?:\/\//i.test(url)) host.openNewWindow(url, "");
    },
  };
}

/** In one manner of writing, whatever the browser or the host has made of it. */
function bare(hash: string): string {
  return new URLSearchParams(hash.replace(/^#/, "")).toString();
}

function parametersOf(hash: string): Readonly<Record<string, string>> {
  return Object.fromEntries(new URLSearchParams(hash));
}

export interface HostMessages {
  addToast(toast: { readonly message: string; readonly duration: number }): void;
}

const toastMs = 5_000;

/** `host` is asked for at the first message. A message that cannot be shown is no reason to fail. */
export function messagesOver(host: () => Promise<HostMessages>): Messages {
  return {
    toast: (message) => {
      host().then(
        (service) => service.addToast({ message, duration: toastMs }),
        () => undefined,
      );
    },
  };
}
