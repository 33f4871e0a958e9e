/** A project, its storage and its hub, for tests that look at the hub in a browser. */
import { existsSync } from "node:fs";
import { makeKeySet, type KeySet } from "../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { startAzurite, type Azurite, type AzuriteContainer } from "./azurite.ts";
import { startHubPlace, type HubPlace } from "./hub-place.ts";
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
  stop(): Promise<void>;
}

/** `isSetUp: false`: no pipelines and no settings yet. */
export async function startHubWorld({ isSetUp = true }: { readonly isSetUp?: boolean } = {}): Promise<HubWorld> {
  for (const file of ["dist/hub/hub.js", "dist/tasks/RestoreItem/index.js"])
    if (!existsSync(file)) throw new Error(`${file} is missing: npm run build`);
  const [azure, azurite] = await Promise.all([simulator(), startAzurite()]);
  const container = await azurite.createContainer();
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
    async stop() {
      await place.stop();
      await Promise.all([azure.stop(), azurite.stop(), shop.remove()]);
    },
  };
}
