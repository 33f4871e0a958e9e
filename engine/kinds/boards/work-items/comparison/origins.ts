/**
 * The link by which a copy names the item it was made from. It is written when the copy is created, so that a restore that
 * has no journal of an earlier one (another recovery key, a lost container) still finds what that one made.
 */
import { hyperlinkedIds, workItemsBatch } from "../../../../azure-devops/boards/work-items.ts";
import type { JsonObject } from "../../../../foundation/json.ts";
import type { TargetProject } from "../../../kind.ts";
import type { WorkItemRecord } from "../record.ts";
import { commentSeparator, linkComment, relationsOf, type WantedRelation } from "../relations.ts";

/** Where the original is, or was: what people can click on. */
export function originUrl(id: number, { source }: Pick<TargetProject, "source">): string {
  return `${source.organizationUrl}/${encodeURIComponent(source.project.name)}/_workitems/edit/${id}`;
}

/** The copy's link to its origin. */
export function originLink({ id }: Pick<WorkItemRecord, "id">, target: Pick<TargetProject, "source">): WantedRelation {
  const url = originUrl(id, target);
  return { rel: "Hyperlink", url, attributes: { comment: originComment(id) }, label: `hyperlink ${url}` };
}

function originComment(id: number): string {
  return `Restored from work item ${id}`;
}

/**
 * The id of the item of the source organisation that the live item is a copy of. A copy of a copy has the links of both:
 * the later origin, which has the higher id, is its own. The project may have had another name at the time.
 */
export function originOf(item: JsonObject, { source }: Pick<TargetProject, "source">): number | undefined {
  const prefix = `${source.organizationUrl}/`.toLowerCase();
  const origins = relationsOf(item).flatMap((relation) => {
    const url = relation.url.toLowerCase();
    const id = url.startsWith(prefix)
      ? /^[^/]+\/_workitems\/edit\/(\d+)$/.exec(url.slice(prefix.length))?.[1]
      : undefined;
    const isOrigin = linkComment(relation)
      .split(commentSeparator)
      .includes(originComment(Number(id)));
    return relation.rel === "Hyperlink" && id !== undefined && isOrigin ? [Number(id)] : [];
  });
  return origins.length === 0 ? undefined : Math.max(...origins);
}

/** Ids in the target by the id of their origin, the first that was made first. */
export type Copies = ReadonlyMap<number, readonly number[]>;

/** Goes through all items of the target that have hyperlinks, or those with higher ids than `after`: a call for 200. */
export async function readCopies(target: TargetProject, after = 0): Promise<Copies> {
  const copies = new Map<number, number[]>();
  let some: number[] = [];
  const look = async (): Promise<void> => {
    for (const [id, item] of await workItemsBatch(target.azureDevOps, some)) {
      const origin = item === null ? undefined : originOf(item, target);
      if (origin !== undefined) copies.set(origin, [...(copies.get(origin) ?? []), id]);
    }
    some = [];
  };
  for await (const id of hyperlinkedIds(target.azureDevOps, target.project.id, after)) {
    some.push(id);
    if (some.length === batchItems) await look();
  }
  if (some.length > 0) await look();
  return copies;
}

const batchItems = 200;
