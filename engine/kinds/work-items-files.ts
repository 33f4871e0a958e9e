/**
 * Attachments and inline images of work items: content is immutable per GUID, so each is fetched once, ever. What could
 * not be fetched is a gap and is asked for again by every run; what the service has lost is a finding, and is asked
 * for again when an item that shows it is read again.
 */
import { downloadAttachment } from "../azure-devops/work-items.ts";
import { chunksOf, readAll } from "../foundation/bytes.ts";
import { describeError, hasCode } from "../foundation/errors.ts";
import { inert } from "../foundation/text.ts";
import type { FilesState } from "../vault/state.ts";
import type { FilesWriter } from "../vault/stream-writer.ts";
import { filesOf, type WorkItemRecord } from "./work-item-record.ts";
import type { BackupWork, Finding, Gap } from "./kind.ts";

/** Up to here a file is fetched in parallel with others and held in memory until its turn to be written. */
const smallBytes = 4 * 1024 * 1024;

export class WorkItemFiles {
  readonly gaps: Gap[] = [];
  readonly findings: Finding[] = [];
  readonly #missing: string[] = [];
  readonly #work: BackupWork;
  readonly #writer: FilesWriter;
  readonly #asked = new Set<string>();
  #turn: Promise<void> = Promise.resolve();

  constructor(work: BackupWork, writer: FilesWriter) {
    this.#work = work;
    this.#writer = writer;
  }

  /** Stores the files the record mentions and gives the record with its `files` table. */
  async store(record: WorkItemRecord): Promise<WorkItemRecord> {
    const found = filesOf([record.item, ...(record.comments ?? []), ...record.revisions]);
    if (found.size === 0) return record;
    await Promise.all([...found].map(([id, name]) => this.#storeFile(record.id, id, name)));
    return {
      ...record,
      files: Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, name]) => [id, { name }])),
    };
  }

  /** Tries again what was missing before, then closes the stream of files. */
  async finish(asOf: string): Promise<FilesState | undefined> {
    const before = await this.#work.previous.files();
    for (const id of before?.missing ?? []) if (!this.#asked.has(id)) await this.#storeFile(undefined, id, id);
    return this.#writer.finish({ asOf, missing: this.#missing });
  }

  async #storeFile(workItem: number | undefined, id: string, name: string): Promise<void> {
    if (this.#asked.has(id) || this.#writer.has(id)) return;
    this.#asked.add(id);
    const { azureDevOps, project } = this.#work.source;
    try {
      const download = await downloadAttachment(azureDevOps, project.id, { id, name });
      const length = download.length === undefined ? {} : { length: download.length };
      if (download.length !== undefined && download.length <= smallBytes) {
        const bytes = await readAll(download.chunks, smallBytes);
        await this.#inTurn(() => this.#writer.add({ id, ...length, chunks: chunksOf(bytes) }));
      } else {
        await this.#inTurn(() => this.#writer.add({ id, ...length, chunks: download.chunks }));
      }
    } catch (error) {
      this.#note(error, { workItem, id, name });
    }
  }

  /** The writer takes one file after another. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  #note(
    error: unknown,
    { workItem, id, name }: { readonly workItem: number | undefined; readonly id: string; readonly name: string },
  ): void {
    const isGap = hasCode(error, "ADO_FORBIDDEN", "ADO_THROTTLED", "ADO_UNAVAILABLE", "ADO_TRUNCATED", "ADO_REQUEST");
    if (!isGap && !hasCode(error, "ADO_NOT_FOUND")) throw error;
    if (isGap) this.#missing.push(id);
    const place = { stream: "work-items", ...(workItem === undefined ? {} : { item: String(workItem) }) };
    const what = `Attachment ${inert(name)} of work item ${workItem ?? "(earlier run)"}`;
    if (isGap) {
      this.gaps.push({
        ...place,
        code: error.code,
        message: `${what} could not be read: ${describeError(error)}`,
        cure: "The next backup tries again.",
      });
    } else if (workItem !== undefined) {
      this.findings.push({
        ...place,
        code: "ATTACHMENT_MISSING",
        message: `${what} is not on the server any more`,
        severity: "warning",
      });
    }
  }
}
