import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RestoreRequest } from "../../engine/operations/restore/request.ts";
import type { RestoreResult } from "../../engine/operations/results.ts";
import { collect } from "../../engine/foundation/concurrency.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { Wit } from "../simulator/boards/builder.ts";
import type { WorkItem } from "../simulator/boards/model.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { failuresOf, newIdOf, shownItems } from "../support/shown-items.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";

describe("restoring many work items into another project", () => {
  let azure: TestSimulator;
  let engine: Engine;
  let project: ProjectRecord;
  let copy: ProjectRecord;
  let wit: Wit;
  const { readItem, linksOf, commentTexts } = shownItems(() => azure);

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

  it("takes a request for 200 of them to create, to read and to link them, and two journal writes for each group", async () => {
    const items = family(450);
    await engine.backUp(project);
    azure.traffic.clear();
    const before = (await storedNames()).size;

    const restored = await into();

    expect(failuresOf(restored)).toEqual([]);
    expect(restored).toMatchObject({ created: 450, failed: 0 });
    const requests = azure.traffic.lines.filter((line) => line.includes("_apis/wit/"));
    expect(requests.length).toBeLessThanOrEqual(45);
    expect(requests.filter((line) => /(?:POST|PATCH) .*workitems\//.test(line))).toEqual([]);
    // Register, plan, creation, linking, end: each group of steps is announced and recorded.
    expect((await storedNames()).size - before).toBeLessThanOrEqual(9);
    for (const item of [items[1]!, items[449]!]) {
      const parent = newIdOf(restored, items[Math.floor(items.indexOf(item) / 10) * 10]!);
      expect(await linksOf(newIdOf(restored, item))).toContain(`System.LinkTypes.Hierarchy-Reverse ${parent}`);
    }
    expect(await linksOf(newIdOf(restored, items[0]!))).toHaveLength(10); // nine children and the link to its origin
    expect(await into()).toMatchObject({ created: 0, updated: 0, failed: 0 });
  });

  it("makes no tag but those that the items had", async () => {
    family(12);
    wit.create(project, { title: "Tagged", fields: { "System.Tags": "urgent" } });
    await engine.backUp(project);

    await into();

    expect([...wit.tracking.tagsOf(copy.id).keys()]).toEqual(["urgent"]);
  });

  it("is done by an identity that may not define tags: known ones are given, the others reported", async () => {
    const both = wit.create(project, { title: "Both", fields: { "System.Tags": "known; new" } });
    const none = wit.create(project, { title: "None" });
    wit.create(copy, { title: "Was here", fields: { "System.Tags": "known" } });
    await engine.backUp(project);
    azure.state.deny(azure.state.owner, "createTagDefinition");

    const restored = await into();

    expect(failuresOf(restored)).toEqual([]);
    expect(restored.created).toBe(2);
    expect((await readItem(newIdOf(restored, both))).fields["System.Tags"]).toBe("known");
    expect((await readItem(newIdOf(restored, none))).fields["System.Tags"]).toBeUndefined();
    expect(fidelityOf(restored, both)).toContain("System.Tags: refused");
    expect(fidelityOf(restored, both)).toContain("TF401289");
    expect(fidelityOf(restored, none)).not.toContain("System.Tags");
  });

  it("leaves the others alone when one of them is refused", async () => {
    const items = family(30);
    wit.area(project, "Only here");
    wit.edit(items[7]!, { "System.AreaPath": "Only here" });
    wit.edit(items[8]!, { "System.AreaPath": "Only here", "System.Title": "Impossible" });
    await engine.backUp(project, { exclude: ["areas"] });
    azure.faults.add({
      kind: "status",
      status: 400,
      message: "TF401320: it cannot be.",
      times: 9,
      when: ({ method, path, body }) =>
        method === "POST" && path.includes("/workitems/$") && JSON.stringify(body).includes("Impossible"),
    });

    const restored = await into();

    const name = `Task ${items[8]!.id}: Impossible`;
    expect(failuresOf(restored)).toEqual([
      [name, expect.stringContaining("it cannot be")],
      [name, expect.stringContaining("was not created")],
    ]);
    expect(restored).toMatchObject({ created: 29, failed: 1 });
    expect((await readItem(newIdOf(restored, items[7]!))).fields["System.AreaPath"]).toBe("Copy");
    expect(fidelityOf(restored, items[7]!)).toContain("System.AreaPath");
    expect(copies()).toHaveLength(29);
  });

  it("looks up what a lost answer was about, and makes nothing twice", async () => {
    const items = family(30);
    await engine.backUp(project);
    azure.faults.add({ kind: "resetAfter", when: isBatch, times: 2 });

    const restored = await into();

    expect(failuresOf(restored)).toEqual([]);
    expect(copies()).toHaveLength(30);
    expect(await linksOf(newIdOf(restored, items[0]!))).toHaveLength(10);
    expect(await into()).toMatchObject({ created: 0, updated: 0, failed: 0 });
  });

  it("leaves to the next run what it does not find after a lost request", async () => {
    family(30);
    await engine.backUp(project);
    azure.faults.add({ kind: "resetBefore", when: isBatch });

    const first = await into();
    const second = await into();

    expect(first).toMatchObject({ created: 0, failed: 30 });
    expect(failuresOf(first)[0]).toEqual([expect.any(String), expect.stringContaining("Nobody answered whether")]);
    expect(second).toMatchObject({ created: 30, failed: 0 });
    expect(copies()).toHaveLength(30);
  });

  it("goes on where an answer was cut in the middle", async () => {
    family(30);
    await engine.backUp(project);
    azure.faults.add({ kind: "truncatedBody", when: isBatch, times: 2 });

    const restored = await into();

    expect(failuresOf(restored)).toEqual([]);
    expect(copies()).toHaveLength(30);
  });

  it("goes one by one where the service takes no batches", async () => {
    const items = family(30);
    await engine.backUp(project);
    azure.faults.add({ kind: "status", status: 404, when: isBatch, times: 1000 });
    azure.traffic.clear();

    const restored = await into();

    expect(failuresOf(restored)).toEqual([]);
    expect(copies()).toHaveLength(30);
    expect(await linksOf(newIdOf(restored, items[0]!))).toHaveLength(10);
    expect(azure.traffic.lines.filter((line) => line.includes("batch?")).length).toBeLessThanOrEqual(1);
  });

  it("makes links that both ends have once each, whoever comes first", async () => {
    const items = Array.from({ length: 12 }, (_, index) => wit.create(project, { title: `Item ${index}` }));
    for (const [index, item] of items.entries())
      for (const other of items.slice(index + 1)) wit.link(item, "Related", other);
    await engine.backUp(project);

    const restored = await into();

    expect(failuresOf(restored)).toEqual([]);
    for (const item of items) expect(await linksOf(newIdOf(restored, item))).toHaveLength(12);
  });

  it("brings comments, files and histories beside each other", async () => {
    const items = Array.from({ length: 25 }, (_, index) => {
      const item = wit.create(project, { title: `Item ${index}` });
      wit.edit(item, { "System.Title": `Item ${index}, renamed` });
      wit.comment(item, `Said of ${index}`);
      wit.attach(item, { name: `file-${index}.txt`, content: `content ${index}` });
      return item;
    });
    await engine.backUp(project);

    const restored = await into();

    expect(failuresOf(restored)).toEqual([]);
    for (const item of items) {
      const id = newIdOf(restored, item);
      expect(await commentTexts(copy, id)).toHaveLength(1);
      const files = (await readItem(id)).relations.filter(({ rel }) => rel === "AttachedFile");
      expect(files).toHaveLength(2);
    }
    expect(await into()).toMatchObject({ created: 0, updated: 0, failed: 0 });
  });

  function isBatch({ path }: { readonly path: string }): boolean {
    return path.endsWith("/wit/$batch");
  }

  /** Every tenth is the parent of the nine that follow. */
  function family(count: number): readonly WorkItem[] {
    const items: WorkItem[] = [];
    for (let index = 0; index < count; index += 1) {
      const isParent = index % 10 === 0;
      const item = wit.create(project, { type: isParent ? "User Story" : "Task", title: `Item ${index}` });
      items.push(item);
      if (!isParent) wit.link(items[index - (index % 10)]!, "Child", item);
    }
    return items;
  }

  function copies(): readonly WorkItem[] {
    return [...wit.tracking.items.values()].filter((item) => wit.tracking.projectOf(item).id === copy.id);
  }

  function fidelityOf(result: RestoreResult, item: WorkItem): string {
    const steps = [...result.steps].filter(({ key }) => key === String(item.id));
    return steps.flatMap((step) => step.result.fidelity ?? []).join("\n");
  }

  async function storedNames(): Promise<ReadonlySet<string>> {
    return new Set((await collect(engine.store.list(""))).map(({ name }) => name));
  }

  function into(changes: Partial<RestoreRequest> = {}): Promise<RestoreResult> {
    return engine.restore(project, ["work-items/*"], { targetProject: { id: copy.id, name: copy.name }, ...changes });
  }
});
