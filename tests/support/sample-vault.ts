import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chunksOf, utf8 } from "../../engine/foundation/bytes.ts";
import { collect } from "../../engine/foundation/concurrency.ts";
import { parseAgentKey, parseOwnerKey } from "../../engine/crypto/keys.ts";
import type { ObjectStore } from "../../engine/store/object-store.ts";
import { commitSnapshot, type StreamDraft } from "../../engine/vault/snapshots/commit.ts";
import { openVault } from "../../engine/vault/log/genesis.ts";
import { filesWriter } from "../../engine/vault/streams/files-writer.ts";
import { readIndex, readState, writeState } from "../../engine/vault/objects/index-file.ts";
import { writeLines } from "../../engine/vault/objects/line-objects.ts";
import { appendEntry, type AppendFacts } from "../../engine/vault/log/append.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { newestSnapshot } from "../../engine/vault/snapshots/snapshots.ts";
import { sealedWriter, type SealedWriter } from "../../engine/vault/objects/sealed-objects.ts";
import type { FilesState, GitState, IndexLine, RecordsState, RefTarget } from "../../engine/vault/format/state.ts";
import type { Segment } from "../../engine/vault/format/ref.ts";
import type { RecordLine } from "../../engine/vault/streams/stream-writer.ts";
import { vaultStreamWriter } from "../../engine/vault/streams/vault-stream-writer.ts";
import type { Clock } from "../../engine/foundation/clock.ts";
import { cryptography, each, patternBytes, sampleKeys, sampleVault } from "./sealed-vault.ts";

export const sampleRepository = "git-repositories/5a3c2f10-64b7-4d0e-9d3b-0b6f1c2a7e01";
export const sampleRuns = ["20261122T180544Z-7f3a9c1e", "20261123T180501Z-1b2c3d4e"] as const;
const sampleOrganization = { id: "0f3a7a1e-3d0e-4b1c-9f57-6a9e54b5d1a3", url: "https://dev.azure.com/fabrikam" };

export interface SampleContent {
  readonly refs: Readonly<Record<string, RefTarget>>;
  readonly head: string;
  readonly workItems: readonly { readonly id: number; readonly title: string }[];
  readonly files: Readonly<Record<string, Uint8Array>>;
}

export interface SampleOptions {
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** Also a file above the limit of tar segments. */
  readonly withLargeFile: boolean;
  /** Files above this many bytes get objects of their own; the format's limit when absent. */
  readonly tarFileBytes?: number;
  /** Called between the two snapshots. */
  readonly nextDay?: () => void;
  /** A retire entry of the first snapshot at the end. */
  readonly withRetirement: boolean;
}

/**
 * Writes a vault with two snapshots of one repository, three work items and their attachments through the product's
 * own writers, and tells what each snapshot holds.
 */
export async function writeSampleVault(options: SampleOptions): Promise<readonly [SampleContent, SampleContent]> {
  const repository = sampleGitRepository();
  try {
    const first = repository.first();
    const one = contentOf(first, [work(1, "Sign in fails"), work(2, "Slow search"), work(3, "Typo on start page")], {
      "1f0e6a52-0c5b-4f0e-8c44-5d9c8b1f2a01": utf8("steps to reproduce: sign in twice\n"),
      "2a7d9b33-3f1e-4f7e-9b0d-7c1e6f5a4b02": patternBytes(3000),
      ...(options.withLargeFile ? { "3b8e0c44-4a2f-4a8f-8c1e-8d2f7a6b5c03": patternBytes(5_000_000, 7) } : {}),
    });
    await snapshot(options, { run: sampleRuns[0], before: undefined, content: one, bundle: repository.bundle([]) });
    options.nextDay?.();
    const second = repository.second();
    const two = contentOf(second, [work(1, "Sign in fails twice"), work(2, "Slow search"), work(4, "New wiki page")], {
      ...one.files,
      "4c9f1d55-5b3a-4b9a-9d2f-9e3a8b7c6d04": patternBytes(700, 3),
    });
    const known = Object.values(first.refs).map(([oid]) => oid);
    await snapshot(options, { run: sampleRuns[1], before: one, content: two, bundle: repository.bundle(known) });
    if (options.withRetirement) await retireFirst(options);
    return [one, two];
  } finally {
    repository.remove();
  }
}

