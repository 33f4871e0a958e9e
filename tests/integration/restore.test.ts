import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { Wit } from "../simulator/boards/builder.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { refsOf, workRepository, type WorkRepository } from "../support/git-repositories.ts";
import { ask, simulator, type TestSimulator } from "../support/simulator.ts";

describe("restoring", () => {
  let azure: TestSimulator;
  let engine: Engine;
  let folder: string;
  let project: ProjectRecord;
  let wit: Wit;

  beforeEach(async () => {
    azure = await simulator();
    engine = await engineOver(azure);
    folder = await mkdtemp(join(tmpdir(), "restore-"));
    project = azure.state.addProject("Shop");
    wit = new Wit(azure.state);
  });

  afterEach(async () => {
    await engine.close();
    await azure.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("brings a deleted repository back with its id and identical refs", async () => {
    const { work, record } = addRepository("Web");
    work.git("tag", "-a", "v1", "-m", "one");
    work.push("--all");
    work.push("--tags");
    const before = refsOf(folderOf(record));
    await engine.backUp(project);
    await ask(azure, `${project.id}/_apis/git/repositories/${record.id}`, { method: "DELETE" });

    const restored = await engine.restore(project, ["git-repositories/Web"]);

    expect(restored.failed).toBe(0);
    const back = azure.state.repositories.list(project.id).find(({ name }) => name === "Web");
    expect(back?.id).toBe(record.id);
    expect(refsOf(folderOf(record))).toEqual(before);
  });

  it("creates a repository in another project, twice without a duplicate", async () => {
    const { record } = addRepository("Web");
    await engine.backUp(project);
    const other = azure.state.addProject("Copy");

    const first = await engine.restore(project, ["git-repositories/Web"], {
      targetProject: { id: other.id, name: other.name },
    });
    const second = await engine.restore(project, ["git-repositories/Web"], {
      targetProject: { id: other.id, name: other.name },
    });

    expect([first.failed, second.failed]).toEqual([0, 0]);
    expect(second.created).toBe(0);
    const copies = azure.state.repositories.list(other.id).filter(({ name }) => name === "Web");
    expect(copies).toHaveLength(1);
    expect(refsOf(azure.state.repositories.folderOf(copies[0]!))).toEqual(refsOf(folderOf(record)));
  });

  it("restores every snapshot of a repository that was force-pushed", async () => {
    const { work, record } = addRepository("Web");
    work.commits(5);
    work.push("main");
    const before = refsOf(folderOf(record));
    const first = await engine.backUp(project);
    work.git("reset", "--hard", "HEAD~4");
    work.commits(2);
    work.push("--force", "main");
    await engine.backUp(project);

    const restored = await engine.restore(project, ["git-repositories/Web"], {
      snapshot: first.snapshot,
      conflictPolicy: "overwrite",
    });

    expect(restored.failed).toBe(0);
    expect(refsOf(folderOf(record))).toEqual(before);
  });

  it("takes a work item out of the recycle bin with its id and sets back later changes", async () => {
    const bug = wit.create(project, {
      type: "Bug",
      title: "Cart is empty",
      fields: { "System.Description": "<p>Steps</p>" },
    });
    const other = wit.create(project, { type: "Task", title: "Fix" });
    wit.link(bug, "Related", other);
    wit.comment(bug, "<div>Seen on Friday</div>");
    await engine.backUp(project);
    wit.edit(bug, { "System.Title": "Changed later", "System.Tags": "wrong" });
    wit.remove(bug);

    const restored = await engine.restore(project, [`work-items/${bug.id}`]);

    expect([...restored.steps].map(({ result }) => result)).not.toContainEqual(
      expect.objectContaining({ outcome: "failed" }),
    );
    const item = await readItem(bug.id);
    expect(item.fields["System.Title"]).toBe("Cart is empty");
    expect(item.fields["System.Tags"]).toBeUndefined();
    expect(item.relations).toHaveLength(1);
  });

  it("rolls a live work item back in place with overwrite, links, comments and files included", async () => {
    const story = wit.create(project, {
      type: "User Story",
      title: "Pay",
      fields: { "System.Description": "<p>Pay by card</p>" },
    });
    const task = wit.create(project, { type: "Task", title: "Form", parent: story });
    wit.attach(story, { name: "plan.txt", content: "the plan" });
    wit.comment(story, "<div>First</div>");
    await engine.backUp(project);
    wit.edit(story, { "System.Title": "Overwritten by an attacker", "System.Description": "" });
    wit.unlink(story, "Child", task);
    wit.detach(story, "plan.txt");
    wit.comment(story, "<div>Later</div>");

    const skipped = await engine.restore(project, [`work-items/${story.id}`]);
    const restored = await engine.restore(project, [`work-items/${story.id}`], { conflictPolicy: "overwrite" });

    expect(skipped).toMatchObject({ skipped: 1, updated: 0, failed: 0 });
    expect(restored).toMatchObject({ updated: 1, failed: 0 });
    const item = await readItem(story.id);
    expect(item.fields["System.Title"]).toBe("Pay");
    expect(item.fields["System.Description"]).toBe("<p>Pay by card</p>");
    expect(item.relations.map(({ rel }) => rel).sort()).toEqual(["AttachedFile", "System.LinkTypes.Hierarchy-Forward"]);
    const again = await engine.restore(project, [`work-items/${story.id}`], { conflictPolicy: "overwrite" });
    expect(again).toMatchObject({ updated: 0, skipped: 1, failed: 0 });
  });

  it("recreates work items in another project with links, mentions, images and comments, twice without a duplicate", async () => {
    const image = wit.upload("screen.png", "not really a picture");
    const story = wit.create(project, { type: "User Story", title: "Pay" });
    const url = `${azure.organizationUrl}/${project.id}/_apis/wit/attachments/${image.id}?fileName=screen.png`;
    const mention = `<a href="${azure.organizationUrl}/Shop/_workitems/edit/${story.id}" data-vss-mention="version:1.0">#${story.id}</a>`;
    const task = wit.create(project, {
      type: "Task",
      title: "Form",
      parent: story,
      fields: { "System.Description": `<p>${mention}<img src="${url}"></p>` },
    });
    wit.attach(task, { name: "notes.txt", content: "notes" });
    wit.comment(task, "<div>Looks good</div>");
    await engine.backUp(project);
    const other = azure.state.addProject("Copy");
    const target = { targetProject: { id: other.id, name: other.name } };

    const first = await engine.restore(project, ["work-items/*"], target);
    const second = await engine.restore(project, ["work-items/*"], target);

    expect([...first.steps].filter(({ result }) => result.outcome === "failed")).toEqual([]);
    expect(first.created).toBe(2);
    expect(second).toMatchObject({ created: 0, updated: 0, failed: 0 });
    const copies = itemsIn(other);
    expect(copies).toHaveLength(2);
    const newTask = await readItem(copies.find(({ title }) => title === "Form")!.id);
    const newStory = copies.find(({ title }) => title === "Pay")!;
    expect(newTask.fields["System.TeamProject"]).toBe("Copy");
    expect(newTask.fields["System.Tags"]).toBeUndefined();
    expect(newTask.fields["System.Description"]).toContain(`/Copy/_workitems/edit/${newStory.id}`);
    expect(newTask.fields["System.Description"]).not.toContain(image.id);
    expect(newTask.relations.map(({ rel }) => rel).sort()).toEqual([
      "AttachedFile",
      "AttachedFile",
      "Hyperlink",
      "System.LinkTypes.Hierarchy-Reverse",
    ]); // notes and history
    const comments = await ask(
      azure,
      `${other.id}/_apis/wit/workItems/${newTask.id}/comments?api-version=7.1-preview.4`,
    );
    expect(JSON.stringify(comments.json)).toContain("Looks good");
  });

  it("creates the project when it is missing, areas and repositories first", async () => {
    addRepository("Web");
    wit.area(project, "Web");
    wit.create(project, { type: "Bug", title: "In an area", fields: { "System.AreaPath": "Web" } });
    await engine.backUp(project);

    const restored = await engine.restore(project, ["*"], { targetProject: { id: undefined, name: "Rebuilt" } });

    expect([...restored.steps].filter(({ result }) => result.outcome === "failed")).toEqual([]);
    const rebuilt = azure.state.projects().find(({ name }) => name === "Rebuilt")!;
    expect(
      azure.state.repositories
        .list(rebuilt.id)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["Rebuilt", "Shop", "Web"]);
    expect(itemsIn(rebuilt)).toHaveLength(1);
  });

  function addRepository(name: string): {
    readonly work: WorkRepository;
    readonly record: ReturnType<TestSimulator["state"]["addRepository"]>;
  } {
    const record = azure.state.addRepository(project, { name });
    const work = workRepository(join(folder, name), folderOf(record));
    work.commit({ "README.md": `# ${name}\n` });
    work.push("main");
    return { work, record };
  }

  function folderOf(record: Parameters<TestSimulator["state"]["repositories"]["folderOf"]>[0]): string {
    return azure.state.repositories.folderOf(record);
  }

  async function readItem(id: number): Promise<{
    readonly id: number;
    readonly fields: Record<string, string>;
    readonly relations: readonly { readonly rel: string; readonly url: string }[];
  }> {
    const { json, status } = await ask(azure, `_apis/wit/workitems/${id}?$expand=relations`);
    expect(status).toBe(200);
    return { relations: [], ...json } as never;
  }

  function itemsIn(where: { readonly id: string }): readonly { readonly id: number; readonly title: string }[] {
    return [...wit.tracking.items.values()]
      .filter((item) => wit.tracking.projectOf(item).id === where.id)
      .map((item) => ({ id: item.id, title: stringTitle(item.current) }));
  }
});

function stringTitle(fields: Readonly<Record<string, unknown>>): string {
  const title = fields["System.Title"];
  return typeof title === "string" ? title : "";
}
