/** Repositories that bear the same name one after the other: none is ever taken for the other. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseIdentities } from "../../engine/crypto/keys.ts";
import { readAll } from "../../engine/foundation/bytes.ts";
import { silentReporter } from "../../engine/foundation/reporter.ts";
import { registry } from "../../engine/kinds/registry.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { archiveItems } from "../../engine/operations/restore/archive-items.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { newestSnapshot } from "../../engine/vault/snapshots/snapshots.ts";
import { openSnapshot } from "../../engine/vault/snapshots/snapshot-reader.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { git } from "../support/git-repositories.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

type SmallRepository = SmallProject["web"];

describe("a repository that was deleted and made again under its name", () => {
  let azure: TestSimulator;
  let engine: Engine;
  let small: SmallProject;
  let again: SmallRepository;
  let folder: string;

  beforeEach(async () => {
    azure = await simulator();
    engine = await engineOver(azure);
    small = await smallProject(azure);
    folder = mkdtempSync(join(tmpdir(), "namesakes-"));
    await engine.backUp(small.project);
    azure.state.repositories.delete(small.api.record);
    again = small.addRepository("Api");
    again.work.commit({ "new.txt": "made again\n" });
    again.work.push("main");
    await engine.backUp(small.project);
  });

  afterEach(async () => {
    await engine.close();
    await small.remove();
    await azure.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const tipOf = ({ work }: SmallRepository): string => work.git("rev-parse", "main");

  function tipsIn(projectId: string): Record<string, string> {
    const repositories = azure.state.repositories.list(projectId);
    return Object.fromEntries(
      repositories.map((repository) => {
        const refs = git(azure.state.repositories.folderOf(repository), [
          "for-each-ref",
          "--format=%(refname) %(objectname)",
        ]);
        return [repository.name, /^refs\/heads\/main (\S+)$/m.exec(refs)?.[1] ?? ""];
      }),
    );
  }

  it("comes into another project beside the new one", async () => {
    const other = azure.state.addProject("Copy");

    const restored = await engine.restore(small.project, ["git-repositories/*"], {
      targetProject: { id: other.id, name: other.name },
    });

    expect(restored.failed).toBe(0);
    expect(tipsIn(other.id)).toMatchObject({
      Api: tipOf(again),
      [`Api-${small.api.record.id.slice(0, 8)}`]: tipOf(small.api),
    });
    const repeated = await engine.restore(small.project, ["git-repositories/*"], {
      targetProject: { id: other.id, name: other.name },
    });
    expect(repeated).toMatchObject({ created: 0, updated: 0, failed: 0 });
  });

  it.each(["overwrite", "skip"] as const)("never goes over the new one in place (%s)", async (conflictPolicy) => {
    const inBin = await engine.restore(small.project, [`git-repositories/${small.api.record.id}`], { conflictPolicy });
    azure.state.repositories.purge(small.api.record);
    const gone = await engine.restore(small.project, [`git-repositories/${small.api.record.id}`], { conflictPolicy });

    expect([...inBin.plan.steps]).toMatchObject([
      { action: "cannot", reason: expect.stringContaining("another repository has the name Api now") },
    ]);
    expect(gone.failed).toBe(0);
    expect(tipsIn(small.project.id)).toMatchObject({
      Api: tipOf(again),
      [`Api-${small.api.record.id.slice(0, 8)}`]: tipOf(small.api),
    });
  });

  it("is another folder in an archive, and its README.txt makes the right repository of it", async () => {
    await archive(["git-repositories/*"]);

    const made = ["Api", "Api (2)"].map((name) => madeByReadme(join(folder, "repositories", name)));

    expect(made.sort()).toEqual([tipOf(again), tipOf(small.api)].sort());
  });

  function accessOf(): Parameters<typeof readLog>[0] & { readonly identities: readonly string[] } {
    const vault = small.project.id.toLowerCase();
    return {
      store: engine.store,
      cryptography: nodeCryptography(),
      vault,
      identities: parseIdentities(engine.keys.recoveryKey),
    };
  }

  async function archive(selectors: readonly string[]): Promise<void> {
    const entry = newestSnapshot(await readLog(accessOf()))?.entry;
    if (entry === undefined) throw new Error("there is a snapshot");
    const snapshot = openSnapshot({ access: accessOf(), entry, takenAt: entry.srv });
    const into = {
      write: async (path: string, content: AsyncIterable<Uint8Array> | string) => {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), typeof content === "string" ? content : await readAll(content, 1 << 26));
      },
    };
    const { signal } = new AbortController();
    await archiveItems({ selectors, snapshot, kinds: registry, into, reporter: silentReporter, signal });
  }

  /** Carries out the indented lines; returns the tip of main. */
  function madeByReadme(place: string): string {
    const readme = execFileSync("cat", ["README.txt"], { cwd: place, encoding: "utf8" });
    const commands = readme.split("\n").filter((line) => line.startsWith("    ") && !line.includes("lfs/"));
    execFileSync("bash", ["-e", "-c", commands.join("\n")], { cwd: place, stdio: "pipe" });
    return git(join(place, "repository.git"), ["rev-parse", "HEAD"]);
  }
});
