import * as React from "react";
import type { ContainerSas, ProjectServices, ProjectSettings } from "../../model/project-services.ts";
import type { SettingsTrust } from "../../model/settings-trust.ts";
import type { ViewerKey } from "../../model/vault-source.ts";
import type { StorageAccess } from "../hub/hub-parts.ts";

export interface Access {
  /** How this visit reads storage; undefined when nothing has been entered or set up for it. */
  readonly access: StorageAccess | undefined;
  readonly viewer: ViewerKey | undefined;
  /** The SAS is for the container that the settings name now, and for no other. */
  readonly setSas: (sas: string | undefined, remember: boolean) => void;
  readonly setViewer: (viewer: ViewerKey | undefined, remember: boolean) => void;
}

interface Known {
  readonly settings: ProjectSettings | undefined;
  readonly trust: SettingsTrust;
}

/** What opens storage and the catalogue in this visit: a signature that was entered wins over signing in. */
export function useAccess(services: ProjectServices, { settings, trust }: Known): Access {
  const { secrets } = services;
  const [sas, rememberSas] = React.useState(() => secrets.sas());
  const [identity, rememberIdentity] = React.useState(() => secrets.viewerKey());
  const isConfirmed = trust.state === "confirmed";
  const access = React.useMemo(
    () => (isConfirmed ? accessOf(services, settings, sas) : undefined),
    [services, settings, sas, isConfirmed],
  );
  const viewer = React.useMemo(() => (identity === undefined ? undefined : { identity }), [identity]);
  const container = settings?.containerUrl;
  return {
    access,
    viewer,
    setSas: (next, remember) => {
      const bound = next === undefined || container === undefined ? undefined : { container, sas: next };
      secrets.setSas(bound, remember);
      rememberSas(bound);
    },
    setViewer: (next, remember) => {
      secrets.setViewerKey(next?.identity, remember);
      rememberIdentity(next?.identity);
    },
  };
}

function accessOf(
  services: ProjectServices,
  settings: ProjectSettings | undefined,
  sas: ContainerSas | undefined,
): StorageAccess | undefined {
  if (settings?.containerUrl === undefined) return undefined;
  if (sas?.container === settings.containerUrl) return { by: "sas", sas: sas.sas };
  const signIn = services.signIn(settings);
  return signIn === undefined ? undefined : { by: "entra", token: () => signIn.token() };
}
