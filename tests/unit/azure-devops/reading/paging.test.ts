import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ApiRequest, ListOf } from "../../../../engine/azure-devops/azure-devops.ts";
import {
  firstPage,
  itemsIn,
  pagesByBody,
  pagesByHeader,
  pagesBySkip,
  wholeList,
} from "../../../../engine/azure-devops/reading/paging.ts";
import {
  comments,
  reportingRevisions,
  workItemIds,
  workItemsBatch,
} from "../../../../engine/azure-devops/boards/work-items.ts";
import { collect } from "../../../../engine/foundation/concurrency.ts";
import { connected, json, scriptedServer, type Connected, type ScriptedServer } from "../client/scripted-server.ts";

let server: ScriptedServer;
let azureDevOps: Connected["azureDevOps"];

beforeEach(async () => {
  server = await scriptedServer();
  ({ azureDevOps } = await connected(server));
});

afterEach(() => server.stop());

const request: ApiRequest = { area: "policy", project: "shop", path: ["policy", "configurations"] };
const route = "GET /contoso/shop/_apis/policy/configurations";
const damaged = expect.objectContaining({ code: "ADO_TRUNCATED" }) as Error;

function page(ids: readonly number[], token?: string): ReturnType<typeof json> {
  const headers = token === undefined ? {} : { "x-ms-continuationtoken": token };
  return json({ count: ids.length, value: ids.map((id) => ({ id })) }, { headers });
}

async function idsOf(pages: AsyncIterable<ListOf>): Promise<readonly unknown[]> {
  return (await collect(itemsIn(pages))).map((item) => item.id);
}

function queriesTo(path: string): readonly Record<string, string>[] {
  return server
    .requestsTo(path)
    .map(({ url }) => Object.fromEntries(new URL(url, server.origin).searchParams.entries()));
}

describe("paging by a token in the header", () => {
  it("gives tokens back untouched, goes on over empty pages and ends without a token", async () => {
    server.on(route, page([1, 2], "a;b=c+d/e"), page([], "f&g"), page([3]));

    expect(await idsOf(pagesByHeader(azureDevOps, request))).toEqual([1, 2, 3]);
    expect(queriesTo(route).map((query) => query.continuationToken)).toEqual([undefined, "a;b=c+d/e", "f&g"]);
  });

  it("does not go round in circles", async () => {
    server.on(route, page([1], "a"), page([2], "b"), page([1], "a"));

    await expect(idsOf(pagesByHeader(azureDevOps, request))).rejects.toThrow(damaged);
  });
});

describe("paging by a token in the body", () => {
  it("reads comments to the last page", async () => {
    const path = "GET /contoso/shop/_apis/wit/workItems/7/comments";
    server.on(
      path,
      json({ totalCount: 3, count: 2, comments: [{ id: 1 }, { id: 2 }], continuationToken: "t/1+2=" }),
      json({ totalCount: 3, count: 1, comments: [{ id: 3 }] }),
    );

    expect((await collect(comments(azureDevOps, "shop", 7))).map((comment) => comment.id)).toEqual([1, 2, 3]);
    expect(queriesTo(path)).toEqual([
      { "api-version": "7.1-preview.4", $top: "200", includeDeleted: "true", $expand: "all", order: "asc" },
      expect.objectContaining({ continuationToken: "t/1+2=" }),
    ]);
  });

  it("does not take a page without its list for an empty one", async () => {
    server.on(route, json({ count: 0 }));
    const pages = pagesByBody(azureDevOps, request, { itemsAt: "comments", tokenAt: "continuationToken" });

    await expect(idsOf(pages)).rejects.toThrow(damaged);
  });
});

describe("paging by skip", () => {
  it("ends only at an empty page, because a short one may just be a smaller portion", async () => {
    server.on(route, page([1, 2, 3]), page([4, 5]), page([]));

    expect(await idsOf(pagesBySkip(azureDevOps, request, { pageSize: 10 }))).toEqual([1, 2, 3, 4, 5]);
    expect(queriesTo(route).map((query) => [query.$top, query.$skip])).toEqual([
      ["10", "0"],
      ["10", "3"],
      ["10", "5"],
    ]);
  });

  it("notices when the service ignores the skip", async () => {
    server.on(route, page([1, 2]));

    await expect(idsOf(pagesBySkip(azureDevOps, request, { pageSize: 2 }))).rejects.toThrow(damaged);
  });
});

describe("lists that come whole", () => {
  it("takes an empty list for empty, also as a server sends it", async () => {
    server.on(route, json({ count: 0, value: [] }), json({ count: 0, value: null }));

    expect(await wholeList(azureDevOps, request)).toEqual([]);
    expect(await wholeList(azureDevOps, request)).toEqual([]);
  });

  it.each([
    ["null", null],
    ["an object without a list", { id: 1 }],
    ["fewer entries than announced", { count: 3, value: [{ id: 1 }] }],
    ["entries that are not objects", { count: 1, value: [null] }],
    ["no list but a count", { count: 3, value: null }],
  ])("refuses %s", async (_, body) => {
    server.on(route, json(body));

    await expect(wholeList(azureDevOps, request)).rejects.toThrow(damaged);
  });

  it("refuses to lose further pages nobody expected, but leaves out what nobody wants", async () => {
    server.on(route, page([1], "more"));

    expect(await firstPage(azureDevOps, request)).toEqual([{ id: 1 }]);

    await expect(wholeList(azureDevOps, request)).rejects.toThrow(damaged);
  });
});

