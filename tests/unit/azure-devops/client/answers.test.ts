import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ApiRequest } from "../../../../engine/azure-devops/azure-devops.ts";
import { BackupError } from "../../../../engine/foundation/errors.ts";
import { readAll } from "../../../../engine/foundation/bytes.ts";
import {
  collectionId,
  connected,
  cutBody,
  json,
  pat,
  raw,
  reset,
  scriptedServer,
  zipped,
  type Reply,
  type ScriptedServer,
} from "./scripted-server.ts";

let server: ScriptedServer;

beforeEach(async () => {
  server = await scriptedServer();
});

afterEach(() => server.stop());

const route = "GET /contoso/shop/_apis/wit/workitems/42";
const read: ApiRequest = { area: "wit", project: "shop", path: ["wit", "workitems", "42"] };
const write: ApiRequest = { ...read, method: "PATCH", body: [], contentType: "application/json-patch+json" };
const writeRoute = "PATCH /contoso/shop/_apis/wit/workitems/42";
const signInPage = raw(203, { "content-type": "text/html; charset=utf-8" }, "<html>Sign in</html>");

async function failureOf(promise: Promise<unknown>): Promise<BackupError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof BackupError)) throw new Error(`no BackupError but ${String(error)}`);
  return error;
}

function refusal(status: number, message: string, more: object = {}): Reply {
  const body = { $id: "1", innerException: null, message, typeKey: "SomeException", errorCode: 0, ...more };
  return json(body, { status, headers: { "x-vss-e2eid": "0a1b2c3d", activityid: "other" } });
}

describe("connecting", () => {
  it("proves the sign-in, learns the collection's id and masks the token", async () => {
    const { azureDevOps, reporter } = await connected(server);

    expect(azureDevOps.organization).toEqual({ id: collectionId, url: server.organizationUrl });
    expect(reporter.secrets).toContain(pat);
    expect(reporter.secrets).toContain(Buffer.from(`:${pat}`).toString("base64"));
    const [first] = server.seen;
    expect(first?.url).toBe("/contoso/_apis/connectionData?api-version=7.1-preview.1");
    expect(first?.headers["x-tfs-fedauthredirect"]).toBe("Suppress");
    expect(azureDevOps.requests).toBeGreaterThan(0);
    azureDevOps.close();
  });

  it("refuses to be nobody", async () => {
    const authenticatedUser = {
      id: "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa",
      descriptor: "System:PublicAccess;anonymous",
    };
    server.on("GET /contoso/_apis/connectionData", json({ authenticatedUser, instanceId: collectionId }));

    expect((await failureOf(connected(server))).code).toBe("ADO_UNAUTHORIZED");
  });

  it("gives up soon on an address where nobody answers", async () => {
    await server.stop();

    const error = await failureOf(connected(server));

    expect(error.code).toBe("ADO_UNAVAILABLE");
    expect(error.message).toContain("ECONNREFUSED");
    server = await scriptedServer();
  });
});

/** What the service says of a sign-in that it does not take, or not for this. */
const turnedAway: readonly (readonly [what: string, reply: Reply])[] = [
  ["an empty 401", raw(401, {})],
  ["a sign-in page as 203", signInPage],
  ["a sign-in page as 200", raw(200, { "content-type": "text/html" }, "<html>")],
  ["a redirect to sign-in", raw(302, { location: "https://login.microsoftonline.com/x" })],
  ["a redirect to the own sign-in page", raw(302, { location: "/contoso/_signin?realm=x" })],
];

describe("a sign-in that is turned away", () => {
  it.each(turnedAway)("with %s concerns this request alone while the service takes it elsewhere", async (_, reply) => {
    server.on(route, reply);
    const { azureDevOps } = await connected(server);

    const error = await failureOf(azureDevOps.call(read));

    expect(error.code).toBe("ADO_FORBIDDEN");
    expect(error.hint).toContain("vso.");
    expect(`${error.message} ${error.hint}`).not.toContain(pat);
  });

  it.each(turnedAway)("with %s is over when the service takes it nowhere", async (_, reply) => {
    server.on(route, reply);
    const { azureDevOps } = await connected(server);
    server.on("GET /contoso/_apis/connectionData", raw(401, {}));

    const error = await failureOf(azureDevOps.call(read));

    expect(error.code).toBe("ADO_UNAUTHORIZED");
    expect(error.hint).not.toBe("");
    expect(`${error.message} ${error.hint}`).not.toContain(pat);
  });
});

