import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { witService } from "./wit-service.ts";
import type { Shown, WitService } from "./wit-service.ts";

const REVISIONS = "reporting/workitemrevisions";
const LINKS = "reporting/workitemlinks";

let service: WitService;

beforeAll(async () => {
  service = await witService();
});

afterAll(async () => {
  expect(await service.stop()).toEqual([]);
});

/** Every row after a token, page by page. */
async function read(
  feed: string,
  options: { scope?: string; token?: string | undefined; query?: string } = {},
): Promise<{ rows: Shown[]; token: string; pages: number }> {
  const { scope = "", query = "" } = options;
  let { token } = options;
  const rows: Shown[] = [];
  for (let pages = 1; ; pages++) {
    const position = token === undefined ? "" : `&continuationToken=${encodeURIComponent(token)}`;
    const { json } = await service.get(`${scope}_apis/wit/${feed}?${query}${position}`);
    rows.push(...(json.values as Shown[]));
    token = json.continuationToken;
    expect(json.nextLink).toContain(`continuationToken=${encodeURIComponent(token)}`);
    if (json.isLastBatch) return { rows, token, pages };
  }
}

const seen = (rows: Shown[]): string[] => rows.map(({ id, rev }) => `${id}.${rev}`);

describe("the feed of revisions", () => {
  it("gives each revision once, in the order they were made, and later only what is new", async () => {
    const a = service.wit.create("Shop", { title: "a" });
    const b = service.wit.create("Shop", { title: "b" });
    service.wit.edit(a, { "System.Title": "A" });
    const first = await read(REVISIONS, { query: "$maxPageSize=2" });
    const nothing = await read(REVISIONS, { token: first.token });
    service.wit.edit(b, { "System.Title": "B" });

    const second = await read(REVISIONS, { token: first.token });

    expect(seen(first.rows)).toEqual([`${a.id}.1`, `${b.id}.1`, `${a.id}.2`]);
    expect(first.pages).toBe(2);
    expect(nothing.rows).toEqual([]);
    expect(seen(second.rows)).toEqual([`${b.id}.2`]);
  });

  it("leaves long texts out unless all fields are asked for", async () => {
    const { token } = await read(REVISIONS);
    service.wit.create("Shop", { title: "long", fields: { "System.Description": "text", "System.Tags": "x; y" } });

    const short = (await read(REVISIONS, { token })).rows[0];
    const whole = (await read(REVISIONS, { token, query: "$expand=fields&includeIdentityRef=true&includeTagRef=true" }))
      .rows[0];

    expect(short?.fields).toMatchObject({
      "System.Title": "long",
      "System.Tags": "x; y",
      "System.CreatedBy": "Ada Nowak <ada@contoso.example>",
    });
    expect(short?.fields["System.Description"]).toBeUndefined();
    expect(whole?.fields).toMatchObject({
      "System.Description": "text",
      "System.Tags": [{ name: "x" }, { name: "y" }],
      "System.CreatedBy": { uniqueName: "ada@contoso.example" },
    });
  });

  it("takes fields and types in a body, too", async () => {
    const { token } = await read(REVISIONS);
    service.wit.create("Shop", { type: "Bug", title: "bug" });
    service.wit.create("Shop", { title: "task" });

    const path = `_apis/wit/${REVISIONS}?continuationToken=${encodeURIComponent(token)}&$expand=fields`;
    const { json } = await service.send("POST", path, {
      fields: ["System.Title"],
      types: ["Bug"],
      includeDeleted: true,
    });

    expect(json.values.map(({ fields }: Shown) => fields)).toEqual([{ "System.Title": "bug" }]);
    expect(json.isLastBatch).toBe(true);
  });

  it("speaks of items in the recycle bin only when asked, and never of destroyed ones", async () => {
    const { token } = await read(REVISIONS);
    const [gone, destroyed] = [service.wit.create("Shop"), service.wit.create("Shop")];
    service.wit.remove(gone);
    service.wit.remove(destroyed);
    service.wit.destroy(destroyed);

    const live = await read(REVISIONS, { token });
    const all = await read(REVISIONS, { token, query: "includeDeleted=true" });
    service.wit.restore(gone);
    const later = await read(REVISIONS, { token: all.token, query: "includeDeleted=true" });

    expect(live.rows).toEqual([]);
    expect(seen(all.rows)).toEqual([`${gone.id}.1`, `${gone.id}.2`]);
    expect(all.rows[1]?.fields["System.IsDeleted"]).toBe(true);
    expect(seen(later.rows)).toEqual([`${gone.id}.3`]);
    expect(later.rows[0]?.fields["System.IsDeleted"]).toBeUndefined();
  });

  it("of one project has only the revisions made in that project", async () => {
    const { token } = await read(REVISIONS);
    const item = service.wit.create("Shop", { title: "mover" });
    service.wit.moveTo(item, "Lab");
    service.wit.edit(item, { "System.Title": "moved" });

    const shop = await read(REVISIONS, { token, scope: "Shop/" });
    const lab = await read(REVISIONS, { token, scope: "Lab/" });
    const everywhere = await read(REVISIONS, { token });

    expect(seen(shop.rows)).toEqual([`${item.id}.1`]);
    expect(seen(lab.rows)).toEqual([`${item.id}.2`, `${item.id}.3`]);
    expect(everywhere.rows.map(({ fields }) => fields["System.TeamProject"] as string)).toEqual(["Shop", "Lab", "Lab"]);
  });

  it("starts at a time instead of a token, but not at both", async () => {
    const item = service.wit.create("Shop");
    const { authorizedAt } = item.revisions[0] ?? { authorizedAt: "" };
    const since = await read(REVISIONS, { query: `startDateTime=${authorizedAt}` });
    const both = await service.get(
      `_apis/wit/${REVISIONS}?startDateTime=${authorizedAt}&continuationToken=${since.token}`,
    );

    expect(seen(since.rows)).toEqual([`${item.id}.1`]);
    expect(both.status).toBe(400);
  });

  it("reduces to latest revisions and to discussions", async () => {
    const { token } = await read(REVISIONS);
    const item = service.wit.create("Shop");
    service.wit.comment(item, "Hello");
    service.wit.edit(item, { "System.Title": "last" });

    const latest = await read(REVISIONS, { token, query: "includeLatestOnly=true" });
    const discussions = await read("reporting/workItemRevisions/discussions", { token });

    expect(seen(latest.rows)).toEqual([`${item.id}.3`]);
    expect(discussions.rows).toMatchObject([{ id: item.id, rev: 2, fields: { "System.History": "Hello" } }]);
  });
});

