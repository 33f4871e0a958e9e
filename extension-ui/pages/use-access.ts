import * as React from "react";
import type { ProjectServices, ProjectSettings } from "../model/project-services.ts";
import type { ViewerKey } from "../model/vault-source.ts";
import type { StorageAccess } from "./hub-context.ts";

export interface Access {
  /** How this visit reads storage; undefined when nothing has been entered or set up for it. */
  readonly access: StorageAccess | undefined;
  readonly viewer: ViewerKey | undefined;
  readonly setSas: (sas: string | undefined, remember: boolean) => void;
  readonly setViewer: (viewer: ViewerKey | undefined, remember: boolean) => void;
}

/** What opens storage and the catalogue in this visit: a signature that was entered wins over signing in. */
export function useAccess(services: ProjectServices, settings: ProjectSettings | undefined): Access {
  const { secrets } = services;
  const [sas, rememberSas] = React.useState(() => secrets.sas());
  const [identity, rememberIdentity] = React.useState(() => secrets.viewerKey());
  const access = React.useMemo(() => accessOf(services, settings, sas), [services, settings, sas]);
  const viewer = React.useMemo(() => (identity === undefined ? undefined : { identity }), [identity]);
  return {
    access,
    viewer,
    setSas: (next, remember) => {
      secrets.setSas(next, remember);
      rememberSas(next);
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
  sas: string | undefined,
): StorageAccess | undefined {
  if (settings?.containerUrl === undefined) return undefined;
  if (sas !== undefined) return { by: "sas", sas };
  const signIn = services.signIn(settings);
  return signIn === undefined ? undefined : { by: "entra", token: () => signIn.token() };
}
