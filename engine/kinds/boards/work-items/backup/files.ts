/**
 * Attachments and inline images of work items: content is immutable per GUID, so each is fetched once, ever. What was
 * expected and is not stored is asked for again by every run, until it is stored or no work item shows it any more.
 * A refusal is a gap; what the service says not to have is a finding.
 */
import { downloadAttachment } from "../../../../azure-devops/boards/work-items.ts";
import { truncated } from "../../../../azure-devops/reading/truncated.ts";
import { chunksOf, readAll } from "../../../../foundation/bytes.ts";
import { forEachConcurrent } from "../../../../foundation/concurrency.ts";
import { describeError, hasCode } from "../../../../foundation/errors.ts";
import { numberAt, type JsonObject } from "../../../../foundation/json.ts";
import { inert } from "../../../../foundation/text.ts";
import type { FilesState } from "../../../../vault/format/state.ts";
import type { FilesWriter } from "../../../../vault/streams/stream-writer.ts";
import { ExpectedFiles } from "./expected-files.ts";
import type { Keys } from "./keys.ts";
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
  readonly workItem?: number | undefined;
  /** As the work item says. */
  readonly size?: number | undefined;
  /** What only an old revision names was taken off on purpose: once the item is known it is not waited for. */
  readonly isShown: boolean;
}

export interface FilesTools {
  readonly writer: FilesWriter;
  readonly before: FilesState | undefined;
  /** Work items that are stored already. */
  readonly keys: Pick<Keys, "has">;
}

export class WorkItemFiles {
  readonly gaps: Gap[] = [];
  readonly findings: Finding[] = [];
  readonly #work: BackupWork;
  readonly #writer: FilesWriter;
  readonly #keys: Pick<Keys, "has">;
  readonly #expected: ExpectedFiles;
  readonly #asked = new Set<string>();
  #turn: Promise<void> = Promise.resolve();

  constructor(work: BackupWork, { writer, before, keys }: FilesTools) {
    this.#work = work;
    this.#writer = writer;
    this.#keys = keys;
    this.#expected = new ExpectedFiles(before);
  }

  /** It is stored, or is asked for in this run. */
  holds(id: string): boolean {
    return this.#writer.has(id) || this.#expected.has(id);
  }

  /** Something was stored, or is expected no more: the state of before is not that of now. */
  get hasNews(): boolean {
    return this.#writer.added > 0 || this.#expected.hasChanged;
  }

  /** Stores the files the record mentions and gives the record with its `files` table. */
  async store(record: ReadRecord): Promise<ReadRecord> {
    const revisions = record.revisions.filter(({ json }) => mayMentionFile(json)).map(parsedRevision);
    const present = [record.item, ...(record.comments ?? [])];
    const found = filesOf([...present, ...revisions]);
    const shown = filesOf(present);
    // The recycle bin does not show what an item has.
    if (record.deleted !== true) this.#expected.onlyThese(record.id, shown);
    if (found.size === 0) return record;
    const sizes = announcedSizes([record.item, ...revisions]);
    const files = [...found].map(([id, name]) => {
      return { id, name, workItem: record.id, size: sizes.get(id), isShown: shown.has(id) };
    });
    await Promise.all(files.map((file) => this.#storeFile(file)));
    return {
      ...record,
      files: Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, name]) => [id, { name }])),
    };
  }

  /** The item is not in the project any more. */
  forget(workItem: number): void {
    this.#expected.onlyThese(workItem, new Map());
  }

  /** Asks again for what earlier runs expected, as far as this one has not. */
  async retry(): Promise<void> {
    const lanes = Math.max(1, this.#work.source.parallelism);
    await forEachConcurrent(this.#expected.ids(), lanes, (id) =>
      this.#storeFile({ id, name: id, workItem: this.#expected.itemOf(id), isShown: true }),
    );
  }

  /** Tries again what was missing before, then closes the stream of files. */
  async finish(asOf: string): Promise<FilesState | undefined> {
    await this.retry();
    return this.#writer.finish({ asOf, ...this.#expected.members() });
  }

  async #storeFile(file: WantedFile): Promise<void> {
    if (this.#writer.has(file.id)) return;
    if (this.#asked.has(file.id)) {
      this.#expected.alsoShownBy(file.id, file.workItem);
      return;
    }
    this.#asked.add(file.id);
    const { clock, signal } = this.#work.source;
    for (let tried = 1; ; tried += 1) {
      try {
        await this.#fetch(file);
        this.#expected.stored(file.id);
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

  #note(error: unknown, { workItem, id, name, isShown }: WantedFile): void {
    const isGap = hasCode(error, "ADO_FORBIDDEN", "ADO_THROTTLED", "ADO_UNAVAILABLE", "ADO_TRUNCATED", "ADO_REQUEST");
    if (!isGap && !hasCode(error, "ADO_NOT_FOUND")) throw error;
    const isKnown = this.#expected.wasBefore(id);
    const isExpected = isGap || isShown || workItem === undefined || !this.#keys.has(workItem);
    if (isExpected) this.#expected.add(id, workItem);
    const place = { stream: "work-items", ...(workItem === undefined ? {} : { item: String(workItem) }) };
    const what = `Attachment ${inert(name)} of work item ${workItem ?? "(earlier run)"}`;
    if (isGap) {
      this.gaps.push({
        ...place,
        code: error.code,
        message: `${what} could not be read: ${describeError(error)}`,
        cure: "The next backup tries again.",
      });
    } else {
      this.findings.push({
        ...place,
        code: "ATTACHMENT_MISSING",
        message: `${what} is not on the server${isExpected ? "; every backup asks again, until it is stored or taken off the work item" : " any more"}`,
        severity: isKnown ? "note" : "warning",
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
