import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAgentKey, parseIdentities, parseRecipients, parseSigners } from "../../../engine/crypto/keys.ts";
import { webCryptography } from "../../../engine/crypto/web-cryptography.ts";
import { signersOfKeys } from "../../../extension-ui/model/signers.ts";
import {
  allKeysFile,
  keyPlaces,
  newRecoveryPair,
  newVaultKeys,
  ownerKeyFile,
  recoveryKeyFile,
} from "../../../extension-ui/model/setup-keys.ts";
import { pipelineFiles } from "../../../extension-ui/model/setup-pipelines.ts";
import { pipelineSetupProblems } from "../../../extension-ui/model/setup-problems.ts";
import { aPipelineSetup, aProjectId } from "./builders.ts";

const cryptography = webCryptography();
const facts = {
  project: { id: aProjectId, name: "Shop\n& Söhne" },
  organizationUrl: "https://dev.azure.com/contoso",
  madeAt: new Date("2026-11-22T12:00:00Z"),
};

describe("the keys that the page makes", () => {
  it("are a vault's keys, and others each time", async () => {
    const [one, two] = [await newVaultKeys(cryptography), await newVaultKeys(cryptography)];
    const agent = await parseAgentKey(one.agentKey, cryptography);

    expect(parseSigners(one.signer)[0]).toEqual({ role: "agent", signer: agent.signer });
    expect(agent.catalogueIdentity).toBe(one.viewerKey);
    expect(new Set([...Object.values(one), ...Object.values(two)]).size).toBe(12);
  });

  it("fit the pipelines of Set up, which then need nothing more", async () => {
    const [keys, second] = [await newVaultKeys(cryptography), await newRecoveryPair(cryptography)];
    const recoveryRecipients = [keys.recoveryRecipient, second.recoveryRecipient];
    const setup = aPipelineSetup({ recoveryRecipients, signers: keys.signer.split(",") });
    const yaml = pipelineFiles(setup).map((file) => file.yaml);

    expect(pipelineSetupProblems(setup)).toEqual([]);
    expect(yaml.every((text) => text.includes(`signer: "${keys.signer}"`))).toBe(true);
    for (const secret of [keys.agentKey, keys.ownerKey, keys.viewerKey, keys.recoveryKey, second.recoveryKey])
      expect(yaml.join("")).not.toContain(secret);
  });
});

describe("the file with all keys", () => {
  it("holds every secret, opens with age what is sealed for either recovery key, and is a recovery key to the tasks", async () => {
    const [keys, second] = [await newVaultKeys(cryptography), await newRecoveryPair(cryptography)];
    const { name, text } = allKeysFile({ keys, second }, facts);
    const folder = await mkdtemp(join(tmpdir(), "all-keys-"));
    const file = join(folder, name);
    await writeFile(file, text);
    const opened = [keys, second].map(({ recoveryRecipient }) => {
      const sealed = execFileSync("age", ["-r", recoveryRecipient], { input: "all is well" });
      return execFileSync("age", ["-d", "-i", file], { input: sealed, encoding: "utf8" });
    });
    await rm(folder, { recursive: true });

    expect(opened).toEqual(["all is well", "all is well"]);
    expect(parseIdentities(text)).toEqual([keys.recoveryKey, second.recoveryKey]);
    for (const part of [keys.agentKey, keys.ownerKey, keys.viewerKey, ...signersOfKeys(keys)])
      expect(text).toContain(part);
  });
});

describe("the file of a recovery key", () => {
  it("opens with age what is sealed for its public key", async () => {
    const pair = await newRecoveryPair(cryptography);
    const folder = await mkdtemp(join(tmpdir(), "recovery-key-"));
    const file = join(folder, "key.txt");
    await writeFile(file, recoveryKeyFile(pair, facts).text);
    const sealed = execFileSync("age", ["-r", pair.recoveryRecipient], { input: "all is well" });
    const opened = execFileSync("age", ["-d", "-i", file], { input: sealed, encoding: "utf8" });
    await rm(folder, { recursive: true });

    expect(opened).toBe("all is well");
  });

  it("says what it is for, in comments that the tasks skip", async () => {
    const pair = await newRecoveryPair(cryptography);
    const { name, text } = recoveryKeyFile(pair, facts);

    expect(name).toBe("recovery-key-Shop-S-hne.txt");
    expect(text).toContain(
      `# Project Shop & Söhne (${aProjectId}) of https://dev.azure.com/contoso\n# Made on 2026-11-22\n`,
    );
    expect(parseIdentities(text)).toEqual([pair.recoveryKey]);
    expect(parseRecipients(/public key: (\S+)/.exec(text)?.[1] ?? "")).toEqual([pair.recoveryRecipient]);
  });

  it("is named by the project's id when its name has no letters for it", async () => {
    const pair = await newRecoveryPair(cryptography);

    expect(recoveryKeyFile(pair, { ...facts, project: { id: aProjectId, name: "…/.." } }).name).toBe(
      `recovery-key-${aProjectId}.txt`,
    );
  });

  it("is another one than the owner key's, which holds no recovery key", async () => {
    const keys = await newVaultKeys(cryptography);
    const { name, text } = ownerKeyFile(keys, facts);

    expect(name).toBe("owner-key-Shop-S-hne.txt");
    expect(text.trimEnd().split("\n").at(-1)).toBe(keys.ownerKey);
    expect(text).not.toContain(keys.recoveryKey);
  });
});

describe("the places of the keys", () => {
  it("name every key once, with the variables that the pipelines use", async () => {
    const keys = await newVaultKeys(cryptography);
    const variables = pipelineFiles(aPipelineSetup()).flatMap(({ secrets }) => secrets.map(({ variable }) => variable));

    expect(keyPlaces.map(({ key }) => key).toSorted()).toEqual(Object.keys(keys).toSorted());
    for (const { variable } of keyPlaces) if (variable !== undefined) expect(variables).toContain(variable);
    expect(keyPlaces.filter(({ isSecret }) => !isSecret).map(({ key }) => key)).toEqual([
      "recoveryRecipient",
      "signer",
    ]);
  });
});
