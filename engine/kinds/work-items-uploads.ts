/** Files of a work item on their way into the target: uploaded once each, when something refers to them. */
import { uploadAttachment, type AttachmentRef } from "../azure-devops/attachments.ts";
import { chunksOf } from "../foundation/bytes.ts";
import { BackupError } from "../foundation/errors.ts";
import { stringAt, type JsonValue } from "../foundation/json.ts";
import type { StreamReader } from "../vault/stream-reader.ts";
import type { TargetProject } from "./kind.ts";
import { attachmentIdOf, filesOf, type WorkItemRecord } from "./work-item-record.ts";
import type { Relation } from "./work-item-relations.ts";
import type { HistoryFile } from "./work-items-comparison.ts";

export class Uploads {
  readonly #record: WorkItemRecord;
  readonly #target: TargetProject;
  readonly #history: readonly HistoryFile[];
  readonly #uploaded = new Map<string, AttachmentRef>();
  #files: Promise<StreamReader | undefined> | undefined;

  constructor(record: WorkItemRecord, target: TargetProject, history: readonly HistoryFile[]) {
    this.#record = record;
    this.#target = target;
    this.#history = history;
  }

  /** New address of an uploaded file; undefined for one that was not. */
  address(guid: string): string | undefined {
    return this.#uploaded.get(guid)?.url;
  }

  /** Uploads the images that texts show. One the backup does not hold keeps its old address. */
  async inline(texts: readonly JsonValue[]): Promise<void> {
    for (const [guid, name] of filesOf(texts)) await this.#upload(guid, this.#record.files?.[guid]?.name ?? name);
  }

  /** The relation with the address of the freshly uploaded file. Throws OBJECT_MISSING when the backup lacks it. */
  async attach(relation: Relation): Promise<Relation> {
    const history = this.#history.find(({ name }) => relation.url === `history:${name}`);
    const name = stringAt(relation.attributes, "name") ?? "attachment";
    if (history !== undefined) {
      const { url } = await this.#send(history.name, { length: history.size, chunks: chunksOf(history.content) });
      return { ...relation, url };
    }
    const guid = attachmentIdOf(relation.url);
    const uploaded = guid === undefined ? undefined : await this.#upload(guid, name);
    if (uploaded === undefined) throw missingFile(this.#record, name);
    return { ...relation, url: uploaded.url };
  }

  async #upload(guid: string, name: string): Promise<AttachmentRef | undefined> {
    const earlier = this.#uploaded.get(guid);
    if (earlier !== undefined) return earlier;
    this.#files ??= this.#target.snapshot.stream("work-items/files");
    const file = await (await this.#files)?.file(guid);
    if (file === undefined) return undefined;
    const uploaded = await this.#send(name, file);
    this.#uploaded.set(guid, uploaded);
    return uploaded;
  }

  #send(
    name: string,
    content: { readonly length: number; readonly chunks: AsyncIterable<Uint8Array> },
  ): Promise<AttachmentRef> {
    return uploadAttachment(this.#target.azureDevOps, this.#target.project.id, {
      name,
      length: content.length,
      chunks: content.chunks,
    });
  }
}

function missingFile(record: WorkItemRecord, name: string): BackupError {
  return new BackupError({
    code: "OBJECT_MISSING",
    message: `File ${name} of work item ${record.id} is not in this snapshot`,
    hint: "The backup could not read it at the time (see its findings); remove the attachment from the selection or take another snapshot.",
  });
}
