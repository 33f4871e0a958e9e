import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { initBare, refsOf, runGit, variedRepository, workRepository, noise } from "../support/git-repositories.ts";
import { startGitServer } from "../support/git-server.ts";
import type { GitServer } from "../support/git-server.ts";

describe("the simulated Git server, driven by git itself", () => {
  const folder = mkdtempSync(join(tmpdir(), "git-simulator-"));
  let server: GitServer;
  let origin: string;

  beforeAll(async () => {
    origin = variedRepository(join(folder, "varied")).origin;
    server = await startGitServer();
    server.repositories.set("varied", { folder: origin });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("clones every ref", async () => {
    const clone = join(folder, "clone.git");

    const { status, stderr } = await runGit(folder, ["clone", "--quiet", "--mirror", server.urlOf("varied"), clone]);

    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(refsOf(clone)).toEqual(refsOf(origin));
  });

  it("takes pushes, but refuses system refs and what a policy protects, ref by ref", async () => {
    const target = join(folder, "target.git");
    initBare(target);
    const policy =
      "TF402455: Pushes to this branch are not permitted; you must use a pull request to update this branch.";
    const pushed: string[] = [];
    server.repositories.set("target", {
      folder: target,
      refusal: ({ ref }) => (ref === "refs/heads/main" ? policy : undefined),
      pushed: (updates) => pushed.push(...updates.map(({ ref }) => ref)),
    });

    const { status, stderr } = await runGit(origin, ["push", server.urlOf("target"), "+refs/*:refs/*"]);

    expect(status).toBe(1);
    expect(stderr).toContain(`[remote rejected] main -> main (${policy})`);
    expect(stderr).toContain("refs/pull/7/merge (The current action can only be performed by the system.)");
    const expected = refsOf(origin).filter((line) => !/refs\/(pull\/|heads\/main$)/.test(line));
    expect(refsOf(target)).toEqual(expected);
    expect(pushed).toHaveLength(expected.length);
  });

  it("answers a push of nothing but refused refs", async () => {
    const { status, stderr } = await runGit(origin, ["push", server.urlOf("target"), "refs/pull/7/merge"]);

    expect(status).toBe(1);
    expect(stderr).toContain("can only be performed by the system");
  });

  it("refuses a push beyond the size limit", async () => {
    const small = join(folder, "small.git");
    initBare(small);
    server.repositories.set("small", { folder: small, maxPushBytes: 100_000 });
    const work = workRepository(join(folder, "large-work"), small);
    work.commit({ "large.bin": noise(2_000_000) });

    const { status, stderr } = await runGit(work.folder, ["push", server.urlOf("small"), "main"]);

    expect(status).toBe(1);
    expect(stderr).toContain("VS403654");
    expect(refsOf(small)).toEqual([]);
  });

  it("reports missing and disabled repositories", async () => {
    server.repositories.set("off", { folder: origin, isDisabled: true });

    expect((await runGit(folder, ["ls-remote", server.urlOf("off")])).stderr).toContain("403");
    expect((await runGit(folder, ["ls-remote", server.urlOf("none")])).stderr).toContain("not found");
  });

  it("speaks v0 even when v2 is asked for", async () => {
    const url = `${server.urlOf("varied")}/info/refs?service=git-upload-pack`;

    const answer = await fetch(url, { headers: { "git-protocol": "version=2" } });

    expect(await answer.text()).toMatch(/^001e# service=git-upload-pack\n0000....[0-9a-f]{40} HEAD/);
  });
});
