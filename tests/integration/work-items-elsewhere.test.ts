import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RestoreRequest } from "../../engine/operations/restore/request.ts";
import type { RestoreResult } from "../../engine/operations/results.ts";
import type { Exchange } from "../simulator/http/faults.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { Wit } from "../simulator/boards/builder.ts";
import type { WorkItem } from "../simulator/boards/model.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { failuresOf, newIdOf, shownItems } from "../support/shown-items.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";

describe("restoring work items into another project", () => {
  let azure: TestSimulator;
  let engine: Engine;
  let project: ProjectRecord;
  let wit: Wit;
  const { readItem, linksOf, commentTexts, contentOf } = shownItems(() => azure);

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

  it("keeps hostile titles, numbers, dates, entities and very long texts as they are", async () => {
    const copy = azure.state.addProject("Copy (ü) 100-1");
    const long = `<div>${"Lorem &amp; ipsum &lt;b&gt; #7 ".repeat(30_000)}</div>`;
    const values = {
      "System.Title": `##vso[task.complete result=Failed] \u202e🙂\u0000\u001b ${"é".repeat(200)}`,
      "System.Description": long,
      "Microsoft.VSTS.TCM.ReproSteps": `<img alt="&quot;" src="data:image/png;base64,AAAA"><p>5 &lt; 7</p>`,
      "Microsoft.VSTS.Scheduling.StoryPoints": 0,
      "Microsoft.VSTS.Scheduling.OriginalEstimate": 1.005,
      "Microsoft.VSTS.Common.Priority": 1,
      "Microsoft.VSTS.Scheduling.StartDate": "2026-02-03T04:05:06.1234567Z",
      "Custom.Blocked": false,
      "Custom.CustomerImpact": "=1+1",
    };
    const bug = wit.create(project, { type: "Bug", fields: values });
    const before = await readItem(bug.id);
    await engine.backUp(project);

    const restored = await into(copy);

    expect(failuresOf(restored)).toEqual([]);
    const { fields } = await readItem(newIdOf(restored, bug));
    for (const name of Object.keys(values)) expect([name, fields[name]]).toEqual([name, before.fields[name]]);
    const changes = [...restored.steps].flatMap((step) => step.changes);
    expect(changes.filter((line) => /[\r\n]|##vso/.test(line))).toEqual([]);
  });

  it("takes links to commits and branches along, leaves pull requests and builds what they are", async () => {
    const copy = azure.state.addProject({ name: "Copy", defaultRepository: false });
    const repository = azure.state.addRepository(project, { name: "Web" });
    const bug = wit.create(project, { type: "Bug", title: "One" });
    const [commit, branch, pull, build] = [
      `vstfs:///Git/Commit/${project.id}%2F${repository.id}%2F${"ab".repeat(20)}`,
      `vstfs:///Git/Ref/${project.id}%2f${repository.id}%2fGBmain`,
      `vstfs:///Git/PullRequestId/${project.id}%2F${repository.id}%2F12`,
      "vstfs:///Build/Build/77",
    ];
    wit.artifact(bug, { name: "Fixed in Commit", url: commit });
    wit.artifact(bug, { name: "Branch", url: branch });
    wit.artifact(bug, { name: "Pull Request", url: pull });
    wit.artifact(bug, { name: "Build", url: build });
    await engine.backUp(project);

    const restored = await engine.restore(project, ["*"], { targetProject: { id: copy.id, name: copy.name } });

    expect(failuresOf(restored)).toEqual([]);
    const web = azure.state.repositories.list(copy.id).find(({ name }) => name === "Web")!;
    const moved = (url: string): string => url.replace(project.id, copy.id).replace(repository.id, web.id);
    const urls = (await readItem(newIdOf(restored, bug))).relations
      .filter(({ rel }) => rel === "ArtifactLink")
      .map(({ url }) => url);
    expect(urls.sort()).toEqual([moved(commit), moved(branch), pull, build].sort());
  });

  it("keeps a link to an item outside the selection, or its address when that is gone", async () => {
    const copy = azure.state.addProject("Copy");
    const bug = wit.create(project, { type: "Bug", title: "One" });
    const kept = wit.create(project, { title: "Kept" });
    const gone = wit.create(project, { title: "Gone" });
    wit.link(bug, "Related", kept);
    wit.link(bug, "Related", gone);
    await engine.backUp(project);
    wit.destroy(gone);

    const restored = await engine.restore(project, [`work-items/${bug.id}`], {
      targetProject: { id: copy.id, name: copy.name },
    });

    const id = newIdOf(restored, bug);
    expect(await linksOf(id)).toEqual([
      `Hyperlink ${azure.organizationUrl}/Shop/_workitems/edit/${bug.id}`,
      `Hyperlink ${azure.organizationUrl}/Shop/_workitems/edit/${gone.id}`,
      `System.LinkTypes.Related ${kept.id}`,
    ]);
    expect(JSON.stringify([...restored.steps].map(({ result }) => result.fidelity))).toContain(`Related ${gone.id}`);
  });

  it("rewrites images, old-style addresses and mentions, but no code and no bare numbers", async () => {
    const copy = azure.state.addProject("Copy");
    const url = azure.organizationUrl;
    const image = wit.upload("a (1).png", "picture");
    const old = wit.upload("old.png", "old picture");
    const story = wit.create(project, { type: "User Story", title: "Pay" });
    const html = [
      `<img src="${url}/${project.id}/_apis/wit/attachments/${image.id}?fileName=a%20%281%29.png">`,
      `<img src="${url}/WorkItemTracking/v1.0/AttachFileHandler.ashx?FileNameGuid=${old.id}&amp;FileName=old.png">`,
      `<a href="${url}/Shop/_workitems/edit/${story.id}">text</a> <a href="${url}/_workitems/edit/${story.id}">org</a>`,
      `room #${story.id}, https://example.com/_workitems/edit/${story.id}`,
    ].join("\n");
    const task = wit.create(project, { title: "Html", fields: { "System.Description": html } });
    const markdown = `#${story.id} and (#${story.id}) \`#${story.id}\`\n\`\`\`\n#${story.id}\n\`\`\`\nx#${story.id}`;
    const note = wit.create(project, {
      title: "Markdown",
      fields: { "System.Description": markdown },
      markdown: ["System.Description"],
    });
    await engine.backUp(project);

    const restored = await into(copy);

    const id = newIdOf(restored, story);
    const text = String((await readItem(newIdOf(restored, task))).fields["System.Description"]);
    expect(text).not.toContain(image.id);
    expect(text).not.toContain(old.id);
    expect(text).toContain(
      `${url}/Copy/_workitems/edit/${id}">text</a> <a href="${url}/Copy/_workitems/edit/${id}">org</a>`,
    );
    expect(text).toContain(`room #${story.id}, https://example.com/_workitems/edit/${story.id}`);
    expect((await readItem(newIdOf(restored, note))).fields["System.Description"]).toBe(
      `#${id} and (#${id}) \`#${story.id}\`\n\`\`\`\n#${story.id}\n\`\`\`\nx#${story.id}`,
    );
    const images = [...text.matchAll(/attachments\/([0-9a-f-]{36})/g)].map(([, guid]) => guid!);
    expect(await Promise.all(images.map(contentOf))).toEqual(["picture", "old picture"]);
    expect(await into(copy, { conflictPolicy: "overwrite" })).toMatchObject({ updated: 0, created: 0 });
  });

  it("gives copies images of their own, also where nothing else in the text becomes another", async () => {
    const copy = azure.state.addProject("Copy");
    const image = wit.upload("shot.png", "picture");
    const lost = wit.upload("lost.png", "the service has lost it");
    const address = (id: string): string => `${azure.organizationUrl}/${project.id}/_apis/wit/attachments/${id}`;
    const html = `<img src="${address(image.id)}?fileName=shot.png"><img src="${address(lost.id)}?fileName=lost.png">`;
    const bug = wit.create(project, { title: "Only pictures", fields: { "System.Description": html } });
    const handler = `${azure.organizationUrl}/WorkItemTracking/v1.0/AttachFileHandler.ashx?FileNameGuid=${image.id}&amp;FileName=old.png`;
    const oldest = wit.create(project, {
      title: "Old address",
      fields: { "System.Description": `<img src="${handler}">` },
    });
    const isLost = ({ path, method }: Exchange): boolean => method === "GET" && path.includes(lost.id);
    azure.faults.add({ kind: "status", status: 404, when: isLost, times: Infinity });
    await engine.backUp(project);

    const restored = await into(copy);

    const id = newIdOf(restored, bug);
    const text = String((await readItem(id)).fields["System.Description"]);
    expect(text).not.toContain(image.id);
    expect(text).toContain(address(lost.id));
    const [own = ""] = [...text.matchAll(/attachments\/([0-9a-f-]{36})/g)].map(([, guid]) => guid!);
    expect(await contentOf(own)).toBe("picture");
    const older = String((await readItem(newIdOf(restored, oldest))).fields["System.Description"]);
    expect(older).not.toContain(image.id);
    expect(older).toMatch(/attachments\/[0-9a-f-]{36}/);
    expect(await into(copy, { conflictPolicy: "overwrite" })).toMatchObject({ updated: 0, created: 0 });
  });

  it("adds what later restores bring: links and mentions follow", async () => {
    const copy = azure.state.addProject("Copy");
    const story = wit.create(project, { type: "User Story", title: "Pay" });
    const task = wit.create(project, {
      title: "Form",
      parent: story,
      fields: { "System.Description": mention(story) },
    });
    wit.comment(task, `<div>${mention(story)}</div>`);
    await engine.backUp(project);
    const target = { targetProject: { id: copy.id, name: copy.name }, conflictPolicy: "overwrite" } as const;

    const first = await engine.restore(project, [`work-items/${task.id}`], target);
    const second = await engine.restore(project, [`work-items/${story.id}`], target);
    const third = await engine.restore(project, ["work-items/*"], target);
    const fourth = await engine.restore(project, ["work-items/*"], target);

    expect([first, second, third, fourth].map(failuresOf)).toEqual([[], [], [], []]);
    const [taskId, storyId] = [newIdOf(first, task), newIdOf(second, story)];
    expect((await readItem(taskId)).fields["System.Description"]).toContain(`>#${storyId}<`);
    expect(await linksOf(taskId)).toContain(`System.LinkTypes.Hierarchy-Reverse ${storyId}`);
    const texts = await commentTexts(copy, taskId);
    expect(texts).toHaveLength(1);
    expect(texts[0]).toContain(`>#${storyId}<`);
    expect(fourth).toMatchObject({ created: 0, updated: 0, skipped: 2 });
  });

  it("is not thrown by a lost answer to the creation of an item", async () => {
    const copy = azure.state.addProject("Copy");
    for (let number = 0; number < 5; number += 1) wit.create(project, { title: `Task ${number}` });
    await engine.backUp(project);
    azure.faults.add({
      kind: "resetAfter",
      when: ({ method, path }) => method === "POST" && path.includes("/workitems/$"),
      skip: 2,
    });

    await into(copy);
    azure.faults.clear();
    const again = await into(copy);

    expect(again.failed).toBe(0);
    const copies = [...wit.tracking.items.values()].filter((item) => wit.tracking.projectOf(item).id === copy.id);
    expect(copies.map(({ current }) => current["System.Title"]).sort()).toEqual(
      [0, 1, 2, 3, 4].map((number) => `Task ${number}`),
    );
    expect(copies.flatMap(({ current }) => current["System.Tags"] ?? [])).toEqual([]);
  });

  function mention(item: WorkItem): string {
    return `<a href="${azure.organizationUrl}/Shop/_workitems/edit/${item.id}" data-vss-mention="version:1.0">#${item.id}</a>`;
  }

  function into(copy: ProjectRecord, changes: Partial<RestoreRequest> = {}): Promise<RestoreResult> {
    return engine.restore(project, ["work-items/*"], { targetProject: { id: copy.id, name: copy.name }, ...changes });
  }
});
