import * as React from "react";
import { lazyPart } from "../components/lazy-part.tsx";
import { useHub } from "./hub-context.ts";

const StoragePanel = lazyPart(async () => (await import("./storage-panel.tsx")).StoragePanel);
const ViewerKeyPanel = lazyPart(async () => (await import("./viewer-key-panel.tsx")).ViewerKeyPanel);
const BackUpPanel = lazyPart(async () => (await import("./back-up-panel.tsx")).BackUpPanel);
const AcceptHistoryPanel = lazyPart(async () => (await import("./accept-history-panel.tsx")).AcceptHistoryPanel);
const RestorePanel = lazyPart(async () => (await import("./restore-panel.tsx")).RestorePanel);
const RunPanel = lazyPart(async () => (await import("./run-panel.tsx")).RunPanel);

/** What lies over the page: the form that was opened, else the run that the address names. */
export function HubPanels(): React.ReactElement | null {
  const { panel, route } = useHub();
  if (panel?.form === "storage") return <StoragePanel />;
  if (panel?.form === "viewer-key") return <ViewerKeyPanel isRefused={panel.isRefused === true} />;
  if (panel?.form === "back-up") return <BackUpPanel />;
  if (panel?.form === "accept-history") return <AcceptHistoryPanel />;
  if (panel?.form === "restore") return <RestorePanel selection={panel.selection} />;
  if (route.run !== undefined) return <RunPanel id={route.run} />;
  return null;
}
