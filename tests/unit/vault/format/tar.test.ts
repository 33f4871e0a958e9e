import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { concat, utf8 } from "../../../../engine/foundation/bytes.ts";
import { collect } from "../../../../engine/foundation/concurrency.ts";
import { readTar, tarEnd, tarEntry } from "../../../../engine/vault/format/tar.ts";
import type { TarEntry } from "../../../../engine/vault/format/tar.ts";
import { inPieces, patternBytes } from "../../../support/sealed-vault.ts";

const guid = "5a3c0000-0000-4000-8000-000000000001";

describe("the vault's tar", () => {
  it("is one that tar extracts", () => {
    const folder = mkdtempSync(join(tmpdir(), "vault-tar-"));
    try {
      const archive = archiveOf([guid, patternBytes(1000)], ["ab", new Uint8Array()]);
      writeFileSync(join(folder, "a.tar"), archive);

      execFileSync("tar", ["-xf", "a.tar"], { cwd: folder });

      expect(readdirSync(folder).sort()).toEqual([guid, "a.tar", "ab"].sort());
      expect(Buffer.compare(readFileSync(join(folder, guid)), patternBytes(1000))).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("gives back its entries however it is cut into chunks", async () => {
    const archive = archiveOf([guid, patternBytes(1000)], ["ab", new Uint8Array()], ["cd", patternBytes(512, 2)]);

    for (const size of [1, 511, 512, 10_000]) {
      const entries = await read(archive, size);
      expect(entries.map(({ name, offset, length }) => [name, offset, length])).toEqual([
        [guid, 512, 1000],
        ["ab", 2048, 0],
        ["cd", 2560, 512],
      ]);
      expect(Buffer.compare(entries[2]!.content, archive.subarray(2560, 3072))).toBe(0);
    }
  });

  it.each(["../up", "/etc/passwd", "a/b", "AB", "", "-x", "a".repeat(101), "con:", "a\u0000b"])(
    "makes no entry named %j",
    (name) => expect(() => tarEntry(name, new Uint8Array())).toThrow(expect.objectContaining({ code: "TAR_FORM" })),
  );

  it("refuses links, folders, devices, foreign names and headers that are not ours", async () => {
    const entry = tarEntry("ab", utf8("content"));
    const changed = (change: (header: Uint8Array) => void): Uint8Array => {
      const bytes = new Uint8Array(entry);
      change(bytes);
      fixChecksum(bytes);
      return concat([bytes, tarEnd()]);
    };
    const hostile = [
      ..."123456xgL".split("").map((type) => changed((header) => header.set(utf8(type), 156))),
      changed((header) => header.set(utf8("../x"), 0)),
      changed((header) => header.set(utf8("target"), 157)),
      changed((header) => header.set(utf8("prefix"), 345)),
      changed((header) => header.set(utf8("0000777"), 100)),
      changed((header) => header.set(utf8("-0000000007"), 124)),
      changed((header) => header.set([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7], 124)),
    ];

    for (const archive of hostile) await expect(read(archive)).rejects.toMatchObject({ code: "TAR_FORM" });
  });

  it("refuses a file above the limit, an early end, and bytes after the end", async () => {
    const archive = archiveOf(["ab", patternBytes(2000)]);

    await expect(read(archive, 512, 1999)).rejects.toMatchObject({ code: "TAR_FORM" });
    await expect(read(archive.subarray(0, -1))).rejects.toMatchObject({ code: "TAR_FORM" });
    await expect(read(archive.subarray(0, 1000))).rejects.toMatchObject({ code: "TAR_FORM" });
    await expect(read(concat([archive, utf8("x")]))).rejects.toMatchObject({ code: "TAR_FORM" });
    await expect(read(new Uint8Array())).rejects.toMatchObject({ code: "TAR_FORM" });
  });
});

function archiveOf(...files: readonly (readonly [name: string, content: Uint8Array])[]): Uint8Array {
  return concat([...files.map(([name, content]) => tarEntry(name, content)), tarEnd()]);
}

function read(archive: Uint8Array, pieces = 512, maxBytes = 1 << 20): Promise<TarEntry[]> {
  return collect(readTar(inPieces(archive, pieces), maxBytes));
}

function fixChecksum(header: Uint8Array): void {
  header.set(utf8("        "), 148);
  const sum = header.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  header.set(utf8(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
}
