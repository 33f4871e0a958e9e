import { describe, expect, it } from "vitest";
import { readAll, utf8, fromUtf8 } from "../../../../engine/foundation/bytes.ts";
import { openSealed, rangedObject, readSealed } from "../../../../engine/vault/objects/sealed-objects.ts";
import { plaintextLength } from "../../../../engine/vault/format/plaintext-length.ts";
import { checkStored } from "../../../../engine/vault/objects/stored-objects.ts";
import { memoryStore } from "../../../support/memory-store.ts";
import {
  each,
  flipBit,
  inPieces,
  otherKeys,
  patternBytes,
  sampleRun,
  sealedVault,
} from "../../../support/sealed-vault.ts";

const maxBytes = 1 << 24;

describe("sealed objects", () => {
  it("come back as they were written, small and large", async () => {
    const vault = await sealedVault();
    for (const length of [0, 1, 65_536, 65_537, 1 << 20, 3_000_001]) {
      const content = patternBytes(length);

      const ref = await vault.sealed.write("bin.age", "content", inPieces(content, 10_000));

      expect(plaintextLength(ref)).toBe(length);
      expect(Buffer.compare(await readSealed(vault.access, ref, maxBytes), content)).toBe(0);
      expect(Buffer.compare(await readAll(openSealed(vault.access, ref), maxBytes), content)).toBe(0);
      expect(vault.store.objects.get(vault.nameOf(ref))).toHaveLength(ref.n);
    }
  });

  it("count the stored bytes and number their names", async () => {
    const { sealed } = await sealedVault();

    const first = await sealed.write("bin.age", "content", each(utf8("one")));
    const second = await sealed.write("tar.age", "catalogue", each(utf8("two")));

    expect([first.o, second.o]).toEqual([`${sampleRun}/00-000001.bin.age`, `${sampleRun}/00-000002.tar.age`]);
    expect(sealed.storedBytes).toBe(first.n + second.n);
  });

  it("take the next name when an earlier attempt left one behind, small and large", async () => {
    const vault = await sealedVault();
    for (const number of ["000001", "000002", "000004"]) {
      vault.store.overwrite(vault.nameOf({ o: `${sampleRun}/00-${number}.bin.age` }), utf8("left behind"));
    }

    const small = await vault.sealed.write("bin.age", "content", each(utf8("small")));
    const large = await vault.sealed.write("bin.age", "content", inPieces(patternBytes(2_000_000), 100_000));

    expect(small.o).toContain("00-000003");
    expect(large.o).toContain("00-000005");
  });

  it("leave nothing behind when the source fails, small and large", async () => {
    const vault = await sealedVault();
    async function* failing(length: number): AsyncGenerator<Uint8Array> {
      yield patternBytes(length);
      throw new Error("the source broke");
    }

    for (const length of [10, 2_000_000]) {
      await expect(vault.sealed.write("bin.age", "content", failing(length))).rejects.toThrow("the source broke");
    }

    expect(vault.store.objects.size).toBe(0);
  });

  it("let the catalogue be read with the viewer key, the content only with the recovery key", async () => {
    const vault = await sealedVault();
    const catalogue = await vault.sealed.write("bin.age", "catalogue", each(utf8("names")));
    const content = await vault.sealed.write("bin.age", "content", each(utf8("secrets")));

    expect(fromUtf8(await readSealed(vault.viewing, catalogue, maxBytes))).toBe("names");
    expect(fromUtf8(await readSealed(vault.access, catalogue, maxBytes))).toBe("names");
    expect(fromUtf8(await readSealed(vault.access, content, maxBytes))).toBe("secrets");
    await expect(readSealed(vault.viewing, content, maxBytes)).rejects.toMatchObject({ code: "KEY_MISMATCH" });
    await expect(readAll(openSealed(vault.viewing, content), maxBytes)).rejects.toMatchObject({ code: "KEY_MISMATCH" });
  });

  it("are refused when one bit of them changed, wherever it is", async () => {
    const vault = await sealedVault();
    const ref = await vault.sealed.write("bin.age", "content", inPieces(patternBytes(200_000), 50_000));
    for (const offset of [0, ref.hl - 5, ref.hl + 3, ref.hl + 16, 150_000, ref.n - 1]) {
      flipBit(vault.store, vault.nameOf(ref), offset);

      const damaged = { code: "OBJECT_DAMAGED", context: { object: ref.o } };
      await expect(readSealed(vault.access, ref, maxBytes)).rejects.toMatchObject(damaged);
      await expect(readAll(openSealed(vault.access, ref), maxBytes)).rejects.toMatchObject(damaged);
      await expect(checkStored(vault.access, ref)).rejects.toMatchObject(damaged);

      flipBit(vault.store, vault.nameOf(ref), offset);
    }
    await expect(checkStored(vault.access, ref)).resolves.toBeUndefined();
  });

  it("are refused when cut off, extended, replaced by another sealed object, or gone", async () => {
    const vault = await sealedVault();
    const ref = await vault.sealed.write("bin.age", "content", each(patternBytes(1000)));
    const other = await vault.sealed.write("bin.age", "content", each(patternBytes(1000, 2)));
    const name = vault.nameOf(ref);
    const bytes = vault.store.objects.get(name)!;
    const spoilt = [
      bytes.subarray(0, -1),
      new Uint8Array([...bytes, 0]),
      vault.store.objects.get(vault.nameOf(other))!,
    ];

    for (const stored of spoilt) {
      vault.store.objects.set(name, stored);
      await expect(readSealed(vault.access, ref, maxBytes)).rejects.toMatchObject({ code: "OBJECT_DAMAGED" });
      await expect(readAll(openSealed(vault.access, ref), maxBytes)).rejects.toMatchObject({ code: "OBJECT_DAMAGED" });
    }
    await expect(rangedObject(vault.access, ref).read(10, 10)).rejects.toMatchObject({ code: "OBJECT_DAMAGED" });
    vault.store.objects.delete(name);
    await expect(readSealed(vault.access, ref, maxBytes)).rejects.toMatchObject({ code: "OBJECT_MISSING" });
    await expect(readAll(openSealed(vault.access, ref), maxBytes)).rejects.toMatchObject({ code: "OBJECT_MISSING" });
    await expect(rangedObject(vault.access, ref).read(10, 10)).rejects.toMatchObject({ code: "OBJECT_MISSING" });
    await expect(checkStored(vault.access, ref)).rejects.toMatchObject({ code: "OBJECT_MISSING" });
  });

  it("are read from the first version that matches when a later one was put on top or they were deleted", async () => {
    const vault = await sealedVault(memoryStore({ versioned: true }));
    const content = patternBytes(300_000);
    const ref = await vault.sealed.write("bin.age", "content", inPieces(content, 50_000));
    const name = vault.nameOf(ref);
    const late = new Uint8Array(vault.store.objects.get(name)!);
    late[250_000]! ^= 1; // the start is right, so that bytes were already handed on when it shows
    const spoilers = [
      () => vault.store.overwrite(name, late),
      () => vault.store.overwrite(name, utf8("x")),
      () => vault.store.objects.delete(name),
    ];

    for (const spoil of spoilers) {
      spoil();
      expect(Buffer.compare(await readSealed(vault.access, ref, maxBytes), content)).toBe(0);
      expect(Buffer.compare(await readAll(openSealed(vault.access, ref), maxBytes), content)).toBe(0);
      const range = await rangedObject(vault.access, ref).read(249_990, 100);
      expect(Buffer.compare(range, content.subarray(249_990, 250_090))).toBe(0);
      await expect(checkStored(vault.access, ref)).resolves.toBeUndefined();
    }
  });

  it("say that the key is wrong only when the object is right", async () => {
    const vault = await sealedVault();
    const ref = await vault.sealed.write("bin.age", "content", each(patternBytes(100)));
    const stranger = { ...vault.access, identities: [otherKeys.recoveryKey] };

    await expect(readAll(openSealed(stranger, ref), maxBytes)).rejects.toMatchObject({ code: "KEY_MISMATCH" });
    flipBit(vault.store, vault.nameOf(ref), 60);
    await expect(readAll(openSealed(stranger, ref), maxBytes)).rejects.toMatchObject({ code: "OBJECT_DAMAGED" });
  });

  it("give ranges by reading little more than asked for", async () => {
    const vault = await sealedVault();
    const content = patternBytes(5_000_000);
    const ref = await vault.sealed.write("bin.age", "content", inPieces(content, 100_000));
    let read = 0;
    const store = {
      ...vault.store,
      read: async (...args: Parameters<typeof vault.store.read>) => {
        const body = await vault.store.read(...args);
        read += body.length;
        return body;
      },
    };
    const object = rangedObject({ ...vault.access, store }, ref);

    for (const [offset, length] of [
      [0, 1],
      [65_530, 20],
      [1_234_567, 100_000],
      [4_999_990, 10],
    ] as const) {
      const range = await object.read(offset, length);
      expect(Buffer.compare(range, content.subarray(offset, offset + length))).toBe(0);
    }

    expect(read).toBeLessThan(8 * 65_552 + 100_000);
    await expect(object.read(4_999_990, 11)).rejects.toMatchObject({ code: "OBJECT_DAMAGED" });
  });

  it("are not read into memory beyond the limit", async () => {
    const vault = await sealedVault();
    const ref = await vault.sealed.write("bin.age", "content", each(patternBytes(1000)));

    await expect(readSealed(vault.access, ref, 100)).rejects.toMatchObject({ code: "OBJECT_TOO_LARGE" });
  });
});
