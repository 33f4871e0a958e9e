/** What a restore does with things that what was asked for only needs, and with what earlier restores have made. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RestoreRequest } from "../../engine/operations/restore/request.ts";
import type { RestoreResult } from "../../engine/operations/results.ts";
import type { Exchange } from "../simulator/http/faults.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import type { RepositoryRecord } from "../simulator/repos/repository-store.ts";
import type { ClassificationNode } from "../simulator/boards/model.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { refsOf } from "../support/git-repositories.ts";
import { failuresOf, newIdOf, shownItems } from "../support/shown-items.ts";
import { ask, simulator, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";

let azure: TestSimulator;
let engine: Engine;
let small: SmallProject;
const { readItem, linksOf } = shownItems(() => azure);

beforeEach(async () => {
  azure = await simulator();
  engine = await engineOver(azure);
  small = await smallProject(azure);
});

afterEach(async () => {
  await small.remove();
  await engine.close();
  await azure.stop();
});

describe("a thing that was restored beside itself", () => {
  it("is set right itself by a later restore: a repository", async () => {
    const before = refsOf(folderOf(small.web.record));
    await engine.backUp(small.project);
    overwriteHistory();
    await restore(["git-repositories/Web"], { conflictPolicy: "rename" });

    const restored = await restore(["git-repositories/Web"], { conflictPolicy: "overwrite" });

    expect(failuresOf(restored)).toEqual([]);
    expect(refsOf(folderOf(small.web.record))).toEqual(before);
  });

  it("is left as it is by a restore that may not overwrite, which names what differs", async () => {
    await engine.backUp(small.project);
    overwriteHistory();
    await restore(["git-repositories/Web"], { conflictPolicy: "rename" });

    const restored = await restore(["git-repositories/Web"], { conflictPolicy: "skip" });

    const [step] = restored.steps;
    expect(step).toMatchObject({ action: "skip", targetId: small.web.record.id.toLowerCase() });
    expect(step?.reason).toContain("exists and differs");
  });

  it("is made beside itself once, however often that is asked for", async () => {
    await engine.backUp(small.project);
    overwriteHistory();
    await restore(["git-repositories/Web"], { conflictPolicy: "rename" });

    const again = await restore(["git-repositories/Web"], { conflictPolicy: "rename" });

    expect([again.created, again.updated, again.failed]).toEqual([0, 0, 0]);
    expect(namesIn(small.project).filter((name) => name.startsWith("Web"))).toHaveLength(2);
  });

  it("is made beside itself under another name, when that copy has been changed since", async () => {
    const before = refsOf(folderOf(small.web.record));
    await engine.backUp(small.project);
    overwriteHistory();
    await restore(["git-repositories/Web"], { conflictPolicy: "rename" });
    const copy = repositoriesIn(small.project).find(({ name }) => name.startsWith("Web-"))!;
    small.web.work.git("push", "--force", folderOf(copy), "main");

    const again = await restore(["git-repositories/Web"], { conflictPolicy: "rename" });

    expect(failuresOf(again)).toEqual([]);
    const copies = repositoriesIn(small.project).filter(({ name }) => name.startsWith("Web-"));
    expect(copies).toHaveLength(2);
    expect(copies.map((one) => refsOf(folderOf(one)))).toContainEqual(before);
  });

  it("is set right itself by a later restore: a work item, whose commit stays that of its own repository", async () => {
    const { id } = small.web.record;
    const commit = `vstfs:///Git/Commit/${small.project.id}%2F${id}%2F${small.web.work.git("rev-parse", "HEAD").trim()}`;
    small.wit.artifact(small.bug, { name: "Fixed in Commit", url: commit });
    await engine.backUp(small.project);
    overwriteHistory();
    small.wit.edit(small.bug, { "System.Title": "Changed later" });
    await restore(["git-repositories/Web", `work-items/${small.bug.id}`], { conflictPolicy: "rename" });

    const restored = await restore([`work-items/${small.bug.id}`], { conflictPolicy: "overwrite" });

    expect(failuresOf(restored)).toEqual([]);
    const { fields, relations } = await readItem(small.bug.id);
    expect(fields["System.Title"]).toBe("Cart is empty");
    expect(relations.map(({ url }) => url)).toContain(commit);
  });
});

describe("a restore that could not do everything", () => {
  it.each(["a project that is there", "a project that it makes"])(
    "is remembered by the next one, whatever that one is asked for (into %s)",
    async (place) => {
      await engine.backUp(small.project);
      const copy = place.includes("makes")
        ? undefined
        : azure.state.addProject({ name: "Copy", defaultRepository: false });
      azure.gitFaults.add({ on: "push", action: { kind: "status", status: 403 } });
      const first = await restore(["*"], { targetProject: { id: copy?.id, name: "Copy" } });
      const made = azure.state.projects().find(({ name }) => name === "Copy")!;
      const before = countIn(made);

      const second = await restore(["work-items/*"], { targetProject: { id: made.id, name: "Copy" } });

      expect(first.failed).toBeGreaterThan(0);
      expect([second.created, second.failed]).toEqual([0, 0]);
      expect(countIn(made)).toBe(before);
    },
  );

  it("goes on with the copies that its plan had found by the links to their origins", async () => {
    await engine.backUp(small.project);
    const copy = azure.state.addProject("Copy");
    const into = { targetProject: { id: copy.id, name: copy.name } };
    const earlier = await restore([`work-items/${small.story.id}`], into);
    for await (const { name } of engine.store.list(""))
      if (name.includes("/restores/")) await engine.store.delete(name);
    const isFilling = ({ method, path }: Exchange): boolean => method === "PATCH" && /workitems\/\d+$/i.test(path);
    const hasEnded = (exchange: Exchange): boolean => isFilling(exchange) || /connectionData/i.test(exchange.path);
    azure.faults.add({ kind: "status", status: 401, when: hasEnded, times: 99 });
    await expect(restore([`work-items/${small.task.id}`], into)).rejects.toThrow();
    azure.faults.clear();

    const restored = await restore([`work-items/${small.task.id}`], into);

    expect([restored.resumed, restored.failed]).toEqual([true, 0]);
    const links = await linksOf(newIdOf(restored, small.task));
    expect(links).toContain(`System.LinkTypes.Hierarchy-Reverse ${newIdOf(earlier, small.story)}`);
  });
});

describe("what is only needed", () => {
  it("is left as it is: the dates of a sprint, and of what lies above it", async () => {
    const sprint = small.wit.iteration(small.project, "Release 1\\Sprint 1", dates(1));
    small.wit.iteration(small.project, "Release 1", dates(1));
    small.wit.edit(small.bug, { "System.IterationPath": "Release 1\\Sprint 1" });
    await engine.backUp(small.project);
    small.wit.iteration(small.project, "Release 1", dates(3));
    small.wit.iteration(small.project, "Release 1\\Sprint 1", dates(3));
    small.wit.edit(small.bug, { "System.Title": "Changed later" });

    const restored = await restore([`work-items/${small.bug.id}`], { conflictPolicy: "overwrite" });

    expect([...restored.steps].map(({ kind }) => kind)).toEqual(["work-items"]);
    expect((await readItem(small.bug.id)).fields["System.Title"]).toBe("Cart is empty");
    expect(monthOf(sprint)).toBe(3);
  });

  it("is left as it is beside what was asked for of the same kind", async () => {
    const asked = small.wit.iteration(small.project, "Release 1\\Sprint 2", dates(2));
    const needed = small.wit.iteration(small.project, "Release 1\\Sprint 1", dates(1));
    const above = small.wit.iteration(small.project, "Release 1", dates(1));
    small.wit.edit(small.bug, { "System.IterationPath": "Release 1\\Sprint 1" });
    await engine.backUp(small.project);
    for (const path of ["Release 1", "Release 1\\Sprint 1", "Release 1\\Sprint 2"])
      small.wit.iteration(small.project, path, dates(5));

    const selection = ["iterations/Shop\\Release 1\\Sprint 2", `work-items/${small.bug.id}`];
    const restored = await restore(selection, { conflictPolicy: "overwrite" });

    expect(failuresOf(restored)).toEqual([]);
    expect(monthOf(asked)).toBe(2);
    expect(monthOf(needed)).toBe(5);
    expect(monthOf(above)).toBe(5);
  });

  it("is left as it is: the project's settings", async () => {
    await engine.backUp(small.project);
    await ask(azure, `_apis/projects/${small.project.id}`, { method: "PATCH", body: { description: "Changed later" } });
    small.wit.edit(small.bug, { "System.Title": "Changed later" });

    await restore([`work-items/${small.bug.id}`], { conflictPolicy: "overwrite" });

    const { json } = await ask(azure, `_apis/projects/${small.project.id}`);
    expect(json.description).toBe("Changed later");
  });

  it("is made where it is missing, also when another of its kind was asked for", async () => {
    small.wit.area(small.project, "Api");
    await engine.backUp(small.project);
    const copy = azure.state.addProject("Copy");

    const restored = await restore(["areas/Shop\\Api", `work-items/${small.story.id}`], {
      targetProject: { id: copy.id, name: copy.name },
    });

    expect(failuresOf(restored)).toEqual([]);
    const { fields } = await readItem(newIdOf(restored, small.story));
    expect(fields["System.AreaPath"]).toBe("Copy\\Web");
  });

  it("is not made beside itself when it has another name now: an area", async () => {
    small.wit.area(small.project, "Web\\Basket");
    small.wit.edit(small.bug, { "System.AreaPath": "Web\\Basket" });
    await engine.backUp(small.project);
    await renameArea("Web", "Website");
    small.wit.edit(small.bug, { "System.Title": "Changed later", "System.AreaPath": "Website" });

    const restored = await restore([`work-items/${small.bug.id}`], { conflictPolicy: "overwrite" });

    expect(failuresOf(restored)).toEqual([]);
    expect([...restored.steps].map(({ kind }) => kind)).toEqual(["work-items"]);
    expect((await readItem(small.bug.id)).fields["System.AreaPath"]).toBe("Shop\\Website\\Basket");
  });

  it("gets its name back where it was asked for, with all that lies below", async () => {
    small.wit.area(small.project, "Web\\Basket");
    small.wit.edit(small.bug, { "System.AreaPath": "Web\\Basket" });
    await engine.backUp(small.project);
    await renameArea("Web\\Basket", "Cart");
    await renameArea("Web", "Website");

    const restored = await restore(["areas/*", `work-items/${small.bug.id}`], { conflictPolicy: "overwrite" });

    expect(failuresOf(restored)).toEqual([]);
    expect((await readItem(small.bug.id)).fields["System.AreaPath"]).toBe("Shop\\Web\\Basket");
    const again = await restore(["areas/*"], { conflictPolicy: "overwrite" });
    expect([again.created, again.updated, again.failed]).toEqual([0, 0, 0]);
  });

  async function renameArea(path: string, name: string): Promise<void> {
    const below = path.split("\\").map(encodeURIComponent).join("/");
    const place = `${small.project.id}/_apis/wit/classificationnodes/Areas/${below}`;
    expect((await ask(azure, place, { method: "PATCH", body: { name } })).status).toBe(200);
  }
});

describe("a link to a commit", () => {
  it("leads to the repository that the other project has under the name, although no restore has made it", async () => {
    const [commit, branch] = gitLinks();
    await engine.backUp(small.project);
    const copy = azure.state.addProject({ name: "Copy", defaultRepository: false });
    const web = azure.state.addRepository(copy, { name: "web" });

    const restored = await restore(["work-items/*"], { targetProject: { id: copy.id, name: "Copy" } });

    expect(failuresOf(restored)).toEqual([]);
    const moved = [commit, branch].map((url) =>
      url.replace(small.project.id, copy.id).replace(small.web.record.id, web.id),
    );
    expect(await artifactsOf(newIdOf(restored, small.bug))).toEqual(moved.sort());
  });

  it("stays that of the original while the other project of the organisation has no such repository", async () => {
    const links = gitLinks();
    await engine.backUp(small.project);
    const copy = azure.state.addProject({ name: "Copy", defaultRepository: false });

    const restored = await restore(["work-items/*"], { targetProject: { id: copy.id, name: "Copy" } });

    expect(await artifactsOf(newIdOf(restored, small.bug))).toEqual([...links].sort());
  });

  it("is the address of the original's page in another organisation, where its id means nothing", async () => {
    const [commit] = gitLinks();
    const [pull, build, wiki] = [
      `vstfs:///Git/PullRequestId/${small.project.id}%2F${small.web.record.id}%2F12`,
      "vstfs:///Build/Build/77",
      `vstfs:///Wiki/WikiPage/${small.project.id}%2F${small.web.record.id}%2FHome`,
    ];
    small.wit.artifact(small.bug, { name: "Pull Request", url: pull });
    small.wit.artifact(small.bug, { name: "Build", url: build });
    small.wit.artifact(small.bug, { name: "Wiki Page", url: wiki });
    await engine.backUp(small.project);
    await using abroad = await simulator({ organization: "fabrikam" });
    const there = await engineOver(abroad, { store: engine.store, keys: engine.keys });
    const copy = abroad.state.addProject({ name: "Copy", defaultRepository: false });
    const project = { id: small.project.id, name: small.project.name };

    const restored = await there.restore(project, ["work-items/*"], {
      source: { organizationUrl: azure.organizationUrl, project },
      targetProject: { id: copy.id, name: "Copy" },
    });
    await there.close();

    expect(failuresOf(restored)).toEqual([]);
    const { relations } = await shownItems(() => abroad).readItem(newIdOf(restored, small.bug));
    expect(relations.filter(({ rel }) => rel === "ArtifactLink")).toEqual([]);
    const { id } = small.web.record;
    const pages = relations.filter(({ rel }) => rel === "Hyperlink").map(({ url }) => url);
    expect(pages).toContain(`${azure.organizationUrl}/Shop/_git/${id}/commit/${commit.split("%2F").at(-1) ?? ""}`);
    expect(pages).toContain(`${azure.organizationUrl}/Shop/_git/${id}/pullrequest/12`);
    expect(pages).toContain(`${azure.organizationUrl}/Shop/_build/results?buildId=77`);
    const told = [...restored.steps].flatMap(({ result }) => result.fidelity ?? []);
    expect(told).toContain(`Wiki Page ${wiki}: is of the other organisation, and left out`);
  });

  function gitLinks(): readonly [commit: string, branch: string] {
    const place = `${small.project.id}%2F${small.web.record.id}%2F`;
    const commit = `vstfs:///Git/Commit/${place}${small.web.work.git("rev-parse", "HEAD").trim()}`;
    const branch = `vstfs:///Git/Ref/${place}GBmain`;
    small.wit.artifact(small.bug, { name: "Fixed in Commit", url: commit });
    small.wit.artifact(small.bug, { name: "Branch", url: branch });
    return [commit, branch];
  }

  async function artifactsOf(id: number): Promise<readonly string[]> {
    const { relations } = await readItem(id);
    return relations.flatMap(({ rel, url }) => (rel === "ArtifactLink" ? [url] : [])).sort();
  }
});

describe("a plan for many repositories", () => {
  it.each(["in place, where some were deleted", "into another project"])(
    "lists them and the recycle bin once, not once for each (%s)",
    async (place) => {
      const many = Array.from({ length: 60 }, (_, number) =>
        azure.state.addRepository(small.project, { name: `Empty ${number}` }),
      );
      await engine.backUp(small.project);
      for (const { id } of many.slice(0, 10))
        await ask(azure, `${small.project.id}/_apis/git/repositories/${id}`, { method: "DELETE" });
      const into = place.startsWith("in place") ? small.project : azure.state.addProject("Copy");
      let listings = 0;
      const isListing = ({ path }: Exchange): boolean => /_apis\/git\/(?:recycleBin\/)?repositories$/i.test(path);
      azure.faults.add({ kind: "delay", delayMs: 0, when: (one) => isListing(one) && (listings += 1) < 0 });

      const { plan } = await restore(["git-repositories/*"], {
        previewOnly: true,
        targetProject: { id: into.id, name: into.name },
      });

      expect(new Set([...plan.steps].map(({ key }) => key)).size).toBe(63);
      expect(listings).toBeGreaterThan(0);
      expect(listings).toBeLessThanOrEqual(2);
    },
    60_000,
  );
});

function restore(selectors: readonly string[], changes: Partial<RestoreRequest>): Promise<RestoreResult> {
  return engine.restore(small.project, selectors, changes);
}

/** As an attacker, or a mistake, leaves the default branch. */
function overwriteHistory(): void {
  small.web.work.git("reset", "--hard", "HEAD~1");
  small.web.work.commit({ "other.txt": "other" });
  small.web.work.push("--force", "main");
}

function folderOf(record: RepositoryRecord): string {
  return azure.state.repositories.folderOf(record);
}

function repositoriesIn(project: ProjectRecord): readonly RepositoryRecord[] {
  return azure.state.repositories.list(project.id);
}

function namesIn(project: ProjectRecord): readonly string[] {
  return repositoriesIn(project).map(({ name }) => name);
}

function countIn(project: ProjectRecord): number {
  const { items } = small.wit.tracking;
  return [...items.values()].filter((item) => small.wit.tracking.projectOf(item).id === project.id).length;
}

function dates(month: number): { readonly start: string; readonly finish: string } {
  return { start: `2026-0${month}-01T00:00:00Z`, finish: `2026-0${month}-14T00:00:00Z` };
}

/** The month in which a sprint begins. */
function monthOf({ attributes }: ClassificationNode): number {
  return new Date(String(attributes?.startDate)).getUTCMonth() + 1;
}
