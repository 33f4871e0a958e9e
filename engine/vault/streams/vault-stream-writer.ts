/** The stream writer kinds are given: wires sealing, framing and naming together for one stream. */
import { toHex, utf8 } from "../../foundation/bytes.ts";
import { canonicalJson } from "../../foundation/json.ts";
import type { Cryptography } from "../../crypto/cryptography.ts";
import type { AgentKeys } from "../../crypto/keys.ts";
import { writeBundle } from "./bundle-segments.ts";
import { filesWriter } from "./files-writer.ts";
import { writeItems } from "./items-catalogue.ts";
import { writeRecords } from "./record-segments.ts";
import type { SealedWriter, VaultAccess } from "../objects/sealed-objects.ts";
import type { StreamWriter } from "./stream-writer.ts";
import { filesOf } from "../format/stream-ids.ts";

export interface StreamWriterFacts {
  readonly stream: string;
  /** May be shared by all streams of a shard. */
  readonly sealed: SealedWriter;
  readonly agentKeys: Pick<AgentKeys, "macKey">;
  /** Opens the catalogue: earlier tables of contents and item names. */
  readonly access: VaultAccess;
}

export function vaultStreamWriter({ stream, sealed, agentKeys, access }: StreamWriterFacts): StreamWriter {
  const counted = countingWriter(sealed);
  return {
    stream,
    get storedBytes() {
      return counted.storedBytes;
    },
    digestOf: (value) => keyedDigest(sealed.cryptography, agentKeys.macKey, value),
    bundle: (link, content) => writeBundle(counted, link, content),
    records: (link, records) => writeRecords(counted, { ...link, audience: "content", records }),
    catalogueRecords: (link, records) => writeRecords(counted, { ...link, audience: "catalogue", records }),
    files: (previous, options) =>
      filesWriter({
        stream: filesOf(stream),
        sealed: counted,
        access,
        previous: options?.base === true ? undefined : previous,
      }),
    items: (previous, lines, { complete }) => writeItems(counted, access, { previous, lines, complete }),
  };
}

/** HMAC-SHA256 over canonical JSON, hex: tells that something changed, confirms no guess to who lacks the key. */
export async function keyedDigest(cryptography: Cryptography, macKey: Uint8Array, value: unknown): Promise<string> {
  return toHex(await cryptography.hmacSha256(macKey, utf8(canonicalJson(value))));
}

/** Counts what goes through this one, for the summary of its stream. */
function countingWriter(sealed: SealedWriter): SealedWriter {
  let storedBytes = 0;
  return {
    cryptography: sealed.cryptography,
    get storedBytes() {
      return storedBytes;
    },
    async write(extension, audience, plaintext) {
      const ref = await sealed.write(extension, audience, plaintext);
      storedBytes += ref.n;
      return ref;
    },
  };
}
