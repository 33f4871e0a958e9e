import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, toHex, utf8, toBase64 } from "../../../engine/foundation/bytes.ts";
import { describeError } from "../../../engine/foundation/errors.ts";
import {
  fingerprint,
  makeKeySet,
  parseAgentKey,
  parseIdentities,
  parseOwnerKey,
  parseRecipients,
  parseSigners,
  publicKeyOfSigner,
  publicKeyPem,
  signerOf,
} from "../../../engine/crypto/keys.ts";
import vectors from "../../format/v1/keys.json" with { type: "json" };
import { implementations, newKeyPair, node } from "./support.ts";

describe.each(implementations)("the key vectors of format v1 by $name", ({ cryptography }) => {
  test.each(vectors.keySets)("$agentKey", async (expected) => {
    const agent = await parseAgentKey(expected.agentKey, cryptography);
    const owner = await parseOwnerKey(expected.ownerKey, cryptography);
    const message = utf8(expected.message);
    expect({
      viewerKey: agent.catalogueIdentity,
      catalogueRecipient: agent.catalogueRecipient,
      catalogueFingerprint: fingerprint(agent.catalogueRecipient),
      macKey: toHex(agent.macKey),
      signer: `agent=${agent.signer},owner=${owner.signer}`,
      agentPublicKeyPem: publicKeyPem(agent.signer),
      recoveryRecipient: await cryptography.recipientOf(expected.recoveryKey),
      recoveryFingerprint: fingerprint(expected.recoveryRecipient),
      agentSignature: toBase64(await cryptography.sign(agent.signingSeed, message)),
      ownerSignature: toBase64(await cryptography.sign(owner.signingSeed, message)),
      messageMac: toHex(await cryptography.hmacSha256(agent.macKey, message)),
    }).toEqual({
      viewerKey: expected.viewerKey,
      catalogueRecipient: expected.catalogueRecipient,
      catalogueFingerprint: expected.catalogueFingerprint,
      macKey: expected.macKey,
      signer: expected.signer,
      agentPublicKeyPem: expected.agentPublicKeyPem,
      recoveryRecipient: expected.recoveryRecipient,
      recoveryFingerprint: expected.recoveryFingerprint,
      agentSignature: expected.agentSignature,
      ownerSignature: expected.ownerSignature,
      messageMac: expected.messageMac,
    });
    expect(await cryptography.hkdfSha256(fromHex(expected.agentSeed)!, "project-backup/v1/mac")).toEqual(agent.macKey);
  });
});

describe("a new key set", () => {
  test("fits together", async () => {
    const keys = await makeKeySet(node);
    const agent = await parseAgentKey(keys.agentKey, node);
    const owner = await parseOwnerKey(` ${keys.ownerKey}\n`, node);
    expect(keys.viewerKey).toBe(agent.catalogueIdentity);
    expect(parseSigners(keys.signer)).toEqual([
      { role: "agent", signer: agent.signer },
      { role: "owner", signer: owner.signer },
    ]);
    expect(parseRecipients(keys.recoveryRecipient)).toEqual([await node.recipientOf(keys.recoveryKey)]);
    expect(signerOf(publicKeyOfSigner(owner.signer))).toBe(owner.signer);
  });

  test("is another one each time", async () => {
    const [first, second] = [await makeKeySet(node), await makeKeySet(node)];
    for (const name of ["agentKey", "ownerKey", "viewerKey", "recoveryKey", "signer"] as const) {
      expect(first[name]).not.toBe(second[name]);
    }
  });
});

