/** Files of a work item on their way into the target: uploaded once each, when something refers to them. */
import { uploadAttachment, type AttachmentRef } from "../../../../azure-devops/boards/attachments.ts";
import { chunksOf } from "../../../../foundation/bytes.ts";
import { inert } from "../../../../foundation/text.ts";
import { stringAt, type JsonValue } from "../../../../foundation/json.ts";
import type { TargetProject } from "../../../kind.ts";
import { attachmentIdOf, filesOf, type WorkItemRecord } from "../record.ts";
import type { Relation } from "../relations.ts";
import { historyFileOf, type HistoryFile } from "../comparison/comparison.ts";

interface Content {
  readonly length: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

export class Uploads {
  /** Files that the snapshot does not hold: the service had lost them already, or could not deliver them. */
  readonly lost = new Set<string>();
  readonly #record: WorkItemRecord;
  readonly #target: TargetProject;
  readonly #history: readonly HistoryFile[];
  readonly #uploaded = new Map<string, AttachmentRef>();

  constructor(record: WorkItemRecord, target: TargetProject, history: readonly HistoryFile[]) {
    this.#record = record;
    this.#target = target;
    this.#history = history;
  }

  /** New address of an uploaded file, fit for Markdown, too; undefined for one that was not. */
  readonly address = (guid: string): string | undefined =>
    this.#uploaded.get(guid)?.url.replace(/[()]/g, (bracket) => (bracket === "(" ? "%28" : "%29"));

  /** Uploads the images that texts show. One the backup does not hold keeps its old address. */
  async inline(texts: readonly JsonValue[]): Promise<void> {
    for (const [guid, name] of filesOf(texts)) await this.#stored(guid, this.#record.files?.[guid]?.name ?? name);
  }

  /** The relation with the address of the freshly uploaded file; undefined when the snapshot lacks it. */
  async attach(relation: Relation): Promise<Relation | undefined> {
    const history = historyFileOf(relation, this.#history);
    const name = stringAt(relation.attributes, "name") ?? "attachment";
    const guid = attachmentIdOf(relation.url);
    const uploaded =
      history !== undefined
        ? await this.#send(relation.url, history.name, { length: history.size, chunks: chunksOf(history.content) })
        : guid !== undefined
          ? await this.#stored(guid, name)
          : undefined;
    return uploaded === undefined ? undefined : { ...relation, url: uploaded.url };
  }

  async #stored(guid: string, name: string): Promise<AttachmentRef | undefined> {
    const earlier = this.#uploaded.get(guid);
    if (earlier !== undefined) return earlier;
    const file = await (await this.#target.snapshot.stream("work-items/files"))?.file(guid);
    if (file !== undefined) return this.#send(guid, name, file);
    this.lost.add(`file ${inert(name)}: the snapshot does not hold it; Azure DevOps did not deliver it at the time`);
    return undefined;
  }

  async #send(key: string, name: string, { length, chunks }: Content): Promise<AttachmentRef> {
    const { azureDevOps, project } = this.#target;
    const uploaded =
      this.#uploaded.get(key) ?? (await uploadAttachment(azureDevOps, project.id, { name, length, chunks }));
    this.#uploaded.set(key, uploaded);
    return uploaded;
  }
}