describe("what can be wrong in an answer", () => {
  it.each<[string, Reply, string]>([
    ["403", refusal(403, "TF401027: You need the Git 'GenericRead' permission"), "ADO_FORBIDDEN"],
    ["404", refusal(404, "TF401232: Work item 42 does not exist"), "ADO_NOT_FOUND"],
    ["an HTML 404", raw(404, { "content-type": "text/html" }, "<html>"), "ADO_NOT_FOUND"],
    ["409", refusal(409, "changed"), "ADO_CONFLICT"],
    ["412", refusal(412, "TF26071: rev"), "ADO_CONFLICT"],
    ["400", refusal(400, "TF401320: Rule Error"), "ADO_REQUEST"],
    ["a body cut off", cutBody('{"id":42,', 500), "ADO_TRUNCATED"],
    ["JSON that ends too early", raw(200, { "content-type": "application/json" }, '{"id":42,"fie'), "ADO_TRUNCATED"],
    ["a gzip that ends too early", zipped({ id: 42, text: "x".repeat(500) }, 30), "ADO_TRUNCATED"],
    ["no body at all", raw(200, { "content-type": "application/json" }), "ADO_TRUNCATED"],
    ["bytes that are not UTF-8", raw(200, {}, Buffer.from([0x22, 0xff, 0x22])), "ADO_TRUNCATED"],
  ])("%s is never read as nothing there", async (_, reply, code) => {
    server.on(route, reply);
    const { azureDevOps } = await connected(server);

    const error = await failureOf(azureDevOps.call(read));

    expect(error.code).toBe(code);
    expect(error.hint).not.toBe("");
    expect(`${error.message} ${error.hint}`).not.toContain(pat);
  });

  it("quotes Azure DevOps' own words on one inert line, with the activity", async () => {
    const rules = { customProperties: { RuleValidationErrors: [{ fieldReferenceName: "Custom.Team" }] } };
    server.on(route, refusal(400, "TF401320: Rule\n##vso[task.complete result=Succeeded] broken", rules));
    const { azureDevOps } = await connected(server);

    const error = await failureOf(azureDevOps.call(read));

    expect(error.message).toContain("TF401320: Rule");
    expect(error.message).toContain("[Custom.Team]");
    expect(error.message).toContain("0a1b2c3d");
    expect(error.message).not.toContain("\n");
    expect(error.message).not.toContain("##vso[");
    expect(error.context).toEqual({ status: 400, typeKey: "SomeException", activityId: "0a1b2c3d" });
  });

  it("names the scope a token lacks", async () => {
    server.on(route, raw(403, {}));
    server.on(writeRoute, raw(403, {}));
    const { azureDevOps } = await connected(server);

    expect((await failureOf(azureDevOps.call(read))).hint).toContain("vso.work)");
    expect((await failureOf(azureDevOps.call(write))).hint).toContain("vso.work_write");
  });

  it("reads compressed answers, byte order marks and the continuation token", async () => {
    server.on(route, zipped({ id: 42 }), raw(200, { "x-ms-continuationtoken": "a;b=" }, '\ufeff{"id":43}'));
    const { azureDevOps } = await connected(server);

    expect((await azureDevOps.call(read)).body).toEqual({ id: 42 });
    expect(await azureDevOps.call(read)).toEqual({ status: 200, body: { id: 43 }, continuationToken: "a;b=" });
  });

  it("takes writes without an answer as done", async () => {
    server.on(writeRoute, raw(204, {}));
    const { azureDevOps } = await connected(server);

    expect(await azureDevOps.call(write)).toEqual({ status: 204, body: null, continuationToken: undefined });
  });
});

