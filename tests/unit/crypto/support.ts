import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { concat } from "../../../engine/foundation/bytes.ts";
import { encodeIdentity } from "../../../engine/crypto/age-keys.ts";
import type { Cryptography, SealedHeader, SealedRange } from "../../../engine/crypto/cryptography.ts";
import { webCryptography } from "../../../engine/crypto/web-cryptography.ts";
import { nodeCryptography } from "../../../engine/native/node-cryptography.ts";

export const node = nodeCryptography();
export const web = webCryptography();

export const implementations: readonly { readonly name: string; readonly cryptography: Cryptography }[] = [
  { name: "node", cryptography: node },
  { name: "web", cryptography: web },
];

/** Around the edges of the 64 KiB chunks, and one long enough for many. */
export const edgeSizes = [0, 1, 65_535, 65_536, 65_537, 131_072, 1_000_003] as const;

export interface KeyPair {
  readonly identity: string;
  readonly recipient: string;
}

export async function newKeyPair(): Promise<KeyPair> {
  const identity = encodeIdentity(node.randomBytes(32));
  return { identity, recipient: await node.recipientOf(identity) };
}

export interface SealedObject {
  readonly bytes: Uint8Array;
  readonly header: SealedHeader;
}

export async function sealed(
  cryptography: Cryptography,
  recipients: readonly string[],
  plaintext: AsyncIterable<Uint8Array>,
): Promise<SealedObject> {
  const { chunks, header } = await cryptography.seal(recipients, plaintext);
  return { bytes: await all(chunks), header };
}

export async function all(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return concat(parts);
}

/** The bytes in pieces of the given sizes, over and over. */
export async function* inPieces(bytes: Uint8Array, ...sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, piece = 0; at < bytes.length; piece += 1) {
    const size = Math.max(1, sizes[piece % sizes.length] ?? bytes.length);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

export interface Opened {
  readonly released: Uint8Array;
  readonly error: unknown;
}

/** What `open` let out before it ended or failed. */
export async function opened(
  cryptography: Cryptography,
  identities: readonly string[],
  sealedChunks: AsyncIterable<Uint8Array>,
): Promise<Opened> {
  const parts: Uint8Array[] = [];
  try {
    for await (const chunk of cryptography.open(identities, sealedChunks)) parts.push(chunk);
    return { released: concat(parts), error: undefined };
  } catch (error) {
    return { released: concat(parts), error };
  }
}

/** A range request over an object in memory that records what is read. */
export function rangeOf(
  object: SealedObject,
  range: { readonly identities: readonly string[]; readonly offset: number; readonly length: number },
): SealedRange & { readonly reads: { readonly offset: number; readonly length: number }[] } {
  const reads: { offset: number; length: number }[] = [];
  return {
    ...range,
    sealedLength: object.bytes.length,
    header: object.header,
    reads,
    readSealed: async (offset, length) => {
      reads.push({ offset, length });
      return object.bytes.slice(offset, offset + length);
    },
  };
}

/** Bytes that look random but are the same each time. */
export function sampleBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let index = 0; index < length; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

export function flipped(bytes: Uint8Array, position: number, bit = 1): Uint8Array {
  const copy = bytes.slice();
  copy[position] = (copy[position] ?? 0) ^ bit;
  return copy;
}

/**
 * Where the tool is. In CI a missing one is an error; elsewhere the tests that need it do not run, and a line says so.
 */
export function toolPath(command: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  const found = folders.map((folder) => path.join(folder, command)).find((file) => existsSync(file));
  if (found === undefined && process.env.CI !== undefined) throw new Error(`${command} is not installed; CI needs it`);
  if (found === undefined) console.log(`${command} is not installed: the tests against it do not run here`);
  return found;
}

/** Runs a tool on files in a folder of its own that is gone afterwards. Throws when it fails. */
export function runTool(
  command: string,
  args: readonly string[],
  files: Readonly<Record<string, Uint8Array | string>>,
): Uint8Array {
  const folder = mkdtempSync(path.join(tmpdir(), "crypto-test-"));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
    if (status !== 0) throw new Error(`${command} failed: ${stderr.toString()}`);
    return new Uint8Array(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
