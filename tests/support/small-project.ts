/** A small project with one of everything that can break: repositories with LFS, an empty one, linked work items. */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { lfsObjectPath } from "../simulator/git/lfs.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import type { RepositoryRecord } from "../simulator/repos/repository-store.ts";
import type { Simulator } from "../simulator/server.ts";
import { Wit } from "../simulator/boards/builder.ts";
import type { WorkItem } from "../simulator/boards/model.ts";
import { keepWork, keptWork, noise, workRepository, type WorkRepository } from "./git-repositories.ts";

/** Stands in file contents and long texts: must never be seen outside sealed objects. */
export const contentCanary = "canary-of-the-content-7c1f";

export interface SmallProject extends AsyncDisposable {
  readonly project: ProjectRecord;
  readonly wit: Wit;
  readonly web: { readonly record: RepositoryRecord; readonly work: WorkRepository };
  readonly api: { readonly record: RepositoryRecord; readonly work: WorkRepository };
  readonly story: WorkItem;
  readonly task: WorkItem;
  readonly bug: WorkItem;
  /** Something new in every stream: a commit, a branch, an edited, a new and a deleted work item, an area, a file. */
  change(): void;
  /** Another repository with one commit. */
  addRepository(name: string): { readonly record: RepositoryRecord; readonly work: WorkRepository };
  remove(): Promise<void>;
}

export async function smallProject(
  { state, organizationUrl }: Pick<Simulator, "state" | "organizationUrl">,
  name = "Shop",
): Promise<SmallProject> {
  const folder = await mkdtemp(join(tmpdir(), "small-project-"));
  const project = state.addProject({ name, defaultRepository: false });
  const wit = new Wit(state);
  let changes = 0;

  function addRepository(repository: string, more?: (work: WorkRepository) => void): SmallProject["web"] {
    const sample = `small project, ${repository}${more === undefined ? "" : " and more"}`;
    const kept = keptWork(sample);
    if (kept !== undefined) {
      const record = state.addRepository(project, { name: repository, from: kept.origin });
      return { record, work: kept.work(join(folder, record.id), state.repositories.folderOf(record)) };
    }
    const record = state.addRepository(project, { name: repository });
    const origin = state.repositories.folderOf(record);
    const work = workRepository(join(folder, record.id), origin);
    work.commit({ "README.md": `# ${repository}\n${contentCanary}\n` });
    work.push("main");
    record.defaultBranch = "refs/heads/main";
    more?.(work);
    keepWork(sample, work, origin);
    return { record, work };
  }

  const logo = noise(3000, 7);
  const web = addRepository("Web", (work) => {
    work.commit({ "logo.bin": pointerOf(logo) });
    work.git("tag", "-a", "v1", "-m", "One");
    work.push("main", "v1");
  });
  lfsPointer(state.repositories.lfsFolderOf(web.record), logo);
  const api = addRepository("Api", (work) => {
    work.git("branch", "release/1");
    work.push("release/1");
  });
  state.addRepository(project, { name: "Empty" });
  const { story, task, bug } = workItems(wit, project, organizationUrl);

  return {
    project,
    wit,
    web,
    api,
    story,
    task,
    bug,
    addRepository: (repository) => addRepository(repository),
    change() {
      changes += 1;
      web.work.commit({ "news.txt": `news ${changes} ${contentCanary}\n` });
      web.work.git("branch", `topic/${changes}`);
      web.work.push("main", `topic/${changes}`);
      wit.area(project, `Area ${changes}`);
      wit.edit(story, { "System.State": changes % 2 === 1 ? "Active" : "New" });
      wit.comment(story, `<div>Comment ${changes}</div>`);
      wit.attach(task, { name: `file-${changes}.txt`, content: `${contentCanary} ${changes}` });
      const extra = wit.create(project, { type: "Task", title: `Extra ${changes}` });
      const gone = wit.create(project, { type: "Task", title: `Gone ${changes}` });
      wit.link(extra, "Related", gone);
      wit.remove(gone);
    },
    remove,
    [Symbol.asyncDispose]: remove,
  };

  async function remove(): Promise<void> {
    await rm(folder, { recursive: true, force: true });
  }
}

function workItems(
  wit: Wit,
  project: ProjectRecord,
  organizationUrl: string,
): Pick<SmallProject, "story" | "task" | "bug"> {
  wit.area(project, "Web");
  const image = wit.upload("screen.png", `${contentCanary} a picture`);
  const story = wit.create(project, {
    type: "User Story",
    title: "Pay by card",
    fields: { "System.Description": `<p>${contentCanary}</p>`, "System.AreaPath": "Web" },
  });
  const url = `${organizationUrl}/${project.id}/_apis/wit/attachments/${image.id}?fileName=screen.png`;
  const task = wit.create(project, {
    type: "Task",
    title: "Form",
    parent: story,
    fields: { "System.Description": `<p><img src="${url}"></p>` },
  });
  wit.attach(task, { name: "plan.txt", content: `${contentCanary} plan` });
  const bug = wit.create(project, { type: "Bug", title: "Cart is empty" });
  wit.link(bug, "Related", story);
  wit.comment(bug, "<div>Seen on Friday</div>");
  return { story, task, bug };
}

/** Puts the object where the server keeps it and gives the pointer file. */
export function lfsPointer(lfsFolder: string, content: Uint8Array): string {
  const path = lfsObjectPath(lfsFolder, oidOf(content));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return pointerOf(content);
}

const oidOf = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

function pointerOf(content: Uint8Array): string {
  const oid = oidOf(content);
  return `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`;
}
