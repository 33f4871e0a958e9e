import { Header, TitleSize } from "azure-devops-ui/Header";
import type { IHeaderCommandBarItem } from "azure-devops-ui/HeaderCommandBar";
import { Page } from "azure-devops-ui/Page";
import { Tab, TabBar } from "azure-devops-ui/Tabs";
import * as React from "react";
import { useHub, type Hub } from "./hub-context.ts";
import { tabs, type Tab as TabId } from "./route.ts";
import { SnapshotsPage } from "./snapshots-page.tsx";

const names: Readonly<Record<TabId, string>> = {
  snapshots: "Snapshots",
  restores: "Restores",
  health: "Health",
  setup: "Set up",
};

/** Header, tabs and the page that the address names. */
export function HubShell(): React.ReactElement {
  const hub = useHub();
  const { route, services, settings } = hub;
  const tab = settings === undefined ? "setup" : route.tab;
  React.useEffect(() => services.navigation.setTitle(`${names[tab]} · Backups · ${services.project.name}`), [tab]);
  return (
    <Page className="flex-grow">
      <Header
        title="Backups"
        titleSize={TitleSize.Large}
        description={`Project ${services.project.name}`}
        commandBarItems={commands(hub)}
      />
      <TabBar selectedTabId={tab} onSelectedTabChanged={(to) => hub.go({ tab: tabs.find((one) => one === to) ?? tab })}>
        {tabs.map((id) => (
          <Tab key={id} id={id} name={names[id]} />
        ))}
      </TabBar>
      <div className="page-content page-content-top rhythm-vertical-16 flex-grow" role="main">
        <SnapshotsPage />
      </div>
    </Page>
  );
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
    { id: "refresh", text: "Refresh", important: false, iconProps: { iconName: "Refresh" }, onActivate: vault.reload },
  ];
}
