import { describe, expect, it } from "vitest";
import { makeKeySet } from "../../../engine/crypto/keys.ts";
import { BackupError, describeError } from "../../../engine/foundation/errors.ts";
import { secretsIn, withoutSecrets } from "../../../engine/foundation/secret-shapes.ts";
import { nodeCryptography } from "../../../engine/native/node-cryptography.ts";
import { parseVaultHeads } from "../../../engine/vault/format/head-pin.ts";

const pat = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst";
const longPat = `${"Ab3".repeat(25)}XAZDO1a2B`;
const accountKey = `${"aB3+/".repeat(17)}x==`;
const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLW9mLWl0";

describe("text that looks like a secret", () => {
  it("is never shown, whichever of our keys it is", async () => {
    const keys = await makeKeySet(nodeCryptography());
    const secret = [keys.agentKey, keys.ownerKey, keys.viewerKey, keys.recoveryKey];
    for (const key of secret) {
      for (const form of [key, key.toLowerCase(), key.toUpperCase(), key.slice(0, 30)])
        expect(withoutSecrets(`is "${form}", which`)).toBe('is "***", which');
    }
  });

  it.each([
    ["a personal access token", `vaultHead ${pat}`, pat],
    ["one of the newer form", `items ${longPat}!`, longPat],
    ["a user's password in an address", `https://someone:${pat.slice(0, 20)}@dev.azure.com/contoso`, pat.slice(0, 20)],
    ["a token as the user", "https://secret-token-1@dev.azure.com/contoso", "secret-token-1"],
    ["a SAS", "https://a.blob.core.windows.net/c?sv=2023&sig=aBc%2FdEf%3D&se=2026", "aBc%2FdEf%3D"],
    ["a SAS alone", "sv=2023-11-03&sr=c&sig=Zm9vYmFy/x=", "Zm9vYmFy/x="],
    ["a SAS that is encoded as a whole", "sv%3D2023%26sig%3DZm9vYmFyeHg%3D", "Zm9vYmFyeHg"],
    ["the key of a storage account", `key ${accountKey}`, accountKey],
    ["a connection string", `DefaultEndpointsProtocol=https;AccountKey=short;x=1`, "short"],
    ["a web token", `Authorization: Bearer ${jwt}`, jwt],
  ])("is masked where it is %s", (_, text, secret) => {
    expect(withoutSecrets(text)).not.toContain(secret);
    expect(secretsIn(text).length).toBeGreaterThan(0);
  });

  it.each([
    "0d5f7a1e-9c2b-4f7e-8f0a-52b3b6d1c001",
    `41:${"0123456789abcdef".repeat(4)}`,
    "ed25519:_JI1AVdrhdn6YzBL2tx0aYN_yx2iBhzHD9BLv64BVoU,ed25519:xoIyMxnbc5eDr_XROt7bX8VpJuy0PLLM0ynTzJRdrlQ",
    "age1z2epwpp9xxgxfwcpjzwesen0rfefeaku6dlvatrwgy68kc4nmyesu6dsjc",
    "git-repositories/Web, work-items/42, refs/heads/main, user@contoso.com",
    "https://contoso.blob.core.windows.net/backups",
    "20261122T180544Z-7f3a9c1e/00-000001.ndjson.gz.age",
    "last=14 daily=30 weekly=8",
    "a recovery or viewer key begins with AGE-SECRET-KEY-1; an agent key begins with pbak1",
  ])("is not what a vault shows: %s", (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });

  it("does not come out of an error, not even its beginning", () => {
    expect(describeError(new BackupError({ code: "X", message: `found ${pat}`, hint: `not ${longPat}` }))).toBe(
      "found ***. not ***",
    );
    for (const given of [`${pat} and more`, `x=${pat}`, pat]) {
      let message = "";
      try {
        parseVaultHeads(given, ["a", "b"]);
      } catch (error) {
        message = describeError(error);
      }
      expect(message).toContain("vaultHead");
      expect(message).not.toContain(pat.slice(0, 12));
    }
  });
});
