/** Puts the hub together: the real services, vault and clock. */
import "azure-devops-ui/Core/override.css";
import "./hub.css";
import * as React from "react";
import * as ReactDOM from "react-dom";
import { webCryptography } from "../engine/crypto/web-cryptography.ts";
import { systemClock } from "../engine/foundation/clock.ts";
import { fetchBlobReader } from "../engine/store/fetch-blob-reader.ts";
import { rememberFocus } from "./components/focus-trail.ts";
import type { ProjectServices } from "./model/project-services.ts";
import type { VaultSource } from "./model/vault-source.ts";
import { HubApp } from "./pages/hub/hub-app.tsx";
import type { HubParts, StorageAccess, VaultRequest } from "./pages/hub/hub-parts.ts";
import { connectHost, hostServices, showFailed, showLoaded } from "./services/host.ts";
import { runsSource } from "./vault/runs-source.ts";
import { storageSource } from "./vault/storage-source.ts";

async function showHub(): Promise<void> {
  rememberFocus();
  await connectHost();
  const services = await hostServices();
  const parts: HubParts = {
    services,
    clock: systemClock,
    openVault: (request) => openVault(services, request),
  };
  ReactDOM.render(<HubApp parts={parts} onShown={showLoaded} />, document.getElementById("root"));
}

function openVault({ project, pipelines }: ProjectServices, request: VaultRequest): VaultSource {
  const { settings, access, heads } = request;
  const { backupPipelineId, verifyPipelineId, signers, containerUrl } = settings;
  if (access === undefined || containerUrl === undefined)
    return runsSource({ vault: project.id, pipelines, backupPipelineId, verifyPipelineId });
  const store = fetchBlobReader({ containerUrl, ...signIn(access), clock: systemClock, random: randomFraction });
  return storageSource({
    store,
    cryptography: webCryptography(),
    vault: project.id,
    signers,
    heads,
  });
}

function signIn(access: StorageAccess): { readonly sas: string } | { readonly token: () => Promise<string> } {
  return access.by === "sas" ? { sas: access.sas } : { token: access.token };
}

function randomFraction(): number {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1));
  return number / 2 ** 32;
}

showHub().catch(showFailed);
