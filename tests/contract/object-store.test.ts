import { afterAll, beforeAll } from "vitest";
import { systemClock } from "../../engine/foundation/clock.ts";
import { azureBlobStore } from "../../engine/store/azure-blob-store.ts";
import { fetchBlobReader } from "../../engine/store/fetch-blob-reader.ts";
import type { DeletingStore } from "../../engine/store/object-store.ts";
import { md5 } from "../../engine/native/md5.ts";
import { startAzurite, type Azurite } from "../support/azurite.ts";
import { memoryStore } from "../support/memory-store.ts";
import { describeObjectReader, describeObjectStore, type StoreUnderTest } from "./object-store.ts";

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());

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

describeObjectReader("memory", inMemory);
describeObjectStore("memory", inMemory);
describeObjectReader("Azure Blob (SDK)", onAzurite);
describeObjectStore("Azure Blob (SDK)", onAzurite);
describeObjectReader("Azure Blob (fetch)", readByFetch);
