import { describe, expect, it } from "vitest";
import type { Clock } from "../../../engine/foundation/clock.ts";
import { BackupError, describeError } from "../../../engine/foundation/errors.ts";
import { restClient, type Rest } from "../../../extension-ui/services/rest.ts";

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

/** A service that gives these answers one after the other, and what was asked of it. */
function service(...answers: readonly (Response | Error)[]): {
  readonly rest: Rest;
  readonly sent: Sent[];
  readonly waits: number[];
} {
  const sent: Sent[] = [];
  const waits: number[] = [];
  let tokens = 0;
  const clock: Clock = {
    now: () => new Date(0),
    monotonicMs: () => 0,
    sleep: async (ms) => void waits.push(ms),
  };
  const rest = restClient({
    organizationUrl: "https://dev.azure.com/contoso/",
    token: async () => `secret-token-${(tokens += 1)}`,
    clock,
    fetch: async (url, init = {}) => {
      sent.push({ url: new Request(url).url, init });
      const answer = answers[sent.length - 1];
      if (answer instanceof Response) return answer;
      throw answer ?? new Error("asked too often");
    },
  });
  return { rest, sent, waits };
}

function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
}

function page(): Response {
  return new Response("<html>Sign in</html>", { status: 203, headers: { "content-type": "text/html; charset=utf-8" } });
}

const list = {
  method: "GET",
  path: ["a b", "_apis", "pipelines"],
  query: { $top: 5, none: undefined },
  purpose: "list the pipelines",
} as const;
const start = {
  method: "POST",
  path: ["p", "_apis", "pipelines", "3", "runs"],
  body: { x: 1 },
  purpose: "start pipeline 3",
} as const;

async function errorOf(work: Promise<unknown>): Promise<BackupError> {
  const error = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (error instanceof BackupError) return error;
  throw new Error(`no error that people can act on: ${String(error)}`);
}

describe("the REST client", () => {
  it("asks with the person's token and the version, and nothing of the browser's own", async () => {
    const { rest, sent } = service(json({ value: [] }, 200, { "x-ms-continuationtoken": "next" }));
    const answer = await rest.ask(list);

    expect(answer).toEqual({ json: { value: [] }, continuationToken: "next" });
    expect(sent[0]?.url).toBe("https://dev.azure.com/contoso/a%20b/_apis/pipelines?%24top=5&api-version=7.1");
    expect(sent[0]?.init).toMatchObject({
      method: "GET",
      credentials: "omit",
      redirect: "error",
      headers: { authorization: "Bearer secret-token-1", accept: "application/json" },
    });
  });

  it("asks once more with a fresh token when the first has run out", async () => {
    const { rest, sent } = service(new Response("", { status: 401 }), json({ id: 1 }));

    expect((await rest.ask(start)).json).toEqual({ id: 1 });
    expect(sent.map(({ init }) => new Headers(init.headers).get("authorization"))).toEqual([
      "Bearer secret-token-1",
      "Bearer secret-token-2",
    ]);
  });

  it("says that signing in again helps when it does not", async () => {
    const refused = await errorOf(
      service(new Response("", { status: 401 }), new Response("", { status: 401 })).rest.ask(list),
    );
    const signIn = await errorOf(service(page()).rest.ask(list));

    expect([refused.code, signIn.code]).toEqual(["ADO_SIGN_IN", "ADO_SIGN_IN"]);
    expect(describeError(signIn)).toBe(
      "Azure DevOps refused to list the pipelines: it answered 203. Reload the page to sign in again.",
    );
  });

  it("tells the service's own words in one line, and never the token", async () => {
    const message = "TF215106: Access denied. Ada needs Edit queue build configuration\npermissions.\u202e";
    const error = await errorOf(service(json({ message, typeKey: "AccessDeniedException" }, 403)).rest.ask(start));

    expect(error.code).toBe("ADO_FORBIDDEN");
    expect(error.message).toBe(
      "Azure DevOps refused to start pipeline 3: TF215106: Access denied. Ada needs Edit queue build configuration permissions.\\u202e",
    );
    expect(JSON.stringify([error, error.context, describeError(error)])).not.toContain("secret-token");
  });

  it.each([
    [400, "ADO_REQUEST"],
    [404, "ADO_NOT_FOUND"],
    [409, "ADO_REQUEST"],
  ])("knows what %i means", async (status, code) => {
    expect((await errorOf(service(json({}, status)).rest.ask(start))).code).toBe(code);
  });

  it("waits as long as the service asks before it reads again, within reason", async () => {
    const busy = (seconds: string): Response => json({}, 429, { "retry-after": seconds });
    const { rest, waits } = service(busy("2"), json({}, 503), json({ id: 1 }));
    const tooLong = service(busy("60"));

    expect((await rest.ask(list)).json).toEqual({ id: 1 });
    expect(waits).toEqual([2000, 1000]);
    expect((await errorOf(tooLong.rest.ask(list))).code).toBe("ADO_UNAVAILABLE");
    expect((await errorOf(service(json({}, 503), json({}, 503), json({}, 503)).rest.ask(list))).code).toBe(
      "ADO_UNAVAILABLE",
    );
  });

  it("never sends a start twice", async () => {
    const { rest, sent } = service(json({}, 503), json({ id: 2 }));

    expect((await errorOf(rest.ask(start))).code).toBe("ADO_UNAVAILABLE");
    expect(sent).toHaveLength(1);
  });

  it("explains a network that does not answer, and an answer that is not JSON", async () => {
    const lost = await errorOf(service(new TypeError("Failed to fetch")).rest.ask(list));
    const odd = await errorOf(
      service(new Response("hello", { headers: { "content-type": "text/plain" } })).rest.ask(list),
    );

    expect(describeError(lost)).toBe(
      "Azure DevOps could not be reached to list the pipelines. Check the network, then try again.",
    );
    expect(odd.code).toBe("ADO_UNAVAILABLE");
  });

  it("reads an empty answer as none, and text as it is, up to a limit", async () => {
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(4 << 20)),
    });

    expect((await service(new Response(null, { status: 204 })).rest.ask(list)).json).toBeUndefined();
    const attached = service(new Response("ä"));

    expect(await attached.rest.text(list)).toBe("ä");
    expect(attached.sent[0]?.init.redirect).toBe("follow");
    expect((await errorOf(service(new Response(endless)).rest.text(list))).code).toBe("ADO_TOO_LARGE");
  });
});
