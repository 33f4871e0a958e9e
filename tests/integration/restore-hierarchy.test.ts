import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { Wit } from "../simulator/boards/builder.ts";
import type { WorkItem } from "../simulator/boards/model.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { ask, simulator, type TestSimulator } from "../support/simulator.ts";

describe("restoring parents and children", () => {
  let azure: TestSimulator;
  let engine: Engine;
  let project: ProjectRecord;
  let wit: Wit;
  let story: WorkItem;
  let other: WorkItem;
  let task: WorkItem;

  beforeEach(async () => {
    azure = await simulator();
    engine = await engineOver(azure);
    project = azure.state.addProject("Shop");
    wit = new Wit(azure.state);
    story = wit.create(project, { type: "User Story", title: "Pay" });
    other = wit.create(project, { type: "User Story", title: "Ship" });
    task = wit.create(project, { type: "Task", title: "Form", parent: story });
    await engine.backUp(project);
  });

  afterEach(async () => {
    await engine.close();
    await azure.stop();
  });

  it("gives a copied parent no child that has its parent already, and keeps the old one as a hyperlink", async () => {
    const copy = azure.state.addProject("Copy");

    const restored = await engine.restore(project, [`work-items/${story.id}`], {
      targetProject: { id: copy.id, name: copy.name },
    });

    expect(restored).toMatchObject({ created: 1, failed: 0 });
    const id = Number([...restored.steps].find(({ result }) => result.newId !== undefined)?.result.newId);
    expect(await linksOf(id)).toEqual(["Hyperlink", "Hyperlink"]); // the task, the origin
    expect(await linksOf(task.id)).toEqual([`System.LinkTypes.Hierarchy-Reverse ${story.id}`]);
    expect(JSON.stringify([...restored.steps].map(({ result }) => result.fidelity))).toContain(`${task.id}`);
  });

  it.each([
    ["the whole project", () => ["*"]] as const,
    ["the parent alone", () => [`work-items/${story.id}`]] as const,
  ])("brings a child back to its parent: %s", async (_, selectors) => {
    wit.unlink(task, "Parent", story);
    wit.link(task, "Parent", other);

    const restored = await engine.restore(project, selectors(), { conflictPolicy: "overwrite" });

    expect([...restored.steps].map(({ result }) => result.message).filter((message) => message !== undefined)).toEqual(
      expect.not.arrayContaining([expect.stringContaining("TF201036")]),
    );
    expect(restored.failed).toBe(0);
    expect(await linksOf(task.id)).toEqual([`System.LinkTypes.Hierarchy-Reverse ${story.id}`]);
    expect(await linksOf(other.id)).toEqual([]);
  });

  async function linksOf(id: number): Promise<readonly string[]> {
    const { json } = await ask(azure, `_apis/wit/workitems/${id}?$expand=relations`);
    const relations = (json.relations ?? []) as readonly { readonly rel: string; readonly url: string }[];
    return relations
      .map(({ rel, url }) => (rel === "Hyperlink" ? rel : `${rel} ${url.split("/").at(-1) ?? ""}`))
      .sort();
  }
});
