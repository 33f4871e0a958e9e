import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { parseAgentKey, parseOwnerKey } from "../../../engine/crypto/keys.ts";
import { node } from "./support.ts";

function runKeys(...args: readonly string[]): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  return spawnSync(process.execPath, ["scripts/keys.mjs", ...args], { encoding: "utf8" });
}

test("npm run keys prints one JSON object with a key set that fits together", async () => {
  const { status, stdout, stderr } = runKeys();
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const keys = JSON.parse(stdout) as Record<string, string>;
  expect(Object.keys(keys)).toEqual([
    "agentKey",
    "ownerKey",
    "viewerKey",
    "recoveryKey",
    "recoveryRecipient",
    "signer",
  ]);
  const agent = await parseAgentKey(keys.agentKey ?? "", node);
  const owner = await parseOwnerKey(keys.ownerKey ?? "", node);
  expect(keys.viewerKey).toBe(agent.catalogueIdentity);
  expect(keys.signer).toBe(`agent=${agent.signer},owner=${owner.signer}`);
  expect(keys.recoveryRecipient).toBe(await node.recipientOf(keys.recoveryKey ?? ""));
});

test("its help says what each key can read, and that names are readable without the recovery key", () => {
  const { status, stdout } = runKeys("--help");
  expect(status).toBe(0);
  for (const name of ["agentKey", "ownerKey", "viewerKey", "recoveryKey", "recoveryRecipient", "signer"]) {
    expect(stdout).toContain(name);
  }
  expect(stdout).toContain("catalogueNames: ids");
});

test("it refuses options it does not know, in one line", () => {
  const { status, stdout, stderr } = runKeys("--force");
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr.trim().split("\n")).toHaveLength(1);
});
