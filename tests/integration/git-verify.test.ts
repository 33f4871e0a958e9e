import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { collect } from "../../engine/foundation/concurrency.ts";
import { silentReporter } from "../../engine/foundation/reporter.ts";
import { bundleHeader } from "../../engine/git/bundle-header.ts";
import type { GitAccess } from "../../engine/git/git-access.ts";
import type { Finding } from "../../engine/kinds/kind.ts";
import { verifyRepository } from "../../engine/kinds/repos/git-repositories/verify.ts";
import type { GitState } from "../../engine/vault/format/state.ts";
import type { StreamReader } from "../../engine/vault/streams/stream-reader.ts";
import { testGitAccess } from "../support/git-backup.ts";
import { git, initBare } from "../support/git-repositories.ts";

/** The stored bundles are sound by their signed hashes; this is about what is in them. */
describe("the content of a stored repository", () => {
  const root = mkdtempSync(join(tmpdir(), "git-verify-"));
  const temporaryFolder = mkdtempSync(join(root, "temporary-"));
  const access = testGitAccess(temporaryFolder, { reporter: silentReporter });
  afterAll(() => {
    access.close();
    rmSync(root, { recursive: true, force: true });
  });

  /** One commit with one file, `tree` made of the file's blob. */
  function repository(name: string, treeOf: (folder: string, blob: string) => string): Repository {
    const folder = join(root, `${name}.git`);
    initBare(folder);
    const blob = git(folder, ["hash-object", "-w", "--stdin"], "content\n");
    const tree = treeOf(folder, blob);
    const commit = git(folder, ["commit-tree", "-m", "First commit", tree]);
    git(folder, ["update-ref", "refs/heads/main", commit]);
    return { folder, blob, tree, commit };
  }

  async function findingsOf(
    repo: Repository,
    oids: readonly string[],
    by: GitAccess = access,
  ): Promise<readonly Finding[]> {
    const file = bundleOf(repo, oids);
    const state = { s: "git-repositories/1", kind: "git", hash: "sha1", head: null, chain: [] } as const;
    const refs: GitState["refs"] = { "refs/heads/main": [repo.commit] };
    const stream = {
      line: { s: state.s, st: "ok" },
      state: async () => ({ ...state, refs }) as unknown as GitState,
      bundles: async function* () {
        yield { chunks: createReadStream(file) };
      },
    } as unknown as StreamReader;
    const tools = { git: by, temporaryFolder, signal: new AbortController().signal };
    return collect(verifyRepository(stream, tools as unknown as Parameters<typeof verifyRepository>[1]));
  }

  /** A bundle of just these objects, whatever they link to. */
  function bundleOf({ folder, commit }: Repository, oids: readonly string[]): string {
    const [hash] = git(folder, ["pack-objects", join(root, "pack")], `${oids.join("\n")}\n`).split("\n");
    const header = bundleHeader({ hash: "sha1", prerequisites: [], refs: { "refs/heads/main": commit } });
    const file = join(root, `${hash}.bundle`);
    writeFileSync(file, Buffer.concat([header, readFileSync(join(root, `pack-${hash}.pack`))]));
    return file;
  }

  it("is sound when every object is there, which git finds out by reading it once, and nothing is left in the temporary folder", async () => {
    const repo = repository("sound", (folder, blob) => git(folder, ["mktree"], `100644 blob ${blob}\tfile\n`));

    const once = { ...access, assemble: unexpected, check: unexpected };
    expect(await findingsOf(repo, [repo.blob, repo.tree, repo.commit], once)).toEqual([]);
    expect(readdirSync(temporaryFolder)).toEqual([]);
  });

  it("is damaged when an object is missing that another one needs", async () => {
    const repo = repository("missing", (folder, blob) => git(folder, ["mktree"], `100644 blob ${blob}\tfile\n`));

    const findings = await findingsOf(repo, [repo.tree, repo.commit]);

    expect(findings).toMatchObject([
      { code: "GIT_FSCK", severity: "damage", message: `broken link from    tree ${repo.tree}` },
      { code: "GIT_FSCK", severity: "damage", message: `missing blob ${repo.blob}` },
    ]);
  });

  it("is damaged when what a ref points to is missing", async () => {
    const repo = repository("headless", (folder, blob) => git(folder, ["mktree"], `100644 blob ${blob}\tfile\n`));

    const findings = await findingsOf(repo, [repo.blob, repo.tree]);

    expect(findings).toMatchObject([{ code: "GIT_DAMAGED", severity: "damage" }]);
    expect(findings[0]?.message).toContain(
      `refs/heads/main points to ${repo.commit}, which is not in the stored bundles`,
    );
  });

  it("is sound with defects that its objects were committed with long ago", async () => {
    const repo = repository("old", (folder, blob) => {
      const inner = git(folder, ["mktree"], `100644 blob ${blob}\tfile\n`);
      const file = join(root, "zero-padded-tree");
      writeFileSync(file, Buffer.concat([Buffer.from("040000 folder\0"), Buffer.from(inner, "hex")]));
      return git(folder, ["hash-object", "-t", "tree", "-w", "--literally", file]);
    });
    const oids = git(repo.folder, ["rev-list", "--objects", "--no-object-names", "main"]).split("\n");

    expect(await findingsOf(repo, oids)).toEqual([]);
  });
});

function unexpected(): never {
  throw new Error("a sound repository is read once");
}

interface Repository {
  readonly folder: string;
  readonly blob: string;
  readonly tree: string;
  readonly commit: string;
}
