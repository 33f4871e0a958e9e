import { afterAll, beforeAll, expect, it } from "vitest";
import type { WorkItem } from "../../../simulator/boards/model.ts";
import { add, relate, witService } from "./wit-service.ts";
import type { Said, Shown, WitService } from "./wit-service.ts";

let service: WitService;

beforeAll(async () => {
  service = await witService();
});

afterAll(async () => {
  expect(await service.stop()).toEqual([]);
});

const item = (title = "one"): WorkItem => service.wit.create("Shop", { title });
const urlOf = ({ id }: WorkItem): string => `${service.simulator.organizationUrl}/_apis/wit/workItems/${id}`;
const patch = (of: WorkItem, ...document: object[]): Promise<Said> =>
  service.patch(`_apis/wit/workitems/${of.id}`, document);
const relationsOf = async (of: WorkItem): Promise<readonly Shown[]> =>
  (await service.get(`_apis/wit/workitems/${of.id}?$expand=relations`)).json.relations ?? [];

const PARENT = "System.LinkTypes.Hierarchy-Reverse";
const CHILD = "System.LinkTypes.Hierarchy-Forward";
const RELATED = "System.LinkTypes.Related";

it("shows a link on both of its items and makes no revision of it", async () => {
  const [mother, child] = [item(), item()];

  const { json } = await patch(child, relate(PARENT, urlOf(mother), { comment: "mine" }));

  expect(json.rev).toBe(1);
  expect(json.fields["System.Parent"]).toBe(mother.id);
  expect(await relationsOf(mother)).toMatchObject([
    {
      rel: CHILD,
      url: expect.stringMatching(`/workItems/${child.id}$`),
      attributes: { isLocked: false, name: "Child", comment: "mine" },
    },
  ]);
  expect(await relationsOf(child)).toMatchObject([{ rel: PARENT, attributes: { name: "Parent" } }]);
});

it("refuses doubles, a second parent, circles and links to itself", async () => {
  const [a, b, c] = [item(), item(), item()];
  await patch(a, relate(CHILD, urlOf(b)), relate(RELATED, urlOf(b)));

  const again = await patch(b, relate(PARENT, urlOf(a)));
  const relatedBack = await patch(b, relate(RELATED, urlOf(a)));
  const secondParent = await patch(c, relate(CHILD, urlOf(b)));
  const circle = await patch(b, relate(CHILD, urlOf(a)));
  const self = await patch(a, relate(RELATED, urlOf(a)));
  const missing = await patch(a, relate(RELATED, urlOf({ id: 99_999 } as WorkItem)));

  for (const { json } of [again, relatedBack]) expect(json.message).toContain("Relation already exists");
  expect(secondParent.json.message).toContain("TF201036");
  expect(circle.json.message).toContain("TF201035");
  expect(self.json.message).toContain("TF201034");
  expect(missing.status).toBe(404);
  expect(await relationsOf(b)).toHaveLength(2);
});

it("replaces a parent in one request", async () => {
  const [old, fresh, child] = [item(), item(), item()];
  await patch(child, relate(PARENT, urlOf(old)));

  const { json } = await patch(child, { op: "remove", path: "/relations/0" }, relate(PARENT, urlOf(fresh)));

  expect(json.fields["System.Parent"]).toBe(fresh.id);
  expect(await relationsOf(old)).toEqual([]);
});

it("edits a link's comment and removes links by their place", async () => {
  const [a, b, c] = [item(), item(), item()];
  await patch(a, relate(RELATED, urlOf(b)), relate(RELATED, urlOf(c)));

  await patch(a, { op: "replace", path: "/relations/0/attributes/comment", value: "why" });
  const shown = await relationsOf(a);
  const edited = shown.findIndex(({ attributes }) => attributes.comment === "why");
  await patch(a, { op: "remove", path: `/relations/${edited}` });
  const beyond = await patch(a, { op: "remove", path: "/relations/7" });

  expect(edited).toBeGreaterThanOrEqual(0);
  expect((await relationsOf(a)).map(({ url }) => url)).toEqual(
    shown.filter((_, index) => index !== edited).map(({ url }) => url),
  );
  expect(beyond.status).toBe(400);
});

it("makes a revision of attachments, hyperlinks and artefact links", async () => {
  const one = item();
  const file = await service.upload("_apis/wit/attachments?fileName=a%20b.txt", new TextEncoder().encode("hello"));

  await patch(one, relate("AttachedFile", file.json.url, { comment: "see" }));
  await patch(
    one,
    relate("Hyperlink", "https://example.com/"),
    relate("ArtifactLink", "vstfs:///Git/Commit/a%2Fb%2Fc", { name: "Fixed in Commit" }),
  );
  const { json } = await patch(one, { op: "remove", path: "/relations/1" });
  const unnamed = await patch(one, relate("ArtifactLink", "vstfs:///Git/Commit/a%2Fb%2Fd", { name: "Dreamt of" }));
  const twice = await patch(one, relate("ArtifactLink", "vstfs:///Git/Commit/a%2Fb%2Fc", { name: "Fixed in Commit" }));

  expect(json.rev).toBe(4);
  const [attached, artifact] = await relationsOf(one);
  expect(attached).toMatchObject({
    rel: "AttachedFile",
    attributes: {
      name: "a b.txt",
      resourceSize: 5,
      comment: "see",
      authorizedDate: expect.any(String),
      id: expect.any(Number),
    },
  });
  expect(attached?.url).toMatch(/\/_apis\/wit\/attachments\/[0-9a-f-]{36}$/);
  expect(artifact).toMatchObject({ rel: "ArtifactLink", attributes: { name: "Fixed in Commit" } });
  for (const { status } of [unnamed, twice]) expect(status).toBe(400);
});

