import { describe, expect, test } from "vitest";
import { chunksOf, utf8 } from "../../engine/foundation/bytes.ts";
import { publicKeyPem, signerOf } from "../../engine/crypto/keys.ts";
import {
  edgeSizes,
  toolPath,
  implementations,
  newKeyPair,
  opened,
  runTool,
  sampleBytes,
  sealed,
} from "../unit/crypto/support.ts";

/** What people have when our software is not at hand must read what we write. */
describe.runIf(toolPath("age") !== undefined).each(implementations)("age and $name", ({ cryptography }) => {
  test.each(edgeSizes)("open each other's files of %i bytes", async (size) => {
    const [key, other] = [await newKeyPair(), await newKeyPair()];
    const plaintext = sampleBytes(size);
    const ours = await sealed(cryptography, [other.recipient, key.recipient], chunksOf(plaintext));
    const byAge = runTool("age", ["-d", "-i", "key.txt", "file.age"], {
      "key.txt": `# a comment\n${key.identity}\n`,
      "file.age": ours.bytes,
    });
    expect(Buffer.compare(byAge, plaintext)).toBe(0);
    const theirs = runTool("age", ["-r", other.recipient, "-r", key.recipient, "file"], { file: plaintext });
    const byUs = await opened(cryptography, [key.identity], chunksOf(theirs));
    expect(byUs.error).toBeUndefined();
    expect(Buffer.compare(byUs.released, plaintext)).toBe(0);
  });

  test("agree on the recipient of an identity", async () => {
    const { identity, recipient } = await newKeyPair();
    const found = runTool("age-keygen", ["-y", "key.txt"], { "key.txt": `${identity}\n` });
    expect(new TextDecoder().decode(found).trim()).toBe(recipient);
  });
});

describe.runIf(toolPath("openssl") !== undefined).each(implementations)("openssl and $name", ({ cryptography }) => {
  test("agree on signatures, by the public key that the vault's README.txt gives", async () => {
    const seed = sampleBytes(32, 77);
    const line = utf8('{"type":"azdo-vault/log/v1","seq":0}');
    const pem = publicKeyPem(signerOf(await cryptography.publicKeyOf(seed)));
    const verified = (signature: Uint8Array): string =>
      new TextDecoder().decode(
        runTool(
          "openssl",
          ["pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "line", "-sigfile", "signature"],
          { "key.pem": pem, line, signature },
        ),
      );
    const signature = await cryptography.sign(seed, line);
    expect(verified(signature)).toContain("Verified Successfully");
    expect(() => verified(signature.slice().reverse())).toThrow();
  });
});
