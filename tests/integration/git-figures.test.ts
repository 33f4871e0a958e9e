/** What a fetch tells of a change besides its content: from packs of git itself, over every protocol. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FetchedBundle, GitAccess } from "../../engine/git/git-access.ts";
import { isAncestor } from "../../engine/git/pack-news.ts";
import type { RefTarget } from "../../engine/vault/format/state.ts";
import { flatRefs, remoteOf, testGitAccess } from "../support/git-backup.ts";
import { git, initBare, noise, sampleText, workRepository, type WorkRepository } from "../support/git-repositories.ts";
import { startGitServer, type GitServer, type GitServerOptions } from "../support/git-server.ts";

const root = mkdtempSync(join(tmpdir(), "git-figures-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Way {
  readonly name: string;
  readonly served: GitServerOptions;
  readonly protocol: 0 | 2;
  readonly engine: "wire" | "git";
}

const ways: readonly Way[] = [
  { name: "as Azure Repos", served: {}, protocol: 0, engine: "wire" },
  { name: "in v0 with offsets", served: { protocol: "any" }, protocol: 0, engine: "wire" },
  { name: "in v2", served: { protocol: "any" }, protocol: 2, engine: "wire" },
  { name: "by a clone", served: {}, protocol: 0, engine: "git" },
];

let number = 0;

describe.each(ways)("a change read $name", ({ served, protocol, engine }) => {
  let server: GitServer;
  let access: GitAccess & { close(): void };
  let work: WorkRepository;
  let known: Readonly<Record<string, RefTarget>>;

  beforeEach(async () => {
    const folder = join(root, String((number += 1)));
    mkdirSync(folder);
    initBare(join(folder, "origin"));
    git(join(folder, "origin"), ["config", "uploadpack.allowFilter", "true"]);
    work = workRepository(join(folder, "work"), join(folder, "origin"));
    const files = Array.from({ length: 40 }, (_, index) => [`src/${index % 4}/f${index}.txt`, text(index)] as const);
    work.commit({ ...Object.fromEntries(files), "a.txt": "a\n" });
    work.commit({ "a.txt": "b\n" });
    work.push("main");
    server = await startGitServer(served);
    server.repositories.set("sample", { folder: join(folder, "origin") });
    access = testGitAccess(join(folder, "temporary"), { protocol });
    known = (await access.listRefs(remote())).refs;
  });
  afterEach(async () => {
    access.close();
    await server.close();
  });

  const text = (seed: number): string => sampleText(60 + seed, seed + 1);
  const remote = (): ReturnType<typeof remoteOf> => remoteOf(server.urlOf("sample"));

  async function news(): Promise<FetchedBundle> {
    const advertisement = await access.listRefs(remote());
    const request = { advertisement, refs: flatRefs(advertisement.refs), known, thin: true, engine };
    const bundle = await access.fetchBundle(remote(), request);
    for await (const chunk of bundle.chunks) expect(chunk.length).toBeGreaterThanOrEqual(0);
    return bundle;
  }

  async function tipOf(branch: string): Promise<string> {
    return (await access.listRefs(remote())).refs[`refs/heads/${branch}`]?.[0] ?? "";
  }

  it("comes as deltas when it is an edit, and whole and dense when files were overwritten by noise", async () => {
    work.commit({ "src/1/f1.txt": `${text(1)}one more line\n`, "src/2/f2.txt": `first\n${text(2)}` });
    work.push("main");
    const edit = await news();
    const noisy = Array.from({ length: 30 }, (_, index) => [`src/${index % 4}/f${index}.txt`, noise(4000, index + 1)]);
    work.commit(Object.fromEntries(noisy) as Record<string, Uint8Array>);
    work.push("main");
    const before = server.seen.length;
    const advertisement = await access.listRefs(remote());
    const commit = advertisement.refs["refs/heads/main"]?.[0] ?? "";

    expect(edit.figures()).toMatchObject({ whole: 0, dense: 0, halfDense: 0, isThin: true });
    expect((await news()).figures()).toMatchObject({ dense: 30, halfDense: 0 });
    expect(await access.countFiles(remote(), { advertisement, commit })).toBe(41);
    expect(server.seen.length - before).toBeLessThanOrEqual(7);
  });

  it("shows that an old tip is not part of a history that begins anew, and leaves open what is amended", async () => {
    const old = known["refs/heads/main"]?.[0] ?? "";
    work.commit({ "b.txt": "moved on\n" });
    work.push("main");
    expect(isAncestor(old, await tipOf("main"), (await news()).parents())).toBe(true);
    work.git("checkout", "--quiet", "--orphan", "fresh");
    work.commit({ "b.txt": "fresh\n" });
    work.git("checkout", "--quiet", "main");
    work.git("commit", "--quiet", "--amend", "-m", "Said differently");
    work.git("reset", "--quiet", "--soft", "HEAD~2");
    work.commit({}, "Again");
    work.push("--force", "main", "fresh");
    const bundle = await news();

    expect(isAncestor(old, await tipOf("fresh"), bundle.parents())).toBe(engine === "git" ? undefined : false);
    expect(isAncestor(old, await tipOf("main"), bundle.parents())).toBeUndefined();
  });
});

describe("files of a commit", () => {
  it("stay unknown, and are not asked for, where the server does not offer it", async () => {
    const folder = join(root, "plain");
    initBare(folder);
    const work = workRepository(join(root, "plain-work"), folder);
    work.commit({ "a.txt": "a\n" });
    work.push("main");
    const server = await startGitServer({ capabilities: ["multi_ack", "side-band-64k", "thin-pack", "shallow"] });
    server.repositories.set("sample", { folder });
    const access = testGitAccess(join(root, "plain-temporary"));
    const remote = remoteOf(server.urlOf("sample"));
    const advertisement = await access.listRefs(remote);
    const commit = advertisement.refs["refs/heads/main"]?.[0] ?? "";

    expect(await access.countFiles(remote, { advertisement, commit })).toBeUndefined();
    expect(server.seen).toHaveLength(1);
    access.close();
    await server.close();
  });
});
