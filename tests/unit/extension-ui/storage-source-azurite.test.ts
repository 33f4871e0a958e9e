import { afterAll, beforeAll, expect, it } from "vitest";
import { parseAgentKey } from "../../../engine/crypto/keys.ts";
import { webCryptography } from "../../../engine/crypto/web-cryptography.ts";
import { systemClock } from "../../../engine/foundation/clock.ts";
import { md5 } from "../../../engine/native/md5.ts";
import { azureBlobStore } from "../../../engine/store/azure-blob-store.ts";
import { fetchBlobReader } from "../../../engine/store/fetch-blob-reader.ts";
import { writeIndex } from "../../../engine/vault/objects/index-file.ts";
import type { Ref } from "../../../engine/vault/format/ref.ts";
import { sealedWriter } from "../../../engine/vault/objects/sealed-objects.ts";
import type { IndexLine } from "../../../engine/vault/format/state.ts";
import type { VaultView } from "../../../extension-ui/model/vault-source.ts";
import { storageSource } from "../../../extension-ui/vault/storage-source.ts";
import { startAzurite, type Azurite, type AzuriteContainer } from "../../support/azurite.ts";
import { cryptography, someKeys, vaultId } from "../vault/log/log-vault.ts";
import { manyEntries } from "./many-entries.ts";
import { checkedChain, lastOf, never, newestOf, runNumber } from "./vault-world.ts";

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());

async function* manyStreams(count: number): AsyncGenerator<IndexLine> {
  for (let number = 0; number < count; number += 1) {
    const hash = (salt: string): string => {
      const digest = cryptography.newSha256();
      digest.update(new TextEncoder().encode(`${number} ${salt}`));
      return Buffer.from(digest.digest()).toString("hex");
    };
    const ref = (salt: string): Ref => ({
      o: `${runNumber(1)}/00-${String(number).padStart(6, "0")}.json.gz.age`,
      n: 900,
      h: hash(salt),
      hl: 300,
      hh: hash(`${salt} header`),
    });
    yield {
      s: `git-repositories/${String(number).padStart(8, "0")}-64b7-4d0e-9d3b-0b6f1c2a7e01`,
      name: `Team ${number % 40}/Service ${number}`,
      st: "ok",
      asOf: "2026-11-22T18:05:44Z",
      t: hash("digest"),
      state: ref("state"),
      items: [ref("items")],
      count: 12,
      bytes: 1_000_000 + number,
    };
  }
}

async function aLargeVault({ url, sas }: AzuriteContainer): Promise<{ readonly viewerKey: string }> {
  const store = azureBlobStore({ containerUrl: url, sas, md5, clock: systemClock, random: Math.random });
  const keys = await someKeys();
  const { catalogueRecipient } = await parseAgentKey(keys.set.agentKey, cryptography);
  const recipients = { recipients: [keys.set.recoveryRecipient], catalogue: catalogueRecipient };
  const run = runNumber(1);
  const sealed = sealedWriter({ store, cryptography, vault: vaultId, run, shard: "00", keys: recipients });
  const index = await writeIndex(sealed, manyStreams(5000));
  await manyEntries(300, { store, keys, index });
  return { viewerKey: keys.set.viewerKey };
}

it("reads 300 snapshots of 5,000 streams over fetch with a read-only SAS: the newest hundred after a few requests", async () => {
  const container = await azurite.createContainer();
  const { viewerKey } = await aLargeVault(container);
  const sas = azurite.containerSas(container.name, { permissions: "rl" });
  let requests = 0;
  const fetch: typeof globalThis.fetch = (...request) => {
    requests += 1;
    return globalThis.fetch(...request);
  };
  const reading = { containerUrl: container.url, sas, clock: systemClock, random: Math.random, fetch };
  const facts = { cryptography: webCryptography(), vault: vaultId, signers: [] };
  const source = storageSource({ ...facts, store: fetchBlobReader(reading) });

  const views = source.watch(never);
  const requestsBefore: number[] = [];
  const told: VaultView[] = [];
  for await (const view of views) {
    requestsBefore.push(requests);
    told.push(view);
  }
  const lines = await source.streams(newestOf(lastOf(told)), { identity: viewerKey }, never);

  expect(told[0]?.snapshots).toHaveLength(100);
  expect(requestsBefore[0]).toBeLessThan(25); // where the log ends, the genesis entry, four pages, one entry after them
  expect(lastOf(told).snapshots).toHaveLength(300);
  expect(checkedChain(lastOf(told)).problems).toEqual([]);
  expect(lines).toHaveLength(5000);
  expect(lines[4999]).toMatchObject({ name: "Team 39/Service 4999", count: 12 });
});
