/** Attachments: immutable once complete, one content per GUID; large ones lie in the part's folder. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { badRequest } from "./errors.ts";
import { SimError } from "../service.ts";
import type { WitHost } from "./host.ts";
import type { Attachment } from "./model.ts";

const IN_MEMORY_BYTES = 1024 * 1024;

export interface Chunk {
  readonly content: Uint8Array;
  readonly from: number;
  readonly total: number;
}

export class AttachmentStore {
  readonly #host: WitHost;
  readonly #all = new Map<string, Attachment>();

  constructor(host: WitHost) {
    this.#host = host;
  }

  get limitBytes(): number {
    return this.#host.attachmentLimitBytes ?? 130 * 1024 * 1024;
  }

  add(fileName: string, content: Uint8Array): Attachment {
    if (content.length > this.limitBytes) {
      throw new SimError(
        413,
        "WorkItemAttachmentTooLargeException",
        `TF237082: The file you are trying to upload exceeds the supported file upload size of ${this.limitBytes} bytes.`,
      );
    }
    const attachment = this.register(fileName);
    if (content.length <= IN_MEMORY_BYTES) attachment.content = content.slice();
    else {
      writeFileSync(this.#fileOf(attachment.id), content);
      attachment.content = { file: this.#fileOf(attachment.id) };
    }
    attachment.size = content.length;
    return attachment;
  }

  /** The first step of a chunked upload: an id without content. */
  register(fileName: string): Attachment {
    const attachment: Attachment = { id: this.#host.newId(), fileName, content: undefined, size: 0 };
    this.#all.set(attachment.id, attachment);
    return attachment;
  }

  /** Chunks come in order; the last one completes the attachment. */
  append(attachment: Attachment, { content, from, total }: Chunk): void {
    if (attachment.content !== undefined) {
      throw badRequest(
        "AttachmentAlreadyUploadedException",
        `VS403203: Attachment ${attachment.id} is complete already.`,
      );
    }
    if (from !== attachment.size || from + content.length > total || content.length > this.limitBytes) {
      throw badRequest(
        "AttachmentInvalidChunkException",
        `VS403204: The chunk ${from}-${from + content.length - 1}/${total} does not follow the ${attachment.size} bytes that are there.`,
      );
    }
    appendFileSync(this.#fileOf(attachment.id), content);
    attachment.size += content.length;
    if (attachment.size === total) attachment.content = { file: this.#fileOf(attachment.id) };
  }

  find(id: string): Attachment | undefined {
    return this.#all.get(id.toLowerCase());
  }

  contentOf(attachment: Attachment): Uint8Array | undefined {
    const { content } = attachment;
    if (content === undefined || content instanceof Uint8Array) return content;
    return readFileSync(content.file);
  }

  #fileOf(id: string): string {
    const folder = join(this.#host.folderOf("wit"), "attachments");
    mkdirSync(folder, { recursive: true });
    return join(folder, id);
  }
}
