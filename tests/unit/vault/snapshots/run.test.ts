import { describe, expect, it } from "vitest";
import { utf8 } from "../../../../engine/foundation/bytes.ts";
import { isRunId, runsPrefix } from "../../../../engine/vault/format/layout.ts";
import { chooseRun } from "../../../../engine/vault/snapshots/run.ts";
import type { RunFacts } from "../../../../engine/vault/snapshots/run.ts";
import { aLogVault, cryptography, someKeys, vaultId } from "../log/log-vault.ts";
import type { LogVault } from "../log/log-vault.ts";

function running(vault: LogVault, build?: string): RunFacts {
  return { store: vault.store, cryptography, vault: vaultId, signing: vault.keys.agent, build };
}

function claimsOf(vault: LogVault): string[] {
  return [...vault.store.objects.keys()].filter((name) => name.startsWith(runsPrefix(vaultId)));
}

describe("a run id", () => {
  it("is the same for all attempts and shards of a build", async () => {
    const vault = await aLogVault();

    const chosen = await Promise.all([1, 2, 3].map(() => chooseRun(running(vault, "build 7"))));
    const later = await chooseRun(running(vault, "build 7"));

    expect(new Set([...chosen, later].map(({ run }) => run)).size).toBe(1);
    expect(isRunId(later.run)).toBe(true);
    expect(later.shared).toBe(true);
    expect(chosen.filter(({ shared }) => !shared)).toHaveLength(1);
    expect(later.run.slice(0, 8)).toBe("20261122");
  });

  it("differs between builds, and between runs without a build", async () => {
    const vault = await aLogVault();

    const runs = await Promise.all(["a", "b", undefined, undefined].map((build) => chooseRun(running(vault, build))));

    expect(new Set(runs.map(({ run }) => run)).size).toBe(4);
  });

  it("is not taken from a planted claim, so that nobody can make a backup do nothing", async () => {
    const vault = await aLogVault();
    await chooseRun(running(vault, "build 7"));
    const [name = ""] = claimsOf(vault);
    vault.store.overwrite(name, utf8('{"run":"20200101T000000Z-00000000"}\nAAAA\n'));

    const first = await chooseRun(running(vault, "build 7"));
    const second = await chooseRun(running(vault, "build 7"));

    expect(first.run).not.toContain("2020");
    expect(second).toEqual({ run: first.run, shared: true });
  });

  it("is not taken from the claim of another build, vault or key", async () => {
    const vault = await aLogVault();
    const other = await chooseRun(running(vault, "build 6"));
    const [theirs = ""] = claimsOf(vault);
    await chooseRun(running(vault, "build 7"));
    const [ours = ""] = claimsOf(vault).filter((name) => name !== theirs);
    vault.store.overwrite(ours, vault.store.objects.get(theirs) ?? new Uint8Array());

    expect((await chooseRun(running(vault, "build 7"))).run).not.toBe(other.run);

    const stranger = await someKeys();
    const chosen = await chooseRun({ ...running(vault, "build 6"), signing: stranger.agent });
    expect(chosen).toMatchObject({ shared: false });
  });
});
