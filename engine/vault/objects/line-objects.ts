/** Objects of plain lines in the vault's NDJSON form; read them with `readObjectLines`. */
import { emptyMember, membersOf } from "../format/gzip-members.ts";
import type { Ref } from "../format/ref.ts";
import type { SealedWriter } from "./sealed-objects.ts";

export async function writeLines(writer: SealedWriter, lines: Iterable<string> | AsyncIterable<string>): Promise<Ref> {
  async function* keyed(): AsyncGenerator<{ readonly key: string; readonly line: string }> {
    for await (const line of lines) yield { key: "", line };
  }
  async function* plaintext(): AsyncGenerator<Uint8Array> {
    let isEmpty = true;
    for await (const member of membersOf(writer.cryptography, keyed())) {
      isEmpty = false;
      yield member.bytes;
    }
    if (isEmpty) yield await emptyMember(writer.cryptography);
  }
  return writer.write("ndjson.gz.age", "catalogue", plaintext());
}
