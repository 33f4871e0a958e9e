import { describe, expect, test } from "vitest";
import { concat, fromHex, toHex, utf8 } from "../../engine/foundation/bytes.ts";
import { md5 } from "../../engine/native/md5.ts";
import { flipped, implementations, node, sampleBytes, web } from "../unit/crypto/support.ts";

describe.each(implementations)("signing by $name", ({ cryptography }) => {
  /** RFC 8032 §7.1, tests 1 to 3. */
  test.each([
    {
      seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      message: "",
      signature:
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    },
    {
      seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
      message: "72",
      signature:
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    },
    {
      seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      message: "af82",
      signature:
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    },
  ])("signs and verifies as RFC 8032 says: message '$message'", async ({ seed, publicKey, message, signature }) => {
    const bytes = fromHex(message)!;
    expect(toHex(await cryptography.publicKeyOf(fromHex(seed)!))).toBe(publicKey);
    expect(toHex(await cryptography.sign(fromHex(seed)!, bytes))).toBe(signature);
    const verify = (hex: string, text: Uint8Array, by: string): Promise<boolean> =>
      cryptography.isSignedBy(fromHex(by)!, text, fromHex(hex)!);
    await expect(verify(signature, bytes, publicKey)).resolves.toBe(true);
    await expect(verify(signature, concat([bytes, utf8(" ")]), publicKey)).resolves.toBe(false);
    await expect(verify(toHex(flipped(fromHex(signature)!, 40)), bytes, publicKey)).resolves.toBe(false);
    await expect(verify(signature.slice(2), bytes, publicKey)).resolves.toBe(false);
    await expect(verify("", bytes, publicKey)).resolves.toBe(false);
    await expect(verify(signature, bytes, "00".repeat(31))).resolves.toBe(false);
    await expect(verify(signature, bytes, "ff".repeat(32))).resolves.toBe(false);
  });

  test("refuses a signature whose scalar was raised by the group order", async () => {
    const seed = sampleBytes(32);
    const message = utf8("malleable");
    const signature = await cryptography.sign(seed, message);
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const scalar = BigInt(`0x${toHex(signature.slice(32).reverse())}`) + order;
    const raised = concat([signature.subarray(0, 32), fromHex(scalar.toString(16).padStart(64, "0"))!.reverse()]);
    await expect(cryptography.isSignedBy(await cryptography.publicKeyOf(seed), message, raised)).resolves.toBe(false);
  });
});

describe.each(implementations)("deriving by $name", ({ cryptography }) => {
  test("HKDF-SHA256 is that of RFC 5869, test case 3", async () => {
    const derived = await cryptography.hkdfSha256(new Uint8Array(22).fill(0x0b), "");
    expect(toHex(derived)).toBe("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
  });

  test("HMAC-SHA256 is that of RFC 4231, test cases 1 and 2", async () => {
    const first = await cryptography.hmacSha256(new Uint8Array(20).fill(0x0b), utf8("Hi There"));
    expect(toHex(first)).toBe("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    const second = await cryptography.hmacSha256(utf8("Jefe"), utf8("what do ya want for nothing?"));
    expect(toHex(second)).toBe("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  });

  test("SHA-256 takes its input in pieces", () => {
    const digest = cryptography.newSha256();
    digest.update(utf8("a"));
    digest.update(utf8("bc"));
    expect(toHex(digest.digest())).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  test("random bytes have the length asked for and differ", () => {
    expect(cryptography.randomBytes(32)).toHaveLength(32);
    expect(toHex(cryptography.randomBytes(32))).not.toBe(toHex(cryptography.randomBytes(32)));
  });
});

describe.each(implementations)("compressing by $name", ({ cryptography }) => {
  test.each([0, 1, 300_000])("gives %i bytes back, to both implementations", async (size) => {
    const bytes = sampleBytes(size);
    const compressed = await cryptography.gzip(bytes);
    for (const opener of [node, web]) {
      expect(Buffer.compare(await opener.gunzip(compressed, size), bytes)).toBe(0);
    }
  });

  test("stops a bomb at the limit", async () => {
    const bomb = await node.gzip(new Uint8Array(50_000_000));
    expect(bomb.length).toBeLessThan(60_000);
    const before = process.memoryUsage().rss;
    await expect(cryptography.gunzip(bomb, 100_000)).rejects.toMatchObject({ code: "SEALED_DAMAGED" });
    expect(process.memoryUsage().rss - before).toBeLessThan(40_000_000);
  });

  test("refuses one byte too many, and nothing at all where nothing is expected", async () => {
    await expect(cryptography.gunzip(await node.gzip(sampleBytes(11)), 10)).rejects.toMatchObject({
      code: "SEALED_DAMAGED",
    });
    await expect(cryptography.gunzip(await node.gzip(sampleBytes(1)), 0)).rejects.toMatchObject({
      code: "SEALED_DAMAGED",
    });
  });

  test("refuses what is not exactly one member", async () => {
    const member = await node.gzip(sampleBytes(5000));
    const bad: Readonly<Record<string, Uint8Array>> = {
      empty: new Uint8Array(0),
      "no gzip": sampleBytes(100),
      "cut off": member.subarray(0, -1),
      "without its end": member.subarray(0, -8),
      flipped: flipped(member, member.length - 6),
      "with rubbish behind": concat([member, sampleBytes(9)]),
      "two members": concat([member, member]),
    };
    for (const [name, bytes] of Object.entries(bad)) {
      await expect(cryptography.gunzip(bytes, 100_000), name).rejects.toMatchObject({ code: "SEALED_DAMAGED" });
    }
  });
});

test("MD5 is that of RFC 1321", () => {
  expect(toHex(md5(utf8("message digest")))).toBe("f96b697d7cb7938d525a2f31aaf161d0");
});
