/** Pipeline runs: only what is needed to find what earlier runs of the same pipeline have attached. */
import { isObject, numberAt, objectAt, stringAt, type JsonObject } from "../../foundation/json.ts";
import { fromUtf8, readAll } from "../../foundation/bytes.ts";
import type { AzureDevOps } from "../azure-devops.ts";
import { firstPage, wholeList } from "../reading/paging.ts";

export interface RunAttachment {
  readonly buildId: number;
  readonly name: string;
  /** Undefined where it is too large for what it should be, or no text: somebody else has attached it. */
  readonly content: string | undefined;
}

export interface WantedAttachments {
  readonly definitionId: string;
  /** Full name, `refs/heads/main`. */
  readonly branch: string;
  readonly type: string;
  /** Runs to look through. */
  readonly runs: number;
}

const maxAttachmentBytes = 4 << 20;
/** A run attaches one for each project. */
const mostOfOneRun = 1000;
/** A run with warnings ends as partially succeeded. */
const goodResults: readonly string[] = ["succeeded", "partiallySucceeded"];

/** Attachments of one type of the latest runs of the pipeline, on that branch, that have succeeded; newest run first. */
export async function* attachmentsOfRuns(
  azureDevOps: AzureDevOps,
  project: string,
  wanted: WantedAttachments,
): AsyncGenerator<RunAttachment> {
  const query = {
    definitions: wanted.definitionId,
    branchName: wanted.branch,
    statusFilter: "completed",
    resultFilter: goodResults.join(","),
    $top: wanted.runs,
    queryOrder: "queueTimeDescending",
  };
  for (const build of await firstPage(azureDevOps, { area: "build", project, path: ["build", "builds"], query }))
    if (isWanted(build, wanted)) yield* attachmentsOf(azureDevOps, project, { build, type: wanted.type });
}

/** What the service was asked for is looked at again: a filter that it does not know would give everybody's runs. */
function isWanted(build: JsonObject, { definitionId, branch }: WantedAttachments): boolean {
  const { definition } = build;
  const result = stringAt(build, "result") ?? "";
  const isGood = goodResults.some((good) => good.toLowerCase() === result.toLowerCase());
  const id = isObject(definition) ? numberAt(definition, "id") : undefined;
  return isGood && String(id) === definitionId && stringAt(build, "sourceBranch") === branch;
}

async function* attachmentsOf(
  azureDevOps: AzureDevOps,
  project: string,
  { build, type }: { readonly build: JsonObject; readonly type: string },
): AsyncGenerator<RunAttachment> {
  const buildId = numberAt(build, "id");
  if (buildId === undefined) return;
  const path = ["build", "builds", String(buildId), "attachments", type];
  const attachments = await wholeList(azureDevOps, { area: "build", project, path });
  for (const attachment of attachments.slice(0, mostOfOneRun)) {
    const place = placeOf(attachment);
    const name = stringAt(attachment, "name");
    if (place === undefined || name === undefined) continue;
    const { chunks } = await azureDevOps.download({
      area: "build",
      project,
      path: ["build", "builds", String(buildId), ...place, "attachments", type, name],
    });
    yield { buildId, name, content: await smallText(chunks) };
  }
}

async function smallText(chunks: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  try {
    return fromUtf8(await readAll(chunks, maxAttachmentBytes));
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Timeline and record of an attachment: they stand only in its own address. */
function placeOf(attachment: unknown): readonly [timeline: string, record: string] | undefined {
  if (!isObject(attachment)) return undefined;
  const href = stringAt(objectAt(objectAt(attachment, "_links") ?? {}, "self") ?? {}, "href");
  const match = /\/builds\/\d+\/([0-9a-f-]{36})\/([0-9a-f-]{36})\/attachments\//i.exec(href ?? "");
  return match?.[1] === undefined || match[2] === undefined ? undefined : [match[1], match[2]];
}
