import * as React from "react";
import type { RestoreChoice } from "../../model/restore-request.ts";
import type { Route } from "./route.ts";

/** What a person has chosen to restore. */
export interface RestoreSelection {
  /** Run id of the snapshot. */
  readonly snapshot: string;
  /** Lines of RestoreItem's `items`. */
  readonly items: readonly string[];
  /** What else they mean: to bring back an older state is to overwrite the present one. */
  readonly choice?: Partial<RestoreChoice>;
}

export type Panel =
  | { readonly form: "storage" }
  | { readonly form: "viewer-key"; readonly isRefused?: boolean }
  | { readonly form: "back-up" }
  | { readonly form: "accept-history" }
  | { readonly form: "unsaved-keys"; readonly to: Partial<Route> }
  | { readonly form: "restore"; readonly selection: RestoreSelection };

export interface Panels {
  readonly panel: Panel | undefined;
  readonly openPanel: (panel: Panel) => void;
  readonly closePanel: () => void;
}

/** The one form that lies over the page; who goes elsewhere, also back, leaves it. */
export function usePanels(route: Route): Panels {
  const [panel, setPanel] = React.useState<Panel>();
  const openPanel = React.useCallback((next: Panel) => setPanel(next), []);
  const closePanel = React.useCallback(() => setPanel(undefined), []);
  React.useEffect(closePanel, [route]);
  return { panel, openPanel, closePanel };
}
