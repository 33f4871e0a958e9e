import { describe, expect, it } from "vitest";
import { collect } from "../../../../engine/foundation/concurrency.ts";
import { utf8 } from "../../../../engine/foundation/bytes.ts";
import { checkStoredObjects, listingFinding, listObjects } from "../../../../engine/vault/objects/verify-objects.ts";
import type { Ref } from "../../../../engine/vault/format/ref.ts";
import { memoryStore } from "../../../support/memory-store.ts";
import { each, flipBit, patternBytes, sealedVault, type SealedVault } from "../../../support/sealed-vault.ts";

describe("verification of stored objects", () => {
  it("finds the one that is damaged, cut, swapped or gone, without any key", async () => {
    const { vault, refs } = await vaultOf(6);
    const name = (index: number): string => vault.nameOf(refs[index]!);
    const stored = (index: number): Uint8Array => vault.store.objects.get(name(index))!;
    flipBit(vault.store, name(1), 300);
    vault.store.objects.set(name(2), stored(2).subarray(0, -1));
    vault.store.objects.set(name(3), stored(4));
    vault.store.objects.delete(name(5));

    const checked = await collect(checkStoredObjects(vault.viewing, each(...refs), { parallelism: 3 }));

    expect(checked.map(({ ref, finding }) => [ref.o, finding?.what])).toEqual([
      [refs[0]!.o, undefined],
      [refs[1]!.o, "damaged"],
      [refs[2]!.o, "damaged"],
      [refs[3]!.o, "damaged"],
      [refs[4]!.o, undefined],
      [refs[5]!.o, "missing"],
    ]);
    expect(checked[1]!.finding!.message).toContain(refs[1]!.o);
  });

  it("reads each object once, and passes one whose right version lies below a wrong one", async () => {
    const { vault, refs } = await vaultOf(2, memoryStore({ versioned: true }));
    vault.store.overwrite(vault.nameOf(refs[0]!), utf8("forged"));

    const checked = await collect(checkStoredObjects(vault.viewing, each(...refs, ...refs), { parallelism: 2 }));

    expect(checked.map(({ finding }) => finding)).toEqual([undefined, undefined]);
  });

  it("throws when it cannot be judged, and when it is called off", async () => {
    const { vault, refs } = await vaultOf(1);
    const store = { ...vault.store, read: () => Promise.reject(new Error("forbidden")) };
    const checking = collect(checkStoredObjects({ ...vault.viewing, store }, each(...refs), { parallelism: 2 }));

    await expect(checking).rejects.toThrow("forbidden");
    const signal = AbortSignal.abort(new Error("called off"));
    const calledOff = collect(checkStoredObjects(vault.viewing, each(...refs), { parallelism: 2, signal }));
    await expect(calledOff).rejects.toThrow("called off");
  });

  it("compares a closure with one listing", async () => {
    const { vault, refs } = await vaultOf(3);
    vault.store.objects.delete(vault.nameOf(refs[1]!));
    vault.store.objects.set(vault.nameOf(refs[2]!), utf8("short"));
    vault.store.objects.set(`${vault.viewing.vault}/data/notes.txt`, utf8("not ours"));

    const listing = await listObjects(vault.viewing);

    expect(listing.objects).toBe(2);
    expect(refs.map((ref) => listingFinding(listing, ref)?.what)).toEqual([undefined, "missing", "wrong-length"]);
  });
});

async function vaultOf(count: number, store = memoryStore()): Promise<{ vault: SealedVault; refs: Ref[] }> {
  const vault = await sealedVault(store);
  const refs: Ref[] = [];
  for (let index = 0; index < count; index += 1) {
    refs.push(await vault.sealed.write("bin.age", "content", each(patternBytes(1000, index))));
  }
  return { vault, refs };
}
