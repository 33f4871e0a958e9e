/**
 * What the source names and does not deliver (files, comments, LFS objects) is asked for again by every run until it is
 * stored or nothing shows it any more; meanwhile state and coverage say so.
 */
import { rmSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { makeKeySet, parseIdentities, type KeySet } from "../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { BackupRequest } from "../../engine/operations/backup/session.ts";
import type { BackupResult } from "../../engine/operations/results.ts";
import { collect } from "../../engine/foundation/concurrency.ts";
import type { FilesState } from "../../engine/vault/format/state.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { openSnapshot } from "../../engine/vault/snapshots/snapshot-reader.ts";
import type { StreamReader } from "../../engine/vault/streams/stream-reader.ts";
import { newestSnapshot } from "../../engine/vault/snapshots/snapshots.ts";
import { lfsObjectPath } from "../simulator/git/lfs.ts";
import type { Exchange } from "../simulator/http/faults.ts";
import { engineOver } from "../support/backup-engine.ts";
import { hastyClock } from "../support/hasty-clock.ts";
import { noise } from "../support/git-repositories.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { healthy } from "../support/oracle.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const cryptography = nodeCryptography();
let azure: TestSimulator;
let small: SmallProject;
let keys: KeySet;
let store: MemoryStore;
/** By how much the clock of the storage is ahead. */
let later = 0;

beforeEach(async () => {
  azure = await simulator();
  small = await smallProject(azure);
  keys = await makeKeySet(cryptography);
  later = 0;
  store = memoryStore({ clock: { now: () => new Date(Date.now() + later) } });
});

afterEach(async () => {
  await small.remove();
  await azure.stop();
});

async function backUp(changes: Partial<BackupRequest> = {}): Promise<BackupResult> {
  const engine = await engineOver(azure, { store, keys, clock: hastyClock });
  try {
    return await engine.backUp(small.project, changes);
  } finally {
    await engine.close();
  }
}

async function newest(stream: string): Promise<StreamReader> {
  const vault = small.project.id;
  const snapshot = newestSnapshot(await readLog({ store, cryptography, vault }));
  if (snapshot === undefined) throw new Error("there is no snapshot");
  const access = { store, cryptography, vault, identities: parseIdentities(keys.recoveryKey) };
  const reader = await openSnapshot({ access, entry: snapshot.entry, takenAt: snapshot.entry.srv }).stream(stream);
  if (reader === undefined) throw new Error(`the newest snapshot has no ${stream}`);
  return reader;
}

async function files(): Promise<FilesState> {
  const state = await (await newest("work-items/files")).state();
  if (state.kind !== "files") throw new Error("that is no stream of files");
  return state;
}

/** Attachments answer 404 while the work runs. */
async function withoutFiles<Result>(work: () => Promise<Result>): Promise<Result> {
  azure.faults.add({ kind: "status", status: 404, when: isFile, times: Infinity });
  const result = await work();
  azure.faults.clear();
  return result;
}

const isFile = ({ path, method }: Exchange): boolean => method === "GET" && path.includes("wit/attachments/");
const isComments = ({ path }: Exchange): boolean => /\/comments$/i.test(path);

it("attachments and images that answer 404 one night are stored by the next run, though nothing has changed", async () => {
  const lost = await withoutFiles(() => backUp());
  expect(lost).toMatchObject({ status: "complete", gaps: [], coverage: { lacking: 2 } });
  expect(lost.findings.filter(({ code }) => code === "ATTACHMENT_MISSING")).toMatchObject([
    { severity: "warning" },
    { severity: "warning" },
  ]);
  const state = await files();
  expect(state.missing).toHaveLength(2);
  expect(Object.values(state.shownBy ?? {})).toEqual([[small.task.id], [small.task.id]]);

  const next = await backUp();
  expect(next).toMatchObject({ status: "complete", gaps: [], findings: [] });
  expect(next.coverage?.lacking).toBeUndefined();
  expect(await files()).toMatchObject({ count: 2 });
  expect((await files()).missing).toBeUndefined();
});

it("what stays lost is asked for in every run, said as a note from the second time on, and stores nothing anew", async () => {
  await withoutFiles(() => backUp());
  for (const night of [2, 3]) {
    const before = azure.traffic.requests;
    const again = await withoutFiles(() => backUp());
    expect(azure.traffic.requests, `night ${night}`).toBeGreaterThan(before);
    expect(again.sum.changed, `night ${night}`).toBe(0);
    expect(again).toMatchObject({ status: "complete", gaps: [], coverage: { lacking: 2 } });
    expect(again.findings.map(({ code, severity }) => [code, severity])).toEqual([
      ["ATTACHMENT_MISSING", "note"],
      ["ATTACHMENT_MISSING", "note"],
    ]);
  }
  expect((await backUp()).findings).toEqual([]);
  expect(await files()).toMatchObject({ count: 2 });
});

it("what its work item shows no more is not expected any more", async () => {
  const { bug, wit } = small;
  const attached = wit.attach(bug, { name: "lost.txt", content: "lost" });
  await withoutFiles(() => backUp());
  wit.tracking.attachments.find(attached.id)!.content = undefined;
  expect(await backUp()).toMatchObject({ coverage: { lacking: 1 } });
  wit.detach(bug, "lost.txt");
  const after = await backUp();
  expect(after.coverage?.lacking).toBeUndefined();
  expect((await files()).missing).toBeUndefined();
  expect((await backUp()).findings).toEqual([]);
});

it("what an item that is gone for good showed is not expected any more", async () => {
  await withoutFiles(() => backUp());
  small.wit.destroy(small.task);
  await withoutFiles(() => backUp());
  expect((await files()).missing).toBeUndefined();
});

it("a file that an item shows and that no list of missing ones names is found by the weekly comparison", async () => {
  await backUp();
  const image = small.wit.upload("later.png", "shown without a word");
  const url = `${azure.organizationUrl}/${small.project.id}/_apis/wit/attachments/${image.id}?fileName=later.png`;
  small.bug.current["System.Description"] = `<p><img src="${url}"></p>`;
  Object.assign(small.bug.revisions.at(-1)?.changed ?? {}, { "System.Description": `<p><img src="${url}"></p>` });
  expect((await backUp()).sum.changed).toBe(0);
  later = 8 * 86_400_000;
  await backUp();
  expect(await files()).toMatchObject({ count: 3 });
});

it("comments that answer 404 one night keep what was stored of the item, and are read by the next run", async () => {
  await backUp();
  small.wit.comment(small.bug, "<div>Seen again on Monday</div>");
  const created = small.wit.create(small.project, { type: "Bug", title: "New and commented" });
  small.wit.comment(created, "<div>First words</div>");
  azure.faults.add({ kind: "status", status: 404, when: isComments, times: Infinity });
  const lost = await backUp();
  azure.faults.clear();
  expect(lost).toMatchObject({ status: "complete", gaps: [], coverage: { lacking: 2 } });
  expect(lost.findings.map(({ code, item }) => [code, item])).toEqual([
    ["WORK_ITEM_INCOMPLETE", String(small.bug.id)],
    ["WORK_ITEM_INCOMPLETE", String(created.id)],
  ]);
  const state = await (await newest("work-items")).state();
  expect(state.missing).toEqual([String(small.bug.id), String(created.id)]);
  expect(await storedText()).toContain("Seen on Friday");

  const next = await backUp();
  expect(next).toMatchObject({ status: "complete", findings: [] });
  expect(next.coverage?.lacking).toBeUndefined();
  for (const text of ["Seen on Friday", "Seen again on Monday", "First words"])
    expect(await storedText()).toContain(text);
});

it("an LFS object that the server does not have counts as lacking, with a warning the first time", async () => {
  const content = noise(3000, 7);
  const path = lfsObjectPath(
    azure.state.repositories.lfsFolderOf(small.web.record),
    createHash("sha256").update(content).digest("hex"),
  );
  const kept = readFileSync(path);
  rmSync(path);
  const severities = async (): Promise<unknown> => {
    const { findings, coverage } = await backUp();
    return [coverage?.lacking, findings.map(({ code, severity }) => [code, severity])];
  };
  expect(await severities()).toEqual([1, [["LFS_OBJECT_MISSING", "warning"]]]);
  expect(await severities()).toEqual([1, [["LFS_OBJECT_MISSING", "note"]]]);
  writeFileSync(path, kept);
  expect(await severities()).toEqual([undefined, []]);
});

async function storedText(): Promise<string> {
  await healthy({ store, keys, vault: small.project.id });
  return JSON.stringify(await collect((await newest("work-items")).records()));
}