interface SnapshotWork {
  readonly run: string;
  readonly before: SampleContent | undefined;
  readonly content: SampleContent;
  readonly bundle: Buffer;
}

async function snapshot(options: SampleOptions, made: SnapshotWork): Promise<void> {
  const { store } = options;
  const agent = await parseAgentKey(sampleKeys.agentKey, cryptography);
  const append = await appendFacts(options, made.run);
  const { log } = await openVault({
    ...append,
    agent,
    ownerSigner: (await parseOwnerKey(sampleKeys.ownerKey, cryptography)).signer,
    origin: { organization: sampleOrganization, project: { id: sampleVault } },
    recoveryRecipients: [sampleKeys.recoveryRecipient],
  });
  const keys = { recipients: [sampleKeys.recoveryRecipient], catalogue: agent.catalogueRecipient };
  const sealed = sealedWriter({ store, cryptography, vault: sampleVault, run: made.run, shard: "00", keys });
  const access = { store, cryptography, vault: sampleVault, identities: [sampleKeys.viewerKey] };
  const parent = newestSnapshot(log)?.entry.snapshot.index;
  const lines = parent === undefined ? [] : await collect(readIndex(access, parent));
  const base = new Map(lines.map((line) => [line.s, line]));
  const drafts = [
    await gitDraft({ options, sealed, base }, made),
    await workItemsDraft({ options, sealed, base }, made),
  ];
  const window = [options.clock.now().toISOString(), options.clock.now().toISOString()] as const;
  await commitSnapshot({
    append,
    access,
    sealed,
    log,
    base,
    drafts,
    window,
    hasGaps: false,
    newBytes: sealed.storedBytes,
    judge: () => [],
    unusable: "rebase",
  });
}

interface Place {
  readonly options: SampleOptions;
  readonly sealed: SealedWriter;
  readonly base: ReadonlyMap<string, IndexLine>;
}

async function writerAt({ options, sealed }: Place, stream: string): Promise<ReturnType<typeof vaultStreamWriter>> {
  const agentKeys = await parseAgentKey(sampleKeys.agentKey, cryptography);
  const access = { store: options.store, cryptography, vault: sampleVault, identities: [sampleKeys.viewerKey] };
  return vaultStreamWriter({ stream, sealed, agentKeys, access });
}

async function previousState(place: Place, stream: string): Promise<unknown> {
  const ref = place.base.get(stream)?.state;
  const access = { cryptography, vault: sampleVault, identities: [sampleKeys.viewerKey], store: place.options.store };
  return ref === undefined ? undefined : readState(access, ref);
}

async function gitDraft(place: Place, { content, bundle }: SnapshotWork): Promise<StreamDraft> {
  const writer = await writerAt(place, sampleRepository);
  const previous = (await previousState(place, sampleRepository)) as GitState | undefined;
  const asOf = place.options.clock.now().toISOString();
  const digest = await writer.digestOf(content.refs);
  const header = bundle.indexOf("\n\n") + 2;
  const segment = await writer.bundle(
    { from: previous?.chain.at(-1)?.to ?? null, to: digest },
    { chunks: chunksOf(bundle), facts: () => ({ header, objects: bundle.readUInt32BE(header + 8) }) },
  );
  const chain: readonly Segment[] = [...(previous?.chain ?? []), segment];
  const { refs, head } = content;
  const state: GitState = { s: sampleRepository, kind: "git", asOf, hash: "sha1", refs, head, chain };
  const items = await writer.items(
    place.base.get(sampleRepository)?.items ?? [],
    each(...Object.entries(refs).map(([id, [oid]]) => ({ id, name: id.replace("refs/heads/", ""), state: oid }))),
    { complete: true },
  );
  const ref = await writeState(place.sealed, state);
  const count = Object.keys(refs).length;
  const line = { s: sampleRepository, name: "Web", st: "ok", asOf, t: digest, state: ref, items, count } as const;
  return { lines: [{ ...line, bytes: bytesOf(chain) }], changed: true };
}

