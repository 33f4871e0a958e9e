import { execFile, execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../engine/foundation/clock.ts";
import { parseAgentKey } from "../../engine/crypto/keys.ts";
import { chunksOf } from "../../engine/foundation/bytes.ts";
import { canonicalJson } from "../../engine/foundation/json.ts";
import { collect } from "../../engine/foundation/concurrency.ts";
import { readObject, type ObjectStore } from "../../engine/store/object-store.ts";
import { azureBlobStore } from "../../engine/store/azure-blob-store.ts";
import { md5 } from "../../engine/native/md5.ts";
import { fileTableLine } from "../../engine/vault/streams/file-table.ts";
import { readIndex, readState, writeIndex } from "../../engine/vault/objects/index-file.ts";
import { appendEntry } from "../../engine/vault/log/append.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { writeRecords } from "../../engine/vault/streams/record-segments.ts";
import type { Ref, Segment } from "../../engine/vault/format/ref.ts";
import { sealedWriter, type SealedWriter } from "../../engine/vault/objects/sealed-objects.ts";
import type { StreamState } from "../../engine/vault/format/state.ts";
import { newestSnapshot } from "../../engine/vault/snapshots/snapshots.ts";
import { startAzurite, type Azurite, type AzuriteContainer } from "../support/azurite.ts";
import { cryptography, each, sampleKeys, sampleVault } from "../support/sealed-vault.ts";
import { sampleRepository, workItemRecord, writeSampleVault, type SampleContent } from "../support/sample-vault.ts";

const run = promisify(execFile);
/** What the page in the vault says one needs, and what every Unix shell has. */
const tools = ["age", "openssl", "git", "gunzip", "jq", "tar", "curl", "bash"];
const isCi = (process.env.CI ?? "") !== "";
const missing = tools.filter((tool) => !isInstalled(tool));
if (missing.length > 0 && !isCi) {
  console.log(`Recovery by hand was not tried: not installed here: ${missing.join(", ")}`);
}

describe.runIf(missing.length === 0 || isCi)("recovery by hand, following README.txt", () => {
  let azurite: Azurite;
  let container: AzuriteContainer;
  let folder: string;
  let contents: readonly [SampleContent, SampleContent];
  let commands: string;

  beforeAll(async () => {
    expect(missing).toEqual([]);
    azurite = await startAzurite();
    container = await azurite.createContainer();
    const { url, sas } = container;
    const store = azureBlobStore({ containerUrl: url, sas, md5, clock: systemClock, random: Math.random });
    contents = await writeSampleVault({ store, clock: systemClock, withLargeFile: true, withRetirement: false });
    commands = commandsOf(new TextDecoder().decode(await readObject(store, `${sampleVault}/README.txt`, 1 << 20)));
    await store.create(`${sampleVault}/log/0000000003.json`, new TextEncoder().encode("{}\nplanted\n"));
    folder = await mkdtemp(join(tmpdir(), "hand-recovery-"));
    await writeFile(join(folder, "recovery.key"), `${sampleKeys.recoveryKey}\n`);
  });

  afterAll(async () => {
    await azurite.stop();
    await rm(folder, { recursive: true });
  });

  async function recover(name: string, choices: Readonly<Record<string, string>> = {}): Promise<Recovered> {
    const place = join(folder, name);
    await run("mkdir", [place]);
    const script = join(folder, `${name}.sh`);
    await writeFile(script, commands);
    const env = {
      PATH: process.env.PATH ?? "",
      HOME: place,
      CONTAINER_URL: container.url,
      CONTAINER_SAS: azurite.containerSas(container.name, { permissions: "rl" }),
      KEY_FILE: join(folder, "recovery.key"),
      ...choices,
    };
    const { stdout, stderr } = await run("bash", ["-u", script], { cwd: place, env });
    return { place: join(place, "recovered"), stdout, stderr };
  }

  it("gives the newest snapshot: repository, work items and attachments", async () => {
    const { place, stdout, stderr } = await recover("newest", { REPOSITORY: sampleRepository, RECORD: "1" });
    const [, content] = contents;

    expect(stderr).toBe("log/0000000003.json: VOID\n");
    expect(stdout).toContain("log/0000000002.json: snapshot, signed by signer-0.pem");
    expect(await refsOf(join(place, "repository.git"))).toEqual(
      Object.fromEntries(Object.entries(content.refs).map(([name, [oid]]) => [name, oid])),
    );
    const fsck = await run("git", ["-C", join(place, "repository.git"), "fsck", "--full", "--strict"]);
    expect(fsck.stdout + fsck.stderr).not.toMatch(/error|missing|broken|dangling commit .*refs/);
    expect(await json(place, "record.json")).toEqual([workItemRecord(content.workItems[0]!)]);
    expect(await json(place, "merged.ndjson")).toEqual(content.workItems.map(workItemRecord));
    expect((await readdir(join(place, "files"))).sort()).toEqual(Object.keys(content.files).sort());
    for (const [id, bytes] of Object.entries(content.files)) {
      expect(Buffer.compare(await readFile(join(place, "files", id)), bytes)).toBe(0);
    }
  });

  it("gives an older snapshot when one is named, with a SAS as the portal shows it", async () => {
    const CONTAINER_SAS = `?${azurite.containerSas(container.name, { permissions: "rl" })}`;
    const { place } = await recover("older", { SNAPSHOT: "log/0000000001.json", RECORD: "3", CONTAINER_SAS });
    const [content] = contents;

    const refs = await refsOf(join(place, "repository.git"));
    expect(Object.keys(refs).sort()).toEqual(Object.keys(content.refs).sort());
    expect(await json(place, "record.json")).toEqual([workItemRecord(content.workItems[2]!)]);
  });

  it("refuses names that lead elsewhere, and archives that hold such, and gives the rest", async () => {
    const { url, sas } = container;
    const store = azureBlobStore({ containerUrl: url, sas, md5, clock: systemClock, random: Math.random });
    await writeHostileSnapshot(store, folder);

    const { place, stderr } = await recover("hostile", { RECORD: "1" });

    for (const name of ["../../escaped-bin", "../../escaped-tar in a tar", "a link or device in a tar"])
      expect(stderr).toContain(`REFUSED: ${name}`);
    expect(stderr).toContain("REFUSED: {"); // an object outside data/
    const [, content] = contents;
    expect((await readdir(join(place, "files"))).sort()).toEqual(Object.keys(content.files).sort());
    const outside = [...(await readdir(folder)), ...(await readdir(join(place, "..")))];
    expect(outside.filter((name) => name.startsWith("escaped"))).toEqual([]);
    expect(await json(place, "record.json")).toEqual([workItemRecord(content.workItems[0]!)]);
  });

  it("says what is damaged instead of giving it", async () => {
    const { url, sas } = container;
    const store = azureBlobStore({ containerUrl: url, sas, md5, clock: systemClock, random: Math.random });
    for await (const { name } of store.list(`${sampleVault}/data/20261122`)) {
      if (!name.endsWith(".bundle.age")) continue;
      const bytes = await readObject(store, name, 1 << 20);
      bytes[bytes.length - 1]! ^= 1;
      await store.delete(name);
      await store.create(name, bytes);
    }

    const { stderr } = await recover("damaged");

    expect(stderr).toContain("DAMAGED: {");
    expect(stderr).toContain(".bundle.age");
  });
});

/** What a thief of the agent key can write: a signed snapshot whose ids and archives lead out of the folder. */
async function writeHostileSnapshot(store: ObjectStore, folder: string): Promise<void> {
  const run = "20261124T180544Z-0badc0de";
  const agent = await parseAgentKey(sampleKeys.agentKey, cryptography);
  const access = { store, cryptography, vault: sampleVault, identities: [sampleKeys.viewerKey] };
  const append = { ...access, clock: systemClock, signing: agent, by: { tool: "0.1.0", build: "1", run } };
  const log = await readLog(access);
  const newest = newestSnapshot(log)?.entry;
  if (newest === undefined || log.keys === undefined) throw new Error("no snapshot");
  const sealed = sealedWriter({ store, cryptography, vault: sampleVault, run, shard: "00", keys: log.keys });
  const lines = await collect(readIndex(access, newest.snapshot.index));
  const line = lines.find(({ s }) => s === "work-items/files");
  const state = line?.state && (await readState(access, line.state));
  if (line === undefined || state?.kind !== "files") throw new Error("no files");
  const segments: Segment[] = [];
  const add = (ref: Ref): void => void segments.push({ ...ref, k: "delta", from: null, to: ref.h });
  for (const tar of await hostileTars(folder)) add(await sealed.write("tar.age", "content", chunksOf(tar)));
  add(await sealed.write("bin.age", "content", chunksOf(Buffer.from("out of here"))));
  const bin = segments.at(-1)!;
  add({ ...bin, o: "../log/0000000000.json" });
  const entry = {
    id: "../../escaped-bin",
    segment: state.chain.length + 2,
    offset: 0,
    length: 11,
    sha256: "0".repeat(64),
  };
  const records = each({ key: entry.id, json: fileTableLine(entry) });
  const toc = await writeRecords(sealed, {
    from: state.toc.at(-1)?.to ?? null,
    to: "f".repeat(64),
    audience: "catalogue",
    records,
  });
  const changed = { ...state, chain: [...state.chain, ...segments], toc: [...state.toc, toc] };
  const replaced = { ...line, state: await writeUnchecked(sealed, changed) };
  const index = await writeIndex(sealed, each(...lines.map((one) => (one.s === line.s ? replaced : one))));
  await appendEntry(append, log, async () => ({
    kind: "snapshot",
    snapshot: { ...newest.snapshot, parent: newest.seq, index },
  }));
}

/** This program would refuse to write it. */
async function writeUnchecked(sealed: SealedWriter, state: StreamState): Promise<Ref> {
  return sealed.write("json.gz.age", "catalogue", chunksOf(gzipSync(canonicalJson(state))));
}

async function hostileTars(folder: string): Promise<readonly Buffer[]> {
  const source = join(folder, "source", "deep", "down");
  await mkdir(source, { recursive: true });
  await writeFile(join(folder, "source", "escaped-tar"), "out of here");
  await symlink("/etc", join(source, "aabb"));
  await run("tar", ["-c", "-P", "-f", join(source, "names.tar"), "-C", source, "../../escaped-tar"]);
  await run("tar", ["-c", "-f", join(source, "links.tar"), "-C", source, "aabb"]);
  return Promise.all(["names.tar", "links.tar"].map((name) => readFile(join(source, name))));
}

interface Recovered {
  readonly place: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** The lines of the page that are indented by four spaces. */
function commandsOf(readme: string): string {
  const lines = readme.split("\n").filter((line) => line.startsWith("    "));
  return `${lines.map((line) => line.slice(4)).join("\n")}\n`;
}

async function refsOf(repository: string): Promise<Record<string, string>> {
  const { stdout } = await run("git", ["-C", repository, "for-each-ref", "--format=%(refname) %(objectname)"]);
  return Object.fromEntries(
    stdout
      .trim()
      .split("\n")
      .map((line) => line.split(" ") as [string, string]),
  );
}

async function json(place: string, name: string): Promise<unknown[]> {
  const text = await readFile(join(place, name), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}

function isInstalled(tool: string): boolean {
  try {
    execFileSync("bash", ["-c", `command -v ${tool}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
