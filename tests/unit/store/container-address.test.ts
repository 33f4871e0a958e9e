import { describe, expect, it } from "vitest";
import { parseContainerAddress } from "../../../engine/store/container-address.ts";

const SAS = "sv=2024-11-04&se=2027-01-01T00%3A00%3A00Z&sr=c&sp=racwl&sig=aB%2Bc%2Fd%3D";

describe("the address of a container", () => {
  it.each([
    ["https://contoso.blob.core.windows.net/backup", "backup"],
    ["https://contoso.blob.core.windows.net/backup/", "backup"],
    ["  https://contoso.blob.core.usgovcloudapi.net/my-backup-2  ", "my-backup-2"],
    ["https://backup.contoso.com/vault", "vault"],
    ["http://127.0.0.1:10000/devstoreaccount1/vault", "vault"],
    ["http://azurite:10000/devstoreaccount1/vault", "vault"],
  ])("takes %s", (url, container) => {
    const address = parseContainerAddress(url);

    expect(address).toMatchObject({ container, sas: undefined, url: url.trim().replace(/\/$/, "") });
  });

  it.each([
    ["", /is empty/],
    ["contoso/backup", /is not an address/],
    ["ftp://contoso/backup", /begins with ftp:/],
    ["http://contoso.blob.core.windows.net/backup", /is not encrypted/],
    ["https://contoso.dfs.core.windows.net/backup", /Data Lake endpoint/],
    ["https://contoso.blob.core.windows.net/", /names no container/],
    ["http://127.0.0.1:10000/devstoreaccount1", /names no account and container/],
    ["https://contoso.blob.core.windows.net/backup/2026", /goes below the container/],
    ["https://contoso.blob.core.windows.net/Backup_1", /"Backup_1", which Azure does not allow/],
    ["https://contoso.blob.core.windows.net/a", /which Azure does not allow/],
    ["https://me:secret@contoso.blob.core.windows.net/backup", /user name or password/],
    ["https://contoso.blob.core.windows.net/backup#top", /part after #/],
  ])("refuses %j in one line", (url, message) => {
    const parse = (): unknown => parseContainerAddress(url);

    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: "INPUT_CONTAINER_URL" }) as Error);
    expect(parse).not.toThrow(/me:secret/);
  });
});

describe("a SAS", () => {
  const url = "https://contoso.blob.core.windows.net/backup";

  it.each([SAS, `?${SAS}`, ` ?${SAS}\n`, SAS.replace("aB%2Bc%2Fd%3D", "aB+c/d="), SAS.replace("%2B", " ")])(
    "is the same however it was copied: %j",
    (sas) => {
      expect(parseContainerAddress(url, sas).sas).toBe(SAS);
    },
  );

  it("may come in the address, or in both places if it is the same", () => {
    expect(parseContainerAddress(`${url}?${SAS}`)).toMatchObject({ url, sas: SAS, sasInput: "containerUrl" });
    expect(parseContainerAddress(`${url}?${SAS}`, `?${SAS}`)).toMatchObject({ sas: SAS, sasInput: "containerSas" });
    expect(parseContainerAddress(url, "")).toMatchObject({ sas: undefined });
  });

  it.each([
    [
      "another than the address carries",
      `${url}?${SAS}`,
      SAS.replace("racwl", "r"),
      /is not the SAS that containerUrl/,
    ],
    ["an address", url, `${url}?${SAS}`, /is an address, not a SAS/],
    ["a connection string", url, "BlobEndpoint=https://x/;SharedAccessSignature=sv=1&sig=s", /is a connection string/],
    ["an account key", url, "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0==", /has no sig= in it/],
    ["a SAS without signature", url, "sv=2024-11-04&sp=r", /has no sig= in it/],
    ["a query that is no SAS", `${url}?restype=container`, undefined, /SAS in containerUrl has no sig=/],
  ])("is refused when it is %s, and not shown", (...[, address, sas, message]) => {
    const parse = (): unknown => parseContainerAddress(address, sas);

    expect(parse).toThrow(message);
    expect(parse).not.toThrow(/aB%2Bc|c2VjcmV0/);
  });
});
