import { describe, expect, it } from "vitest";
import { lsRefsRequest, readAdvertisement, readLsRefs } from "../../../engine/git/advertisement.ts";
import { flushPacket, packet, PacketReader } from "../../../engine/git/pkt-line.ts";
import { pieces } from "../../support/packs.ts";

const [a, b, c] = ["a".repeat(40), "b".repeat(40), "c".repeat(40)];
const capabilities = "multi_ack thin-pack side-band-64k multi_ack_detailed symref=HEAD:refs/heads/main";

function reader(...packets: readonly string[]): PacketReader {
  return new PacketReader(pieces(Buffer.from(packets.join("")), 11), "https://host/repo");
}

describe("an advertisement in v0", () => {
  it("gives refs with what tags peel to, the default branch and the capabilities", async () => {
    const advertised = await readAdvertisement(
      reader(
        packet("# service=git-upload-pack\n"),
        flushPacket,
        packet(`${a} HEAD\0${capabilities}\n`),
        packet(`${a} refs/heads/main\n`),
        packet(`${b} refs/tags/v1\n`),
        packet(`${a} refs/tags/v1^{}\n`),
        flushPacket,
      ),
    );

    expect(advertised).toMatchObject({
      version: 0,
      hash: "sha1",
      head: "refs/heads/main",
      refs: { "refs/heads/main": [a], "refs/tags/v1": [b, a] },
      refused: [],
    });
    expect(advertised.capabilities.has("multi_ack_detailed")).toBe(true);
  });

  it("of an empty repository has no refs", async () => {
    const line = `${"0".repeat(40)} capabilities^{}\0multi_ack\n`;

    const advertised = await readAdvertisement(
      reader(packet("# service=git-upload-pack\n"), "0000", packet(line), "0000"),
    );

    expect(advertised).toMatchObject({ refs: {}, head: null });
  });

  it("leaves out names that git refuses, and says which", async () => {
    const names = [
      "refs/heads/a..b",
      "refs/heads/x.lock",
      "refs/heads/@{u}",
      "refs/heads/a\nb",
      "weird",
      "refs/heads/-x",
    ];
    const lines = names.map((name, index) => packet(`${a} ${name}${index === 0 ? "\0" : ""}\n`));

    const advertised = await readAdvertisement(reader(...lines, flushPacket));

    expect(advertised).toMatchObject({ refs: { "refs/heads/-x": [a] }, refused: names.slice(0, 5) });
  });

  it("is not taken for complete without its end", async () => {
    const cut = readAdvertisement(reader(packet(`${a} refs/heads/main\0\n`)));

    await expect(cut).rejects.toMatchObject({ code: "GIT_TRUNCATED" });
  });

  it("is refused when it is something else", async () => {
    await expect(readAdvertisement(reader(packet("hello world\0\n"), flushPacket))).rejects.toMatchObject({
      code: "GIT_PROTOCOL",
    });
    const oddHash = packet(`${a} refs/heads/main\0object-format=md5\n`);
    await expect(readAdvertisement(reader(oddHash, flushPacket))).rejects.toMatchObject({ code: "GIT_PROTOCOL" });
  });
});

describe("later versions", () => {
  it("v1 is v0 with a line in front", async () => {
    const lines = [packet("version 1\n"), packet(`${c} refs/heads/main\0\n`), flushPacket];

    expect(await readAdvertisement(reader(...lines))).toMatchObject({ version: 1, refs: { "refs/heads/main": [c] } });
  });

  it("v2 gives capabilities, and refs on request, an unborn default branch too", async () => {
    const words = ["version 2\n", "agent=git/2.39\n", "ls-refs=unborn\n", "object-format=sha1\n"];
    const advertised = await readAdvertisement(reader(...words.map(packet), flushPacket));

    expect(lsRefsRequest(advertised.capabilities)).toBe(
      "0014command=ls-refs\n0017object-format=sha1\n00010009peel\n000csymrefs\n000bunborn\n0000",
    );
    const listed = await readLsRefs(
      reader(
        packet("unborn HEAD symref-target:refs/heads/later\n"),
        packet(`${b} refs/tags/v1 peeled:${a}\n`),
        flushPacket,
      ),
      advertised.capabilities,
    );
    expect(listed).toEqual({ hash: "sha1", refs: { "refs/tags/v1": [b, a] }, head: "refs/heads/later", refused: [] });
  });
});
