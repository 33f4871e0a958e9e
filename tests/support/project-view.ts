/** A simulated project as a value, without ids and dates: what a restore has to bring about, whoever carries it out. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { SimProject } from "../simulator/service.ts";
import type { Simulator } from "../simulator/server.ts";
import { latestOf } from "../simulator/boards/comments.ts";
import { Wit } from "../simulator/boards/builder.ts";
import { isShown, otherEnd } from "../simulator/boards/links.ts";
import type { WorkItem } from "../simulator/boards/model.ts";

export interface ProjectView {
  readonly repositories: Readonly<Record<string, RepositoryView>>;
  /** Sorted by title; one that is there twice stands here twice. */
  readonly workItems: readonly WorkItemView[];
}

export interface RepositoryView {
  readonly branch: string | undefined;
  readonly refs: readonly string[];
  /** Ids of the LFS objects on the server. */
  readonly lfs: readonly string[];
}

export interface WorkItemView {
  readonly title: string;
  readonly type: string;
  readonly state: string;
  readonly description: string;
  readonly tags: string;
  readonly links: readonly string[];
  readonly files: readonly string[];
  readonly comments: readonly string[];
}

export function viewOf({ state }: Pick<Simulator, "state">, project: Pick<SimProject, "id">): ProjectView {
  const { repositories } = state;
  const wit = new Wit(state);
  const items = [...wit.tracking.items.values()].filter(
    (item) => item.deleted === undefined && wit.tracking.projectOf(item).id === project.id,
  );
  return {
    repositories: Object.fromEntries(
      repositories.list(project.id).map((record) => [
        record.name,
        {
          branch: record.defaultBranch,
          refs: refsBelow(repositories.folderOf(record)),
          lfs: filesBelow(repositories.lfsFolderOf(record)),
        },
      ]),
    ),
    workItems: items.map(workItemView).sort((a, b) => (a.title < b.title ? -1 : 1)),
  };
}

/** `oid name` of every ref, sorted by name, as the files of a bare repository have it: git is not started. */
function refsBelow(folder: string): readonly string[] {
  const refs = new Map<string, string>();
  const packed = join(folder, "packed-refs");
  for (const line of existsSync(packed) ? readFileSync(packed, "utf8").split("\n") : []) {
    const [, oid = "", name = ""] = /^([0-9a-f]{40,64}) (refs\/.+)$/.exec(line) ?? [];
    if (name !== "") refs.set(name, oid);
  }
  for (const entry of readdirSync(join(folder, "refs"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    refs.set(relative(folder, file).replaceAll("\\", "/"), readFileSync(file, "utf8").trim());
  }
  const names = [...refs.keys()].sort((a, b) => (a < b ? -1 : 1));
  return names.map((name) => `${refs.get(name) ?? ""} ${name}`);
}

function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const isObject = /^[0-9a-f]{64}$/; // parts of broken uploads lie beside
  return entries.flatMap(({ name }) => (isObject.test(name) ? [name] : [])).sort();
}

function workItemView(item: WorkItem): WorkItemView {
  const text = (field: string): string => textOf(item, field);
  return {
    title: text("System.Title"),
    type: text("System.WorkItemType"),
    state: text("System.State"),
    // Ids and addresses of files differ from project to project.
    description: text("System.Description").replace(/https?:[^"]*/g, "address"),
    tags: text("System.Tags"),
    links: item.links
      .filter(isShown)
      .map((link) => {
        const end = link.source === item ? link.type.forwardName : link.type.reverseName;
        return `${end} ${textOf(otherEnd(link, item), "System.Title")}`;
      })
      .sort(),
    files: item.resources
      .filter(({ rel, toRev }) => rel === "AttachedFile" && toRev === undefined)
      .map(({ name }) => (name ?? "").replace(/\d+/g, "n"))
      .sort(),
    comments: item.comments
      .map(latestOf)
      .filter(({ isDeleted }) => !isDeleted)
      .map(({ text: said }) => said.replace(/\d{4}-[^<]*/g, "date")),
  };
}

function textOf(item: WorkItem, field: string): string {
  const value = item.current[field];
  return typeof value === "string" ? value : "";
}
