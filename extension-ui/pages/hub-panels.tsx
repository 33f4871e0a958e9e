import * as React from "react";
import { useHub } from "./hub-context.ts";

/** The panel that is open, if one is. */
export function HubPanels(): React.ReactElement | null {
  const { panel } = useHub();
  if (panel === undefined) return null;
  return null;
}
