import { describe, expect, it } from "vitest";
import { systemClock } from "../../../engine/foundation/clock.ts";
import { fetchBlobReader } from "../../../engine/store/fetch-blob-reader.ts";
import { checkStorageHost, isStorageHost } from "../../../engine/store/storage-hosts.ts";

const azure = [
  "https://contosobackups.blob.core.windows.net/azure-devops",
  "https://contosobackups.blob.core.windows.net:443/azure-devops",
  "https://CONTOSOBACKUPS.blob.core.windows.net/azure-devops",
  "https://contosobackups-secondary.blob.core.windows.net/azure-devops",
  "https://contosobackups.blob.core.chinacloudapi.cn/azure-devops",
  "https://contosobackups.blob.core.usgovcloudapi.net/azure-devops",
  "https://contosobackups.z4.blob.storage.azure.net/azure-devops",
  "https://contosobackups.z12.blob.storage.azure.net/azure-devops",
  "http://127.0.0.1:10000/devstoreaccount1/azure-devops",
  "http://localhost:10000/devstoreaccount1/azure-devops",
  "https://127.0.0.1:10000/devstoreaccount1/azure-devops",
];

const foreign = [
  "https://evil.example/azure-devops",
  "https://evil.example/.blob.core.windows.net",
  "https://evil.example/contosobackups.blob.core.windows.net/azure-devops",
  "https://evil.example?x=.blob.core.windows.net",
  "https://evil.example#.blob.core.windows.net",
  "https://evil.example\\.blob.core.windows.net/azure-devops",
  "https://contosobackups.blob.core.windows.net.evil.example/azure-devops",
  "https://contosobackups.blob.core.windows.net@evil.example/azure-devops",
  "https://x:y@contosobackups.blob.core.windows.net/azure-devops",
  "https://contosobackups.blob.core.windows.net./azure-devops",
  "https://contosobackups.blob.core.windows.net:8443/azure-devops",
  "http://contosobackups.blob.core.windows.net/azure-devops",
  "https://blob.core.windows.net/azure-devops",
  "https://a.b.blob.core.windows.net/azure-devops",
  "https://evilblob.core.windows.net/azure-devops",
  "https://contoso-backups.blob.core.windows.net/azure-devops",
  "https://xn--contoso-9za.blob.core.windows.net/azure-devops",
  "https://contosobackups.blob.cоre.windows.net/azure-devops",
  "https://contosobackups.dfs.core.windows.net/azure-devops",
  "https://contosobackups.queue.core.windows.net/azure-devops",
  "https://contosobackups.blob.storage.azure.net/azure-devops",
  "https://contosobackups.z1.evil.blob.storage.azure.net/azure-devops",
  "https://contosobackups.z1.blob.storage.azure.net.evil.example/azure-devops",
  "https://contosobackups.privatelink.blob.core.windows.net/azure-devops",
  "https://10.0.0.4/devstoreaccount1/azure-devops",
  "http://192.0.2.7:10000/devstoreaccount1/azure-devops",
  "http://[::1]:10000/devstoreaccount1/azure-devops",
  "http://0.0.0.0:10000/devstoreaccount1/azure-devops",
  "http://storage:10000/devstoreaccount1/azure-devops",
  "http://localhost.evil.example/devstoreaccount1/azure-devops",
  "http://evil.localhost/devstoreaccount1/azure-devops",
  "http://127.0.0.1.evil.example/devstoreaccount1/azure-devops",
  "ftp://contosobackups.blob.core.windows.net/azure-devops",
];

describe("hosts that get what opens storage", () => {
  it.each(azure)("are %s", (address) => {
    expect(isStorageHost(address)).toBe(true);
    expect(() => checkStorageHost(address)).not.toThrow();
  });

  it.each(foreign)("are not %s", (address) => {
    expect(isStorageHost(address)).toBe(false);
    expect(() => checkStorageHost(address)).toThrow("is not a storage account of Azure, and gets no credential");
  });

  it.each([
    ["a SAS beside the address", { sas: "sv=2023-11-03&sig=secret" }],
    ["a token", { token: () => Promise.reject(new Error("was asked for")) }],
    ["nothing", {}],
  ])("alone are asked by the page's reader: with %s it refuses before it sends", (_, access) => {
    const sent: string[] = [];
    const fetch = (address: unknown): Promise<Response> => {
      sent.push(String(address));
      return Promise.resolve(new Response());
    };
    const options = { clock: systemClock, random: Math.random, fetch, ...access };
    for (const address of foreign)
      expect(() => fetchBlobReader({ ...options, containerUrl: address })).toThrow(/not a storage account of Azure/);
    const inside = "https://evil.example/backups?sv=2023-11-03&sig=secret";

    expect(() => fetchBlobReader({ ...options, containerUrl: inside })).toThrow(/^(?!.*secret).*not a storage account/);
    expect(sent).toEqual([]);
  });
});
