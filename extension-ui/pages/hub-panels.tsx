import * as React from "react";
import { useHub } from "./hub-context.ts";
import { RestorePanel } from "./restore-panel.tsx";
import { RunPanel } from "./run-panel.tsx";

/** What lies over the page: the form that was opened, else the run that the address names. */
export function HubPanels(): React.ReactElement | null {
  const { panel, route } = useHub();
  if (panel?.form === "restore") return <RestorePanel selection={panel.selection} />;
  if (route.run !== undefined) return <RunPanel id={route.run} />;
  return null;
}
