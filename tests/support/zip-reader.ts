/** Reads zip files (a vsix, an archive) into memory, from their central directory. */
import { inflateRawSync } from "node:zlib";

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;

/** Content of every file by its name; folders are left out. */
export function readZip(archive: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const data = Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength);
  const end = data.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || data.readUInt32LE(end) !== endSignature) throw new Error("not a zip file");
  const files = new Map<string, Uint8Array>();
  let at = data.readUInt32LE(end + 16);
  for (let left = data.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (data.readUInt32LE(at) !== entrySignature) throw new Error(`no entry at ${at}`);
    const nameLength = data.readUInt16LE(at + 28);
    const name = data.toString("utf8", at + 46, at + 46 + nameLength);
    if (!name.endsWith("/")) files.set(name, contentOf(data, at));
    at += 46 + nameLength + data.readUInt16LE(at + 30) + data.readUInt16LE(at + 32);
  }
  return files;
}

function contentOf(data: Buffer, entry: number): Uint8Array {
  const method = data.readUInt16LE(entry + 10);
  const stored = data.readUInt32LE(entry + 20);
  const header = data.readUInt32LE(entry + 42);
  const start = header + 30 + data.readUInt16LE(header + 26) + data.readUInt16LE(header + 28);
  const content = data.subarray(start, start + stored);
  if (method === 0) return content;
  if (method === 8) return inflateRawSync(content);
  throw new Error(`compression method ${method}`);
}
