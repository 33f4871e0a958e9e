import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { GitAccess, PushRequest } from "../../engine/git/git-access.ts";
import { remoteOf, testGitAccess } from "../support/git-backup.ts";
import { git, initBare, noise, refsOf, variedRepository, workRepository } from "../support/git-repositories.ts";
import { startGitServer } from "../support/git-server.ts";
import type { GitServer } from "../support/git-server.ts";

const authorization = "Basic OnNlY3JldC10b2tlbg==";

describe("pushing a restored repository", () => {
  const root = mkdtempSync(join(tmpdir(), "git-push-"));
  let varied: string;
  let large: string;
  let target: string;
  let server: GitServer;
  let access: GitAccess & { close(): void };
  let number = 0;

  beforeAll(() => {
    varied = variedRepository(join(root, "varied")).origin;
    large = join(root, "large.git");
    initBare(large);
    const work = workRepository(join(root, "large-work"), large);
    for (let index = 1; index <= 6; index += 1) work.commit({ [`file-${index}`]: noise(300_000, index) });
    work.git("switch", "--quiet", "-c", "side", "HEAD~4");
    for (let index = 7; index <= 9; index += 1) work.commit({ [`file-${index}`]: noise(300_000, index) });
    work.git("switch", "--quiet", "main");
    work.git("merge", "--quiet", "--no-ff", "-m", "Merge", "side");
    work.git("tag", "-a", "v1", "-m", "One");
    work.push("--all");
    work.push("--tags");
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  beforeEach(async () => {
    target = join(root, `target-${(number += 1)}.git`);
    initBare(target);
    server = await startGitServer({ authorization });
    server.repositories.set("target", { folder: target });
    access = testGitAccess(join(root, "temporary"));
  });
  afterEach(async () => {
    access.close();
    await server.close();
  });

  function push(folder: string, more: Partial<PushRequest> = {}): ReturnType<GitAccess["push"]> {
    return access.push(remoteOf(server.urlOf("target"), authorization), {
      folder,
      refs: refsIn(folder),
      deletions: [],
      force: true,
      maxPushBytes: 1_000_000_000,
      ...more,
    });
  }

  /** Requests that pushed something; small ones that ask whether the sign-in holds are none. */
  function pushes(): readonly unknown[] {
    return server.seen.filter(({ method, url }) => method === "POST" && url.endsWith("git-receive-pack"));
  }

  function refsIn(folder: string): Record<string, string> {
    const entries = refsOf(folder).map((line) => line.split(" ") as [string, string]);
    return Object.fromEntries(entries.map(([oid, name]) => [name, oid]));
  }

  it("sets every ref, and says which ones the service refuses and why", async () => {
    const policy =
      "TF402455: Pushes to this branch are not permitted; you must use a pull request to update this branch.";
    server.repositories.set("target", {
      folder: target,
      refusal: ({ ref }) => (ref === "refs/heads/main" ? policy : undefined),
    });

    const { refused } = await push(varied);

    expect([...refused].sort((a, b) => (a.ref < b.ref ? -1 : 1))).toEqual([
      { ref: "refs/heads/main", reason: policy },
      { ref: "refs/pull/7/merge", reason: "The current action can only be performed by the system." },
    ]);
    expect(refsOf(target)).toEqual(refsOf(varied).filter((line) => !/refs\/(pull\/|heads\/main$)/.test(line)));
  });

  it("moves and deletes refs, but without force not backwards", async () => {
    await push(varied, {
      refs: {
        "refs/heads/main": git(varied, ["rev-parse", "main"]),
        "refs/heads/old": git(varied, ["rev-parse", "main~2"]),
      },
    });
    const older = { "refs/heads/main": git(varied, ["rev-parse", "main~1"]) };

    const refused = (await push(varied, { refs: older, force: false })).refused;
    expect(refused).toEqual([{ ref: "refs/heads/main", reason: "non-fast-forward" }]);

    expect((await push(varied, { refs: older, deletions: ["refs/heads/old"] })).refused).toEqual([]);
    expect(refsIn(target)).toEqual(older);
  });

  it("keeps every push below the limit, and leaves nothing of its own behind", async () => {
    server.repositories.set("target", { folder: target, maxPushBytes: 1_000_000 });

    const { refused } = await push(large, { maxPushBytes: 1_000_000 });

    expect(refused).toEqual([]);
    expect(refsOf(target)).toEqual(refsOf(large));
    expect(pushes().length).toBeGreaterThanOrEqual(4);
  });

  it("tells that a part was refused", async () => {
    server.repositories.set("target", { folder: target, maxPushBytes: 1000 });

    await expect(push(large, { maxPushBytes: 500_000 })).rejects.toMatchObject({ code: "GIT_PUSH" });
  });

  it("sets and removes more refs than fit on a command line in one push each", async () => {
    const tip = git(varied, ["rev-parse", "main"]);
    const refs = Object.fromEntries(
      Array.from({ length: 1200 }, (_, index) => [`refs/tags/release/number-${index}`, tip]),
    );

    expect((await push(varied, { refs })).refused).toEqual([]);
    expect(refsOf(target)).toHaveLength(1200);
    expect(pushes()).toHaveLength(1);

    const removed = await push(varied, { refs: { "refs/heads/main": tip }, deletions: Object.keys(refs).slice(1) });
    expect(removed.refused).toEqual([]);
    expect(Object.keys(refsIn(target)).sort()).toEqual(["refs/heads/main", "refs/tags/release/number-0"]);
    expect(pushes()).toHaveLength(3);
  });

  it("reports each refused ref of very many by itself, with a reason in any script", async () => {
    const tip = git(varied, ["rev-parse", "main"]);
    const names = Array.from({ length: 700 }, (_, index) => `refs/heads/topic-${index}`);
    const reason = (ref: string): string => `TF402455: „${ref}“ is "locked"`;
    server.repositories.set("target", {
      folder: target,
      refusal: ({ ref }) => (ref.endsWith("7") ? reason(ref) : undefined),
    });

    const { refused } = await push(varied, { refs: Object.fromEntries(names.map((name) => [name, tip])) });

    expect(refused).toEqual(names.filter((name) => name.endsWith("7")).map((ref) => ({ ref, reason: reason(ref) })));
    expect(refsOf(target)).toHaveLength(630);
  });

  it("leaves no scratch repository behind, and takes none of the refs of the folder it pushes from", async () => {
    const refs = { "refs/heads/only": git(varied, ["rev-parse", "main"]) };

    await push(varied, { refs });

    expect(refsIn(target)).toEqual(refs);
    expect(readdirSync(join(root, "temporary")).filter((name) => name.startsWith("push-"))).toEqual([]);
  });

  it("takes names as names, never as options or commands, and reports what git refuses", async () => {
    const tip = git(varied, ["rev-parse", "main"]);
    const victim = join(root, "victim");
    const names = [
      ..."refs/heads/-x refs/heads/--upload-pack=touch refs/heads/;x refs/heads/$(id) refs/heads/`id`".split(" "),
      ...[
        `refs/heads/--receive-pack=touch$IFS${victim}`,
        "--receive-pack=touch x",
        "refs/heads/a b",
        "refs/heads/@{u}",
      ],
      ..."refs/heads/x.lock refs/heads/a:b +refs/heads/plus".split(" "),
    ];
    const refs = Object.fromEntries(names.map((name) => [name, tip]));

    const { refused } = await push(varied, { refs, deletions: ["--all", "refs/heads/../../x"] });

    expect(existsSync(victim)).toBe(false);
    expect(refused.map(({ ref }) => ref).sort()).toEqual(
      [
        "--receive-pack=touch x",
        "refs/heads/a b",
        "refs/heads/@{u}",
        "refs/heads/x.lock",
        "refs/heads/a:b",
        "+refs/heads/plus",
      ].sort(),
    );
    expect(refsOf(target)).toHaveLength(6);
  });

  it("says what is wrong with token or address, without the token", async () => {
    const wrongToken = access.push(remoteOf(server.urlOf("target"), "Basic Ondyb25n"), {
      folder: varied,
      refs: refsIn(varied),
      deletions: [],
      force: true,
      maxPushBytes: 1_000_000_000,
    });
    const error = await wrongToken.catch((thrown: unknown) => thrown as Error & { code: string });
    expect(error).toMatchObject({ code: "GIT_UNAUTHORIZED" });
    expect(String((error as Error).stack)).not.toContain("OndyB25n".slice(0, 5));
    server.repositories.delete("target");
    await expect(push(varied)).rejects.toMatchObject({ code: "GIT_NOT_FOUND" });
  });
});
