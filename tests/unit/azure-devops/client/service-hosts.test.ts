import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { areaIds } from "../../../../engine/azure-devops/client/service-areas.ts";
import { cloneUrlOf } from "../../../../engine/azure-devops/repos/git-repositories.ts";
import { requestUrl } from "../../../../engine/azure-devops/client/request-url.ts";
import { connected, json, raw, scriptedServer, type ScriptedServer } from "./scripted-server.ts";

let server: ScriptedServer;

beforeEach(async () => {
  server = await scriptedServer();
});

afterEach(() => server.stop());

function areasAt(locationUrl: string): object {
  return {
    count: 2,
    value: [
      { id: areaIds.release, name: "Release", locationUrl },
      { id: "other", locationUrl: "ftp://x" },
    ],
  };
}

describe("service hosts", () => {
  it("come from resource areas, read once", async () => {
    server.on("GET /contoso/_apis/resourceAreas", json(areasAt(`${server.origin}/vsrm/contoso/`)));
    server.on("GET /vsrm/contoso/shop/_apis/release/definitions", json({ count: 0, value: [] }));
    const { azureDevOps } = await connected(server);

    await azureDevOps.call({ area: "release", project: "shop", path: ["release", "definitions"] });

    expect(await azureDevOps.baseUrlOf("release")).toBe(`${server.origin}/vsrm/contoso`);
    expect(await azureDevOps.baseUrlOf("git")).toBe(server.organizationUrl);
    expect(server.requestsTo("GET /contoso/_apis/resourceAreas")).toHaveLength(1);
  });

  it("are all one address where the list is empty, as on a server of one's own", async () => {
    const { azureDevOps } = await connected(server);

    expect(await azureDevOps.baseUrlOf("release")).toBe(server.organizationUrl);
  });

  it("can be fixed from outside", async () => {
    const { azureDevOps } = await connected(server, { serviceUrls: { git: "https://git.contoso.com/" } });

    expect(await azureDevOps.baseUrlOf("git")).toBe("https://git.contoso.com");
    expect(server.requestsTo("GET /contoso/_apis/resourceAreas")).toHaveLength(0);
  });

  it("are asked for again after a failure", async () => {
    server.on("GET /contoso/_apis/resourceAreas", raw(403, {}), json(areasAt(`${server.origin}/vsrm/contoso`)));
    const { azureDevOps } = await connected(server);

    await expect(azureDevOps.baseUrlOf("release")).rejects.toThrow(
      expect.objectContaining({ code: "ADO_FORBIDDEN" }) as Error,
    );
    expect(await azureDevOps.baseUrlOf("release")).toBe(`${server.origin}/vsrm/contoso`);
  });

  it("never get credentials without encryption on another host", async () => {
    server.on("GET /contoso/_apis/resourceAreas", json(areasAt("http://vsrm.evil.example/contoso")));
    const { azureDevOps } = await connected(server);

    await expect(azureDevOps.baseUrlOf("release")).rejects.toThrow("not encrypted");
  });
});

describe("addresses", () => {
  it("encode every piece but the dollar sign", () => {
    const url = requestUrl(
      "https://dev.azure.com/contoso",
      {
        area: "wit",
        project: "Größe & Co/5%",
        team: "A team",
        path: ["wit", "workitems", "$User Story"],
        query: { $expand: "all", ids: [1, 2], fields: undefined, filter: "a=b&c#d" },
      },
      "7.1",
    );

    expect(url.href).toBe(
      "https://dev.azure.com/contoso/Gr%C3%B6%C3%9Fe%20%26%20Co%2F5%25/A%20team/_apis/wit/workitems/$User%20Story" +
        "?api-version=7.1&$expand=all&ids=1%2C2&filter=a%3Db%26c%23d",
    );
  });

  it.each(["", ".", ".."])("refuse the segment '%s', which would lead elsewhere", (segment) => {
    expect(() => requestUrl("https://dev.azure.com/contoso", { area: "git", path: ["git", segment] }, "7.1")).toThrow(
      RangeError,
    );
  });

  it("of clones use ids, for every form of organisation", () => {
    const repository = "1f0b7a5e-2d53-4b1c-9a53-9df9f5c0b0aa";

    expect(cloneUrlOf({ id: "c", url: "https://contoso.visualstudio.com" }, "p", repository)).toBe(
      `https://contoso.visualstudio.com/p/_git/${repository}`,
    );
    expect(cloneUrlOf({ id: "c", url: "https://tfs.contoso.com/tfs/Main" }, "p", repository)).toBe(
      `https://tfs.contoso.com/tfs/Main/p/_git/${repository}`,
    );
  });
});
