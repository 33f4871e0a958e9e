import * as React from "react";
import type { Route } from "./route.ts";

/** What a person has chosen to restore. */
export interface RestoreSelection {
  /** Run id of the snapshot. */
  readonly snapshot: string;
  /** Lines of RestoreItem's `items`. */
  readonly items: readonly string[];
}

export type Panel =
  | { readonly form: "storage" }
  | { readonly form: "viewer-key" }
  | { readonly form: "back-up" }
  | { readonly form: "accept-history" }
  | { readonly form: "unsaved-keys"; readonly to: Partial<Route> }
  | { readonly form: "restore"; readonly selection: RestoreSelection };

export interface Panels {
  readonly panel: Panel | undefined;
  readonly openPanel: (panel: Panel) => void;
  readonly closePanel: () => void;
}

/** The one panel that lies over the page. The focus goes back to where it was when it closes. */
export function usePanels(): Panels {
  const [panel, setPanel] = React.useState<Panel>();
  const opener = React.useRef<Element | null>(null);
  const openPanel = React.useCallback((next: Panel) => {
    opener.current = document.activeElement;
    setPanel(next);
  }, []);
  const closePanel = React.useCallback(() => {
    setPanel(undefined);
    const before = opener.current;
    setTimeout(() => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    });
  }, []);
  return { panel, openPanel, closePanel };
}
