/** `npm run vault -- acknowledge` and `expect`, as the owner of a vault runs them. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeKeySet, parseAgentKey, parseOwnerKey, parseSigners, type KeySet } from "../../engine/crypto/keys.ts";
import { systemClock } from "../../engine/foundation/clock.ts";
import { md5 } from "../../engine/native/md5.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { azureBlobStore } from "../../engine/store/azure-blob-store.ts";
import { openAlarms } from "../../engine/vault/format/alarms.ts";
import { openVault } from "../../engine/vault/log/genesis.ts";
import { formatHead } from "../../engine/vault/format/head-pin.ts";
import { appendEntry } from "../../engine/vault/log/append.ts";
import type { Anomaly } from "../../engine/vault/format/log-entry.ts";
import { readLog, type Log } from "../../engine/vault/log/log.ts";
import { startAzurite, type Azurite, type AzuriteContainer } from "../support/azurite.ts";
import { aSnapshotBody, organization, vaultId } from "../unit/vault/log/log-vault.ts";

const cryptography = nodeCryptography();
const project = fileURLToPath(new URL("../../", import.meta.url));
const patience = { timeout: 120_000 };
const alarms: readonly Anomaly[] = [
  { code: "mass-delete", n: 12, of: 40 },
  { code: "files-lost", n: 1, streams: ["git-repositories/a"], since: "2026-11-20T01:00:00Z" },
];

let azurite: Azurite;
let container: AzuriteContainer;
let keys: KeySet;

beforeAll(async () => {
  azurite = await startAzurite();
  container = await azurite.createContainer();
  keys = await makeKeySet(cryptography);
  const { agent, ...facts } = await writing();
  const recoveryRecipients = [keys.recoveryRecipient];
  const pinnedSigners = parseSigners(keys.signer);
  const origin = { organization, project: { id: vaultId } };
  await openVault({ ...facts, agent, origin, recoveryRecipients, pinnedSigners });
  for (const run of ["20261122T180544Z-00000001", "20261123T180544Z-00000002"]) await snapshot(run);
}, 120_000);

afterAll(async () => {
  await azurite.stop();
});

async function writing() {
  const store = azureBlobStore({
    containerUrl: container.url,
    sas: container.sas,
    md5,
    clock: systemClock,
    random: Math.random,
  });
  const agent = await parseAgentKey(keys.agentKey, cryptography);
  const by = { tool: "0.0.0", build: "test", run: "genesis" };
  const signing = { signingSeed: agent.signingSeed, signer: agent.signer };
  return { store, cryptography, vault: vaultId, clock: systemClock, signing, by, agent };
}

async function snapshot(run: string): Promise<void> {
  const facts = await writing();
  const body = aSnapshotBody();
  const entry = { ...body, snapshot: { ...body.snapshot, anomaly: alarms } };
  await appendEntry({ ...facts, by: { ...facts.by, run } }, await readLog(facts), async () => entry);
}

async function log(): Promise<Log> {
  return readLog({ ...(await writing()), pinnedSigners: parseSigners(keys.signer) });
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command as people run it; secrets by environment only. */
async function vault(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = spawn(process.execPath, ["scripts/vault.mjs", ...args], {
    cwd: project,
    env: {
      ...process.env,
      CONTAINER_URL: container.url,
      CONTAINER_SAS: container.sas,
      OWNER_KEY: keys.ownerKey,
      SIGNER: keys.signer,
      ...env,
    },
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  expect(out + err).not.toContain(keys.ownerKey);
  return { code, out, err };
}

async function refused(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const before = (await log()).head?.seq;
  const { code, out, err } = await vault(args, env);
  expect([code, err.trim().split("\n").length, out]).toEqual([1, 1, ""]);
  expect((await log()).head?.seq).toBe(before);
  return err;
}

describe("the owner's commands", () => {
  it("refuse what matches nothing, naming what there is, and write nothing", patience, async () => {
    expect(await refused(["acknowledge"])).toContain("Name one snapshot");
    expect(await refused(["acknowledge", "20200101T000000Z-00000000"])).toContain(
      "Open: 20261122T180544Z-00000001 mass-delete, 20261122T180544Z-00000001 files-lost (git-repositories/a)",
    );
    expect(await refused(["acknowledge", "0"])).toContain('"0" is neither a snapshot');
    expect(await refused(["acknowledge", "1", "--code", "mass-change"])).toContain("matches mass-change");
    expect(await refused(["acknowledge", "1", "--stream", "git-repositories/b"])).toContain(
      "matches git-repositories/b",
    );
  });

  it("refuse keys that are no owner's, and logs that are not the pinned ones", patience, async () => {
    const stranger = await makeKeySet(cryptography);
    const { signer } = await parseOwnerKey(stranger.ownerKey, cryptography);

    expect(await refused(["acknowledge", "1"], { OWNER_KEY: "" })).toContain("OWNER_KEY is not set");
    expect(await refused(["acknowledge", "1"], { OWNER_KEY: keys.agentKey })).toContain(
      "Input OWNER_KEY: an owner key",
    );
    expect(await refused(["acknowledge", "1"], { OWNER_KEY: stranger.ownerKey })).toContain(
      `OWNER_KEY signs as ${signer}, which is no owner of vault ${vaultId}`,
    );
    expect(await refused(["acknowledge", "1"], { SIGNER: stranger.signer })).toContain("is not signed by the signers");
    const lost = `${vaultId}=9:${"0".repeat(64)}`;
    expect(await refused(["acknowledge", "1"], { VAULT_HEAD: lost })).toContain("is known to have been written");
  });

  it("acknowledge by code and stream, or all of a snapshot, and show it in the list", patience, async () => {
    const some = await vault(["acknowledge", "20261122T180544Z-00000001", "--stream", "git-repositories/a"]);
    expect(some).toMatchObject({ code: 0, err: "" });
    expect(some.out).toContain(
      "  files-lost: 1  git-repositories/a  since 2026-11-20T01:00:00Z\nAcknowledged in log entry 3",
    );
    expect(openAlarms(await log()).map(({ seq, anomaly }) => [seq, anomaly.code])).toEqual([
      [1, "mass-delete"],
      [2, "mass-delete"],
      [2, "files-lost"],
    ]);

    const { head } = await log();
    const whole = await vault(["acknowledge", "2"], { VAULT_HEAD: `${vaultId}=${formatHead(head!)}` });

    expect(whole.out).toContain("  mass-delete: 12 of 40\n  files-lost: 1");
    expect(openAlarms(await log()).map(({ seq }) => seq)).toEqual([1]);
    expect((await vault(["list"])).out).toContain("(mass-delete, files-lost, acknowledged in entry 3)");
    expect(await refused(["acknowledge", "2"])).toContain("Snapshot 2 has no open alarm");
  });

  it("announce codes until a time that is not far away", patience, async () => {
    expect(await refused(["expect"])).toContain("names no code");
    expect(await refused(["expect", "--code", "mass-chnage"])).toContain('"mass-chnage", which no alarm has');
    expect(await refused(["expect", "--code", "mass-change", "--hours", "73"])).toContain("at most 72 hours");
    expect(await refused(["expect", "--code", "mass-change", "--until", "2020-01-01"])).toContain("in the future");
    expect(await refused(["expect", "--code", "mass-change", "--until", "soon"])).toContain("--until is soon");
    expect(await refused(["expect", "--code", "mass-change", "--hours", "2", "--until", "2027-01-01"])).toContain(
      "not both",
    );

    const { code, out } = await vault(["expect", "--code", "mass-change", "--code", "files-replaced", "--hours", "72"]);

    expect([code, out]).toEqual([0, expect.stringContaining("will take for notes: mass-change, files-replaced")]);
    const entry = (await log()).entries.at(-1)?.entry;
    if (entry?.kind !== "expect") throw new Error("an announcement expected");
    const hours = (Date.parse(entry.expect.until) - Date.parse(entry.srv)) / 3_600_000;
    expect(Math.round(hours * 10) / 10).toBe(72);
  });
});