describe("what passes by itself", () => {
  it("reads again after a lost connection, a cut body and bad gateways", async () => {
    server.on(route, reset, cutBody("{", 10), raw(502, { "content-type": "text/html" }, "<html>"), json({ id: 42 }));
    const { azureDevOps, clock } = await connected(server);

    expect((await azureDevOps.call(read)).body).toEqual({ id: 42 });
    expect(clock.sleeps).toEqual([750, 1500, 3000]);
  });

  it("waits as long as 429 asks, tells people once, and then goes on", async () => {
    server.on(
      route,
      refusal(429, "TF400733: The request has been canceled"),
      json({ message: "TF400733" }, { status: 429, headers: { "retry-after": "40" } }),
      json({ id: 42 }),
    );
    const { azureDevOps, clock, reporter } = await connected(server);

    expect((await azureDevOps.call(read)).body).toEqual({ id: 42 });
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(45_000);
    expect(reporter.lines.filter((line) => line.includes("Slowed down by Azure DevOps"))).toHaveLength(1);
  });

  it("uses a good answer with Retry-After and slows the next request", async () => {
    server.on(route, json({ id: 1 }, { headers: { "retry-after": "7" } }), json({ id: 2 }));
    const { azureDevOps, clock } = await connected(server);

    expect((await azureDevOps.call(read)).body).toEqual({ id: 1 });
    expect(clock.sleeps).toEqual([]);
    expect((await azureDevOps.call(read)).body).toEqual({ id: 2 });
    expect(clock.sleeps).toEqual([7_000]);
    expect(server.requestsTo(route)).toHaveLength(2);
  });

  it("repeats a write only when the service has certainly done nothing", async () => {
    server.on(writeRoute, raw(503, { "retry-after": "1" }), raw(429, {}), json({ id: 42 }));
    const { azureDevOps } = await connected(server);
    expect((await azureDevOps.call(write)).body).toEqual({ id: 42 });

    for (const reply of [reset, raw(500, {}), raw(502, {}), cutBody("{", 9)]) {
      server.on(writeRoute, reply, json({ id: 42 }));
      expect((await failureOf(azureDevOps.call(write))).code).toMatch(/ADO_UNAVAILABLE|ADO_TRUNCATED/);
    }
  });

  it("repeats a POST that only reads", async () => {
    server.on("POST /contoso/_apis/wit/workitemsbatch", reset, json({ count: 0, value: [] }));
    const { azureDevOps } = await connected(server);
    const request: ApiRequest = {
      area: "wit",
      method: "POST",
      path: ["wit", "workitemsbatch"],
      body: {},
      isRead: true,
    };

    expect((await azureDevOps.call(request)).status).toBe(200);
  });

  it("gives up on a long outage and on throttling without end", async () => {
    const { azureDevOps, clock } = await connected(server, { patienceMs: 120_000 });
    server.on(route, raw(503, {}));
    const outage = await failureOf(azureDevOps.call(read));
    const afterOutageMs = clock.monotonicMs();
    server.on(route, raw(429, { "retry-after": "60" }));
    const throttled = await failureOf(azureDevOps.call(read));

    expect(outage.code).toBe("ADO_UNAVAILABLE");
    expect(outage.message).toMatch(/\d+ times in \d+ s/);
    expect(throttled.code).toBe("ADO_THROTTLED");
    expect(clock.monotonicMs() - afterOutageMs).toBeLessThan(12 * 60_000);
  });

  it("does not insist on a 500, which seldom passes", async () => {
    server.on(route, refusal(500, "TF246016"));
    const { azureDevOps } = await connected(server);

    await failureOf(azureDevOps.call(read));

    expect(server.requestsTo(route)).toHaveLength(4);
  });

  it("ends at once when the run is cancelled", async () => {
    const cancel = new AbortController();
    const { azureDevOps } = await connected(server, { signal: cancel.signal });
    server.on(route, () => cancel.abort(new Error("cancelled")));

    await expect(azureDevOps.call(read)).rejects.toThrow("cancelled");
    await expect(azureDevOps.call(read)).rejects.toThrow("cancelled");
  });

  it("does not wait for ever on a connection where nothing moves", async () => {
    const { azureDevOps } = await connected(server, { idleTimeoutMs: 60, patienceMs: 1 });
    server.on(route, () => undefined);
    expect((await failureOf(azureDevOps.call(read))).code).toBe("ADO_UNAVAILABLE");

    server.on(route, (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"id":');
    });
    expect((await failureOf(azureDevOps.call(read))).code).toBe("ADO_TRUNCATED");
  });

  it("does not wait for ever on an answer that drips", async () => {
    const { azureDevOps } = await connected(server, { answerTimeoutMs: 100, patienceMs: 1 });
    server.on(route, (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const drip = setInterval(() => response.write(" "), 10);
      response.on("close", () => clearInterval(drip));
    });

    expect((await failureOf(azureDevOps.call(read))).code).toBe("ADO_TRUNCATED");
  });
});

