import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ApiRequest } from "../../../../engine/azure-devops/azure-devops.ts";
import { connected, json, raw, scriptedServer, type Reply, type ScriptedServer } from "./scripted-server.ts";

let server: ScriptedServer;

beforeEach(async () => {
  server = await scriptedServer();
});

afterEach(() => server.stop());

const request: ApiRequest = { area: "wit", project: "shop", path: ["wit", "workItems", "7", "comments"] };
const route = "GET /contoso/shop/_apis/wit/workItems/7/comments";

function location(more: object): object {
  return {
    id: "608aac0a-32e1-4493-a863-b9cf4566d257",
    area: "wit",
    resourceName: "comments",
    routeTemplate: "{project}/_apis/{area}/workItems/{workItemId}/{resource}/{commentId}",
    resourceVersion: 3,
    minVersion: "5.1",
    maxVersion: "7.0",
    releasedVersion: "0.0",
    ...more,
  };
}

/** Takes one api-version and refuses all others as the service does. */
function onlyVersion(version: string, typeKey = "VssVersionOutOfRangeException"): Reply {
  return (response, seen) => {
    const asked = new URL(seen.url, server.origin).searchParams.get("api-version");
    const message = `The requested REST API version of ${asked} is out of range for this server.`;
    (asked === version ? json({ comments: [] }) : json({ message, typeKey }, { status: 400 }))(response, seen);
  };
}

function versionsAsked(): readonly (string | null)[] {
  return server.requestsTo(route).map(({ url }) => new URL(url, server.origin).searchParams.get("api-version"));
}

describe("api-versions", () => {
  it("asks with the released version, and with the preview where there is only that", async () => {
    server.on(route, json({ comments: [] }));
    server.on("GET /contoso/_apis/projects", json({ count: 0, value: [] }));
    const { azureDevOps } = await connected(server);

    await azureDevOps.call(request);
    await azureDevOps.call({ area: "core", path: ["projects"] });

    expect(versionsAsked()).toEqual(["7.1-preview.4"]);
    expect(server.requestsTo("GET /contoso/_apis/projects")[0]?.url).toContain("api-version=7.1");
  });

  it("asks the service what it takes when it refuses, remembers that and reports the drift once", async () => {
    server.on(route, onlyVersion("7.0-preview.3"));
    server.on("OPTIONS /contoso/_apis/wit", json({ count: 1, value: [location({})] }));
    const { azureDevOps } = await connected(server);

    await azureDevOps.call(request);
    await azureDevOps.call(request);

    expect(versionsAsked()).toEqual(["7.1-preview.4", "7.0-preview.3", "7.0-preview.3"]);
    expect(azureDevOps.drift).toEqual([
      "wit/workitems/{workitemid}/comments/{commentid}: asked for 7.1-preview.4, the service takes 7.0-preview.3",
    ]);
  });

  it.each([
    ["an older server", { maxVersion: "6.1", releasedVersion: "6.0" }, "6.0"],
    ["a resource that was released", { maxVersion: "7.2", releasedVersion: "7.1" }, "7.1"],
    ["a service that dropped the old ones", { minVersion: "8.0", maxVersion: "8.2", releasedVersion: "8.1" }, "8.0"],
    ["another resource version", { maxVersion: "7.2", resourceVersion: 5 }, "7.1-preview.5"],
  ])("finds its way with %s", async (_, more, accepted) => {
    server.on(route, onlyVersion(accepted, "VssInvalidPreviewVersionException"));
    server.on("OPTIONS /contoso/_apis/wit", json({ count: 1, value: [location(more)] }));
    const { azureDevOps } = await connected(server);

    expect((await azureDevOps.call(request)).status).toBe(200);
    expect(azureDevOps.drift).toHaveLength(1);
  });

  it("asks what is on offer once for parallel requests", async () => {
    server.on(route, onlyVersion("7.0-preview.3"));
    server.on("OPTIONS /contoso/_apis/wit", json({ count: 1, value: [location({})] }));
    const { azureDevOps } = await connected(server);

    await Promise.all(Array.from({ length: 5 }, () => azureDevOps.call(request)));

    expect(server.requestsTo("OPTIONS /contoso/_apis/wit")).toHaveLength(1);
    expect(azureDevOps.drift).toHaveLength(1);
  });

  it("says so when no version works, in the service's words", async () => {
    server.on(route, onlyVersion("none"));
    server.on("OPTIONS /contoso/_apis/wit", raw(404, {}));
    const { azureDevOps } = await connected(server);

    await expect(azureDevOps.call(request)).rejects.toThrow(
      expect.objectContaining({ code: "ADO_VERSION", message: expect.stringContaining("out of range") }) as Error,
    );
  });
});
