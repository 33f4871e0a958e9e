import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { WorkItemHistory } from "../../engine/kinds/kind.ts";
import type { RestoreResult } from "../../engine/operations/results.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { Wit } from "../simulator/boards/builder.ts";
import type { WorkItem } from "../simulator/boards/model.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { failuresOf, newIdOf } from "../support/shown-items.ts";
import { ask, simulator, type TestSimulator } from "../support/simulator.ts";

interface Revision {
  readonly rev: number;
  readonly fields: Record<string, unknown>;
}

describe("the history of a recreated work item", () => {
  let azure: TestSimulator;
  let engine: Engine;
  let project: ProjectRecord;
  let copy: ProjectRecord;
  let wit: Wit;

  beforeEach(async () => {
    azure = await simulator();
    engine = await engineOver(azure);
    project = azure.state.addProject("Shop");
    copy = azure.state.addProject("Copy");
    wit = new Wit(azure.state);
  });

  afterEach(async () => {
    await engine.close();
    await azure.stop();
  });

  it("is replayed with the authors, dates and values of all revisions", async () => {
    const bug = await bugWithHistory();
    const original = await revisionsOf(bug.id);
    const comments = await commentsOf(project, bug.id);

    const restored = await restore({ mode: "replay" });

    const id = newIdOf(restored, bug);
    const replayed = (await revisionsOf(id)).slice(0, original.length);
    expect(replayed.map(significant)).toEqual(original.map(significant));
    expect(await commentsOf(copy, id)).toEqual(comments);
    expect(await filesOf(id)).toEqual([]);
  });

  it("is replayed once, however often the restore is repeated", async () => {
    const bug = await bugWithHistory();
    const restored = await restore({ mode: "replay" });
    const before = await revisionsOf(newIdOf(restored, bug));

    const again = await restore({ mode: "replay" });

    expect(again).toMatchObject({ created: 0, updated: 0, failed: 0 });
    expect(await revisionsOf(newIdOf(again, bug))).toEqual(before);
  });

  it("moves revisions of the same instant apart, since dates must increase", async () => {
    const bug = wit.create(project, { type: "Bug", title: "First", at: "2026-01-01T08:00:00.000Z" });
    for (let number = 2; number <= 6; number += 1) wit.edit(bug, { "System.Title": `Title ${number}` });
    const tracked = wit.item(bug.id).revisions as { at: string }[];
    for (const revision of tracked) revision.at = "2026-01-01T08:00:00.0000000Z";
    await engine.backUp(project);

    const restored = await restore({ mode: "replay" });

    expect(failuresOf(restored)).toEqual([]);
    const dates = (await revisionsOf(newIdOf(restored, bug)))
      .slice(0, 6)
      .map(({ fields }) => fields["System.ChangedDate"]);
    expect(dates).toEqual([
      "2026-01-01T08:00:00Z",
      "2026-01-01T08:00:00.001Z",
      "2026-01-01T08:00:00.002Z",
      "2026-01-01T08:00:00.003Z",
      "2026-01-01T08:00:00.004Z",
      "2026-01-01T08:00:00.005Z",
    ]);
  });

  it("goes on where an interrupted replay stood, equal dates included", async () => {
    const bug = wit.create(project, { type: "Bug", title: "Title 1" });
    for (let number = 2; number <= 9; number += 1) wit.edit(bug, { "System.Title": `Title ${number}` });
    const tracked = wit.item(bug.id).revisions as { at: string }[];
    for (const revision of tracked) revision.at = "2026-01-01T08:00:00.0000000Z";
    await engine.backUp(project);
    azure.faults.add({ kind: "status", status: 400, when: ({ method }) => method === "PATCH", skip: 3 });
    const interrupted = await restore({ mode: "replay" });
    azure.faults.clear();

    const resumed = await restore({ mode: "replay" });

    expect(interrupted.failed).toBe(1);
    expect(resumed.failed).toBe(0);
    const copies = [...wit.tracking.items.values()].filter((item) => wit.tracking.projectOf(item).id === copy.id);
    expect(copies).toHaveLength(1);
    const titles = (await revisionsOf(copies[0]!.id)).slice(0, 9).map(({ fields }) => fields["System.Title"]);
    expect(titles).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => `Title ${number}`));
  });

  it("is written from the last N revisions, the rest lies beside it as a file", async () => {
    const bug = await bugWithHistory();
    const original = await revisionsOf(bug.id);

    const restored = await restore({ mode: "last", revisions: 3 });

    const id = newIdOf(restored, bug);
    const written = (await revisionsOf(id)).slice(0, 3);
    expect(written.map(significant)).toEqual(original.slice(-3).map(significant));
    expect((await filesOf(id)).map(({ name }) => name)).toEqual([`work-item-${bug.id}-history.json`]);
    expect(await restore({ mode: "last", revisions: 3 })).toMatchObject({ created: 0, updated: 0, failed: 0 });
  });

  it("lies beside the recreated item as a file with all revisions and comments", async () => {
    const bug = await bugWithHistory();
    const original = await revisionsOf(bug.id);

    const restored = await restore({ mode: "attach" });

    const [file] = await filesOf(newIdOf(restored, bug));
    const { text } = await ask(azure, `${file!.url.replace(`${azure.organizationUrl}/`, "")}?download=true`);
    const history = JSON.parse(text) as { id: number; revisions: Revision[]; comments: { text: string }[] };
    expect(history.id).toBe(bug.id);
    expect(history.revisions.map(({ rev, fields }) => [rev, fields["System.Title"]])).toEqual(
      original.map(({ rev, fields }) => [rev, fields["System.Title"]]),
    );
    expect(history.comments.map((comment) => comment.text)).toEqual([
      "<div>Seen again</div>",
      "<div>Never mind</div>", // deleted, but once said
      "It is **fixed**",
    ]);
    const fields = (await revisionsOf(newIdOf(restored, bug))).at(-1)!.fields;
    expect(fields["System.CreatedDate"]).toBe(original[0]!.fields["System.CreatedDate"]);
    expect(JSON.stringify(fields["System.CreatedBy"])).toContain("Ben Okafor");
  });

  it("of a thousand revisions is replayed, too", { timeout: 120_000 }, async () => {
    const bug = wit.create(project, { type: "Bug", title: "Title 1" });
    for (let number = 2; number <= 1000; number += 1) wit.edit(bug, { "System.Title": `Title ${number}` });
    await engine.backUp(project);

    const restored = await restore({ mode: "replay" });

    expect(failuresOf(restored)).toEqual([]);
    const copied = wit.item(newIdOf(restored, bug));
    expect(copied.revisions.slice(0, 1000).map(({ at }) => at)).toEqual(bug.revisions.map(({ at }) => at));
  });

  it("of an item that was moved here and back is whole", async () => {
    const elsewhere = azure.state.addProject("Elsewhere");
    const bug = wit.create(elsewhere, { type: "Bug", title: "From elsewhere" });
    wit.moveTo(bug, project);
    wit.moveTo(bug, elsewhere);
    wit.moveTo(bug, project);
    wit.edit(bug, { "System.Title": "Here to stay" });
    await engine.backUp(project);
    const original = await revisionsOf(bug.id);

    const restored = await restore({ mode: "replay" });

    const replayed = (await revisionsOf(newIdOf(restored, bug))).slice(0, original.length);
    expect(failuresOf(restored)).toEqual([]);
    expect(replayed.map(({ fields }) => fields["System.ChangedDate"])).toEqual(
      original.map(({ fields }) => fields["System.ChangedDate"]),
    );
  });

  it("with an area that is gone since is replayed in the area of the project", async () => {
    const area = wit.area(project, "Old");
    const bug = wit.create(project, { type: "Bug", title: "Old", fields: { "System.AreaPath": "Old" } });
    wit.edit(bug, { "System.AreaPath": "Shop" });
    await engine.backUp(project);
    area.isDeleted = true;

    const restored = await restore({ mode: "replay" });

    expect(failuresOf(restored)).toEqual([]);
    expect(JSON.stringify([...restored.steps].map(({ result }) => result.fidelity))).toContain("System.AreaPath");
  });

  /** Several people, states, tags, Markdown, comments that were edited and deleted. */
  async function bugWithHistory(): Promise<WorkItem> {
    const [ada, ben, chiara] = azure.state.identities as [never, never, never];
    const bug = wit.create(project, {
      type: "Bug",
      title: "Cart is empty",
      by: ben,
      at: "2026-01-05T08:00:00.000Z",
      fields: { "System.Tags": "checkout; urgent" },
    });
    wit.edit(bug, { "System.State": "Active" }, { by: chiara, at: "2026-01-06T09:30:00.123Z" });
    wit.comment(bug, "<div>Seen again</div>", { by: ada, at: "2026-01-07T10:00:00.000Z" });
    wit.edit(bug, { "System.Tags": "" }, { by: ben });
    const wrong = wit.comment(bug, "<div>Never mind</div>", { by: chiara });
    wit.comment(bug, "It is **fixed**", { by: chiara, format: "markdown" });
    wit.deleteComment(wrong, { by: chiara });
    wit.edit(bug, { "System.State": "Closed", "System.Tags": "done" }, { by: chiara });
    await engine.backUp(project);
    return bug;
  }

  function restore(workItemHistory: WorkItemHistory): Promise<RestoreResult> {
    return engine.restore(project, ["work-items/*"], {
      workItemHistory,
      conflictPolicy: "overwrite",
      targetProject: { id: copy.id, name: copy.name },
    });
  }

  async function revisionsOf(id: number): Promise<readonly Revision[]> {
    const all: Revision[] = [];
    for (let skip = 0; ; skip += 200) {
      const { list } = await ask(azure, `_apis/wit/workitems/${id}/revisions?$skip=${skip}&$top=200`);
      all.push(...(list as unknown as Revision[]));
      if (list.length < 200) return all;
    }
  }

  async function commentsOf(where: ProjectRecord, id: number): Promise<readonly unknown[]> {
    const path = `${where.id}/_apis/wit/workItems/${id}/comments?order=asc&api-version=7.1-preview.4`;
    const { json } = await ask(azure, path);
    const comments = json.comments as {
      text: string;
      format: string;
      createdBy: { displayName: string };
      createdDate: string;
    }[];
    return comments.map(({ text, format, createdBy, createdDate }) => [
      text,
      format,
      createdBy.displayName,
      createdDate,
    ]);
  }

  async function filesOf(id: number): Promise<readonly { readonly name: string; readonly url: string }[]> {
    const { json } = await ask(azure, `_apis/wit/workitems/${id}?$expand=relations`);
    const relations = (json.relations ?? []) as { rel: string; url: string; attributes: { name: string } }[];
    return relations
      .filter(({ rel }) => rel === "AttachedFile")
      .map(({ url, attributes }) => ({ url, name: attributes.name }));
  }
});

/** What a replay keeps of a revision; the marker and the project are its own. */
function significant({ fields }: Revision): unknown {
  const keys = [
    "System.Title",
    "System.State",
    "System.Reason",
    "System.ChangedDate",
    "System.ChangedBy",
    "System.CreatedDate",
    "System.CreatedBy",
    "System.History",
  ];
  const tags = ((fields["System.Tags"] as string | undefined) ?? "")
    .split("; ")
    .filter((tag) => tag !== "" && !tag.startsWith("restore-"));
  return { ...Object.fromEntries(keys.map((key) => [key, fields[key]])), tags };
}
