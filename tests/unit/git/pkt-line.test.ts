import { describe, expect, it } from "vitest";
import { packet, PacketReader } from "../../../engine/git/pkt-line.ts";
import { sideBandPack } from "../../../engine/git/side-band.ts";
import { collect } from "../../../engine/foundation/concurrency.ts";
import { pieces } from "../../support/packs.ts";

function reader(bytes: string | Buffer, size = 7): PacketReader {
  return new PacketReader(pieces(Buffer.from(bytes), size), "https://host/repo");
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "none",
    (error: unknown) => (error as { code: string }).code,
  );
}

describe("packet lines", () => {
  it("are read whole, wherever the input breaks", async () => {
    const bytes = `${packet("first\n")}0000${packet("zweite größe")}0001${packet("x".repeat(65_516))}0002`;

    for (const size of [1, 3, 4, 1000, 1 << 20]) {
      const packets = reader(bytes, size);
      const lines: string[] = [];
      for (let line = await packets.line(); line !== "<end>"; line = await packets.line()) lines.push(line);

      expect(lines).toEqual(["first", "<flush>", "zweite größe", "<delimiter>", "x".repeat(65_516), "<response-end>"]);
    }
  });

  it("know their length in bytes, not characters", () => {
    expect(packet("ö")).toBe("0006ö");
  });

  it("throw the server's message, or that a ref has moved", async () => {
    await expect(reader(packet("ERR access denied\n")).next()).rejects.toMatchObject({
      code: "GIT_REMOTE",
      message: "https://host/repo reported: access denied",
    });
    const moved = packet(`ERR upload-pack: not our ref ${"a".repeat(40)}`);
    expect(await codeOf(reader(moved).next())).toBe("GIT_MOVED");
  });

  it("throw for input that ends early or is something else", async () => {
    expect(await codeOf(reader("00").next())).toBe("GIT_TRUNCATED");
    expect(await codeOf(reader("0010abc").next())).toBe("GIT_TRUNCATED");
    expect(await codeOf(reader("<html>").next())).toBe("GIT_PROTOCOL");
    expect(await codeOf(reader("0003").next())).toBe("GIT_PROTOCOL");
    expect(await codeOf(reader("fff5aaaa").next())).toBe("GIT_PROTOCOL");
    expect(await reader("").next()).toBe("end");
  });
});

describe("a pack in side-band packets", () => {
  const progress = packet("\u0002Counting objects\n");

  async function packOf(bytes: string): Promise<string> {
    return Buffer.concat(await collect(sideBandPack(reader(bytes)))).toString();
  }

  it("comes without its progress texts", async () => {
    expect(await packOf(`${progress}${packet("\u0001PACK")}${progress}${packet("\u0001 data")}0000`)).toBe("PACK data");
  });

  it("is complete only with the flush packet", async () => {
    expect(await codeOf(packOf(packet("\u0001PACK")))).toBe("GIT_TRUNCATED");
  });

  it("throws what band 3 says, and bands it does not know", async () => {
    expect(await codeOf(packOf(`${packet("\u0001PACK")}${packet("\u0003out of memory\n")}0000`))).toBe("GIT_REMOTE");
    expect(await codeOf(packOf(packet("\u0004?")))).toBe("GIT_PROTOCOL");
  });
});
