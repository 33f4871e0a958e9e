import { Page } from "azure-devops-ui/Page";
import * as React from "react";
import { ErrorBoundary } from "../components/error-boundary.tsx";
import { ErrorCard } from "../components/error-card.tsx";
import { Loading } from "../components/loading.tsx";
import { useLoaded } from "../components/use-loaded.ts";
import type { ProjectSettings } from "../model/project-services.ts";
import { HubContext, type Hub, type HubParts } from "./hub-context.ts";
import { HubPanels } from "./hub-panels.tsx";
import { HubShell } from "./hub-shell.tsx";
import { makePicks } from "./picks.ts";
import type { Route } from "./route.ts";
import { useAccess } from "./use-access.ts";
import { usePanels } from "./use-panels.ts";
import { useRecoveryKeyGuard } from "./use-recovery-key-guard.ts";
import { useRoute, type Go } from "./use-route.ts";
import { useRuns } from "./use-runs.ts";
import { readSeenHead, useVault } from "./use-vault.ts";

/** The whole hub. `onShown` is called once, when there is something to see. */
export function HubApp(props: { readonly parts: HubParts; readonly onShown: () => void }): React.ReactElement {
  const { parts, onShown } = props;
  const [route, go] = useRoute(parts.services.navigation);
  const settings = useLoaded(async () => {
    const seenHead = readSeenHead(parts.services);
    return { saved: await parts.services.settings.read(), seenHead };
  }, [parts]);
  const isShown = route !== undefined && !(settings.isLoading && settings.value === undefined);
  React.useEffect(() => {
    if (isShown) onShown();
  }, [isShown]);
  if (!isShown) return <Loading label="Reading the project's settings" />;
  if (settings.value === undefined)
    return (
      <Page className="flex-grow">
        <div className="page-content page-content-top">
          <ErrorCard error={settings.error} retry={settings.reload} />
        </div>
      </Page>
    );
  return <ConfiguredHub parts={parts} route={route} go={go} {...settings.value} />;
}

interface ConfiguredHubProps {
  readonly parts: HubParts;
  readonly route: Route;
  readonly go: Go;
  readonly saved: ProjectSettings | undefined;
  readonly seenHead: Promise<string | undefined>;
}

function ConfiguredHub({ parts, route, go, saved, seenHead }: ConfiguredHubProps): React.ReactElement {
  const [settings, setSettings] = React.useState(saved);
  const { access, viewer, ...secrets } = useAccess(parts.services, settings);
  const readVault = useVault(parts, { settings, access, seenHead });
  const runs = useRuns(parts, settings?.backupPipelineId, { onEnded: readVault.reload });
  const [picks] = React.useState(makePicks);
  const panels = usePanels(route);
  const [round, setRound] = React.useState(0);
  const reload = React.useCallback(() => {
    readVault.reload();
    runs.reload();
    setRound((before) => before + 1);
  }, [readVault.reload, runs.reload]);
  const vault = { ...readVault, reload };
  const saveSettings = async (next: ProjectSettings): Promise<void> => {
    await parts.services.settings.save(next);
    setSettings(next);
  };
  useRecoveryKeyGuard({
    viewer,
    recipients: readVault.view?.recipients,
    refuse: () => {
      secrets.setViewer(undefined, false);
      panels.openPanel({ form: "viewer-key", isRefused: true });
    },
  });
  const place = { route, go, vault, round, runs, picks };
  const hub: Hub = { ...parts, ...place, settings, saveSettings, viewer, access, ...secrets, ...panels };
  return (
    <HubContext.Provider value={hub}>
      <ErrorBoundary>
        <HubShell />
      </ErrorBoundary>
      <HubPanels />
    </HubContext.Provider>
  );
}