describe("lists of keys", () => {
  test("are one per line, or separated by commas, with comments as in age's files", async () => {
    const [first, second] = [await newKeyPair(), await newKeyPair()];
    const ageFile = `# created: 2026-11-22T18:05:44Z\r\n# public key: ${first.recipient}\r\n${first.identity}\r\n\r\n`;
    expect(parseIdentities(ageFile)).toEqual([first.identity]);
    expect(parseIdentities(`${first.identity}\n  ${second.identity}`)).toEqual([first.identity, second.identity]);
    expect(parseIdentities(`${first.identity}, ${second.identity}`)).toEqual([first.identity, second.identity]);
    expect(parseRecipients(`${second.recipient}\n# mine\n${first.recipient}\n${second.recipient}`)).toEqual([
      second.recipient,
      first.recipient,
    ]);
  });

  test("name the key that is wrong", async () => {
    const { identity } = await newKeyPair();
    expect(() => parseIdentities(`${identity}\n${identity.slice(0, -1)}`)).toThrow("recoveryKey (key 2 of 2)");
    expect(() => parseIdentities("\n# nothing\n", "viewerKey")).toThrow("Input viewerKey is empty");
  });
});

describe("keys in the wrong place", () => {
  const parsers: Readonly<Record<string, (text: string) => unknown>> = {
    agentKey: (text) => parseAgentKey(text, node),
    ownerKey: (text) => parseOwnerKey(text, node),
    recoveryKey: async (text) => parseIdentities(text),
    recoveryRecipients: async (text) => parseRecipients(text),
    signer: async (text) => parseSigners(text),
  };
  const keys = vectors.keySets[2]!;
  const { signer } = parseSigners(keys.signer)[0]!;
  const samples: readonly (readonly [found: string, key: string, fits: string])[] = [
    ["pbak1 and is an agent key", keys.agentKey, "agentKey"],
    ["pbok1 and is an owner key", keys.ownerKey, "ownerKey"],
    ["AGE-SECRET-KEY-1 and is a recovery or viewer key", keys.recoveryKey, "recoveryKey"],
    ["age1 and is a recipient", keys.recoveryRecipient, "recoveryRecipients"],
    ["ed25519: and is a public signing key", signer, "signer"],
    ["$( and is a pipeline variable that has no value in this run", "$(vaultAgentKey)", ""],
    ["AGE-SECRET-KEY-PQ-1 and is a post-quantum age key", `AGE-SECRET-KEY-PQ-1${"Q".repeat(58)}`, ""],
    ["age1pq1 and is a post-quantum age recipient", `age1pq1${"q".repeat(100)}`, ""],
    ["none of the prefixes", "correct-horse-battery-staple", ""],
  ];

  test.each(Object.keys(parsers))("input %s says what it got instead", async (input) => {
    for (const [found, key, fits] of samples) {
      if (fits === input) continue;
      const error = await failureOf(async () => parsers[input]?.(key));
      expect(error).toMatchObject({ code: "KEY_FORM" });
      expect(describeError(error)).toContain(`Input ${input}`);
      expect(describeError(error)).toContain(found);
      expect(describeError(error)).not.toContain(key.slice(-20));
    }
  });

  test.each(samples.filter(([, , fits]) => fits !== ""))(
    "a cut or mistyped one is said to be so: %s",
    async (_, key, fits) => {
      const parse = parsers[fits];
      const cut = await failureOf(async () => parse?.(key.slice(0, -1)));
      expect(describeError(cut)).toContain(`${key.length - 1} characters instead of ${key.length}`);
      if (fits === "signer") return; // a signer has no checksum
      const mistyped = await failureOf(async () => parse?.(key.slice(0, -1) + (key.endsWith("q") ? "p" : "q")));
      expect(mistyped).toMatchObject({ code: "KEY_FORM" });
      expect(describeError(mistyped)).toContain("cut off or mistyped");
      expect(describeError(mistyped)).not.toContain(key.slice(20, 40));
      await expect(failureOf(async () => parse?.(""))).resolves.toMatchObject({ code: "KEY_FORM" });
    },
  );

  test("no text is taken for a key by chance, and no error repeats it (property)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 8 }), fc.constantFrom(...Object.keys(parsers)), async (text, input) => {
        const error = await failureOf(async () => parsers[input]?.(text));
        expect(error).toMatchObject({ code: "KEY_FORM" });
      }),
    );
  });
});

async function failureOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing failed");
}
