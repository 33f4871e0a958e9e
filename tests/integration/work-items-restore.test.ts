import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RestoreRequest } from "../../engine/operations/restore/request.ts";
import type { RestoreResult } from "../../engine/operations/results.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { Wit } from "../simulator/boards/builder.ts";
import type { WorkItem } from "../simulator/boards/model.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { failuresOf, newIdOf, settable, shownItems } from "../support/shown-items.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";

const scrum = "6b724908-ef14-45cf-84f8-768b5384da45";

describe("restoring work items", () => {
  let azure: TestSimulator;
  let engine: Engine;
  let project: ProjectRecord;
  let wit: Wit;
  const { readItem, linksOf, commentTexts, contentsOf, patch } = shownItems(() => azure);

  beforeEach(async () => {
    azure = await simulator();
    engine = await engineOver(azure);
    project = azure.state.addProject("Shop");
    wit = new Wit(azure.state);
  });

  afterEach(async () => {
    await engine.close();
    await azure.stop();
  });

  describe("in place", () => {
    it("sets back type, project, area, board column and Markdown", async () => {
      wit.area(project, "Web");
      const elsewhere = azure.state.addProject("Elsewhere");
      const story = wit.create(project, {
        type: "User Story",
        title: "Pay",
        fields: { "System.AreaPath": "Web", "System.Description": "# Pay" },
        markdown: ["System.Description"],
      });
      const board = Object.keys(story.current).find((name) => name.endsWith("Kanban.Column"))!;
      wit.edit(story, { "System.State": "Active", [board]: "In review" });
      const before = await readItem(story.id);
      await engine.backUp(project);
      wit.edit(story, { "System.State": "Resolved", [board]: "Resolved" });
      wit.edit(story, { "System.WorkItemType": "Task", "System.State": "New" });
      wit.moveTo(story, elsewhere);

      const restored = await overwrite(`work-items/${story.id}`);

      expect(failuresOf(restored)).toEqual([]);
      expect(settable(await readItem(story.id))).toEqual(settable(before));
      expect((await readItem(story.id)).multilineFieldsFormat).toEqual(before.multilineFieldsFormat);
      expect(await overwrite(`work-items/${story.id}`)).toMatchObject({ updated: 0, skipped: 1 });
    });

    it("sets back the comment of a link and of a file", async () => {
      const one = wit.create(project, { title: "One" });
      const other = wit.create(project, { title: "Other" });
      wit.link(one, "Related", { to: other, comment: "as agreed" });
      wit.attach(one, { name: "plan.txt", content: "plan", comment: "first draft" });
      await engine.backUp(project);
      const live = await readItem(one.id);
      const body = live.relations.map((_, index) => ({
        op: "replace",
        path: `/relations/${index}/attributes/comment`,
        value: "changed",
      }));
      await patch(one.id, body);

      const restored = await overwrite(`work-items/${one.id}`);

      expect(failuresOf(restored)).toEqual([]);
      expect((await readItem(one.id)).relations.map(({ attributes }) => attributes.comment).sort()).toEqual([
        "as agreed",
        "first draft",
      ]);
    });

    it("brings back the content of a file that was replaced by another of the same name and size", async () => {
      const bug = wit.create(project, { type: "Bug" });
      wit.attach(bug, { name: "log.txt", content: "good" });
      await engine.backUp(project);
      wit.detach(bug, "log.txt");
      wit.attach(bug, { name: "log.txt", content: "evil" });

      const restored = await overwrite(`work-items/${bug.id}`);
      const again = await overwrite(`work-items/${bug.id}`);

      expect(failuresOf(restored)).toEqual([]);
      expect(await contentsOf(bug.id)).toEqual(["good"]);
      expect(again).toMatchObject({ updated: 0, skipped: 1 });
    });

    it("leaves a title alone that only looks like a person", async () => {
      const bug = wit.create(project, { type: "Bug", title: "Mail to <ada@contoso.example>" });
      await engine.backUp(project);
      wit.edit(bug, { "System.Title": "Spam to <ada@contoso.example>" });

      await overwrite(`work-items/${bug.id}`);

      expect((await readItem(bug.id)).fields["System.Title"]).toBe("Mail to <ada@contoso.example>");
    });

    it("keeps a link to an item that lay in the recycle bin at the time", async () => {
      const one = wit.create(project, { title: "One" });
      const other = wit.create(project, { title: "Other" });
      wit.link(one, "Related", other);
      wit.remove(other);
      await engine.backUp(project);
      wit.restore(other);
      wit.edit(one, { "System.Title": "Changed" });

      const restored = await overwrite(`work-items/${one.id}`);

      expect(failuresOf(restored)).toEqual([]);
      expect((await readItem(one.id)).relations.map(({ rel }) => rel)).toEqual(["System.LinkTypes.Related"]);
    });

    it("leaves the link to an item in the recycle bin to the recycle bin, and has it once when that comes back", async () => {
      const one = wit.create(project, { title: "One" });
      const other = wit.create(project, { title: "Other" });
      wit.link(one, "Related", other);
      await engine.backUp(project);
      wit.edit(one, { "System.Title": "Changed" });
      wit.remove(other);

      const restored = await overwrite(`work-items/${one.id}`);
      wit.restore(other);

      expect(JSON.stringify([...restored.steps])).toContain("is in the recycle bin; the link comes back with it");
      expect((await readItem(one.id)).relations.map(({ rel }) => rel)).toEqual(["System.LinkTypes.Related"]);
    });

    it("undoes a hierarchy that was turned upside down", async () => {
      const items = ["A", "B", "C", "D", "E"].map((title) => wit.create(project, { title }));
      items.slice(1).forEach((item, index) => wit.link(items[index]!, "Child", item));
      const before = await Promise.all(items.map(({ id }) => linksOf(id)));
      await engine.backUp(project);
      items.slice(1).forEach((item, index) => wit.unlink(items[index]!, "Child", item));
      items.slice(1).forEach((item, index) => wit.link(item, "Child", items[index]!));

      const restored = await overwrite("work-items/*");

      expect(failuresOf(restored)).toEqual([]);
      expect(await Promise.all(items.map(({ id }) => linksOf(id)))).toEqual(before);
    });

    it("makes all links of a large family, once each, whoever comes first", async () => {
      const parents = [1, 2, 3].map((number) => wit.create(project, { type: "User Story", title: `Story ${number}` }));
      for (let number = 0; number < 90; number += 1)
        wit.create(project, { title: `Task ${number}`, parent: parents[number % 3]! });
      await engine.backUp(project);
      for (const item of [...parents, ...wit.tracking.items.values()])
        if (item.deleted === undefined) wit.destroy(item);

      const restored = await overwrite("work-items/*");

      expect(failuresOf(restored)).toEqual([]);
      const made = [...wit.tracking.items.values()];
      expect(made).toHaveLength(93);
      expect(made.flatMap(({ links }) => links.filter(({ removedAt }) => removedAt === undefined))).toHaveLength(180);
      expect(await overwrite("work-items/*")).toMatchObject({ created: 0, updated: 0, skipped: 93 });
    });

    it("brings what was in the recycle bin at the time back whole when it is asked for by name", async () => {
      const bug = wit.create(project, { type: "Bug", title: "Deleted" });
      const other = wit.create(project, { title: "Other" });
      wit.link(bug, "Related", other);
      wit.comment(bug, "<div>Keep me</div>");
      await engine.backUp(project);
      wit.remove(bug);
      const { snapshot } = await engine.backUp(project);

      const all = await engine.restore(project, ["work-items/*"], { snapshot, conflictPolicy: "overwrite" });
      const asked = await engine.restore(project, [`work-items/${bug.id}`], { snapshot, conflictPolicy: "overwrite" });

      expect([...all.steps].find(({ key }) => key === String(bug.id))).toMatchObject({ action: "skip" });
      expect(failuresOf(asked)).toEqual([]);
      expect(await linksOf(bug.id)).toEqual([`System.LinkTypes.Related ${other.id}`]);
      expect(await commentTexts(project, bug.id)).toEqual(["<div>Keep me</div>"]);
    });

    it("recreates what was destroyed and points links, mentions and comments of the others to it", async () => {
      const lost = wit.create(project, { type: "Bug", title: "Lost" });
      const text = mention(lost);
      const other = wit.create(project, { title: "Other", fields: { "System.Description": `<p>${text}</p>` } });
      const third = wit.create(project, { title: "Third" });
      wit.comment(third, `<div>${text}</div>`);
      wit.link(other, "Related", lost);
      await engine.backUp(project);
      wit.destroy(lost);

      const restored = await overwrite("work-items/*");
      const again = await overwrite("work-items/*");

      const id = newIdOf(restored, lost);
      expect(failuresOf(restored)).toEqual([]);
      const { fields } = await readItem(other.id);
      expect(fields["System.Description"]).toBe(`<p>${mention(wit.item(id))}</p>`);
      expect(await linksOf(other.id)).toEqual([`System.LinkTypes.Related ${id}`]);
      expect(await commentTexts(project, third.id)).toEqual([`<div>${mention(wit.item(id))}</div>`]);
      expect(again).toMatchObject({ created: 0, updated: 0, failed: 0 });
    });

    it("wins against people who change the item at the same time", async () => {
      const bug = wit.create(project, { type: "Bug", title: "Right" });
      await engine.backUp(project);
      wit.edit(bug, { "System.Title": "Wrong" });
      let hurried = 0;
      const hurry = ({ method }: { readonly method: string }): boolean => {
        if (method === "PATCH" && hurried++ < 3) wit.edit(bug, { "System.Tags": `hurry ${hurried}` });
        return false; // what follows is the service's own refusal
      };
      azure.faults.add({ kind: "resetBefore", when: hurry });

      const restored = await overwrite(`work-items/${bug.id}`);

      expect(failuresOf(restored)).toEqual([]);
      expect((await readItem(bug.id)).fields).toMatchObject({ "System.Title": "Right" });
      expect((await readItem(bug.id)).fields["System.Tags"]).toBeUndefined();
    });
  });

  describe("by policy", () => {
    it("skips what differs, overwrites it, or makes a copy beside it, each without a double", async () => {
      const bug = wit.create(project, { type: "Bug", title: "As it was" });
      await engine.backUp(project);
      wit.edit(bug, { "System.Title": "Changed" });

      const skip = await engine.restore(project, ["work-items/*"], { conflictPolicy: "skip" });
      const rename = await engine.restore(project, ["work-items/*"], { conflictPolicy: "rename" });
      const renameAgain = await engine.restore(project, ["work-items/*"], { conflictPolicy: "rename" });

      expect(skip).toMatchObject({ skipped: 1, updated: 0, created: 0 });
      expect(rename).toMatchObject({ created: 1, failed: 0 });
      expect(renameAgain).toMatchObject({ created: 0, updated: 0, skipped: 1 });
      expect((await readItem(bug.id)).fields["System.Title"]).toBe("Changed");
      expect((await readItem(newIdOf(rename, bug))).fields["System.Title"]).toBe("As it was");
      expect(await overwrite("work-items/*")).toMatchObject({ updated: 1, created: 0 });
      expect((await readItem(bug.id)).fields["System.Title"]).toBe("As it was");
      expect(wit.tracking.items.size).toBe(2);
    });

    it("says what cannot be restored: a type that the target's process does not have", async () => {
      const copy = azure.state.addProject({ name: "Scrum project", processId: scrum });
      const story = wit.create(project, { type: "User Story", title: "Pay" });
      const task = wit.create(project, { type: "Task", title: "Form", parent: story });
      await engine.backUp(project);

      const restored = await into(copy);

      expect(restored).toMatchObject({ created: 1, failed: 1 });
      expect(failuresOf(restored)).toEqual([
        [expect.stringContaining("Pay"), expect.stringContaining("no work item type User Story")],
      ]);
      expect(await linksOf(newIdOf(restored, task))).toEqual([
        expect.stringMatching(new RegExp(`^Hyperlink .*/_workitems/edit/${task.id}$`)),
        `System.LinkTypes.Hierarchy-Reverse ${story.id}`,
      ]);
    });

    it("drops fields that the target's type does not have, with a line, again and again", async () => {
      const copy = azure.state.addProject({ name: "Scrum project", processId: scrum });
      const bug = wit.create(project, {
        type: "Bug",
        title: "Slow",
        fields: { "Microsoft.VSTS.Common.Resolution": "<p>x</p>" },
      });
      const task = wit.create(project, { type: "Task", title: "Form" });
      bug.current["Custom.Gone"] = "no type has this any more";
      task.current["Microsoft.VSTS.Scheduling.StoryPoints"] = 5;
      await engine.backUp(project);

      const restored = await into(copy);
      const again = await into(copy, { conflictPolicy: "overwrite" });

      expect(failuresOf(restored)).toEqual([]);
      const lines = JSON.stringify([...restored.steps].map(({ result }) => result.fidelity));
      expect(lines).toContain("Custom.Gone: the target's type Bug has no such field");
      expect(lines).toContain("Microsoft.VSTS.Scheduling.StoryPoints: the target's type Task has no such field");
      expect(again).toMatchObject({ created: 0, updated: 0, skipped: 2 });
    });

    it("keeps people that the target does not know as text, and maps those it is told of", async () => {
      const copy = azure.state.addProject("Copy");
      const bug = wit.create(project, {
        type: "Bug",
        title: "One",
        fields: { "System.AssignedTo": "ben@contoso.example" },
      });
      const task = wit.create(project, { title: "Two", fields: { "System.AssignedTo": "elif@contoso.example" } });
      await engine.backUp(project);
      const people = azure.state.identities as unknown as { uniqueName: string; displayName: string }[];
      people.splice(
        people.findIndex(({ uniqueName }) => uniqueName.startsWith("ben@")),
        1,
      );
      people.splice(
        people.findIndex(({ uniqueName }) => uniqueName.startsWith("elif@")),
        1,
      );
      const mapping = { identities: { "elif@contoso.example": "grace@contoso.example" } };

      const restored = await into(copy, { mapping });
      const again = await into(copy, { mapping, conflictPolicy: "overwrite" });

      expect(failuresOf(restored)).toEqual([]);
      expect((await readItem(newIdOf(restored, bug))).fields["System.AssignedTo"]).toMatchObject({
        displayName: "Ben Okafor <ben@contoso.example>",
      });
      expect((await readItem(newIdOf(restored, task))).fields["System.AssignedTo"]).toMatchObject({
        uniqueName: "grace@contoso.example",
      });
      expect(JSON.stringify([...restored.steps].map(({ result }) => result.fidelity))).toContain(
        "System.AssignedTo: Ben Okafor",
      );
      expect(again).toMatchObject({ created: 0, updated: 0, skipped: 2 });
    });

    it("says clearly that the identity may not bypass rules", async () => {
      const copy = azure.state.addProject("Copy");
      wit.create(project, { type: "Bug", title: "One" });
      await engine.backUp(project);
      azure.state.deny(azure.state.owner, "bypassRules");

      const restored = await into(copy);

      expect(failuresOf(restored)[0]).toEqual([expect.any(String), expect.stringContaining("bypassRules")]);
      expect(restored.created).toBe(0);
    });

    it("goes on in the right place when the areas are not in the snapshot", async () => {
      const copy = azure.state.addProject("Copy");
      wit.area(project, "Web\\Checkout");
      wit.iteration(project, "Sprint 7");
      const bug = wit.create(project, {
        type: "Bug",
        title: "One",
        fields: { "System.AreaPath": "Web\\Checkout", "System.IterationPath": "Sprint 7" },
      });
      await engine.backUp(project, { exclude: ["areas", "iterations"] });

      const restored = await into(copy);

      expect(failuresOf(restored)).toEqual([]);
      expect((await readItem(newIdOf(restored, bug))).fields).toMatchObject({
        "System.AreaPath": "Copy",
        "System.Title": "One",
      });
      expect(JSON.stringify([...restored.steps].map(({ result }) => result.fidelity))).toContain("System.AreaPath");
    });
  });

  function mention(item: WorkItem): string {
    return `<a href="${azure.organizationUrl}/Shop/_workitems/edit/${item.id}" data-vss-mention="version:1.0">#${item.id}</a>`;
  }

  function overwrite(...selectors: readonly string[]): Promise<RestoreResult> {
    return engine.restore(project, selectors, { conflictPolicy: "overwrite" });
  }

  function into(copy: ProjectRecord, changes: Partial<RestoreRequest> = {}): Promise<RestoreResult> {
    return engine.restore(project, ["work-items/*"], { targetProject: { id: copy.id, name: copy.name }, ...changes });
  }
});
