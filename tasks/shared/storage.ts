/** The container the vaults live in, from the inputs. */
import { md5 } from "../../engine/native/md5.ts";
import { azureBlobStore } from "../../engine/store/azure-blob-store.ts";
import type { DeletingStore } from "../../engine/store/object-store.ts";
import type { Agent } from "./agent.ts";
import { azureSignIn, type SignInPlace } from "./azure-connection.ts";
import { oneOf, requiredInput } from "./inputs.ts";
import { badInput } from "./bad-input.ts";

export function storageOf(place: SignInPlace): DeletingStore {
  const { agent, clock, random } = place;
  // A page of 5,000 objects, parsed, takes 50 MB for a moment.
  const shared = { md5, clock, random, pageSize: 1000 };
  if (oneOf(agent, "storageConnection", ["serviceConnection", "containerUrl"]) === "containerUrl") {
    return azureBlobStore({ ...shared, containerUrl: containerUrlOf(agent), sas: agent.secret("containerSas") });
  }
  const connectionId = requiredInput(
    agent,
    "azureSubscription",
    "Choose the Azure Resource Manager service connection that may write to the storage account.",
  );
  const account = requiredInput(agent, "storageAccount", "Name the storage account, e.g. contosobackups.");
  if (!/^[a-z0-9]{3,24}$/.test(account))
    throw badInput(
      "storageAccount",
      `is "${account}"`,
      "A storage account's name has 3 to 24 lower-case letters and digits; for other addresses use containerUrl.",
    );
  const container = requiredInput(agent, "containerName", "Name the container in that account.");
  const { credential, blobSuffix } = azureSignIn(place, "azureSubscription", connectionId);
  return azureBlobStore({
    ...shared,
    containerUrl: `https://${account}.blob.${blobSuffix}/${encodeURIComponent(container)}`,
    credential,
  });
}

function containerUrlOf(agent: Agent): string {
  const address = agent.secret("containerUrl");
  if (address === undefined) {
    throw badInput(
      "containerUrl",
      "is empty",
      "Give the container's address, e.g. https://account.blob.core.windows.net/backups.",
    );
  }
  const query = address.indexOf("?");
  if (query >= 0) agent.addSecret(address.slice(query + 1));
  const signature = /[?&]sig=([^&]+)/.exec(address)?.[1];
  if (signature !== undefined) for (const form of [signature, decodeURIComponent(signature)]) agent.addSecret(form);
  return address;
}
