import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { GitAccess } from "../../engine/git/git-access.ts";
import type { GitFaultAction } from "../simulator/git/git-faults.ts";
import { backUp, bundlesOf, flatRefs, remoteOf, restoreByFetch, testGitAccess } from "../support/git-backup.ts";
import type { StoredRepository } from "../support/git-backup.ts";
import { git, initBare, refsOf, variedRepository, workRepository } from "../support/git-repositories.ts";
import type { WorkRepository } from "../support/git-repositories.ts";
import { startGitServer } from "../support/git-server.ts";
import type { GitServer, GitServerOptions } from "../support/git-server.ts";

interface Mode {
  readonly name: string;
  readonly server: GitServerOptions;
  readonly protocol: 0 | 1 | 2;
  readonly thin: boolean;
  readonly engine?: "wire" | "git";
}

const authorization = "Basic OnBhdA==";
const oldAzure = "multi_ack thin-pack side-band side-band-64k no-progress shallow allow-tip-sha1-in-want filter";
const modes: readonly Mode[] = [
  { name: "Azure Repos, thin", server: { authorization }, protocol: 0, thin: true },
  { name: "Azure Repos, not thin", server: { authorization }, protocol: 2, thin: false },
  {
    name: "Azure Repos with multi_ack only",
    server: { authorization, capabilities: oldAzure.split(" ") },
    protocol: 0,
    thin: true,
  },
  { name: "git's v0", server: { protocol: "any" }, protocol: 0, thin: true },
  { name: "git's v1", server: { protocol: "any" }, protocol: 1, thin: true },
  { name: "git's v2, thin", server: { protocol: "any" }, protocol: 2, thin: true },
  { name: "no side-band", server: { capabilities: ["multi_ack", "thin-pack"] }, protocol: 0, thin: true },
  { name: "git itself", server: { authorization }, protocol: 0, thin: true, engine: "git" },
];

const root = mkdtempSync(join(tmpdir(), "git-wire-"));
const template = join(root, "template");
let folderNumber = 0;
let sha256Origin: string;

