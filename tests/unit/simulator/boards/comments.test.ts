import { afterAll, beforeAll, expect, it } from "vitest";
import type { WorkItem } from "../../../simulator/boards/model.ts";
import { add, witService } from "./wit-service.ts";
import type { Shown, Said, WitService } from "./wit-service.ts";

let service: WitService;

beforeAll(async () => {
  service = await witService();
});

afterAll(async () => {
  expect(await service.stop()).toEqual([]);
});

const V4 = "api-version=7.1-preview.4";
const V1 = "api-version=7.1-preview.1";
const base = (item: WorkItem): string => `Shop/_apis/wit/workItems/${item.id}/comments`;
const say = (item: WorkItem, text: string, query = "format=html"): Promise<Said> =>
  service.send("POST", `${base(item)}?${query}&${V4}`, { text });

it("adds a comment and with it a revision", async () => {
  const item = service.wit.create("Shop");

  const { json } = await say(item, "**Hi**", "format=markdown");
  const revision = await service.get(`_apis/wit/workItems/${item.id}/revisions/2`);
  const { json: shown } = await service.get(`${base(item)}/${json.id}?$expand=renderedText&${V4}`);

  expect(json).toMatchObject({ workItemId: item.id, version: 1, text: "**Hi**", format: "markdown" });
  expect(revision.json.fields).toMatchObject({ "System.History": "**Hi**", "System.CommentCount": 1 });
  expect(revision.json.commentVersionRef).toMatchObject({ commentId: json.id, version: 1, createdInRevision: 2 });
  expect(shown.renderedText).toBe("<p><strong>Hi</strong></p>");
});

it("turns System.History of an update into a comment with the update's author and date", async () => {
  const item = service.wit.create("Shop", { at: "2020-01-01T00:00:00Z" });
  const history = [
    add("System.History", "said long ago"),
    add("System.ChangedBy", "ben@contoso.example"),
    add("System.ChangedDate", "2020-02-01T00:00:00Z"),
  ];

  await service.patch(`_apis/wit/workitems/${item.id}?bypassRules=true`, history);
  const { json } = await service.get(`${base(item)}?${V4}`);

  expect(json.comments).toMatchObject([
    { text: "said long ago", createdDate: "2020-02-01T00:00:00Z", createdBy: { displayName: "Ben Okafor" } },
  ]);
});

it("keeps every version of a comment without telling by a revision", async () => {
  const item = service.wit.create("Shop");
  const { json } = await say(item, "first");

  const edited = await service.send("PATCH", `${base(item)}/${json.id}?format=html&${V4}`, { text: "second" });
  const versions = await service.get(`${base(item)}/${json.id}/versions?${V1}`);
  const first = await service.get(`${base(item)}/${json.id}/versions/1?${V1}`);

  expect(edited.json).toMatchObject({ version: 2, text: "second" });
  expect(versions.list.map(({ text }) => text)).toEqual(["first", "second"]);
  expect(first.json.text).toBe("first");
  expect(item.revisions).toHaveLength(2);
});

it("pages comments in either order by a token in the body", async () => {
  const item = service.wit.create("Shop");
  for (const text of ["1", "2", "3"]) service.wit.comment(item, text);

  const page = await service.get(`${base(item)}?$top=2&order=asc&${V4}`);
  const rest = await service.get(
    `${base(item)}?$top=2&order=asc&continuationToken=${encodeURIComponent(page.json.continuationToken)}&${V4}`,
  );
  const newest = await service.get(`${base(item)}?$top=1&${V4}`);

  const texts = ({ json }: Said): string[] => json.comments.map(({ text }: Shown) => text);
  expect(page.json).toMatchObject({ totalCount: 3, count: 2, nextPage: expect.stringContaining("continuationToken=") });
  expect([...texts(page), ...texts(rest)]).toEqual(["1", "2", "3"]);
  expect(rest.json.continuationToken).toBeUndefined();
  expect(texts(newest)).toEqual(["3"]);
});

it("hides deleted comments unless they are asked for", async () => {
  const item = service.wit.create("Shop");
  const { json } = await say(item, "oops");

  const deleted = await service.send("DELETE", `${base(item)}/${json.id}?${V4}`);
  const live = await service.get(`${base(item)}?${V4}`);
  const all = await service.get(`${base(item)}?includeDeleted=true&${V4}`);

  expect(deleted.status).toBe(204);
  expect(live.json).toMatchObject({ totalCount: 0, comments: [] });
  expect(all.json.comments).toMatchObject([{ text: "oops", isDeleted: true }]);
  expect(item.current["System.CommentCount"]).toBe(0);
});

it("counts reactions and knows who reacted", async () => {
  const item = service.wit.create("Shop");
  const mention = `<a href="#" data-vss-mention="version:2.0,${service.state.owner.id}">@Ada</a>`;
  const comment = service.wit.comment(item, mention);
  service.wit.react(comment, "heart", service.state.identities[1]);
  const at = `${base(item)}/${comment.id}/reactions`;

  const put = await service.send("PUT", `${at}/heart?${V1}`, {});
  const listed = await service.get(`${base(item)}?$expand=all&${V4}`);
  const users = await service.get(`${at}/heart/users?${V1}`);
  const taken = await service.send("DELETE", `${at}/heart?${V1}`);

  expect(put.json).toMatchObject({ type: "heart", count: 2, isCurrentUserEngaged: true });
  expect(listed.json.comments[0]).toMatchObject({
    reactions: [{ type: "heart", count: 2 }],
    mentions: [{ targetId: service.state.owner.id }],
    renderedText: mention,
  });
  expect(users.list).toHaveLength(2);
  expect(taken.json).toMatchObject({ count: 1, isCurrentUserEngaged: false });
});
