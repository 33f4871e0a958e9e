import * as React from "react";
import { lazyPart } from "../../components/lazy-part.tsx";
import { useHub } from "./hub-context.ts";
import type { Panel } from "./use-panels.ts";

const StoragePanel = lazyPart(async () => (await import("../access/storage-panel.tsx")).StoragePanel);
const ViewerKeyPanel = lazyPart(async () => (await import("../access/viewer-key-panel.tsx")).ViewerKeyPanel);
const BackUpPanel = lazyPart(async () => (await import("../runs/back-up-panel.tsx")).BackUpPanel);
const AcceptHistoryPanel = lazyPart(
  async () => (await import("../access/accept-history-panel.tsx")).AcceptHistoryPanel,
);
const UnsavedKeysPanel = lazyPart(async () => (await import("../setup/unsaved-keys-panel.tsx")).UnsavedKeysPanel);
const RestorePanel = lazyPart(async () => (await import("../runs/restore-panel.tsx")).RestorePanel);
const RunPanel = lazyPart(async () => (await import("../runs/run-panel.tsx")).RunPanel);

/** Forms that need to know nothing more. */
const forms: Partial<Readonly<Record<Panel["form"], React.ComponentType>>> = {
  storage: StoragePanel,
  "back-up": BackUpPanel,
  "accept-history": AcceptHistoryPanel,
};

/** What lies over the page: the form that was opened, else the run that the address names. */
export function HubPanels(): React.ReactElement | null {
  const { panel, route } = useHub();
  if (panel?.form === "viewer-key") return <ViewerKeyPanel isRefused={panel.isRefused === true} />;
  if (panel?.form === "restore") return <RestorePanel selection={panel.selection} />;
  if (panel?.form === "unsaved-keys") return <UnsavedKeysPanel to={panel.to} />;
  const Form = panel === undefined ? undefined : forms[panel.form];
  if (Form !== undefined) return <Form />;
  return route.run === undefined ? null : <RunPanel id={route.run} />;
}
