/** Changing and removing comments of work items (api-version 7.1-preview.4). */
import type { JsonObject } from "../../foundation/json.ts";
import type { AzureDevOps } from "../azure-devops.ts";
import type { CommentPlace } from "./work-items.ts";

/** Gives a comment another text; the service keeps the old one as a version. */
export async function updateComment(
  azureDevOps: AzureDevOps,
  project: string,
  comment: CommentPlace & { readonly text: string; readonly format?: "html" | "markdown" },
): Promise<void> {
  const body: JsonObject = { text: comment.text };
  const query = { format: comment.format };
  await azureDevOps.call({ area: "wit", method: "PATCH", project, path: pathOf(comment), query, body });
}

/** Marks a comment as deleted. */
export async function deleteComment(azureDevOps: AzureDevOps, project: string, place: CommentPlace): Promise<void> {
  await azureDevOps.call({ area: "wit", method: "DELETE", project, path: pathOf(place) });
}

function pathOf({ workItemId, commentId }: CommentPlace): readonly string[] {
  return ["wit", "workItems", String(workItemId), "comments", String(commentId)];
}
