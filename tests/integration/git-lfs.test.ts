import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chunksOf, readAll } from "../../engine/foundation/bytes.ts";
import type { GitAccess, LfsObjectSource, LfsPointer } from "../../engine/git/git-access.ts";
import { lfsObjectPath } from "../simulator/git/lfs.ts";
import { backUp, remoteOf, testGitAccess } from "../support/git-backup.ts";
import { git, initBare, noise, runGit, workRepository } from "../support/git-repositories.ts";
import { startGitServer } from "../support/git-server.ts";
import type { GitServer, GitServerOptions } from "../support/git-server.ts";

const authorization = "Basic OnBhdA==";
const hasGitLfs = spawnSync("git", ["lfs", "version"]).status === 0;
if (!hasGitLfs) {
  if (process.env.CI !== undefined) throw new Error("git-lfs has to be installed where CI is set");
  console.log("git-lfs is not installed: the tests that drive it do not run here.");
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function pointerTo(content: Uint8Array): LfsPointer {
  return { oid: sha256(content), size: content.length };
}

describe("LFS objects", () => {
  let folder: string;
  let storage: string;
  let server: GitServer;
  let access: GitAccess & { close(): void };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "git-lfs-"));
    storage = join(folder, "storage");
    mkdirSync(storage);
    access = testGitAccess(join(folder, "temporary"));
    await start();
  });
  afterEach(async () => {
    access.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(lfs: Partial<GitServerOptions["lfs"]> = {}): Promise<void> {
    server = await startGitServer({ authorization, lfs: { storageFolder: () => storage, ...lfs } });
  }

  const remote = (): ReturnType<typeof remoteOf> => remoteOf(server.urlOf("sample"), authorization);

  async function download(pointers: readonly LfsPointer[]): Promise<readonly (string | undefined)[]> {
    const found: (string | undefined)[] = [];
    for await (const { chunks } of access.downloadLfs(remote(), pointers)) {
      found.push(chunks === undefined ? undefined : sha256(await readAll(chunks, 1 << 28)));
    }
    return found;
  }

  async function* sources(...contents: readonly Uint8Array[]): AsyncGenerator<LfsObjectSource> {
    for (const content of contents) {
      yield { ...pointerTo(content), open: async () => chunksOf(content.subarray(0, 100), content.subarray(100)) };
    }
  }

  it.runIf(hasGitLfs)(
    "pushed by git lfs are found in the stream, read, uploaded elsewhere and checked out",
    async () => {
      const origin = join(folder, "origin.git");
      initBare(origin);
      server.repositories.set("sample", { folder: origin });
      const work = workRepository(join(folder, "work"), server.urlOf("sample"));
      work.git("lfs", "install", "--local");
      work.git("lfs", "track", "*.bin");
      const contents = [noise(500_000, 1), noise(3_000, 2), noise(70_000, 3)];
      work.commit({ "a.bin": contents[0]!, "text.txt": "text\n" });
      work.commit({ "a.bin": contents[1]!, "deep/b.bin": contents[2]! });
      const credentials = { [`http.${server.origin}/.extraHeader`]: `Authorization: ${authorization}` };
      expect((await runGit(work.folder, ["push", "--quiet", "origin", "main"], credentials)).status).toBe(0);

      const stored = await backUp(access, remote(), { folder, thin: false });

      expect(stored.pointers.map(({ oid }) => oid).sort()).toEqual(contents.map(sha256).sort());
      expect(stored.hidden).toBe(0);
      const read = new Map<string, Uint8Array>();
      for await (const { oid, chunks } of access.downloadLfs(remote(), stored.pointers)) {
        read.set(oid, await readAll(chunks!, 1 << 28));
      }

      storage = join(folder, "restored");
      expect(await access.uploadLfs(remote(), sources(...read.values()))).toBe(3);
      expect(await access.uploadLfs(remote(), sources(...read.values()))).toBe(0);
      const clone = join(folder, "clone");
      const filter = { "filter.lfs.smudge": "git-lfs smudge -- %f", "filter.lfs.required": "true", ...credentials };
      const { status } = await runGit(folder, ["clone", "--quiet", server.urlOf("sample"), clone], filter);
      expect(status).toBe(0);
      expect(sha256(readFileSync(join(clone, "deep/b.bin")))).toBe(sha256(contents[2]!));
      expect(git(clone, ["status", "--porcelain", "--", "text.txt"])).toBe("");
    },
  );

  it("that the server does not have are told, the others come", async () => {
    const content = noise(5000, 4);
    await access.uploadLfs(remote(), sources(content));
    const lost = { oid: "ab".repeat(32), size: 7 };

    expect(await download([lost, pointerTo(content)])).toEqual([undefined, sha256(content)]);
  });

  it("come in batches of a hundred", async () => {
    const contents = Array.from({ length: 230 }, (_, index) => noise(20, index + 1));
    expect(await access.uploadLfs(remote(), sources(...contents))).toBe(230);
    server.seen.length = 0;

    expect(await download(contents.map(pointerTo))).toEqual(contents.map(sha256));
    expect(server.seen.filter(({ url }) => url.endsWith("/batch"))).toHaveLength(3);
  });

  it("are taken up where a connection broke", async () => {
    const content = noise(2_000_000, 5);
    await access.uploadLfs(remote(), sources(content));
    server.faults.add({ on: "lfs-object", times: 2, action: { kind: "cut", at: 700_000, clean: false } });

    expect(await download([pointerTo(content)])).toEqual([sha256(content)]);
  });

  it("with other content or another size are refused", async () => {
    const content = noise(50_000, 6);
    await access.uploadLfs(remote(), sources(content));
    server.faults.add({ on: "lfs-object", action: { kind: "flip", at: 30_000 } });

    await expect(download([pointerTo(content)])).rejects.toMatchObject({ code: "GIT_LFS_CONTENT" });
    const wrong = { oid: sha256(content), size: content.length, open: async () => chunksOf(noise(50_000, 7)) };
    rmSync(lfsObjectPath(storage, wrong.oid));
    const upload = access.uploadLfs(
      remote(),
      (async function* () {
        yield wrong;
      })(),
    );
    await expect(upload).rejects.toMatchObject({ code: "GIT_PROTOCOL" });
    expect(existsSync(lfsObjectPath(storage, wrong.oid))).toBe(false);
  });

  it("at another host are asked for without our credentials, but with what the server gave for it", async () => {
    const content = noise(4000, 8);
    await access.uploadLfs(remote(), sources(content));
    const elsewhere = await startGitServer({ lfs: { storageFolder: () => storage } });
    await server.close();
    await start({
      actionUrl: (_, oid) => `${elsewhere.urlOf("sample")}/info/lfs/objects/${oid}`,
      actionHeaders: { "X-Ticket": "for-this-object" },
    });

    expect(await download([pointerTo(content)])).toEqual([sha256(content)]);

    expect(elsewhere.seen).toMatchObject([{ method: "GET", authorization: undefined }]);
    expect(server.seen).toMatchObject([{ method: "POST", authorization }]);
    await elsewhere.close();
  });

  it("are sent with the server's own token where it gives one", async () => {
    const content = noise(4000, 9);
    await access.uploadLfs(remote(), sources(content));
    await server.close();
    await start({ actionHeaders: { Authorization: "RemoteAuth ticket" } });

    await expect(download([pointerTo(content)])).rejects.toMatchObject({ code: "GIT_UNAUTHORIZED" });
    const [batch, ...objects] = server.seen.map((request) => request.authorization);
    expect(batch).toBe(authorization);
    expect(objects).not.toEqual([]);
    expect(new Set(objects)).toEqual(new Set(["RemoteAuth ticket"]));
  });
});
