/** Pipeline runs: only what is needed to find what earlier runs of the same pipeline have attached. */
import { isObject, numberAt, objectAt, stringAt } from "../foundation/json.ts";
import { fromUtf8, readAll } from "../foundation/bytes.ts";
import type { AzureDevOps } from "./azure-devops.ts";
import { firstPage, wholeList } from "./paging.ts";

export interface RunAttachment {
  readonly buildId: number;
  readonly name: string;
  readonly content: string;
}

const maxAttachmentBytes = 4 << 20;

/** Attachments of one type of the pipeline's latest runs, newest run first. */
export async function* attachmentsOfRuns(
  azureDevOps: AzureDevOps,
  project: string,
  wanted: { readonly definitionId: string; readonly type: string; readonly runs: number },
): AsyncGenerator<RunAttachment> {
  const query = { definitions: wanted.definitionId, $top: wanted.runs, queryOrder: "queueTimeDescending" };
  for (const build of await firstPage(azureDevOps, { area: "build", project, path: ["build", "builds"], query })) {
    const buildId = numberAt(build, "id");
    if (buildId === undefined) continue;
    const path = ["build", "builds", String(buildId), "attachments", wanted.type];
    for (const attachment of await wholeList(azureDevOps, { area: "build", project, path })) {
      const place = placeOf(attachment);
      const name = stringAt(attachment, "name");
      if (place === undefined || name === undefined) continue;
      const { chunks } = await azureDevOps.download({
        area: "build",
        project,
        path: ["build", "builds", String(buildId), ...place, "attachments", wanted.type, name],
      });
      yield { buildId, name, content: fromUtf8(await readAll(chunks, maxAttachmentBytes)) };
    }
  }
}

/** Timeline and record of an attachment: they stand only in its own address. */
function placeOf(attachment: unknown): readonly [timeline: string, record: string] | undefined {
  if (!isObject(attachment)) return undefined;
  const href = stringAt(objectAt(objectAt(attachment, "_links") ?? {}, "self") ?? {}, "href");
  const match = /\/builds\/\d+\/([0-9a-f-]{36})\/([0-9a-f-]{36})\/attachments\//i.exec(href ?? "");
  return match?.[1] === undefined || match[2] === undefined ? undefined : [match[1], match[2]];
}