it("hides the links of an item in the recycle bin and shows them again when it comes back", async () => {
  const [a, b] = [item(), item()];
  await patch(a, relate(CHILD, urlOf(b)));

  const deleted = await service.send("DELETE", `_apis/wit/workitems/${b.id}`);
  const hidden = await relationsOf(a);
  const linked = await patch(a, relate(RELATED, urlOf(b)));
  const restored = await service.send("PATCH", `_apis/wit/recyclebin/${b.id}`, { IsDeleted: false });

  expect(deleted.json).toMatchObject({ id: b.id, code: 200, project: "Shop", resource: { id: b.id } });
  expect(hidden).toEqual([]);
  expect(linked.status).toBe(404);
  expect(restored.status).toBe(200);
  expect(await relationsOf(a)).toHaveLength(1);
});

it("keeps, lists, restores and destroys what is in the recycle bin", async () => {
  const [a, b] = [item("gone"), item("lost")];
  for (const { id } of [a, b]) await service.send("DELETE", `Shop/_apis/wit/workitems/${id}`);

  const listed = await service.get("Shop/_apis/wit/recyclebin");
  const elsewhere = await service.get("Lab/_apis/wit/recyclebin");
  const single = await service.get(`_apis/wit/recyclebin/${a.id}`);
  const asLive = await service.get(`_apis/wit/workitems/${a.id}`);
  const restored = await service.send("PATCH", `_apis/wit/recyclebin/${a.id}`, { isDeleted: false });
  const destroyed = await service.send("DELETE", `_apis/wit/recyclebin/${b.id}`);

  expect(listed.list.map(({ id }) => id)).toEqual(expect.arrayContaining([a.id, b.id]));
  expect(elsewhere.list).toEqual([]);
  expect(single.json).toMatchObject({
    id: a.id,
    name: "gone",
    type: "Task",
    deletedBy: expect.stringContaining("Ada"),
  });
  expect(asLive.status).toBe(404);
  expect(restored.json.resource).toMatchObject({ id: a.id, rev: 3, fields: { "System.Title": "gone" } });
  expect(destroyed.status).toBe(204);
  expect((await service.get(`_apis/wit/recyclebin/${b.id}`)).status).toBe(404);
});

it("tells in updates what changed when, link changes without a revision of their own", async () => {
  const [a, b] = [item("a"), item("b")];
  await patch(a, relate(RELATED, urlOf(b)));
  await patch(a, add("System.Title", "A"), relate("Hyperlink", "https://example.com/x"));
  await patch(a, { op: "remove", path: "/relations/0" });

  const { list } = await service.get(`_apis/wit/workItems/${a.id}/updates`);
  const other = await service.get(`_apis/wit/workItems/${b.id}/updates?$skip=1&$top=1`);
  const revisions = await service.get(`_apis/wit/workItems/${a.id}/revisions?$expand=relations`);
  const third = await service.get(`_apis/wit/workItems/${a.id}/updates/3`);

  expect(list.map(({ id, rev }) => [id, rev] as number[])).toEqual([
    [1, 1],
    [2, 1],
    [3, 2],
    [4, 2],
  ]);
  expect(list[1]).toMatchObject({ relations: { added: [{ rel: RELATED }] } });
  expect(list[1]?.fields).toBeUndefined();
  expect(list[2]).toMatchObject({
    fields: { "System.Title": { oldValue: "a", newValue: "A" }, "System.Rev": { oldValue: 1, newValue: 2 } },
    relations: { added: [{ rel: "Hyperlink" }] },
  });
  expect(list[3]).toMatchObject({ relations: { removed: [{ rel: RELATED }] } });
  expect(other.list).toMatchObject([{ id: 2, rev: 1, relations: { added: [{ rel: RELATED }] } }]);
  expect(revisions.list.map(({ relations }) => relations?.map(({ rel }) => rel))).toEqual([[RELATED], ["Hyperlink"]]);
  expect(third.json).toEqual(list[2]);
});

it("pages revisions", async () => {
  const one = item("0");
  for (const title of ["1", "2", "3"]) service.wit.edit(one, { "System.Title": title });

  const page = await service.get(`_apis/wit/workItems/${one.id}/revisions?$top=2&$skip=1`);
  const second = await service.get(`_apis/wit/workItems/${one.id}/revisions/2`);

  expect(page.list.map(({ rev, fields }) => [rev, fields["System.Title"]] as unknown[])).toEqual([
    [2, "1"],
    [3, "2"],
  ]);
  expect(second.json.url).toMatch(/\/revisions\/2$/);
});
