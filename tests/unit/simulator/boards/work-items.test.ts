import { afterAll, beforeAll, expect, it } from "vitest";
import { add, witService } from "./wit-service.ts";
import type { Shown, WitService } from "./wit-service.ts";

let service: WitService;

beforeAll(async () => {
  service = await witService({ revisionLimit: 6 });
});

afterAll(async () => {
  expect(await service.stop()).toEqual([]);
});

const created = async (title: string, ...more: object[]): Promise<number> => {
  const { json } = await service.patch("Shop/_apis/wit/workitems/$Task", [add("System.Title", title), ...more], "POST");
  return json.id;
};

it("creates an item as the service shows a fresh one", async () => {
  const { status, json } = await service.patch(
    "Shop/_apis/wit/workitems/$User%20Story",
    [add("System.Title", "Pay later")],
    "POST",
  );

  expect(status).toBe(200);
  expect(json).toMatchObject({ rev: 1, multilineFieldsFormat: {} });
  expect(json.fields).toMatchObject({
    "System.AreaPath": "Shop",
    "System.IterationPath": "Shop",
    "System.State": "New",
    "System.Reason": "New",
    "System.CommentCount": 0,
    "System.BoardColumn": "New",
    "Microsoft.VSTS.Common.Priority": 2,
    "Microsoft.VSTS.Common.ValueArea": "Business",
  });
  expect(json.fields["System.Id"]).toBeUndefined();
  expect(json.fields["System.CreatedBy"]).toMatchObject({
    displayName: "Ada Nowak",
    descriptor: expect.stringMatching(/^aad\./),
  });
  expect(json.fields["System.CreatedDate"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,7}Z$/);
  expect(json.url).toMatch(/\/contoso\/[0-9a-f-]{36}\/_apis\/wit\/workItems\/\d+$/);
});

it("shows more or less of an item by $expand, fields and asOf", async () => {
  const id = await created("Before");
  const { json: before } = await service.get(`_apis/wit/workitems/${id}`);
  await service.patch(`_apis/wit/workitems/${id}`, [add("System.Title", "After")]);

  const all = await service.get(`_apis/wit/workitems/${id}?$expand=all`);
  const some = await service.get(`_apis/wit/workitems/${id}?fields=System.Id,System.Title`);
  const old = await service.get(`_apis/wit/workitems/${id}?asOf=${String(before.fields["System.ChangedDate"])}`);
  const both = await service.get(`_apis/wit/workitems/${id}?fields=System.Id&$expand=relations`);

  expect(all.json.fields).toMatchObject({
    "System.Id": id,
    "System.Rev": 2,
    "System.NodeName": "Shop",
    "System.RevisedDate": "9999-01-01T00:00:00Z",
  });
  expect(some.json.fields).toEqual({ "System.Id": id, "System.Title": "After" });
  expect(old.json).toMatchObject({ rev: 1, fields: { "System.Title": "Before" } });
  expect(both).toMatchObject({ status: 400, json: { typeKey: "ConflictingParametersException" } });
});

it("takes an update only for the revision it tests", async () => {
  const id = await created("Once");
  const test = (rev: number): object => ({ op: "test", path: "/rev", value: rev });

  const first = await service.patch(`_apis/wit/workitems/${id}`, [test(1), add("System.Title", "Twice")]);
  const late = await service.patch(`_apis/wit/workitems/${id}`, [test(1), add("System.Title", "Thrice")]);

  expect(first.json.rev).toBe(2);
  expect(late).toMatchObject({ status: 412, json: { message: expect.stringContaining("VS403351") } });
});

it("makes no revision of an update that changes nothing", async () => {
  const id = await created("Same");

  const { json } = await service.patch(`_apis/wit/workitems/${id}`, [add("System.Title", "Same")]);

  expect(json.rev).toBe(1);
});

const refusals: readonly (readonly [string, object, string])[] = [
  ["an empty title", add("System.Title", ""), "TF401320"],
  ["an unknown state", add("System.State", "Asleep"), "TF401320"],
  ["a value outside its list", add("Microsoft.VSTS.Common.Priority", 9), "TF401320"],
  ["an area that does not exist", add("System.AreaPath", "Shop\\Nowhere"), "TF401347"],
  ["an iteration of another project", add("System.IterationPath", "Lab"), "TF401347"],
  ["a field that does not exist", add("Custom.Nothing", 1), "TF51535"],
  ["a field of another type", add("Microsoft.VSTS.TCM.ReproSteps", "x"), "TF51535"],
  ["a computed field", add("System.Rev", 7), "TF401320"],
  ["the changed date", add("System.ChangedDate", "2020-01-01T00:00:00Z"), "TF401320"],
  ["a person nobody knows", add("System.AssignedTo", "Nobody <nobody@nowhere.example>"), "unknown identity"],
];

