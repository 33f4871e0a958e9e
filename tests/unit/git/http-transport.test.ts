import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { readAll } from "../../../engine/foundation/bytes.ts";
import { systemClock } from "../../../engine/foundation/clock.ts";
import { gitHttp } from "../../../engine/git/http-transport.ts";
import type { GitHttp, HttpOptions, HttpRequest } from "../../../engine/git/http-transport.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const open: (Server | GitHttp)[] = [];
const waits: number[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.close();
  waits.length = 0;
});

async function serve(handler: Handler): Promise<string> {
  const server = createServer(handler);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function client(more: Partial<HttpOptions> = {}): GitHttp {
  const clock = { ...systemClock, sleep: async (ms: number) => void waits.push(ms) };
  const http = gitHttp({ clock, random: () => 0, ...more });
  open.push(http);
  return http;
}

function get(url: string, more: Partial<HttpRequest> = {}): HttpRequest {
  const credentials = { origin: new URL(url).origin, authorization: async () => "Bearer secret" };
  return { name: "repo", method: "GET", url, credentials, followRedirects: true, ...more };
}

async function textOf(http: GitHttp, request: HttpRequest): Promise<string> {
  return Buffer.from(await readAll((await http.send(request)).body, 1 << 20)).toString();
}

describe("credentials", () => {
  it("follow a redirect inside the origin, but never to another one", async () => {
    const seen: string[] = [];
    const record: Handler = (request, response) => {
      seen.push(`${request.url ?? ""} ${request.headers.authorization ?? "none"}`);
      if (request.url === "/old") response.writeHead(302, { location: "/new" }).end();
      else if (request.url === "/away") response.writeHead(307, { location: `${other}/there` }).end();
      else response.end("content");
    };
    const other = await serve(record);
    const home = await serve(record);

    expect(await textOf(client(), get(`${home}/old`))).toBe("content");
    expect(await textOf(client(), get(`${home}/away`))).toBe("content");

    expect(seen).toEqual(["/old Bearer secret", "/new Bearer secret", "/away Bearer secret", "/there none"]);
  });

  it("are not sent to another origin even if the first request goes there", async () => {
    const home = await serve((request, response) => response.end(request.headers.authorization ?? "none"));
    const credentials = { origin: "https://dev.azure.com", authorization: async () => "Bearer secret" };

    expect(await textOf(client(), get(home, { credentials }))).toBe("none");
  });

  it("are asked for anew at each try", async () => {
    let tries = 0;
    const home = await serve((request, response) => {
      tries += 1;
      if (tries < 3) response.writeHead(503, { "retry-after": "7" }).end();
      else response.end(request.headers.authorization);
    });
    let tokens = 0;
    const credentials = { origin: home, authorization: async () => `Bearer ${(tokens += 1)}` };

    expect(await textOf(client(), get(home, { credentials }))).toBe("Bearer 3");
    expect(waits).toEqual([7000, 7000]);
  });
});

describe("answers that are none", () => {
  const page = { "content-type": "text/html; charset=utf-8" };
  const cases: readonly [string, Handler, string][] = [
    ["401", (_, response) => void response.writeHead(401).end("TF400813"), "GIT_UNAUTHORIZED"],
    ["a sign-in page", (_, response) => void response.writeHead(203, page).end("<html>"), "GIT_UNAUTHORIZED"],
    ["a page with status 200", (_, response) => void response.writeHead(200, page).end("<html>"), "GIT_UNAUTHORIZED"],
    [
      "a redirect to sign-in",
      (_, response) =>
        void response.writeHead(302, { location: "https://spsprodweu1.vssps.visualstudio.com/_signin" }).end(),
      "GIT_UNAUTHORIZED",
    ],
    ["403", (_, response) => void response.writeHead(403).end("no"), "GIT_UNAUTHORIZED"],
    ["404", (_, response) => void response.writeHead(404).end("TF401019"), "GIT_NOT_FOUND"],
    ["a disabled repository", (_, response) => void response.writeHead(403).end("is disabled."), "GIT_DISABLED"],
    ["400", (_, response) => void response.writeHead(400).end("TF401041"), "GIT_PROTOCOL"],
    ["429 for ever", (_, response) => void response.writeHead(429).end("TF400733"), "GIT_THROTTLED"],
    ["500 for ever", (_, response) => void response.writeHead(500).end(), "GIT_UNAVAILABLE"],
    ["a loop", (_, response) => void response.writeHead(302, { location: "/again" }).end(), "GIT_PROTOCOL"],
    ["another scheme", (_, response) => void response.writeHead(302, { location: "ftp://x/" }).end(), "GIT_PROTOCOL"],
    ["a dropped connection", (request) => void request.socket.destroy(), "GIT_UNAVAILABLE"],
  ];

  it.each(cases)("%s throws what it means", async (_, handler, code) => {
    const home = await serve(handler);

    await expect(client().send(get(home))).rejects.toMatchObject({ code });
  });

  it("name the request and quote the service, but no secret", async () => {
    const home = await serve((_, response) => response.writeHead(404, { activityid: "42" }).end("TF401019: gone"));

    const error = await client()
      .send(get(home))
      .catch((thrown: unknown) => thrown as Error);

    expect(error).toMatchObject({
      message: "repo was not found (HTTP 404): TF401019: gone",
      context: { status: 404, activityId: "42" },
    });
    expect(JSON.stringify(error)).not.toContain("secret");
  });

  it("a body that breaks off throws while it is read", async () => {
    const whole = await serve((_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => response.destroy());
    });
    const zipped = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" });
      response.end(gzipSync("x".repeat(1000)).subarray(0, 20));
    });

    await expect(textOf(client(), get(whole))).rejects.toMatchObject({ code: "GIT_TRUNCATED" });
    await expect(textOf(client(), get(zipped))).rejects.toMatchObject({ code: "GIT_TRUNCATED" });
  });

  it("silence for too long ends the connection", async () => {
    const home = await serve((_, response) => void response.write("first"));

    await expect(textOf(client({ idleTimeoutMs: 100 }), get(home))).rejects.toMatchObject({ code: "GIT_TRUNCATED" });
  });

  it("silence on our side does not", async () => {
    const content = Buffer.alloc(8 << 20, 1);
    const home = await serve((_, response) => response.end(content));
    const { body } = await client({ idleTimeoutMs: 100 }).send(get(home));
    let bytes = 0;

    for await (const chunk of body) {
      if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, 400));
      bytes += chunk.length;
    }

    expect(bytes).toBe(content.length);
  });

  it("an abort ends it with its reason", async () => {
    const home = await serve((_, response) => void response.write("first"));
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("cancelled")), 50);

    await expect(textOf(client({ signal: controller.signal }), get(home))).rejects.toThrow("cancelled");
  });
});

describe("bodies", () => {
  it("come decompressed", async () => {
    const home = await serve((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("content"));
    });

    expect(await textOf(client(), get(home))).toBe("content");
  });

  it("are streamed up, again for each try", async () => {
    let tries = 0;
    const home = await serve((request, response) => {
      tries += 1;
      if (tries === 1) response.writeHead(503).end();
      else request.pipe(response);
    });
    async function* content(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("one ");
      yield Buffer.from("two");
    }
    const stream = { length: 7, open: async () => content() };

    expect(await textOf(client(), get(home, { method: "PUT", stream }))).toBe("one two");
  });

  it("are paced with the identity's other requests", async () => {
    const home = await serve((_, response) => response.setHeader("x-ratelimit-remaining", "5").end("content"));
    const heard: unknown[] = [];
    const pace = { wait: async () => void heard.push("wait"), heard: (answer: object) => void heard.push(answer) };

    await textOf(client({ pace }), get(home));

    expect(heard).toMatchObject(["wait", { status: 200, headers: { "x-ratelimit-remaining": "5" } }]);
  });
});
