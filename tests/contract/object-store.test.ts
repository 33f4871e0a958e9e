import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../engine/foundation/clock.ts";
import { azureBlobStore } from "../../engine/store/azure-blob-store.ts";
import { fetchBlobReader } from "../../engine/store/fetch-blob-reader.ts";
import type { DeletingStore } from "../../engine/store/object-store.ts";
import { md5 } from "../../engine/native/md5.ts";
import { startAzurite, type Azurite } from "../support/azurite.ts";
import { memoryStore } from "../support/memory-store.ts";
import { startStorageProxy, type StorageProxy } from "../simulator/storage/storage-proxy.ts";
import {
  describeObjectReader,
  describeObjectStore,
  describeProtection,
  type ProtectedPlace,
  type StoreUnderTest,
} from "./object-store.ts";

const dayMs = 86_400_000;

let azurite: Azurite;
let proxy: StorageProxy;
beforeAll(async () => {
  azurite = await startAzurite();
  proxy = await startStorageProxy({ target: azurite.endpoint });
});
afterAll(async () => {
  await proxy.stop();
  await azurite.stop();
});

async function inMemory(): Promise<StoreUnderTest> {
  const store = memoryStore();
  return { store, reader: store };
}

async function onAzurite(): Promise<StoreUnderTest> {
  const { url, sas } = await azurite.createContainer();
  const store = storeAt(url, sas);
  return { store, reader: store };
}

function storeAt(containerUrl: string, sas: string): DeletingStore {
  return azureBlobStore({ containerUrl, sas, md5, clock: systemClock, random: Math.random });
}

async function readByFetch(): Promise<StoreUnderTest> {
  const { url, sas } = await azurite.createContainer();
  const reader = fetchBlobReader({ containerUrl: url, sas: `?${sas}`, clock: systemClock, random: Math.random });
  return { store: storeAt(url, sas), reader };
}

function protectedMemory(): ProtectedPlace {
  const store = memoryStore();
  const protect: ProtectedPlace["rules"]["protect"] = ({ policy, hold, containerPolicy, refusesToTell }) => {
    store.protection.container = { hasPolicy: containerPolicy !== undefined, isHeld: false, isByVersion: false };
    store.protection.object = ({ name, createdAt }) => {
      if (refusesToTell !== undefined) return undefined;
      const isHeld = hold !== undefined && (hold.only?.(name) ?? true);
      if (policy === undefined || policy.only?.(name) === false) return { isHeld };
      const until = new Date(Date.parse(createdAt) + policy.days * dayMs).toISOString();
      return { policy: { mode: policy.mode, until }, isHeld };
    };
  };
  return { store, reader: store, rules: { protect } };
}

/** Behind the double of immutable storage, by a SAS that may ask about the container. */
async function protectedAzurite(): Promise<ProtectedPlace & { readonly containerUrl: string }> {
  const containerUrl = proxy.through((await azurite.createContainer()).url);
  const protect: ProtectedPlace["rules"]["protect"] = (rules) => {
    const none = { policy: undefined, hold: undefined, containerPolicy: undefined, refusesToTell: undefined };
    Object.assign(proxy.protection, none, rules);
  };
  protect({});
  const store = storeAt(containerUrl, azurite.accountSas());
  return { store, reader: store, rules: { protect }, containerUrl };
}

async function protectedReadByFetch(): Promise<ProtectedPlace> {
  const place = await protectedAzurite();
  const { containerUrl } = place;
  const sas = azurite.accountSas();
  return { ...place, reader: fetchBlobReader({ containerUrl, sas, clock: systemClock, random: Math.random }) };
}

describeObjectReader("memory", inMemory);
describeObjectStore("memory", inMemory);
describeObjectReader("Azure Blob (SDK)", onAzurite);
describeObjectStore("Azure Blob (SDK)", onAzurite);
describeObjectReader("Azure Blob (fetch)", readByFetch);
describeProtection("memory", async () => protectedMemory());
describeProtection("Azure Blob (SDK)", protectedAzurite);
describeProtection("Azure Blob (fetch)", protectedReadByFetch);

describe("a SAS of the container", () => {
  it("may not ask about the container itself, which leaves it unknown", async () => {
    const { url, sas } = await azurite.createContainer();
    const containerUrl = proxy.through(url);
    const options = { containerUrl, sas, clock: systemClock, random: Math.random };

    for (const reader of [storeAt(containerUrl, sas), fetchBlobReader(options)])
      expect(await reader.containerProtection()).toBeUndefined();
  });
});