it.each(refusals)("refuses %s with the service's message", async (_, operation, message) => {
  const id = await created("Whole");

  const { status, json } = await service.patch(`_apis/wit/workitems/${id}`, [operation]);

  expect(status).toBe(400);
  expect(json.message).toContain(message);
  expect(service.wit.item(id).revisions).toHaveLength(1);
});

it("imports dates and people past the rules, but never backwards and never ahead of time", async () => {
  const bypass = "?bypassRules=true&suppressNotifications=true";
  const at = (date: string): object[] => [add("System.ChangedDate", date), add("System.ChangedBy", "Old Hand")];
  const { json } = await service.patch(
    `Shop/_apis/wit/workitems/$Bug${bypass}`,
    [
      add("System.Title", "Old"),
      add("System.CreatedDate", "2019-05-01T10:00:00Z"),
      add("System.CreatedBy", "Old Hand"),
      ...at("2019-05-01T10:00:00.1234567Z"),
    ],
    "POST",
  );

  const next = await service.patch(`_apis/wit/workitems/${json.id}${bypass}`, [
    add("System.State", "Active"),
    ...at("2019-05-02T10:00:00Z"),
  ]);
  const back = await service.patch(`_apis/wit/workitems/${json.id}${bypass}`, [
    add("System.State", "Closed"),
    ...at("2019-05-02T10:00:00Z"),
  ]);
  const ahead = await service.patch(`_apis/wit/workitems/${json.id}${bypass}`, at("2999-01-01T00:00:00Z"));

  expect(json.fields).toMatchObject({
    "System.ChangedDate": "2019-05-01T10:00:00.1234567Z",
    "System.CreatedBy": { displayName: "Old Hand" },
  });
  expect(json.fields["Microsoft.VSTS.Common.Priority"]).toBeUndefined();
  expect(next.json.fields["Microsoft.VSTS.Common.ActivatedDate"]).toBeUndefined();
  expect(back).toMatchObject({ status: 400, json: { message: expect.stringContaining("VS402625") } });
  expect(ahead.status).toBe(400);
});

it("lets only those bypass the rules who may", async () => {
  const ben = service.state.identities[1];
  if (!ben) throw new Error("no second person");
  service.state.deny(service.state.owner, "bypassRules");

  const { status } = await service.patch(
    "Shop/_apis/wit/workitems/$Task?bypassRules=true",
    [add("System.Title", "x")],
    "POST",
  );

  service.state.isAllowed = () => true;
  expect(status).toBe(403);
});

it("only looks when asked to validate", async () => {
  const count = service.wit.tracking.items.size;

  const good = await service.patch(
    "Shop/_apis/wit/workitems/$Task?validateOnly=true",
    [add("System.Title", "x")],
    "POST",
  );
  const bad = await service.patch(
    "Shop/_apis/wit/workitems/$Task?validateOnly=true",
    [add("System.State", "New")],
    "POST",
  );

  expect(good).toMatchObject({ status: 200, json: { fields: { "System.Title": "x" } } });
  expect(bad.status).toBe(400);
  expect(service.wit.tracking.items.size).toBe(count);
});

it("stops at the limit of revisions", async () => {
  const id = await created("0");
  for (const title of ["1", "2", "3", "4", "5"])
    await service.patch(`_apis/wit/workitems/${id}`, [add("System.Title", title)]);

  const { status, json } = await service.patch(`_apis/wit/workitems/${id}`, [add("System.Title", "6")]);

  expect(status).toBe(400);
  expect(json.typeKey).toBe("WorkItemRevisionLimitExceededException");
});

it("moves an item to another project and type", async () => {
  const id = await created("Wanderer", add("System.Tags", "far; away"));

  const { json } = await service.patch(`_apis/wit/workitems/${id}`, [
    add("System.TeamProject", "Lab"),
    add("System.AreaPath", "Lab"),
    add("System.IterationPath", "Lab\\Iteration 1"),
    add("System.WorkItemType", "Product Backlog Item"),
  ]);

  expect(json).toMatchObject({ id, rev: 2 });
  expect(json.fields).toMatchObject({
    "System.TeamProject": "Lab",
    "System.IterationPath": "Lab\\Iteration 1",
    "System.WorkItemType": "Product Backlog Item",
    "System.State": "New",
    "System.Tags": "away; far",
  });
  const tags = await service.get("Lab/_apis/wit/tags");
  expect(tags.list.map(({ name }) => name)).toEqual(["away", "far"]);
});