beforeAll(() => {
  variedRepository(template);
  sha256Origin = variedRepository(join(root, "sha256"), "sha256").origin;
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each(modes)("a repository behind $name", (mode) => {
  let folder: string;
  let origin: string;
  let work: WorkRepository;
  let server: GitServer;
  let access: GitAccess & { close(): void };

  beforeEach(async () => {
    folder = join(root, `case-${(folderNumber += 1)}`);
    cpSync(template, folder, { recursive: true });
    origin = join(folder, "origin.git");
    work = reopened(join(folder, "work"), origin);
    server = await startGitServer(mode.server);
    server.repositories.set("sample", { folder: origin });
    access = testGitAccess(join(folder, "temporary"), { protocol: mode.protocol });
  });
  afterEach(async () => {
    access.close();
    await server.close();
  });

  const take = (previous?: StoredRepository, name = "sample"): Promise<StoredRepository> =>
    backUp(access, remoteOf(server.urlOf(name), authorization), {
      folder,
      thin: mode.thin,
      engine: mode.engine ?? "wire",
      ...(previous === undefined ? {} : { previous }),
    });

  async function expectRestorable(stored: StoredRepository, source = origin): Promise<void> {
    const assembled = join(folder, `assembled-${(folderNumber += 1)}`);
    const { hash, head } = stored;
    await access.assemble(assembled, { hash, head, refs: flatRefs(stored.refs), bundles: bundlesOf(stored) });
    expect(refsOf(assembled)).toEqual(refsOf(source));
    expect(await access.check(assembled)).toEqual([]);
  }

  function expectReadableByPlainGit(stored: StoredRepository, source = origin): void {
    const fetched = join(folder, `fetched-${(folderNumber += 1)}`);
    restoreByFetch(stored, fetched);
    expect(refsOf(fetched)).toEqual(refsOf(source));
    expect(git(fetched, ["fsck", "--full", "--strict", "--no-dangling"])).toBe("");
  }

  it("is stored whole, then by what is new, through everything that can happen to refs", async () => {
    const base = await take();
    expect(base.method).toBe(mode.engine === "git" ? "git" : "wire-base");
    expect(base.head).toBe("refs/heads/main");
    await expectRestorable(base);

    expect((await take(base)).method).toBe("none");

    work.commits(2);
    work.git("tag", "-a", "v2.0", "-m", "Version 2.0");
    work.push("main", "v2.0");
    const more = await take(base);
    expect(more.chain).toHaveLength(2);
    expect(more.chain[1]?.objects).toBeGreaterThanOrEqual(7);
    expect(more.chain[1]?.objects).toBeLessThan(20);
    await expectRestorable(more);

    // History rewritten, a branch gone, old tips collected at the server.
    work.git("reset", "--quiet", "--hard", "HEAD~5");
    work.commits(1);
    work.push("--force", "main");
    git(origin, ["update-ref", "-d", "refs/heads/feature/one"]);
    git(origin, ["tag", "-d", "v2.0"]);
    git(origin, ["reflog", "expire", "--expire=now", "--all"]);
    git(origin, ["gc", "--quiet", "--prune=now"]);
    const forced = await take(more);
    expect(forced.chain).toHaveLength(3);
    expect(forced.chain[2]?.objects).toBeLessThan(20);
    await expectRestorable(forced);

    git(origin, ["update-ref", "refs/heads/again", "main"]);
    const knownTip = await take(forced);
    expect(knownTip.method).toBe("none");

    git(origin, ["update-ref", "refs/heads/between", "main~1"]);
    const emptyPack = await take(knownTip);
    expect(emptyPack.chain.at(-1)?.objects).toBe(0);
    await expectRestorable(emptyPack);

    work.git("switch", "--quiet", "--orphan", "unrelated");
    work.commit({ "other.txt": "other\n" }, "Another root");
    work.push("unrelated");
    const orphan = await take(emptyPack);
    expect(orphan.chain.at(-1)?.objects).toBe(3);
    await expectRestorable(orphan);
    expectReadableByPlainGit(orphan);
  });

  it("starts a new chain when its whole history was replaced", async () => {
    const base = await take();
    rmSync(origin, { recursive: true });
    initBare(origin);
    git(origin, ["config", "http.receivepack", "true"]);
    const fresh = workRepository(join(folder, "fresh"), origin);
    fresh.commits(2);
    fresh.push("main");

    const replaced = await take(base);

    expect(replaced.chain).toHaveLength(1);
    await expectRestorable(replaced);
  });

  it("may be empty, or have a HEAD that points nowhere yet", async () => {
    initBare(join(folder, "empty.git"));
    server.repositories.set("empty", { folder: join(folder, "empty.git") });

    const empty = await take(undefined, "empty");

    expect(empty).toMatchObject({ refs: {}, chain: [] });
    git(origin, ["symbolic-ref", "HEAD", "refs/heads/nowhere"]);
    const { head } = await access.listRefs(remoteOf(server.urlOf("sample"), authorization));
    const saysUnborn = mode.protocol === 2 && mode.server.protocol === "any";
    expect(head).toBe(saysUnborn ? "refs/heads/nowhere" : null);
  });

  it("may use SHA-256", async () => {
    server.repositories.set("sha256", { folder: sha256Origin });

    const stored = await take(undefined, "sha256");

    expect(stored.hash).toBe("sha256");
    await expectRestorable(stored, sha256Origin);
    expectReadableByPlainGit(stored, sha256Origin);
  });

  if (mode.engine === undefined) {
    it("is never taken for complete when the answer is cut, changed or an error", async () => {
      const { bytes } = (await take()).chain[0]!;
      const hasSideBand = mode.server.capabilities?.includes("side-band-64k") ?? true;
      const faults: readonly [GitFaultAction, string][] = [
        [{ kind: "cut", at: Math.floor(bytes / 2), clean: false }, "GIT_TRUNCATED"],
        [{ kind: "cut", at: Math.floor(bytes / 2), clean: true }, "GIT_TRUNCATED"],
        [{ kind: "cut", at: 200, clean: true }, "GIT_TRUNCATED"],
        [{ kind: "cut", at: bytes - 900, clean: true }, "GIT_TRUNCATED"],
        [{ kind: "flip", at: Math.floor(bytes / 2) }, "GIT_(TRUNCATED|PROTOCOL)"],
        [{ kind: "remote-error", text: "internal error: disk full" }, hasSideBand ? "GIT_REMOTE" : "GIT_PROTOCOL"],
        [{ kind: "status", status: 500 }, "GIT_UNAVAILABLE"],
      ];
      for (const [action, code] of faults) {
        server.faults.clear();
        server.faults.add({
          on: "fetch",
          action,
          times: 10,
          skip: mode.server.protocol === "any" && mode.protocol === 2 ? 1 : 0,
        });

        const outcome = await take().then(
          () => "stored",
          (error: unknown) => (error as { code?: string }).code,
        );

        expect(`${JSON.stringify(action)}: ${outcome ?? ""}`).toMatch(new RegExp(`: ${code}$`));
      }
    });

    it("is read after the server asked to wait, or dropped a connection", async () => {
      server.faults.add({ on: "refs", times: 2, action: { kind: "status", status: 429, retryAfterSeconds: 1 } });
      server.faults.add({ on: "fetch", action: { kind: "status", status: 503, retryAfterSeconds: 1 } });
      server.faults.add({ on: "fetch", skip: 1, action: { kind: "reset" } });

      await expectRestorable(await take());
    });
  }
});

function reopened(folder: string, origin: string): WorkRepository {
  git(folder, ["remote", "remove", "origin"]);
  const work = workRepository(folder, origin);
  git(folder, ["config", "gc.auto", "0"]);
  return work;
}
