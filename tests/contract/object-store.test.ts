import { createHash } from "node:crypto";
import { afterAll, beforeAll } from "vitest";
import { systemClock } from "../../engine/foundation/clock.ts";
import { azureBlobStore } from "../../engine/store/azure-blob-store.ts";
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
  const store = azureBlobStore({
    containerUrl: url,
    sas,
    md5: (bytes) => createHash("md5").update(bytes).digest(),
    clock: systemClock,
    random: Math.random,
  });
  return { store, reader: store };
}

describeObjectReader("memory", inMemory);
describeObjectStore("memory", inMemory);
describeObjectReader("Azure Blob (SDK)", onAzurite);
describeObjectStore("Azure Blob (SDK)", onAzurite);
