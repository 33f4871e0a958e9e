import { describe, expect, it } from "vitest";
import { collect } from "../../../engine/foundation/concurrency.ts";
import { bundleHeader, packOfBundle, prerequisitesOf } from "../../../engine/git/bundle-header.ts";
import { pieces } from "../../support/packs.ts";

const [a, b, c, d] = ["a", "b", "c", "d"].map((digit) => digit.repeat(40)) as [string, string, string, string];

describe("a bundle's header", () => {
  it("is git's, in version 2 for SHA-1 and version 3 for SHA-256", () => {
    const refs = { "refs/heads/main": a };

    expect(Buffer.from(bundleHeader({ hash: "sha1", prerequisites: [b], refs })).toString()).toBe(
      `# v2 git bundle\n-${b}\n${a} refs/heads/main\n\n`,
    );
    expect(Buffer.from(bundleHeader({ hash: "sha256", prerequisites: [], refs })).toString()).toBe(
      `# v3 git bundle\n@object-format=sha256\n${a} refs/heads/main\n\n`,
    );
  });

  it("is taken off, wherever the input breaks", async () => {
    const header = bundleHeader({ hash: "sha1", prerequisites: [b], refs: { "refs/heads/main": a } });
    const bundle = Buffer.concat([header, Buffer.from("PACK\n\nand more")]);

    for (const size of [1, 5, 1000]) {
      const pack = Buffer.concat(await collect(packOfBundle(pieces(bundle, size))));
      expect(pack.toString()).toBe("PACK\n\nand more");
    }
  });

  it("has to be there", async () => {
    const notBundles = ["", "# v2 git bundle\n", "PACK and no header in front of it\n\n"];
    for (const text of notBundles) {
      await expect(collect(packOfBundle(pieces(Buffer.from(text), 9)))).rejects.toMatchObject({ code: "GIT_DAMAGED" });
    }
  });
});

describe("a bundle's prerequisites", () => {
  const known = {
    "refs/heads/main": [a],
    "refs/heads/topic": [b],
    "refs/heads/other": [c],
    "refs/tags/v1": [d, a],
  } as const;
  const refs = { "refs/heads/main": a, "refs/heads/topic": d, "refs/heads/other": c };

  it("are the acknowledged old tips of changed branches, and the default branch's", () => {
    const common = new Set([a, b, c, d]);

    expect(prerequisitesOf({ refs, known, head: "refs/heads/main", common })).toEqual([a, b]);
    expect(prerequisitesOf({ refs, known, head: null, common })).toEqual([b]);
  });

  it("leave out what the server no longer knows, and what may be no commit", () => {
    expect(prerequisitesOf({ refs, known, head: "refs/heads/main", common: new Set([a, d]) })).toEqual([a]);
    expect(prerequisitesOf({ refs, known, head: null, common: new Set([d]) })).toEqual([]);
  });

  it("name one branch when none of the known ones changed", () => {
    const all = { ...refs, "refs/heads/topic": b };

    expect(prerequisitesOf({ refs: all, known, head: null, common: new Set([b, c]) })).toEqual([b]);
  });
});
