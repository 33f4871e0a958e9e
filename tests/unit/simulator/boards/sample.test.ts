import { afterAll, beforeAll, expect, it } from "vitest";
import { addManyWorkItems } from "../../../simulator/boards/many.ts";
import { addSampleWorkItems } from "../../../simulator/boards/sample.ts";
import type { SampleWorkItems } from "../../../simulator/boards/sample.ts";
import { witService } from "./wit-service.ts";
import type { Shown, WitService } from "./wit-service.ts";

let service: WitService;
let sample: SampleWorkItems;

beforeAll(async () => {
  service = await witService();
  sample = addSampleWorkItems(service.state, service.wit.project("Shop"));
});

afterAll(async () => {
  expect(await service.stop()).toEqual([]);
});

it("has a backlog with all that a work item can carry", async () => {
  const { json: story } = await service.get(`_apis/wit/workitems/${sample.story.id}?$expand=all`);
  const { json: comments } = await service.get(
    `Shop/_apis/wit/workItems/${sample.story.id}/comments?$expand=all&order=asc&api-version=7.1-preview.4`,
  );

  expect(sample.all.length).toBeGreaterThan(25);
  expect(story.fields["System.Description"]).toMatch(
    /<img src="https:\/\/dev\.azure\.com\/contoso\/[0-9a-f-]{36}\/_apis\/wit\/attachments\//,
  );
  expect(story.multilineFieldsFormat).toEqual({ "Microsoft.VSTS.Common.AcceptanceCriteria": "markdown" });
  expect(new Set(story.relations?.map(({ rel }: Shown) => rel))).toEqual(
    new Set([
      "System.LinkTypes.Hierarchy-Forward",
      "System.LinkTypes.Hierarchy-Reverse",
      "System.LinkTypes.Related",
      "Microsoft.VSTS.Common.TestedBy-Forward",
      "AttachedFile",
      "Hyperlink",
    ]),
  );
  expect(comments.comments).toMatchObject([{ reactions: [{ type: "like" }], mentions: [{}] }, { format: "markdown" }]);
  expect(sample.hostile.current["System.Title"]).toMatch(/^##vso\[/);
  expect(sample.deleted.deleted).toBeDefined();
});

it("lets every page of every item be read", async () => {
  for (const { id } of sample.all.filter((item) => !item.deleted)) {
    const updates = await service.get(`_apis/wit/workItems/${id}/updates`);
    const revisions = await service.get(`_apis/wit/workItems/${id}/revisions?$expand=all`);
    expect([updates.status, revisions.status]).toEqual([200, 200]);
    expect(updates.list.length).toBeGreaterThanOrEqual(revisions.list.length);
  }
});

it("is the same each time", async () => {
  const other = await witService();
  const again = addSampleWorkItems(other.state, other.wit.project("Shop"));
  await other.stop();

  const facts = ({ all }: SampleWorkItems): unknown[] =>
    all.map(({ id, current, revisions }) => [
      id,
      revisions.length,
      current["System.Title"],
      current["System.Description"],
    ]);
  expect(facts(again)).toEqual(facts(sample));
});

it("makes 10,000 items in seconds and serves the feed in large pages", async () => {
  const before = service.wit.tracking.feed.length;
  const started = performance.now();
  const { first, last } = addManyWorkItems(service.state, service.wit.project("Lab"), 10_000);
  const madeInMs = performance.now() - started;

  const feed = await service.get(`_apis/wit/reporting/workitemrevisions?continuationToken=${before}&$expand=fields`);
  const child = await service.get(`_apis/wit/workitems/${last}?$expand=relations`);

  expect(madeInMs).toBeLessThan(10_000);
  expect(last - first).toBe(9_999);
  expect(feed.json).toMatchObject({ isLastBatch: false });
  expect(feed.json.values).toHaveLength(1000);
  expect(child.json).toMatchObject({ rev: 3, relations: [{ attributes: { name: "Parent" } }] });
});
