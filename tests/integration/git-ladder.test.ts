import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hasCode } from "../../engine/foundation/errors.ts";
import { ladderOf } from "../../engine/git/git-access.ts";
import type { GitAccess } from "../../engine/git/git-access.ts";
import { backUp, bundlesOf, flatRefs, refLines, remoteOf, testGitAccess } from "../support/git-backup.ts";
import type { StoredRepository } from "../support/git-backup.ts";
import { git, refsOf, variedRepository } from "../support/git-repositories.ts";
import type { WorkRepository } from "../support/git-repositories.ts";
import { startGitServer } from "../support/git-server.ts";
import type { GitServer } from "../support/git-server.ts";

const authorization = "Basic OnBhdA==";

describe("when reading over the wire fails", () => {
  const root = mkdtempSync(join(tmpdir(), "git-ladder-"));
  const temporary = join(root, "temporary");
  let origin: string;
  let work: WorkRepository;
  let server: GitServer;
  let access: GitAccess & { close(): void };

  beforeAll(() => {
    ({ origin, work } = variedRepository(join(root, "varied")));
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  beforeEach(async () => {
    server = await startGitServer({ authorization });
    server.repositories.set("sample", { folder: origin });
    access = testGitAccess(temporary);
  });
  afterEach(async () => {
    access.close();
    await server.close();
  });

  const remote = (): ReturnType<typeof remoteOf> => remoteOf(server.urlOf("sample"), authorization);

  /** As the Git kind climbs it. */
  async function climb(previous?: StoredRepository): Promise<StoredRepository> {
    let failure: unknown;
    for (const { engine, useKnown } of ladderOf("auto")) {
      try {
        const known = useKnown && previous !== undefined ? { previous } : {};
        return await backUp(access, remote(), { folder: root, engine, ...known });
      } catch (error) {
        if (!hasCode(error, "GIT_PROTOCOL", "GIT_TRUNCATED", "GIT_REMOTE", "GIT_UNAVAILABLE")) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  it("a later try, then a new base, then git itself brings the repository", async () => {
    const base = await climb();
    expect(base).toMatchObject({ method: "wire-base", chain: [{}] });
    work.commits(1);
    work.push("main");
    const cut = { kind: "cut", at: 300, clean: true } as const;

    server.faults.add({ on: "fetch", times: 2, action: cut });
    expect(await climb(base)).toMatchObject({ method: "wire", chain: [{}, {}] });

    server.faults.add({ on: "fetch", times: 3, action: cut });
    expect(await climb(base)).toMatchObject({ method: "wire-base", chain: [{}] });

    server.faults.add({ on: "fetch", times: 4, action: cut });
    const cloned = await climb(base);
    expect(cloned).toMatchObject({ method: "git", chain: [{}, {}] });
    expect(cloned.chain[1]?.objects).toBeLessThan(5);

    const assembled = join(root, "assembled.git");
    const { hash, head, refs } = cloned;
    await access.assemble(assembled, { hash, head, refs: flatRefs(refs), bundles: bundlesOf(cloned) });
    expect(refsOf(assembled)).toEqual(refsOf(origin));
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("a refused token is asked again a few times, in case a front end was mistaken, and is then final", async () => {
    const refused = access.listRefs(remoteOf(server.urlOf("sample"), "Basic Ondyb25n"));

    await expect(refused).rejects.toMatchObject({ code: "GIT_UNAUTHORIZED" });
    expect(server.seen).toHaveLength(4);
  });

  it.each(["wire", "git"] as const)("a ref that moved meanwhile is told by %s", async (engine) => {
    const advertisement = await access.listRefs(remote());
    const refs = { "refs/heads/main": "1".repeat(40) };

    const moved = access.fetchBundle(remote(), { advertisement, refs, known: {}, thin: true, engine });

    await expect(moved).rejects.toMatchObject({ code: "GIT_MOVED" });
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("a ref that moves between listing and fetching is told by the server", async () => {
    const advertisement = await access.listRefs(remote());
    const gone = "2".repeat(40);
    const stale = { ...advertisement, refs: { ...advertisement.refs, "refs/heads/gone": [gone] as const } };

    const moved = access.fetchBundle(remote(), {
      advertisement: stale,
      refs: { "refs/heads/gone": gone },
      known: {},
      thin: true,
      engine: "wire",
    });

    await expect(moved).rejects.toMatchObject({ code: "GIT_MOVED" });
  });

  it("git itself reads neither the user's settings nor hooks, and speaks only HTTP", async () => {
    const home = join(root, "home");
    mkdirSync(home, { recursive: true });
    const advertisement = await access.listRefs(remote());
    writeFileSync(join(home, ".gitconfig"), `[url "http://127.0.0.1:1/"]\n\tinsteadOf = ${server.origin}\n`);
    const before = { HOME: process.env.HOME, GIT_DIR: process.env.GIT_DIR };
    Object.assign(process.env, { HOME: home, GIT_DIR: join(root, "nowhere"), GIT_SSH_COMMAND: "touch" });
    try {
      const stored = await backUp(access, remote(), { folder: root, engine: "git" });

      expect(refLines(stored)).toEqual(refsOf(origin));
    } finally {
      process.env.HOME = before.HOME;
      delete process.env.GIT_DIR;
      delete process.env.GIT_SSH_COMMAND;
    }
    const refs = flatRefs(advertisement.refs);
    for (const url of [`file://${origin}`, `ext::sh -c "touch ${join(root, "touched")}"`]) {
      const fetched = access.fetchBundle(
        { ...remote(), url },
        { advertisement: { ...advertisement, url }, refs, known: {}, thin: true, engine: "git" },
      );
      await expect(fetched).rejects.toMatchObject({ code: "GIT_PROTOCOL" });
    }
    expect(readdirSync(root)).not.toContain("touched");
  });

  it("a bundle that is damaged, missing or out of order makes no repository", async () => {
    const base = await climb();
    work.commits(2);
    work.push("main");
    const more = await climb(base);
    const { hash, head, refs } = more;
    const assemble = (name: string, bundles: AsyncIterable<AsyncIterable<Uint8Array>>): Promise<void> =>
      access.assemble(join(root, name), { hash, head, refs: flatRefs(refs), bundles });

    await expect(assemble("no-base", bundlesOf({ ...more, chain: more.chain.slice(1) }))).rejects.toMatchObject({
      code: "GIT_DAMAGED",
    });
    await expect(assemble("no-increment", bundlesOf(base))).rejects.toMatchObject({
      code: "GIT_DAMAGED",
      message: expect.stringContaining("refs/heads/main") as string,
    });
    async function* shortened(): AsyncGenerator<AsyncIterable<Uint8Array>> {
      for await (const bundle of bundlesOf(more)) yield withoutEnd(bundle);
    }
    await expect(assemble("cut", shortened())).rejects.toMatchObject({ code: "GIT_DAMAGED" });
    expect(git(origin, ["rev-parse", "main"])).toBe(refs["refs/heads/main"]?.[0]);
  });
});

async function* withoutEnd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield chunk.subarray(0, chunk.length - 30);
}