describe("renewing a sign-in", () => {
  it("asks once for a new token when the service refuses the present one", async () => {
    let current = "Bearer first";
    const signIn = {
      authorization: async (rejected?: string) => {
        if (rejected === "Bearer first") current = "Bearer second";
        return current;
      },
    };
    server.on(route, raw(401, {}), json({ id: 42 }));
    const { azureDevOps } = await connected(server, { signIn });

    expect((await azureDevOps.call(read)).body).toEqual({ id: 42 });
    expect(server.requestsTo(route).map((seen) => seen.headers.authorization)).toEqual([
      "Bearer first",
      "Bearer second",
    ]);
  });
});

describe("downloads and uploads", () => {
  const path = ["wit", "attachments", "g"];
  const file = "GET /contoso/_apis/wit/attachments/g";

  it("follows a redirect to another host without credentials", async () => {
    const storage = await scriptedServer();
    storage.on("GET /blob", raw(200, { "content-length": "5" }, "hello"));
    server.on(file, raw(302, { location: `${storage.origin}/blob?sig=secret` }));
    const { azureDevOps } = await connected(server);

    const { length, chunks } = await azureDevOps.download({ area: "wit", path });

    expect(length).toBe(5);
    expect(Buffer.from(await readAll(chunks, 100)).toString()).toBe("hello");
    expect(storage.requestsTo("GET /blob")[0]?.headers.authorization).toBeUndefined();
    expect(server.requestsTo(file)[0]?.headers.authorization).toMatch(/^Basic /);
    await storage.stop();
  });

  it("never gives the credentials back to the first host after having been away", async () => {
    const storage = await scriptedServer();
    storage.on("GET /blob", raw(302, { location: `${server.origin}/contoso/back` }));
    server.on(file, raw(302, { location: `${storage.origin}/blob` }));
    server.on("GET /contoso/back", raw(200, {}, "hello"));
    const { azureDevOps } = await connected(server);

    await readAll((await azureDevOps.download({ area: "wit", path })).chunks, 100);

    expect(server.requestsTo("GET /contoso/back")[0]?.headers.authorization).toBeUndefined();
    await storage.stop();
  });

  it("does not take an error, a sign-in page or half a file for the file", async () => {
    const { azureDevOps } = await connected(server);
    const download = async (reply: Reply): Promise<string> => {
      server.on(file, reply);
      return (await failureOf(azureDevOps.download({ area: "wit", path }).then(({ chunks }) => readAll(chunks, 999))))
        .code;
    };

    expect(await download(refusal(404, "no such attachment"))).toBe("ADO_NOT_FOUND");
    expect(await download(signInPage)).toBe("ADO_FORBIDDEN");
    expect(await download(raw(200, { "content-type": "text/html" }, "<html>"))).toBe("ADO_FORBIDDEN");
    expect(await download(raw(302, { location: "https://login.microsoftonline.com/" }))).toBe("ADO_FORBIDDEN");
    expect(await download(cutBody("hel", 5))).toBe("ADO_TRUNCATED");
  });

  it("delivers a file that is a web page, and an empty one", async () => {
    const { azureDevOps } = await connected(server);
    const attached = { "content-type": "text/html", "content-disposition": "attachment; filename=a.html" };
    server.on(file, raw(200, attached, "<html>"), raw(200, { "content-length": "0" }));

    expect(await readAll((await azureDevOps.download({ area: "wit", path })).chunks, 99)).toHaveLength(6);
    expect(await readAll((await azureDevOps.download({ area: "wit", path })).chunks, 99)).toHaveLength(0);
  });

  it("sends bytes as they are, with their length", async () => {
    server.on("POST /contoso/_apis/wit/attachments", json({ id: "g", url: "u" }));
    const { azureDevOps } = await connected(server);
    const content = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);
    const request: ApiRequest = {
      area: "wit",
      method: "POST",
      path: ["wit", "attachments"],
      query: { fileName: "ä b.bin" },
    };

    await azureDevOps.upload({ ...request, content });
    await azureDevOps.upload({ ...request, content: new Uint8Array(0) });

    const [full, empty] = server.requestsTo("POST /contoso/_apis/wit/attachments");
    expect(full?.body.equals(content)).toBe(true);
    expect(full?.headers["content-length"]).toBe("100000");
    expect(full?.headers["content-type"]).toBe("application/octet-stream");
    expect(full?.url).toContain("fileName=%C3%A4%20b.bin");
    expect(empty?.headers["content-length"]).toBe("0");
  });
});
