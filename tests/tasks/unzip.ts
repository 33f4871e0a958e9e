/** Reads a zip by its central directory, with nothing but zlib: what any unzip program would see. */
import { crc32, inflateRawSync } from "node:zlib";

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;

/** Path → content. Throws for a zip whose checks do not hold. */
export function unzipped(zip: Uint8Array): ReadonlyMap<string, Buffer> {
  const bytes = Buffer.from(zip);
  let end = bytes.length - 22;
  while (end >= 0 && bytes.readUInt32LE(end) !== endSignature) end -= 1;
  if (end < 0) throw new Error("this is no zip");
  const files = new Map<string, Buffer>();
  let offset = bytes.readUInt32LE(end + 16);
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (bytes.readUInt32LE(offset) !== entrySignature) throw new Error("the directory of the zip is damaged");
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((at) => bytes.readUInt16LE(offset + at));
    const name = bytes.toString("utf8", offset + 46, offset + 46 + (nameLength ?? 0));
    files.set(name, contentOf(bytes, offset));
    offset += 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
  }
  return files;
}

function contentOf(bytes: Buffer, entry: number): Buffer {
  const isDeflated = bytes.readUInt16LE(entry + 10) === 8;
  const start = bytes.readUInt32LE(entry + 42);
  const data = start + 30 + bytes.readUInt16LE(start + 26) + bytes.readUInt16LE(start + 28);
  const stored = bytes.subarray(data, data + bytes.readUInt32LE(entry + 20));
  const content = isDeflated ? inflateRawSync(stored) : stored;
  if (crc32(content) !== bytes.readUInt32LE(entry + 16)) throw new Error("a file of the zip is damaged");
  return content;
}
