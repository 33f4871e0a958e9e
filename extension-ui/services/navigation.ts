/** Address and title of the page around us, over the host's navigation service. */
import type { Messages, Navigation } from "../model/project-services.ts";

export interface HostNavigation {
  getQueryParams(): Promise<Readonly<Record<string, string>>>;
  setQueryParams(parameters: Readonly<Record<string, string>>): void;
  setDocumentTitle(title: string): void;
  openNewWindow(url: string, features: string): void;
}

export function navigationOver(host: HostNavigation): Navigation {
  return {
    query: () => host.getQueryParams(),
    setQuery: (query) => host.setQueryParams(query),
    setTitle: (title) => host.setDocumentTitle(title),
    open: (url) => {
      // An address that a page was handed must not become a script.
      if (/^https?:\/\//i.test(url)) host.openNewWindow(url, "");
    },
  };
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
