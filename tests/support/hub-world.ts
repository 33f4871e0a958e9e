/** A project, its storage and its hub, for tests that look at the hub in a browser. */
import { existsSync } from "node:fs";
import { makeKeySet, type KeySet } from "../../engine/crypto/keys.ts";
import { systemClock } from "../../engine/foundation/clock.ts";
import { isObject, stringAt } from "../../engine/foundation/json.ts";
import { md5 } from "../../engine/native/md5.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { azureBlobStore } from "../../engine/store/azure-blob-store.ts";
import type { DeletingStore } from "../../engine/store/object-store.ts";
import type { ProjectSettings } from "../../extension-ui/model/project-services.ts";
import type { StorageProtection } from "../simulator/storage/storage-protection.ts";
import { startStorageProxy } from "../simulator/storage/storage-proxy.ts";
import { startAzurite, type Azurite, type AzuriteContainer } from "./azurite.ts";
import { engineOver } from "./backup-engine.ts";
import { confirmedPlace, startHubPlace, type HubPlace } from "./hub-place.ts";
import { simulator, type TestSimulator } from "./simulator.ts";
import { smallProject, type SmallProject } from "./small-project.ts";

export interface HubWorld {
  readonly azure: TestSimulator;
  readonly azurite: Azurite;
  readonly container: AzuriteContainer;
  /** What a person who browses holds: read and list, no more. */
  readonly readSas: string;
  readonly keys: KeySet;
  readonly shop: SmallProject;
  readonly place: HubPlace;
  /** Rules of immutable storage; only where it was asked for. */
  readonly protection: StorageProtection | undefined;
  stop(): Promise<void>;
}

export interface HubWorldOptions {
  /** False: no pipelines and no settings yet. */
  readonly isSetUp?: boolean;
  /** Pages and pipelines reach the storage through the double of immutable storage. */
  readonly isImmutable?: boolean;
}

export async function startHubWorld({ isSetUp = true, isImmutable = false }: HubWorldOptions = {}): Promise<HubWorld> {
  for (const file of ["dist/hub/hub.js", "dist/tasks/RestoreItem/index.js"])
    if (!existsSync(file)) throw new Error(`${file} is missing: npm run build`);
  const [azure, azurite] = await Promise.all([simulator(), startAzurite()]);
  const proxy = isImmutable ? await startStorageProxy({ target: azurite.endpoint }) : undefined;
  const made = await azurite.createContainer();
  const container = { ...made, url: proxy?.through(made.url) ?? made.url };
  const keys = await makeKeySet(nodeCryptography());
  const shop = await smallProject(azure);
  const place = await startHubPlace({ simulator: azure, azurite, project: shop.project, container, keys, isSetUp });
  return {
    azure,
    azurite,
    container,
    readSas: azurite.containerSas(container.name, { permissions: "rl" }),
    keys,
    shop,
    place,
    protection: proxy?.protection,
    async stop() {
      await place.stop();
      await proxy?.stop();
      await Promise.all([azure.stop(), azurite.stop(), shop.remove()]);
    },
  };
}

/** The container with all rights, as the backup pipeline has it. */
export function storeOf({ container }: Pick<HubWorld, "container">): DeletingStore {
  const { url: containerUrl, sas } = container;
  return azureBlobStore({ containerUrl, sas, md5, clock: systemClock, random: Math.random });
}

/** A snapshot by the engine itself, without a run; gives its id. */
export async function backUp(world: HubWorld, store = storeOf(world)): Promise<string> {
  const engine = await engineOver(world.azure, { store, keys: world.keys });
  try {
    return (await engine.backUp(world.shop.project)).snapshot;
  } finally {
    await engine.close();
  }
}

const settingsPlace = "project-backup.project-backup/default/project-settings";

/** Everything that the extension has stored for everybody. */
export function savedSettings({ azure, shop }: HubWorld): Readonly<Record<string, unknown>> {
  const document = azure.state.extensionData.read(settingsPlace, shop.project.id);
  return isObject(document) ? document : {};
}

/** The head that the person's visits have kept; undefined while there is none. */
export function seenHead({ azure, shop }: HubWorld): string | undefined {
  const { extensionData, owner } = azure.state;
  const kept = extensionData.list(`project-backup.project-backup/${owner.id}/vault-heads`);
  const document = kept.find(({ id }) => id === shop.project.id.toLowerCase());
  return document === undefined ? undefined : stringAt(document, "head");
}

/** Changed, and the person has agreed; gives a function that takes the change back. */
export function changeSettings(world: HubWorld, change: Partial<ProjectSettings>): () => void {
  const undo = poisonSettings(world, change);
  agreeToSettings(world);
  return () => {
    undo();
    agreeToSettings(world);
  };
}

/** As somebody else might change them, unknown to the person; gives a function that takes the change back. */
export function poisonSettings(world: HubWorld, change: Partial<ProjectSettings>): () => void {
  const before = savedSettings(world);
  const put = (settings: object): void => {
    world.azure.state.extensionData.set(settingsPlace, { ...settings, __etag: -1 });
  };
  put({ ...before, ...change });
  return () => put(before);
}

/** The person has seen the settings as they are now, and confirmed them. */
export function agreeToSettings(world: HubWorld): void {
  const { extensionData, owner } = world.azure.state;
  extensionData.set(confirmedPlace(owner.id), { ...savedSettings(world), __etag: -1 });
}

/** As a person who has never opened the hub of this project. */
export function forgetAgreement(world: HubWorld): void {
  const { extensionData, owner } = world.azure.state;
  if (confirmedSettings(world) !== undefined) extensionData.delete(confirmedPlace(owner.id), world.shop.project.id);
}

/** What the person has confirmed; undefined while nothing. */
export function confirmedSettings({ azure, shop }: HubWorld): Readonly<Record<string, unknown>> | undefined {
  const { extensionData, owner } = azure.state;
  try {
    return extensionData.read(confirmedPlace(owner.id), shop.project.id);
  } catch {
    return undefined;
  }
}