describe("the feed of links", () => {
  it("tells of links that come, change and go", async () => {
    const { token } = await read(LINKS);
    const [a, b] = [service.wit.create("Shop"), service.wit.create("Lab", { type: "Task" })];
    service.wit.link(a, "Child", { to: b, comment: "first" });
    await service.patch(`_apis/wit/workitems/${a.id}`, [
      { op: "replace", path: "/relations/0/attributes/comment", value: "second" },
    ]);
    service.wit.unlink(b, "Parent", a);

    const { rows } = await read(LINKS, { token });
    const lab = await read(LINKS, { token, scope: "Lab/" });
    const related = await read(LINKS, { token, query: "linkTypes=System.LinkTypes.Related" });

    const attributes = rows.map((row) => row.attributes);
    expect(rows.every(({ rel }) => rel === "System.LinkTypes.Hierarchy")).toBe(true);
    expect(attributes).toMatchObject([
      { sourceId: a.id, targetId: b.id, isActive: true, changedOperation: "create", comment: "first" },
      { isActive: true, changedOperation: "update", comment: "second" },
      { isActive: false, changedOperation: "remove" },
    ]);
    expect(lab.rows).toHaveLength(3);
    expect(related.rows).toEqual([]);
  });

  it("says nothing of links that an item takes into the recycle bin, unless switched so", async () => {
    const [a, b] = [service.wit.create("Shop"), service.wit.create("Shop")];
    service.wit.link(a, "Related", b);
    const { token } = await read(LINKS);

    service.wit.remove(b);
    const silent = await read(LINKS, { token });
    Object.assign(service.state, { linkFeedTellsOfRecycleBin: true });
    service.wit.restore(b);
    const telling = await read(LINKS, { token });

    expect(silent.rows).toEqual([]);
    expect(telling.rows).toMatchObject([{ attributes: { isActive: true, changedOperation: "create" } }]);
  });
});
