/** A snapshot's index (one line per stream) and the states it names; sealed for the catalogue. */
import { chunksOf, fromUtf8, utf8 } from "../../foundation/bytes.ts";
import { BackupError } from "../../foundation/errors.ts";
import { canonicalJson } from "../../foundation/json.ts";
import { compressedLines } from "../format/gzip-members.ts";
import type { KeyedLine } from "../format/gzip-members.ts";
import type { Ref } from "../format/ref.ts";
import { readObjectLines, readSealed } from "./sealed-objects.ts";
import type { SealedWriter, VaultAccess } from "./sealed-objects.ts";
import type { IndexLine, StreamState } from "../format/state.ts";
import { rethrownAsDamage } from "./stored-objects.ts";
import { parseIndexLine, parseState } from "../format/state-codec.ts";

const maxStoredStateBytes = 64 * 1024 * 1024;
const maxStateBytes = 128 * 1024 * 1024;

/** Writes the index. Lines come in stream-id order (UTF-16 code units), each stream once; anything else throws. */
export function writeIndex(writer: SealedWriter, lines: AsyncIterable<IndexLine>): Promise<Ref> {
  return writer.write("ndjson.gz.age", "catalogue", compressedLines(writer.cryptography, indexLines(lines)));
}

/** The lines of an index in stream-id order; use them only when the iterator ended without throwing. */
export async function* readIndex(access: VaultAccess, ref: Ref): AsyncGenerator<IndexLine> {
  let before: string | undefined;
  for await (const text of readObjectLines(access, ref)) {
    const line = parseIndexLine(text, `Index ${ref.o}`);
    if (before !== undefined && line.s <= before) throw outOfOrder(`Index ${ref.o}`, line.s);
    before = line.s;
    yield line;
  }
}

export async function writeState(writer: SealedWriter, state: StreamState): Promise<Ref> {
  const text = canonicalJson(state);
  parseState(text, `The state of ${state.s}`); // what no reader would accept must not be written
  const compressed = await writer.cryptography.gzip(utf8(text));
  return writer.write("json.gz.age", "catalogue", chunksOf(compressed));
}

/** Throws STATE_INVALID besides what `readSealed` throws. */
export async function readState(access: VaultAccess, ref: Ref): Promise<StreamState> {
  const compressed = await readSealed(access, ref, maxStoredStateBytes);
  const text = fromUtf8(
    await access.cryptography.gunzip(compressed, maxStateBytes).catch(rethrownAsDamage(access, ref)),
  );
  return parseState(text, `State ${ref.o}`);
}

async function* indexLines(lines: AsyncIterable<IndexLine>): AsyncGenerator<KeyedLine<string>> {
  let before: string | undefined;
  for await (const line of lines) {
    const text = canonicalJson(line);
    parseIndexLine(text, "The new index");
    if (before !== undefined && line.s <= before) throw outOfOrder("The new index", line.s);
    before = line.s;
    yield { key: line.s, line: text };
  }
}

function outOfOrder(name: string, stream: string): BackupError {
  return new BackupError({
    code: "STATE_INVALID",
    message: `${name} lists stream ${stream} twice or out of order`,
    hint: "Update the extension; if it is up to date, this was not written by it: use another snapshot.",
  });
}
