/** What people write who bring work items into a project: a loop over azure-devops-node-api, in a process of its own. */
import { Readable } from "node:stream";
import { getPersonalAccessTokenHandler, WebApi } from "azure-devops-node-api";
import type { IWorkItemTrackingApi } from "azure-devops-node-api/WorkItemTrackingApi.js";
import { forEachConcurrent } from "../../engine/foundation/concurrency.ts";
import { offer } from "./child.ts";

export interface LoopWanted {
  readonly organizationUrl: string;
  readonly token: string;
  readonly project: string;
  readonly count: number;
  readonly lanes: number;
  /** With a comment, a file and the history as a file. */
  readonly detailed: boolean;
}

interface Made {
  readonly id: number;
  readonly url: string;
}

async function writeAll(wanted: LoopWanted): Promise<number> {
  const { organizationUrl, token, project, count, lanes } = wanted;
  const api = await new WebApi(organizationUrl, getPersonalAccessTokenHandler(token)).getWorkItemTrackingApi();
  const startedAt = performance.now();
  const made = new Map<number, Made>();
  const numbers = Array.from({ length: count }, (_, index) => index);
  await forEachConcurrent(numbers, lanes, async (index) => {
    const operations = fieldsOf(index).map(([name, value]) => ({ op: "add", path: `/fields/${name}`, value }));
    const type = index % 10 === 0 ? "User Story" : "Task";
    const { id = 0, url = "" } = await api.createWorkItem({}, operations, project, type, false, true, true);
    made.set(index, { id, url });
  });
  await forEachConcurrent(numbers, lanes, (index) => link(api, index, { wanted, made }));
  return (performance.now() - startedAt) / 1000;
}

function fieldsOf(index: number): readonly (readonly [name: string, value: string | number])[] {
  return [
    ["System.Title", `Step ${index + 1}`],
    ["System.Description", `<div>Step ${index + 1} of the work.</div>`],
    ["Microsoft.VSTS.Common.Priority", 1 + (index % 4)],
    ["System.CreatedDate", "2026-01-05T08:00:00Z"],
  ];
}

async function link(
  api: IWorkItemTrackingApi,
  index: number,
  { wanted, made }: { readonly wanted: LoopWanted; readonly made: ReadonlyMap<number, Made> },
): Promise<void> {
  const { project, detailed } = wanted;
  const own = made.get(index);
  const other = made.get(index % 10 === 0 ? Math.max(0, index - 10) : index - (index % 10));
  if (own === undefined || other === undefined) throw new Error(`work item ${index} was not made`);
  const rel = index % 10 === 0 ? "System.LinkTypes.Dependency-Reverse" : "System.LinkTypes.Hierarchy-Reverse";
  const origin = { rel: "Hyperlink", url: `https://example.com/${index}`, attributes: { comment: "Origin" } };
  const relations: { rel: string; url: string }[] = [origin, ...(own === other ? [] : [{ rel, url: other.url }])];
  for (const name of detailed ? [`notes-${own.id}.txt`, `work-item-${own.id}-history.json`] : []) {
    const content = Readable.from([Buffer.from(`Notes on ${own.id}\n`.repeat(50))]);
    const { url = "" } = await api.createAttachment({}, content, name, "simple", project);
    relations.push({ rel: "AttachedFile", url });
  }
  const operations = relations.map((value) => ({ op: "add", path: "/relations/-", value }));
  await api.updateWorkItem({}, operations, own.id, project, false, true, true);
  if (detailed) await api.addComment({ text: `<div>Said of ${own.id}</div>` }, project, own.id);
}

const functions = { writeAll };
export type WorkItemLoopFunctions = typeof functions;

export function runWorkItemLoop(): void {
  offer(functions);
}