it("answers for missing items by the error policy and keeps their places", async () => {
  const [a, b] = [await created("a"), await created("b")];

  const omitted = await service.send("POST", "_apis/wit/workitemsbatch", {
    ids: [b, 999_999, a],
    errorPolicy: "omit",
    $expand: "relations",
  });
  const failed = await service.get(`_apis/wit/workitems?ids=${a},999999`);
  const many = await service.get(
    `_apis/wit/workitems?ids=${Array.from({ length: 201 }, (_, index) => index + 1).join(",")}`,
  );

  expect(omitted.json.value.map((item: { id: number } | null) => item?.id ?? null)).toEqual([b, null, a]);
  expect(failed).toMatchObject({ status: 404, json: { message: expect.stringContaining("TF401232") } });
  expect(many.status).toBe(400);
});

it("says which long texts are Markdown, for good", async () => {
  const id = await created("Notes", add("System.Description", "**bold**"), {
    op: "add",
    path: "/multilineFieldsFormat/System.Description",
    value: "Markdown",
  });

  const { json } = await service.get(`_apis/wit/workitems/${id}`);
  const back = await service.patch(`_apis/wit/workitems/${id}`, [
    { op: "add", path: "/multilineFieldsFormat/System.Description", value: "Html" },
  ]);

  expect(json.multilineFieldsFormat).toEqual({ "System.Description": "markdown" });
  expect(back.status).toBe(400);
});

it("carries out the parts of a batch one by one, whatever becomes of the others", async () => {
  const version = "api-version=7.1";
  const part = (uri: string, body: object[]): object => ({
    method: "PATCH",
    uri,
    headers: { "Content-Type": "application/json-patch+json" },
    body,
  });
  const { json } = await service.send("PATCH", "_apis/wit/$batch?api-version=7.1", [
    part(`/Shop/_apis/wit/workitems/$Task?${version}`, [
      { op: "add", path: "/id", value: -1 },
      add("System.Title", "Parent"),
    ]),
    part(`/Shop/_apis/wit/workitems/$Task?${version}`, [add("System.State", "New")]),
    part(`/Shop/_apis/wit/workitems/$Task?${version}`, [
      add("System.Title", "Child"),
      {
        op: "add",
        path: "/relations/-",
        value: {
          rel: "System.LinkTypes.Hierarchy-Reverse",
          url: `${service.simulator.organizationUrl}/_apis/wit/workItems/-1`,
        },
      },
    ]),
  ]);

  expect(json.count).toBe(3);
  expect(json.value.map((part) => part?.code)).toEqual([200, 400, 200]);
  const bodyOf = (index: number): Shown & { value: { Message: string } } =>
    JSON.parse(json.value[index]?.body ?? "") as Shown & { value: { Message: string } };
  const parent = bodyOf(0).id;
  expect(bodyOf(1).value.Message).toContain("TF401320");
  expect(bodyOf(2).fields["System.Parent"]).toBe(parent);
});

it("describes types, states, fields and kinds of links", async () => {
  const types = await service.get("Shop/_apis/wit/workitemtypes");
  const states = await service.get("Lab/_apis/wit/workitemtypes/Bug/states");
  const field = await service.get("_apis/wit/fields/System.Title");
  const fields = await service.get("Shop/_apis/wit/workitemtypes/Bug/fields?$expand=all");
  const relations = await service.get("_apis/wit/workitemrelationtypes");
  const artifacts = await service.get("_apis/wit/artifactlinktypes");
  const categories = await service.get("Shop/_apis/wit/workitemtypecategories");

  expect(types.list.map(({ name }) => name)).toContain("User Story");
  expect(states.list.map(({ name }) => name)).toEqual(["New", "Approved", "Committed", "Done", "Removed"]);
  expect(field.json).toMatchObject({ name: "Title", type: "string" });
  expect(fields.list.length).toBeGreaterThan(40);
  expect(relations.list).toHaveLength(21);
  expect(artifacts.list.length).toBeGreaterThan(10);
  expect(categories.list.length).toBeGreaterThan(5);
});
