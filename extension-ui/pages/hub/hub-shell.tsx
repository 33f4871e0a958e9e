import { Header, TitleSize } from "azure-devops-ui/Header";
import type { IHeaderCommandBarItem } from "azure-devops-ui/HeaderCommandBar";
import { Page } from "azure-devops-ui/Page";
import { Tab, TabBar } from "azure-devops-ui/Tabs";
import * as React from "react";
import { kindTitle } from "../../../engine/foundation/wording.ts";
import { lazyPart } from "../../components/lazy-part.tsx";
import { idWithZone, localTime, zoneName } from "../../components/times.tsx";
import { everything } from "../../model/pipeline-parameters.ts";
import { needsConfirmation } from "../../model/settings-trust.ts";
import { shownText } from "../../model/shown-text.ts";
import { useHub, type Hub } from "./hub-context.ts";
import { tabs, views, type SnapshotView, type Tab as TabId } from "./route.ts";
import { SnapshotsPage } from "../snapshots/snapshots-page.tsx";
import { kindOf } from "../../../engine/vault/format/stream-ids.ts";

const RestoresPage = lazyPart(async () => (await import("../runs/restores-page.tsx")).RestoresPage);
const HealthPage = lazyPart(async () => (await import("../health/health-page.tsx")).HealthPage);
const SetupPage = lazyPart(async () => (await import("../setup/setup-page.tsx")).SetupPage);
const SettingsQuestion = lazyPart(async () => (await import("./settings-question.tsx")).SettingsQuestion);
const SnapshotPage = lazyPart(async () => (await import("../snapshots/snapshot-page.tsx")).SnapshotPage);

const tabNames: Readonly<Record<TabId, string>> = {
  snapshots: "Snapshots",
  restores: "Restores",
  health: "Health",
  setup: "Set up",
};

const viewNames: Readonly<Record<SnapshotView, string>> = {
  changes: "What changed",
  items: "Items",
  streams: "Streams",
  compare: "Compare",
};

/** Header, tabs and the page that the address names. */
export function HubShell(): React.ReactElement {
  const { route, settings } = useHub();
  return settings !== undefined && route.snapshot !== undefined ? <SnapshotShell id={route.snapshot} /> : <TabShell />;
}

/** Above every page, while the shared settings are not what the person knows. */
function ConfirmFirst(): React.ReactElement | null {
  return needsConfirmation(useHub().trust) ? <SettingsQuestion /> : null;
}

function TabShell(): React.ReactElement {
  const hub = useHub();
  const { route, services, settings } = hub;
  const tab = settings === undefined ? "setup" : route.tab;
  useTitle(hub, tabNames[tab]);
  return (
    <Page className="flex-grow">
      <Header
        title="Backups"
        titleSize={TitleSize.Large}
        description={`Project ${services.project.name}`}
        commandBarItems={commands(hub)}
      />
      {settings !== undefined && (
        <TabBar
          ariaLabel="Pages of the hub"
          selectedTabId={tab}
          onSelectedTabChanged={(to) => hub.go({ tab: tabs.find((one) => one === to) ?? tab })}
        >
          {tabs.map((id) => (
            <Tab key={id} id={id} name={tabNames[id]} />
          ))}
        </TabBar>
      )}
      <div className="page-content page-content-top rhythm-vertical-16 flex-grow">
        <ConfirmFirst />
        {tab === "snapshots" && <SnapshotsPage />}
        {tab === "restores" && <RestoresPage />}
        {tab === "health" && <HealthPage />}
        {tab === "setup" && <SetupPage />}
      </div>
    </Page>
  );
}

function SnapshotShell({ id }: { readonly id: string }): React.ReactElement {
  const hub = useHub();
  const { route, vault, go } = hub;
  const snapshot = vault.view?.snapshots.find((one) => one.id === id);
  const title = snapshot === undefined ? `Snapshot ${idWithZone(id)}` : `Snapshot of ${localTime(snapshot.at)}`;
  const zone = `times here in ${zoneName(snapshot?.at ?? "")}`;
  const item = route.stream === undefined ? undefined : route.item;
  const heading = item === undefined ? title : `History of ${itemTitle(route.stream, item)}`;
  useTitle(hub, heading);
  return (
    <Page className="flex-grow">
      <Header
        title={heading}
        titleSize={TitleSize.Large}
        description={item === undefined ? `${idWithZone(id)} · ${zone}` : `${title} · ${zone}`}
        backButtonProps={{
          ariaLabel: item === undefined ? "Back to all snapshots" : "Back to the snapshot",
          onClick: () => go(item === undefined ? {} : { ...route, item: undefined, view: "items" }),
        }}
        commandBarItems={snapshotCommands(hub, id)}
      />
      {item === undefined && (
        <TabBar
          ariaLabel="Views of the snapshot"
          selectedTabId={route.view}
          onSelectedTabChanged={(to) => go({ snapshot: id, view: views.find((one) => one === to) ?? route.view })}
        >
          {views.map((view) => (
            <Tab key={view} id={view} name={viewNames[view]} />
          ))}
        </TabBar>
      )}
      <div className="page-content page-content-top rhythm-vertical-16 flex-grow">
        <ConfirmFirst />
        <SnapshotPage id={id} />
      </div>
    </Page>
  );
}

/** `Work items 42`, `Git repositories refs/heads/main`. */
function itemTitle(stream = "", item: string): string {
  return `${kindTitle(kindOf(stream))} ${shownText(item)}`;
}

function useTitle({ services }: Hub, title: string): void {
  React.useEffect(() => {
    services.navigation.setTitle(`${title} · Backups · ${services.project.name}`);
  }, [title]);
}

function snapshotCommands({ openPanel, vault }: Hub, snapshot: string): IHeaderCommandBarItem[] {
  const isKept = vault.view?.snapshots.some(({ id, isRetired }) => id === snapshot && !isRetired) === true;
  return [
    {
      id: "restore",
      text: "Restore everything",
      isPrimary: true,
      important: true,
      disabled: !isKept,
      iconProps: { iconName: "Download" },
      onActivate: () => openPanel({ form: "restore", selection: { snapshot, items: [everything] } }),
    },
    ...accessCommands(openPanel),
  ];
}

function commands({ settings, openPanel, vault }: Hub): IHeaderCommandBarItem[] {
  if (settings === undefined) return [];
  return [
    {
      id: "back-up",
      text: "Back up now",
      isPrimary: true,
      important: true,
      iconProps: { iconName: "CloudUpload" },
      onActivate: () => openPanel({ form: "back-up" }),
    },
    {
      id: "restore",
      text: "Restore",
      important: true,
      iconProps: { iconName: "Download" },
      onActivate: () => openPanel({ form: "restore", selection: { snapshot: "recommended", items: [] } }),
    },
    ...accessCommands(openPanel),
    { id: "refresh", text: "Refresh", important: false, iconProps: { iconName: "Refresh" }, onActivate: vault.reload },
  ];
}

function accessCommands(openPanel: Hub["openPanel"]): IHeaderCommandBarItem[] {
  return [
    {
      id: "storage",
      text: "Storage access",
      important: false,
      iconProps: { iconName: "PlugConnected" },
      onActivate: () => openPanel({ form: "storage" }),
    },
    {
      id: "viewer-key",
      text: "Viewer key",
      important: false,
      iconProps: { iconName: "Permissions" },
      onActivate: () => openPanel({ form: "viewer-key" }),
    },
  ];
}
