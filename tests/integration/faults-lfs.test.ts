/** LFS that lies: pointers with wrong sizes, content that is not theirs, links that lead elsewhere. */
import { createHash } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makeKeySet, type KeySet } from "../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { BackupResult } from "../../engine/operations/results.ts";
import { lfsObjectPath } from "../simulator/git/lfs.ts";
import { engineOver } from "../support/backup-engine.ts";
import { hastyClock } from "../support/hasty-clock.ts";
import { noise } from "../support/git-repositories.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { healthy } from "../support/oracle.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { lfsPointer, smallProject, type SmallProject } from "../support/small-project.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
let azure: TestSimulator;
let small: SmallProject;
let keys: KeySet;
let store: MemoryStore;

beforeEach(async () => {
  azure = await simulator();
  small = await smallProject(azure);
  keys = await makeKeySet(nodeCryptography());
  store = memoryStore();
});

afterEach(async () => {
  await small.remove();
  await azure.stop();
});

async function backUp(): Promise<BackupResult> {
  const engine = await engineOver(azure, { store, keys, clock: hastyClock });
  try {
    return await engine.backUp(small.project, {});
  } finally {
    await engine.close();
  }
}

const lfsFolder = (): string => azure.state.repositories.lfsFolderOf(small.api.record);
const stream = (): string => `git-repositories/${small.api.record.id}`;

/** Commits pointers to the repository Api. */
function commit(pointers: Readonly<Record<string, string>>): void {
  small.api.work.commit(pointers);
  small.api.work.push("main");
}

async function storedFiles(): Promise<string> {
  const { snapshots } = await healthy({ store, keys, vault: small.project.id });
  return JSON.stringify(snapshots.at(-1)?.streams[`${stream()}/files`] ?? {});
}

function unusable(content: Uint8Array): unknown {
  return expect.objectContaining({ code: "LFS_OBJECT_UNUSABLE", item: sha256(content), stream: stream() });
}

describe("a pointer with a wrong size", () => {
  const good = noise(5000, 11);

  it.each([
    { what: "too small", size: 1000, length: 5000 },
    { what: "too large", size: 900_000, length: 5000 },
    { what: "of more than a mebibyte for less", size: 3_000_000_000, length: 5000 },
    { what: "small for content of more than a mebibyte", size: 10, length: 3_000_000 },
    { what: "just below content of more than a mebibyte", size: 2_999_999, length: 3_000_000 },
  ])(
    "($what) is a finding, also where the server ignores sizes; everything else is stored",
    async ({ size, length }) => {
      azure.state.repositories.lfs.ignoresSizes = true;
      const content = noise(length, 12);
      const lying = lfsPointer(lfsFolder(), content).replace(/size \d+/, `size ${size}`);
      commit({ "lying.bin": lying, "good.bin": lfsPointer(lfsFolder(), good) });

      const first = await backUp();
      const again = await backUp();

      expect(first).toMatchObject({ status: "complete", gaps: [], findings: [unusable(content)] });
      expect(again).toMatchObject({ status: "complete", gaps: [], findings: [unusable(content)], sum: { changed: 0 } });
      expect(await storedFiles()).toContain(sha256(good));
      expect(await storedFiles()).not.toContain(`"${sha256(content)}"`);
    },
  );

  it("takes nothing from a pointer to the same object with the right one", async () => {
    azure.state.repositories.lfs.ignoresSizes = true;
    const right = lfsPointer(lfsFolder(), good);
    commit({
      "a.bin": right.replace(/size \d+/, "size 7"),
      "b.bin": right,
      "c.bin": right.replace(/size \d+/, "size 70000"),
    });

    expect(await backUp()).toMatchObject({ status: "complete", gaps: [], findings: [] });
    expect(await storedFiles()).toContain(sha256(good));
  });

  it("is never read further than it says", async () => {
    const endless = await startEndless();
    azure.state.repositories.lfs.ignoresSizes = true;
    azure.state.repositories.lfs.actionUrl = () => endless.url;
    commit({ "endless.bin": lfsPointer(lfsFolder(), good) });

    expect(await backUp()).toMatchObject({
      status: "complete",
      gaps: [],
      findings: expect.arrayContaining([unusable(good)]) as unknown,
    });
    // Two objects are asked for twice each, and every socket holds some 4 MiB on its way; the server would send 256.
    expect(endless.sentBytes()).toBeLessThan(32 << 20);
    await endless.close();
  });
});