async function workItemsDraft(place: Place, { content, before }: SnapshotWork): Promise<StreamDraft> {
  const writer = await writerAt(place, "work-items");
  const previous = (await previousState(place, "work-items")) as RecordsState | undefined;
  const asOf = place.options.clock.now().toISOString();
  const digest = await writer.digestOf(content.workItems);
  const link = { from: previous?.chain.at(-1)?.to ?? null, to: digest };
  const records = changesBetween(before, content);
  const state: RecordsState = {
    s: "work-items",
    kind: "records",
    asOf,
    schema: 1,
    count: content.workItems.length,
    watermark: { token: digest.slice(0, 8) },
    chain: [...(previous?.chain ?? []), await writer.records(link, each(...records.map(recordLine)))],
    keys: [...(previous?.keys ?? []), await writer.catalogueRecords(link, each(...(await keyLines(writer, records))))],
  };
  const filesBefore = (await previousState(place, "work-items/files")) as FilesState | undefined;
  const { store, tarFileBytes } = place.options;
  const files = await filesWriter({
    stream: "work-items/files",
    sealed: place.sealed,
    access: { store, cryptography, vault: sampleVault, identities: [sampleKeys.viewerKey] },
    previous: filesBefore,
    ...(tarFileBytes === undefined ? {} : { tarFileBytes }),
  });
  for (const [id, bytes] of Object.entries(content.files)) await files.add({ id, chunks: chunksOf(bytes) });
  const filesState = (await files.finish({ asOf }))!;
  const items = await writer.items(
    place.base.get("work-items")?.items ?? [],
    each(
      ...records.map(({ id, item }) =>
        item === undefined
          ? { id: String(id), del: true as const }
          : { id: String(id), name: item.title, type: "Bug", state: "New", rev: 1 },
      ),
    ),
    { complete: before === undefined },
  );
  const [ref, filesRef] = [await writeState(place.sealed, state), await writeState(place.sealed, filesState)];
  const line = { st: "ok", asOf, t: digest } as const;
  const { count } = state;
  return {
    lines: [
      { ...line, s: "work-items", name: "Work items", state: ref, items, count, bytes: bytesOf(state.chain) },
      { ...line, s: "work-items/files", state: filesRef, count: filesState.count, bytes: bytesOf(filesState.chain) },
    ],
    changed: true,
  };
}

async function retireFirst(options: SampleOptions): Promise<void> {
  const owner = await parseOwnerKey(sampleKeys.ownerKey, cryptography);
  const facts = { ...(await appendFacts(options, sampleRuns[1])), signing: owner };
  const log = await readLog(facts);
  const agent = await parseAgentKey(sampleKeys.agentKey, cryptography);
  const keys = { recipients: [sampleKeys.recoveryRecipient], catalogue: agent.catalogueRecipient };
  const { store } = options;
  const sealed = sealedWriter({ store, cryptography, vault: sampleVault, run: sampleRuns[1], shard: "ff", keys });
  const first = log.entries.map(({ entry }) => entry).find((entry) => entry.kind === "snapshot");
  const objects = await writeLines(sealed, [first?.kind === "snapshot" ? first.snapshot.index.o : ""]);
  await appendEntry(facts, log, async () => ({ kind: "retire", retire: { snapshots: [1], objects, runs: [] } }));
}

async function appendFacts({ store, clock }: SampleOptions, run: string): Promise<AppendFacts> {
  const by = { tool: "0.1.0", build: `Backup_${run.slice(0, 8)}.1`, run };
  const signing = await parseAgentKey(sampleKeys.agentKey, cryptography);
  return { store, clock, cryptography, vault: sampleVault, signing, by };
}

interface Change {
  readonly id: number;
  readonly item: { readonly id: number; readonly title: string } | undefined;
}

function changesBetween(before: SampleContent | undefined, after: SampleContent): readonly Change[] {
  const old = new Map(before?.workItems.map((item) => [item.id, item.title]));
  const changed = after.workItems
    .filter(({ id, title }) => old.get(id) !== title)
    .map((item) => ({ id: item.id, item }));
  const gone = [...old.keys()].filter((id) => after.workItems.every((item) => item.id !== id));
  return [...changed, ...gone.map((id) => ({ id, item: undefined }))].sort((a, b) => a.id - b.id);
}

