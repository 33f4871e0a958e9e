import { Page } from "azure-devops-ui/Page";
import * as React from "react";
import { ErrorBoundary } from "../../components/error-boundary.tsx";
import { ErrorCard } from "../../components/error-card.tsx";
import { Loading } from "../../components/loading.tsx";
import { useLoaded } from "../../components/use-loaded.ts";
import { HubContext, type Hub } from "./hub-context.ts";
import { type HubParts, type VaultStatus } from "./hub-parts.ts";
import { HubPanels } from "./hub-panels.tsx";
import { HubShell } from "./hub-shell.tsx";
import { makePicks } from "../snapshots/picks.ts";
import { home, type Route } from "./route.ts";
import { useAccess } from "../access/use-access.ts";
import { useMadeKeys } from "../setup/use-made-keys.ts";
import { usePanels, type Panels } from "./use-panels.ts";
import { useRecoveryKeyGuard } from "../access/use-recovery-key-guard.ts";
import { useRoute, type Go } from "./use-route.ts";
import { useRuns } from "../runs/use-runs.ts";
import { useSetupState } from "../setup/use-setup-state.ts";
import { readConfirmed, useSettings, type SavedSettings } from "./use-settings.ts";
import { readSeenHead, useVault } from "../shared/use-vault.ts";

/** The whole hub. `onShown` is called once, when there is something to see. */
export function HubApp(props: { readonly parts: HubParts; readonly onShown: () => void }): React.ReactElement {
  const { parts, onShown } = props;
  const [route, go] = useRoute(parts.services.navigation);
  const settings = useLoaded(async () => {
    const seenHead = readSeenHead(parts.services);
    const confirmed = readConfirmed(parts.services);
    const draft = parts.services.settings.readDraft().catch(() => undefined);
    const saved = await parts.services.settings.read();
    return { saved, confirmed: await confirmed, draft: await draft, seenHead };
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

interface ConfiguredHubProps extends SavedSettings {
  readonly parts: HubParts;
  readonly route: Route;
  readonly go: Go;
  readonly seenHead: Promise<string | undefined>;
  /** What the person has told Set up in earlier visits. */
  readonly draft: Readonly<Record<string, string>> | undefined;
}

function ConfiguredHub({ parts, route, go, seenHead, draft, ...known }: ConfiguredHubProps): React.ReactElement {
  const shared = useSettings(parts.services, known);
  const { settings, trust } = shared;
  const { access, viewer, ...secrets } = useAccess(parts.services, { settings, trust });
  const readVault = useVault(parts, { settings, access, seenHead });
  const reading = useReading(parts, readVault, settings?.backupPipelineId);
  const [picks] = React.useState(makePicks);
  const panels = usePanels(route);
  const setup = useSetupState(parts.services, settings, draft);
  const making = useMadeKeys();
  const goWithKeys = useGoWithKeys(go, making.hasUnsavedKeys, panels.openPanel);
  useRecoveryKeyGuard({
    viewer,
    recipients: readVault.view?.recipients,
    refuse: () => {
      secrets.setViewer(undefined, false);
      panels.openPanel({ form: "viewer-key", isRefused: true });
    },
  });
  const navigation = { route, go: goWithKeys, leaveKeys: go };
  const hub: Hub = {
    ...{ ...parts, ...shared, ...navigation, ...secrets, ...panels, ...making, ...reading },
    ...{ picks, viewer, access, setup },
  };
  return (
    <HubContext.Provider value={hub}>
      <ErrorBoundary>
        <HubShell />
      </ErrorBoundary>
      <HubPanels />
    </HubContext.Provider>
  );
}

/** The vault and the runs of the backup pipeline; to read one again is to read both. */
function useReading(
  parts: HubParts,
  readVault: VaultStatus,
  pipeline: number | undefined,
): Pick<Hub, "vault" | "runs" | "round"> {
  const runs = useRuns(parts, pipeline, { onEnded: readVault.reload });
  const [round, setRound] = React.useState(0);
  const reload = React.useCallback(() => {
    readVault.reload();
    runs.reload();
    setRound((before) => before + 1);
  }, [readVault.reload, runs.reload]);
  return { vault: { ...readVault, reload }, runs, round };
}

/** Whoever would leave Set up with keys that nobody has saved is asked first. */
function useGoWithKeys(go: Go, hasUnsavedKeys: boolean, openPanel: Panels["openPanel"]): Go {
  return React.useCallback<Go>(
    (to, how) => {
      const isLeaving = (to.tab ?? home.tab) !== "setup" || to.snapshot !== undefined;
      if (hasUnsavedKeys && isLeaving) openPanel({ form: "unsaved-keys", to });
      else go(to, how);
    },
    [go, hasUnsavedKeys, openPanel],
  );
}
