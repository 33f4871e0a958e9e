/**
 * Attachments and inline images of work items: content is immutable per GUID, so each is fetched once, ever. What could
 * not be fetched is a gap and is asked for again by every run; what the service has lost is a finding, and is asked
 * for again when an item that shows it is read again.
 */
import { downloadAttachment } from "../../../../azure-devops/boards/work-items.ts";
import { truncated } from "../../../../azure-devops/reading/truncated.ts";
import { chunksOf, readAll } from "../../../../foundation/bytes.ts";
import { describeError, hasCode } from "../../../../foundation/errors.ts";
import { numberAt, type JsonObject } from "../../../../foundation/json.ts";
import { inert } from "../../../../foundation/text.ts";
import type { FilesState } from "../../../../vault/format/state.ts";
import type { FilesWriter } from "../../../../vault/streams/stream-writer.ts";
import { attachmentIdOf, filesOf } from "../record.ts";
import { relationsOf } from "../relations.ts";
import { mayMentionFile, parsedRevision, type ReadRecord } from "../record-json.ts";
import type { BackupWork, Finding, Gap } from "../../../kind.ts";

/** Up to here a file is fetched in parallel with others and held in memory until its turn to be written. */
const smallBytes = 4 * 1024 * 1024;

/** How often a file is fetched whose bytes do not arrive whole. */
const maxTries = 3;
const pauseMs = 1000;

interface WantedFile {
  readonly id: string;
  readonly name: string;
  readonly workItem?: number;
  /** As the work item says. */
  readonly size?: number | undefined;
}

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
  async store(record: ReadRecord): Promise<ReadRecord> {
    const revisions = record.revisions.filter(({ json }) => mayMentionFile(json)).map(parsedRevision);
    const found = filesOf([record.item, ...(record.comments ?? []), ...revisions]);
    if (found.size === 0) return record;
    const sizes = announcedSizes([record.item, ...revisions]);
    const files = [...found].map(([id, name]) => ({ id, name, workItem: record.id, size: sizes.get(id) }));
    await Promise.all(files.map((file) => this.#storeFile(file)));
    return {
      ...record,
      files: Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, name]) => [id, { name }])),
    };
  }

  /** Tries again what was missing before, then closes the stream of files. */
  async finish(asOf: string): Promise<FilesState | undefined> {
    const before = await this.#work.previous.files();
    for (const id of before?.missing ?? []) if (!this.#asked.has(id)) await this.#storeFile({ id, name: id });
    return this.#writer.finish({ asOf, missing: this.#missing });
  }

  async #storeFile(file: WantedFile): Promise<void> {
    if (this.#asked.has(file.id) || this.#writer.has(file.id)) return;
    this.#asked.add(file.id);
    const { clock, signal } = this.#work.source;
    for (let tried = 1; ; tried += 1) {
      try {
        await this.#fetch(file);
        return;
      } catch (error) {
        if (!hasCode(error, "ADO_TRUNCATED") || tried === maxTries) {
          this.#note(error, file);
          return;
        }
        await clock.sleep(tried * pauseMs, signal);
      }
    }
  }

  async #fetch({ id, name, size }: WantedFile): Promise<void> {
    const { azureDevOps, project } = this.#work.source;
    const download = await downloadAttachment(azureDevOps, project.id, { id, name });
    const length = download.length === undefined ? {} : { length: download.length };
    const whole = size === undefined ? download.chunks : ofSize(download.chunks, size, name);
    if (download.length !== undefined && download.length <= smallBytes) {
      const bytes = await readAll(whole, smallBytes);
      await this.#inTurn(() => this.#writer.add({ id, ...length, chunks: chunksOf(bytes) }));
    } else {
      await this.#inTurn(() => this.#writer.add({ id, ...length, chunks: whole }));
    }
  }

  /** The writer takes one file after another. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  #note(error: unknown, { workItem, id, name }: WantedFile): void {
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

/** What the work item says of its attachments: a download of another length was cut off on its way. */
function announcedSizes(items: readonly JsonObject[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { rel, url, attributes } of items.flatMap(relationsOf)) {
    const size = numberAt(attributes, "resourceSize") ?? 0;
    const id = rel === "AttachedFile" && size > 0 ? attachmentIdOf(url) : undefined;
    if (id !== undefined) sizes.set(id, size);
  }
  return sizes;
}

async function* ofSize(chunks: AsyncIterable<Uint8Array>, size: number, name: string): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    yield chunk;
  }
  if (length !== size) throw truncated(`Attachment ${inert(name)}`, `${length} of ${size} bytes arrived`);
}