describe("work item feeds", () => {
  const feed = "GET /contoso/shop/_apis/wit/reporting/workitemrevisions";

  it("goes on from token to token until the last page, whose token is the watermark", async () => {
    server.on(
      feed,
      json({ values: [{ id: 1, rev: 1 }], isLastBatch: false, continuationToken: "10;20", nextLink: "n" }),
      json({ values: [], isLastBatch: true, continuationToken: "11;=+/" }),
    );

    const pages = await collect(reportingRevisions(azureDevOps, "shop", { start: new Date("2026-01-01T00:00:00Z") }));

    expect(pages.map(({ token, isLast }) => [token, isLast])).toEqual([
      ["10;20", false],
      ["11;=+/", true],
    ]);
    const [first, second] = queriesTo(feed);
    expect(first).toMatchObject({
      startDateTime: "2026-01-01T00:00:00.000Z",
      includeDeleted: "true",
      $expand: "fields",
    });
    expect(second).toMatchObject({ continuationToken: "10;20" });
    expect(second).not.toHaveProperty("startDateTime");
  });

  it.each([
    ["lacks it", {}],
    ["has null", { continuationToken: null }],
    ["has an empty text", { continuationToken: "" }],
  ])("takes the token out of the link where the body %s, whatever host the link names", async (_, inBody) => {
    const nextLink = (token: string): string =>
      `https://elsewhere.example.com/x?$expand=fields&continuationToken=${encodeURIComponent(token)}`;
    server.on(
      feed,
      json({ values: [], isLastBatch: false, nextLink: nextLink("10;20=+"), ...inBody }),
      json({ values: [], isLastBatch: true, nextLink: nextLink("11"), ...inBody }),
    );

    const pages = await collect(reportingRevisions(azureDevOps, "shop", {}));

    expect(pages.map(({ token }) => token)).toEqual(["10;20=+", "11"]);
    expect(queriesTo(feed)[1]).toMatchObject({ continuationToken: "10;20=+" });
  });

  it("stays where it was at a last page that names no place, and begins anew where none was ever named", async () => {
    server.on(feed, json({ values: [], isLastBatch: true }));

    const [after] = await collect(reportingRevisions(azureDevOps, "shop", { token: "7" }));
    const [first] = await collect(reportingRevisions(azureDevOps, "shop", {}));
    await collect(reportingRevisions(azureDevOps, "shop", { token: "" }));

    expect([after?.token, first?.token]).toEqual(["7", ""]);
    expect(queriesTo(feed).at(-1)).not.toHaveProperty("continuationToken");
  });

  it.each([
    ["does not say whether it is the last", { values: [], continuationToken: "1" }],
    ["has no values", { isLastBatch: true, continuationToken: "1" }],
    ["goes on and does not say where", { values: [], isLastBatch: false, continuationToken: null }],
    ["has an empty token", { values: [], isLastBatch: false, continuationToken: "", nextLink: "/somewhere" }],
    ["stays where it is", { values: [], isLastBatch: false, continuationToken: "1" }],
  ])("refuses a page that %s", async (_, body) => {
    server.on(feed, json(body));

    await expect(collect(reportingRevisions(azureDevOps, "shop", { token: "0" }))).rejects.toThrow(damaged);
  });
});

describe("work items in batches", () => {
  const batch = "POST /contoso/_apis/wit/workitemsbatch";

  it("asks for 200 at a time and keeps the order; what is not shown is null", async () => {
    const ids = Array.from({ length: 450 }, (_, index) => 450 - index);
    server.on(batch, (response, { body }) => {
      const asked = (JSON.parse(body.toString()) as { ids: number[] }).ids;
      const value = asked.map((id) => (id % 7 === 0 ? null : { id, rev: 1 }));
      json({ count: value.length, value })(response, { method: "", url: "", headers: {}, body });
    });

    const found = await workItemsBatch(azureDevOps, ids);

    expect([...found.keys()]).toEqual(ids);
    expect(found.get(7)).toBeNull();
    expect(found.get(8)).toEqual({ id: 8, rev: 1 });
    expect(server.requestsTo(batch)).toHaveLength(3);
    expect(JSON.parse(server.requestsTo(batch)[2]!.body.toString())).toMatchObject({
      ids: ids.slice(400),
      $expand: "relations",
      errorPolicy: "omit",
    });
  });

  it("counts the live items by id, page after page", async () => {
    const all = Array.from({ length: 25_000 }, (_, index) => index + 1);
    server.on("POST /contoso/shop/_apis/wit/wiql", (response, seen) => {
      const query = (JSON.parse(seen.body.toString()) as { query: string }).query;
      const above = Number(/> (\d+)/.exec(query)?.[1]);
      const workItems = all.filter((id) => id > above).slice(0, 19_999);
      json({ workItems: workItems.map((id) => ({ id })) })(response, seen);
    });

    expect(await collect(workItemIds(azureDevOps, "shop"))).toEqual(all);
    expect(server.requestsTo("POST /contoso/shop/_apis/wit/wiql")).toHaveLength(2);
  });
});
