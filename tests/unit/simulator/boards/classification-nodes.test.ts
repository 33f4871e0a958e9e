import { afterAll, beforeAll, expect, it } from "vitest";
import { witService } from "./wit-service.ts";
import type { WitService } from "./wit-service.ts";

let service: WitService;

beforeAll(async () => {
  service = await witService();
});

afterAll(async () => {
  expect(await service.stop()).toEqual([]);
});

const AREAS = "Shop/_apis/wit/classificationnodes/Areas";
const ITERATIONS = "Shop/_apis/wit/classificationnodes/Iterations";

it("gives a new project its roots and three iterations", async () => {
  const { list } = await service.get("Lab/_apis/wit/classificationnodes?$depth=2");

  expect(list).toMatchObject([
    { name: "Lab", structureType: "area", hasChildren: false, path: "\\Lab\\Area" },
    {
      name: "Lab",
      structureType: "iteration",
      children: [{ name: "Iteration 1", path: "\\Lab\\Iteration\\Iteration 1" }, {}, {}],
    },
  ]);
});

it("makes one node per request, without the children of the body", async () => {
  const made = await service.send("POST", AREAS, { name: "Web", children: [{ name: "Ignored" }] });
  const child = await service.send("POST", `${AREAS}/Web`, { name: "Basket" });
  const again = await service.send("POST", `${AREAS}/Web`, { name: "BASKET" });
  const orphan = await service.send("POST", `${AREAS}/Nowhere`, { name: "x" });
  const odd = await service.send("POST", AREAS, { name: "a/b" });

  expect(made).toMatchObject({ status: 201, json: { hasChildren: false, path: "\\Shop\\Area\\Web" } });
  expect(child.json._links.parent?.href).toMatch(/\/classificationNodes\/Areas\/Web$/);
  expect(again).toMatchObject({ status: 409, json: { message: expect.stringContaining("VS402371") } });
  expect(orphan.status).toBe(404);
  expect(odd.status).toBe(400);
});

it("finds nodes by path, with depth, and by ids", async () => {
  const { json } = await service.get(`${AREAS}/%5CWeb%5CBasket`);
  const shallow = await service.get(AREAS);
  const deep = await service.get(`${AREAS}?$depth=5`);
  const byId = await service.get(`Shop/_apis/wit/classificationnodes?ids=${json.id}`);
  const omitted = await service.get("Shop/_apis/wit/classificationnodes?ids=99999&errorPolicy=omit");

  expect(shallow.json.children).toBeUndefined();
  expect(deep.json.children[0]?.children[0]).toMatchObject({ id: json.id, name: "Basket" });
  expect(byId.list).toMatchObject([{ identifier: json.identifier }]);
  expect(omitted.json.value).toEqual([null]);
});

it("keeps dates of iterations and shows renamed and moved nodes in old revisions, too", async () => {
  await service.send("POST", ITERATIONS, { name: "Release" });
  const dates = { startDate: "2026-01-05T00:00:00Z", finishDate: "2026-01-16T00:00:00Z" };
  const { json } = await service.send("POST", ITERATIONS, { name: "S1", attributes: dates });
  const item = service.wit.create("Shop", { fields: { "System.IterationPath": "S1" } });
  service.wit.edit(item, { "System.Title": "later" });

  const moved = await service.send("POST", `${ITERATIONS}/Release`, { id: json.id });
  const renamed = await service.send("PATCH", `${ITERATIONS}/Release/S1`, { name: "Sprint 1" });
  const first = await service.get(`_apis/wit/workItems/${item.id}/revisions/1`);

  expect(json.attributes).toEqual(dates);
  expect(moved).toMatchObject({ status: 200, json: { path: "\\Shop\\Iteration\\Release\\S1" } });
  expect(renamed.json).toMatchObject({ name: "Sprint 1", attributes: dates });
  expect(first.json.fields["System.IterationPath"]).toBe("Shop\\Release\\Sprint 1");
});

it("hands a deleted node's items to another node", async () => {
  const heir = await service.send("POST", AREAS, { name: "Heir" });
  const item = service.wit.create("Shop", { fields: { "System.AreaPath": "Web\\Basket" } });

  const deleted = await service.send("DELETE", `${AREAS}/Web?$reclassifyId=${heir.json.id}`);
  const { json } = await service.get(`_apis/wit/workitems/${item.id}`);
  const gone = await service.get(`${AREAS}/Web`);
  const updates = await service.get(`_apis/wit/workitems/${item.id}/updates`);

  expect([deleted.status, gone.status]).toEqual([204, 404]);
  expect(json).toMatchObject({ rev: 2, fields: { "System.AreaPath": "Shop\\Heir" } });
  expect(updates.list[1]?.fields["System.AreaPath"]).toEqual({
    oldValue: "Shop\\Web\\Basket",
    newValue: "Shop\\Heir",
  });
});