it("content with another hash is asked for twice, then a finding, and taken once it is right", async () => {
  const content = noise(5000, 13);
  commit({ "late.bin": lfsPointer(lfsFolder(), content) });
  const path = lfsObjectPath(lfsFolder(), sha256(content));
  writeFileSync(path, noise(5000, 14));

  expect(await backUp()).toMatchObject({ status: "complete", gaps: [], findings: [unusable(content)] });

  writeFileSync(path, content);
  expect(await backUp()).toMatchObject({ status: "complete", gaps: [], findings: [] });
  expect(await storedFiles()).toContain(sha256(content));
});

it("a bit that flips on the way once is read again, and no finding", async () => {
  const content = noise(5000, 15);
  commit({ "flipped.bin": lfsPointer(lfsFolder(), content) });
  azure.gitFaults.add({ on: "lfs-object", path: sha256(content), action: { kind: "flip", at: 300 } });

  expect(await backUp()).toMatchObject({ status: "complete", gaps: [], findings: [] });
});

describe("a link to LFS content", () => {
  const content = noise(5000, 16);

  it.each([
    ["another host", () => `http://localhost:${port()}/object`],
    ["another address of this machine", () => `http://127.0.0.2:${port()}/object`],
    ["the metadata service of a cloud", () => "http://169.254.169.254/metadata/instance"],
    ["a look-alike of Azure's blob hosts", () => "https://account.blob.core.windows.net.example/object"],
    ["blob storage without encryption", () => "http://account.blob.core.windows.net/object"],
    ["a file", () => "file:///etc/passwd"],
    ["a host with a user name", () => `http://user:secret@127.0.0.1:${port()}/object`],
  ])("to %s is not followed: a finding that names the host, no gap", async (_, url) => {
    const address = url();
    azure.state.repositories.lfs.actionUrl = () => address;
    commit({ "far.bin": lfsPointer(lfsFolder(), content) });

    const result = await backUp();

    expect(result).toMatchObject({ status: "complete", gaps: [] });
    expect(result.findings).toContainEqual(unusable(content));
    expect(JSON.stringify(result.findings)).not.toContain("secret");
    expect(elsewhere.seen).toEqual([]);
  });

  it("to the organisation's own host is followed, without a Host or metadata header that it brings", async () => {
    azure.state.repositories.lfs.actionUrl = () => `http://127.0.0.1:${port()}/object`;
    azure.state.repositories.lfs.actionHeaders = {
      Host: "internal.example",
      Metadata: "true",
      "X-Identity-Header": "1",
      "Metadata-Flavor": "Google",
      "X-aws-ec2-metadata-token": "1",
      "X-Forwarded-For": "10.0.0.1",
      "Transfer-Encoding": "chunked",
      "X-Ticket": "for-this-object",
      "X-Broken": "a\r\nMetadata: true",
    };
    elsewhere.body = content;
    // Only this object: the sample's own lies at the usual place.
    rmSync(lfsFolder(), { recursive: true, force: true });
    commit({ "near.bin": lfsPointer(lfsFolder(), content) });

    const result = await backUp();

    expect(await storedFiles()).toContain(sha256(content));
    expect(result).toMatchObject({ gaps: [] });
    const headers = elsewhere.seen[0];
    expect(headers).toMatchObject({ "x-ticket": "for-this-object", host: `127.0.0.1:${port()}` });
    expect(headers).not.toHaveProperty("authorization");
    for (const name of ["metadata", "metadata-flavor", "x-identity-header", "x-forwarded-for", "x-broken"])
      expect(headers).not.toHaveProperty(name);
    expect(headers).not.toHaveProperty("x-aws-ec2-metadata-token");
  });

  let elsewhere: { readonly seen: IncomingHttpHeaders[]; body: Uint8Array; port: number; close(): void };
  const port = (): number => elsewhere.port;

  beforeEach(async () => {
    const seen: IncomingHttpHeaders[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers);
      response.end(elsewhere.body);
    });
    await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
    elsewhere = {
      seen,
      body: new Uint8Array(0),
      port: (server.address() as AddressInfo).port,
      close: () => void server.close(),
    };
  });
  afterEach(() => elsewhere.close());
});

interface Endless {
  readonly url: string;
  sentBytes(): number;
  close(): Promise<void>;
}

/** Sends bytes, without saying how many, for as long as somebody reads. */
async function startEndless(): Promise<Endless> {
  let sent = 0;
  const block = Buffer.alloc(64 * 1024, 1);
  const server = createServer((_, response) => {
    const push = (): void => {
      while (!response.destroyed && sent < 256 << 20) {
        sent += block.length;
        if (!response.write(block)) return void response.once("drain", push);
      }
      response.end();
    };
    push();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/endless`,
    sentBytes: () => sent,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
