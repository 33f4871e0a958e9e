/** What the host page uses of a browser; the project's tests are otherwise compiled for Node. */

export interface PageElement {
  textContent: string | null;
  className: string;
  hidden: boolean;
  src: string;
  readonly contentWindow: unknown;
  setAttribute(name: string, value: string): void;
  append(...children: (PageElement | string)[]): void;
  replaceChildren(...children: PageElement[]): void;
  remove(): void;
  focus(): void;
  addEventListener(event: string, listener: () => void): void;
}

export interface Browser {
  readonly document: {
    title: string;
    readonly documentElement: PageElement;
    readonly body: PageElement;
    getElementById(id: string): PageElement | null;
    createElement(name: string): PageElement;
  };
  readonly location: {
    readonly href: string;
    readonly origin: string;
    readonly pathname: string;
    readonly search: string;
    hash: string;
    assign(url: string): void;
    reload(): void;
  };
  readonly history: {
    pushState(state: null, title: string, url: string): void;
    replaceState(state: null, title: string, url: string): void;
  };
  open(url: string, target: string, features: string): unknown;
  addEventListener(event: "hashchange" | "popstate", listener: () => void): void;
}

export const browser = globalThis as unknown as Browser;

export function elementAt(id: string): PageElement {
  const found = browser.document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

export function element(name: string, className: string, ...[text]: readonly string[]): PageElement {
  const made = browser.document.createElement(name);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
