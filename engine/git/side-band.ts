import type { PacketReader } from "./pkt-line.ts";

/**
 * The pack inside side-band packets: band 1 is yielded, band 2 (progress) dropped, band 3 thrown as GIT_REMOTE. Only
 * the flush packet is a good end; anything else throws GIT_TRUNCATED.
 */
export async function* sideBandPack(reader: PacketReader): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      const next = await reader.next();
      if (next === "flush" || next === "response-end") {
        await reader.finish();
        return;
      }
      if (typeof next === "string") throw reader.truncated("inside the pack");
      const band = next[0];
      if (band === 1) yield next.subarray(1);
      else if (band === 3) throw reader.remote(Buffer.from(next.subarray(1)).toString("utf8"));
      else if (band !== 2) throw reader.unexpected(`side-band ${band ?? "of an empty packet"}`);
    }
  } finally {
    await reader.cancel();
  }
}
