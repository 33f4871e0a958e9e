import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { Wit } from "../simulator/boards/builder.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";

describe("what a selection needs", () => {
  let azure: TestSimulator;
  let engine: Engine;
  let project: ProjectRecord;
  let wit: Wit;

  beforeEach(async () => {
    azure = await simulator();
    engine = await engineOver(azure);
    project = azure.state.addProject("Shop");
    wit = new Wit(azure.state);
    for (const path of ["Web\\Basket", "Returns"]) wit.area(project, path);
  });

  afterEach(async () => {
    await engine.close();
    await azure.stop();
  });

  it.each(["names", "ids"] as const)(
    "comes with a work item: its area and the areas above, and no other (catalogueNames %s)",
    async (catalogueNames) => {
      const bug = wit.create(project, {
        type: "Bug",
        title: "Basket is empty",
        fields: { "System.AreaPath": "Web\\Basket" },
      });
      await engine.backUp(project, { options: { pullRequestRefs: false, gitEngine: "auto", catalogueNames } });
      const other = azure.state.addProject("Copy");

      const restored = await engine.restore(project, [`work-items/${bug.id}`], {
        targetProject: { id: other.id, name: other.name },
      });

      expect(restored.failed).toBe(0);
      const areas = [...restored.steps].filter(({ kind, action }) => kind === "areas" && action === "create");
      expect(areas.map(({ name }) => name)).toEqual(["Shop\\Web", "Shop\\Web\\Basket"]);
      const [copy] = [...wit.tracking.items.values()].filter((item) => wit.tracking.projectOf(item).id === other.id);
      expect(wit.tracking.nodes.byId(Number(copy?.current["System.AreaId"]))?.name).toBe("Basket");
    },
  );

  it("is found by an area's path or by its number", async () => {
    await engine.backUp(project);
    const other = azure.state.addProject("Copy");
    const into = { previewOnly: true, targetProject: { id: other.id, name: other.name } };

    const byPath = await engine.restore(project, ["areas/Shop\\Web\\Basket"], into);
    const [, basket] = byPath.plan.steps;
    const byNumber = await engine.restore(project, [`areas/${basket?.key ?? ""}`], into);

    expect([...byPath.plan.steps].map(({ name }) => name)).toEqual(["Shop\\Web", "Shop\\Web\\Basket"]);
    expect(basket?.key).toMatch(/^\d+$/);
    expect(byNumber.plan.hash).toBe(byPath.plan.hash);
  });
});
