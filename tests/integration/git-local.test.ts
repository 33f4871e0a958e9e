import { createReadStream, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { silentReporter } from "../../engine/foundation/reporter.ts";
import { testGitAccess } from "../support/git-backup.ts";
import { git, initBare, refsOf, workRepository } from "../support/git-repositories.ts";

describe("a repository assembled from bundles", () => {
  const root = mkdtempSync(join(tmpdir(), "git-local-"));
  const warnings: string[] = [];
  const access = testGitAccess(join(root, "temporary"), {
    reporter: { ...silentReporter, warn: (line) => void warnings.push(line) },
  });
  afterAll(() => {
    access.close();
    rmSync(root, { recursive: true, force: true });
  });

  function bundleOf(folder: string): string {
    const file = `${folder}.bundle`;
    git(folder, ["bundle", "create", "--quiet", file, "--all"]);
    return file;
  }

  async function* bundles(...files: readonly string[]): AsyncGenerator<AsyncIterable<Uint8Array>> {
    for (const file of files) yield createReadStream(file);
  }

  it("has exactly the refs asked for, also those that differ only in case or that git does not track", async () => {
    const origin = join(root, "origin.git");
    initBare(origin);
    const work = workRepository(join(root, "work"), origin);
    const first = work.commit({ "a.txt": "one\n" });
    const second = work.commit({ "a.txt": "two\n" });
    work.push("main");
    const refs = {
      "refs/heads/Main": first,
      "refs/heads/main": second,
      "refs/heads/-x": first,
      "refs/heads/deep/er": first,
      "refs/pull/7/merge": second,
      "refs/tags/a-blob": git(origin, ["rev-parse", "main:a.txt"]),
    };
    const folder = join(root, "assembled.git");

    await access.assemble(folder, {
      hash: "sha1",
      head: "refs/heads/Main",
      refs: { ...refs, "refs/heads/a..b": first, "refs/heads/x.lock": first },
      bundles: bundles(bundleOf(origin)),
    });

    const expected = Object.entries(refs).map(([name, oid]) => `${oid} ${name}`);
    expect([...refsOf(folder)].sort()).toEqual(expected.sort());
    expect(git(folder, ["symbolic-ref", "HEAD"])).toBe("refs/heads/Main");
    expect(warnings).toEqual([
      "Ref refs/heads/a..b is left out: git does not accept it",
      "Ref refs/heads/x.lock is left out: git does not accept it",
    ]);
    expect(readdirSync(join(folder))).not.toContain("hooks");
  });

  it("has branches that are commits, or does not come to be", async () => {
    const origin = join(root, "odd.git");
    initBare(origin);
    const work = workRepository(join(root, "odd-work"), origin);
    work.commit({ "a.txt": "one\n" });
    work.push("main");
    const blob = git(origin, ["rev-parse", "main:a.txt"]);
    const content = { hash: "sha1", head: null, refs: { "refs/heads/main": blob } } as const;

    const assembled = access.assemble(join(root, "bad.git"), { ...content, bundles: bundles(bundleOf(origin)) });

    await expect(assembled).rejects.toMatchObject({
      code: "GIT_DAMAGED",
      message: `Ref refs/heads/main points to ${blob}, which is a blob`,
    });
  });

  it("is clean although old commits have defects, but not when something is damaged or missing", async () => {
    const folder = join(root, "defects.git");
    initBare(folder);
    const blob = git(folder, ["hash-object", "-w", "--stdin"], "content\n");
    const inner = git(folder, ["mktree"], `100644 blob ${blob}\tfile\n`);
    const raw = Buffer.concat([Buffer.from("040000 folder\0"), Buffer.from(inner, "hex")]);
    const file = join(root, "zero-padded-tree");
    writeFileSync(file, raw);
    const tree = git(folder, ["hash-object", "-t", "tree", "-w", "--literally", file]);
    const commit = git(folder, ["commit-tree", "-m", "Made by an old tool", tree]);
    git(folder, ["update-ref", "refs/heads/main", commit]);

    expect(await access.check(folder)).toEqual([]);

    rmSync(join(folder, "objects", blob.slice(0, 2), blob.slice(2)));
    expect(await access.check(folder)).toEqual([`broken link from    tree ${inner}`, `missing blob ${blob}`]);

    const packed = join(root, "packed.git");
    initBare(packed);
    const work = workRepository(join(root, "packed-work"), packed);
    work.commits(3);
    work.push("main");
    git(packed, ["repack", "-adq"]);
    const pack = readdirSync(join(packed, "objects/pack")).find((name) => name.endsWith(".pack"))!;
    rmSync(join(packed, "objects/pack", pack.replace(".pack", ".idx")));
    truncateSync(join(packed, "objects/pack", pack), 100);
    expect(await access.check(packed)).not.toEqual([]);
  });
});