function recordLine({ id, item }: Change): RecordLine {
  if (item === undefined) return { key: id, deleted: true };
  return { key: id, json: JSON.stringify(workItemRecord(item)) };
}

async function keyLines(
  writer: ReturnType<typeof vaultStreamWriter>,
  changes: readonly Change[],
): Promise<readonly RecordLine[]> {
  const line = async ({ id, item }: Change): Promise<RecordLine> =>
    item === undefined
      ? { key: id, deleted: true }
      : { key: id, json: JSON.stringify({ id, h: (await writer.digestOf(workItemRecord(item))).slice(0, 16) }) };
  return Promise.all(changes.map(line));
}

export function workItemRecord({ id, title }: { readonly id: number; readonly title: string }): object {
  const fields = { "System.Id": id, "System.WorkItemType": "Bug", "System.State": "New", "System.Title": title };
  return { id, rev: 1, item: { id, rev: 1, fields } };
}

function work(id: number, title: string): { readonly id: number; readonly title: string } {
  return { id, title };
}

function contentOf(
  { refs, head }: { readonly refs: SampleContent["refs"]; readonly head: string },
  workItems: SampleContent["workItems"],
  files: SampleContent["files"],
): SampleContent {
  return { refs, head, workItems, files };
}

function bytesOf(chain: readonly Segment[]): number {
  return chain.reduce((sum, { n }) => sum + n, 0);
}

interface SampleGitRepository {
  first(): { readonly refs: SampleContent["refs"]; readonly head: string };
  /** More commits, a rewritten branch, a deleted one. */
  second(): { readonly refs: SampleContent["refs"]; readonly head: string };
  bundle(known: readonly string[]): Buffer;
  remove(): void;
}

function sampleGitRepository(): SampleGitRepository {
  const folder = mkdtempSync(join(tmpdir(), "sample-repository-"));
  let minute = 0;

  function git(...args: readonly string[]): string {
    const date = `2026-11-20T10:${String(minute++).padStart(2, "0")}:00Z`;
    const person = { NAME: "Mara Lind", EMAIL: "mara@fabrikam.example", DATE: date };
    const env = Object.fromEntries(
      Object.entries(person).flatMap(([key, value]) => [
        [`GIT_AUTHOR_${key}`, value],
        [`GIT_COMMITTER_${key}`, value],
      ]),
    );
    const settings = ["-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false"];
    return execFileSync("git", ["-C", folder, ...settings, ...args], {
      encoding: "utf8",
      env: { ...process.env, ...env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" },
    }).trim();
  }

  function commit(message: string): void {
    git("commit", "--quiet", "--allow-empty", "-m", message);
  }

  function current(): { readonly refs: SampleContent["refs"]; readonly head: string } {
    const format = "%(refname) %(objectname) %(*objectname)";
    const lines = git("for-each-ref", `--format=${format}`).split("\n");
    const refs = lines.map((line): [string, RefTarget] => {
      const [name = "", oid = "", peeled = ""] = line.split(" ");
      return [name, peeled === "" ? [oid] : [oid, peeled]];
    });
    return { refs: Object.fromEntries(refs), head: git("symbolic-ref", "HEAD") };
  }

  return {
    first() {
      git("init", "--quiet");
      commit("Begin");
      commit("Add the start page");
      git("tag", "-a", "v1", "-m", "First version");
      git("checkout", "--quiet", "-b", "feature/search");
      commit("Try a search");
      git("checkout", "--quiet", "-b", "old", "main");
      commit("Leave this behind");
      git("checkout", "--quiet", "main");
      return current();
    },
    second() {
      commit("Repair the start page");
      git("branch", "--quiet", "-D", "old");
      git("checkout", "--quiet", "-B", "feature/search", "main");
      commit("Search anew");
      git("checkout", "--quiet", "main");
      return current();
    },
    bundle(known) {
      const file = join(folder, "sample.bundle");
      const not = known.map((oid) => `^${oid}`);
      git("bundle", "create", "--quiet", file, "--all", ...not);
      return readFileSync(file);
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
