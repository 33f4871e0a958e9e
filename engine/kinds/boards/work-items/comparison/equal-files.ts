/**
 * Attached files of the same name and size under another address: in place only their content tells whether an earlier
 * restore uploaded the stored file anew, or somebody put another one in its place.
 */
import { createHash } from "node:crypto";
import { downloadAttachment } from "../../../../azure-devops/boards/work-items.ts";
import { hasCode } from "../../../../foundation/errors.ts";
import { stringAt } from "../../../../foundation/json.ts";
import type { TargetProject } from "../../../kind.ts";
import { attachmentIdOf } from "../record.ts";
import { fileLikeness, type Relation } from "../relations.ts";

export async function equalFiles(
  wanted: readonly Relation[],
  live: readonly Relation[],
  target: TargetProject,
): Promise<(wanted: Relation, live: Relation) => boolean> {
  const equal = new Set<string>();
  const strangers = without(live, wanted);
  for (const one of without(wanted, live)) {
    const alike = strangers.filter((other) => fileLikeness(other) === fileLikeness(one));
    for (const other of alike) if (await hasSameContent(one, other, target)) equal.add(`${one.url} ${other.url}`);
  }
  return (one, other) => equal.has(`${one.url} ${other.url}`);
}

function without(files: readonly Relation[], others: readonly Relation[]): readonly Relation[] {
  const known = new Set(others.map(({ url }) => attachmentIdOf(url)));
  return files.filter(({ url }) => !known.has(attachmentIdOf(url)));
}

async function hasSameContent(wanted: Relation, live: Relation, target: TargetProject): Promise<boolean> {
  const id = attachmentIdOf(live.url);
  const stored = await (await target.snapshot.stream("work-items/files"))?.file(attachmentIdOf(wanted.url) ?? "");
  if (id === undefined || stored === undefined) return false;
  try {
    const name = stringAt(live.attributes, "name") ?? id;
    const hash = createHash("sha256");
    const { chunks } = await downloadAttachment(target.azureDevOps, target.project.id, { id, name });
    for await (const chunk of chunks) hash.update(chunk);
    return hash.digest("hex") === stored.sha256;
  } catch (error) {
    if (hasCode(error, "ADO_NOT_FOUND")) return false;
    throw error;
  }
}
