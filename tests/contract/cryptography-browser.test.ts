import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { describe, expect, test } from "vitest";
import { chunksOf, toBase64, toHex } from "../../engine/foundation/bytes.ts";
import { parseAgentKey } from "../../engine/crypto/keys.ts";
import keySets from "../format/v1/keys.json" with { type: "json" };
import { toolPath, newKeyPair, node, sampleBytes, sealed } from "../unit/crypto/support.ts";

const script = `
import { webCryptography } from "./engine/crypto/web-cryptography.ts";
import { parseAgentKey } from "./engine/crypto/keys.ts";
import { fromBase64, chunksOf, readAll, toBase64, toHex } from "./engine/foundation/bytes.ts";
const cryptography = webCryptography();
globalThis.answer = async ({ agentKey, identity, recipient, sealedByNode, gzipped }) => {
  const keys = await parseAgentKey(agentKey, cryptography);
  const opened = await readAll(cryptography.open([identity], chunksOf(fromBase64(sealedByNode))), 1e7);
  const { chunks } = await cryptography.seal([recipient], chunksOf(opened));
  const message = opened.subarray(0, 100);
  const signature = await cryptography.sign(keys.signingSeed, message);
  const publicKey = await cryptography.publicKeyOf(keys.signingSeed);
  const bad = await readAll(cryptography.open([identity], chunksOf(fromBase64(sealedByNode).slice(0, -1))), 1e7).catch((error) => error.code);
  return {
    bad,
    unzipped: (await cryptography.gunzip(fromBase64(gzipped), 1e6)).length,
    bomb: await cryptography.gunzip(fromBase64(gzipped), 10).catch((error) => error.code),
    mac: toHex(await cryptography.hmacSha256(keys.macKey, message)),
    macKey: toHex(keys.macKey),
    signer: keys.signer,
    signature: toHex(signature),
    isSigned: await cryptography.isSignedBy(publicKey, message, signature),
    sealed: toBase64(await readAll(chunks, 1e7)),
  };
};`;

interface Answer {
  readonly bad: string;
  readonly unzipped: number;
  readonly bomb: string;
  readonly mac: string;
  readonly macKey: string;
  readonly signer: string;
  readonly signature: string;
  readonly isSigned: boolean;
  readonly sealed: string;
}

const chromiumPath = toolPath("chromium") ?? "";

describe.runIf(chromiumPath !== "")("in a real browser", () => {
  test("the web implementation opens, seals, signs and derives as the agent does", async () => {
    const { identity, recipient } = await newKeyPair();
    const { agentKey } = keySets.keySets[0]!;
    const plaintext = sampleBytes(300_000);
    const object = await sealed(node, [recipient], chunksOf(plaintext));
    const input = { agentKey, identity, recipient, sealedByNode: toBase64(object.bytes) };
    const gzipped = toBase64(await node.gzip(new Uint8Array(500_000)));
    const answer = await askBrowser({ ...input, gzipped });

    const keys = await parseAgentKey(agentKey, node);
    expect(answer).toMatchObject({ bad: "SEALED_DAMAGED", unzipped: 500_000, bomb: "SEALED_DAMAGED", isSigned: true });
    expect(answer.signer).toBe(keys.signer);
    expect(answer.macKey).toBe(toHex(keys.macKey));
    expect(answer.mac).toBe(toHex(await node.hmacSha256(keys.macKey, plaintext.subarray(0, 100))));
    expect(answer.signature).toBe(toHex(await node.sign(keys.signingSeed, plaintext.subarray(0, 100))));
    const reopened: Uint8Array[] = [];
    for await (const chunk of node.open([identity], chunksOf(Buffer.from(answer.sealed, "base64"))))
      reopened.push(chunk);
    expect(Buffer.compare(Buffer.concat(reopened), plaintext)).toBe(0);
  });
});

/** A page of this machine is a secure context, which Web Crypto asks for. */
async function askBrowser(input: Readonly<Record<string, string>>): Promise<Answer> {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: process.cwd(), loader: "ts" },
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    target: "es2022",
    logLevel: "error",
  });
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/html").end("<!doctype html><title>Cryptography</title>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.addScriptTag({ content: outputFiles[0]?.text ?? "" });
    return await page.evaluate(
      (given) => (globalThis as unknown as { answer(input: unknown): Promise<Answer> }).answer(given),
      input,
    );
  } finally {
    await browser.close();
    server.close();
  }
}
