import { describe, expect, it } from "vitest";
import { collect } from "../../../../engine/foundation/concurrency.ts";
import { readItems } from "../../../../engine/vault/streams/items-catalogue.ts";
import type { CatalogueItem } from "../../../../engine/vault/format/state.ts";
import type { Ref } from "../../../../engine/vault/format/ref.ts";
import { each, flipBit, sealedVault } from "../../../support/sealed-vault.ts";

describe("names of items", () => {
  it("are a base and deltas; later lines win and deleted items go", async () => {
    const vault = await sealedVault();
    const writer = vault.writerOf("work-items");
    const base = await writer.items([], each(item("1", "one"), item("2", "two"), gone("9")), { complete: false });
    const delta = await writer.items(base, each(item("2", "zwei"), gone("1"), item("3", "three")), { complete: false });

    expect([base.length, delta.length, delta[0]]).toEqual([1, 2, base[0]]);
    expect(await collect(readItems(vault.viewing, base))).toEqual([item("1", "one"), item("2", "two")]);
    expect(await collect(readItems(vault.viewing, delta))).toEqual([item("2", "zwei"), item("3", "three")]);
  });

  it("stay as they are when nothing is new, and are written anew when the lines are everything", async () => {
    const vault = await sealedVault();
    const writer = vault.writerOf("work-items");
    const base = await writer.items([], each(item("1", "one")), { complete: true });

    expect(await writer.items(base, each(), { complete: false })).toBe(base);
    const anew = await writer.items(base, each(item("2", "two")), { complete: true });
    expect(await collect(readItems(vault.viewing, anew))).toEqual([item("2", "two")]);
    const empty = await writer.items(anew, each(), { complete: true });
    expect(await collect(readItems(vault.viewing, empty))).toEqual([]);
  });

  it("are merged into a new base when there are many deltas or they have grown large", async () => {
    const vault = await sealedVault();
    const writer = vault.writerOf("work-items");
    const many = Array.from({ length: 2000 }, (_, index) => item(String(index), `title ${index}`));
    let refs: readonly Ref[] = await writer.items([], each(...many), { complete: true });
    for (let round = 1; round <= 9; round += 1) {
      refs = await writer.items(refs, each(item("0", `round ${round}`)), { complete: false });
    }
    expect(refs).toHaveLength(1);
    const large = Array.from({ length: 1800 }, (_, index) => item(String(index), `other ${index}`));
    refs = await writer.items(refs, each(...large), { complete: false });
    expect(refs).toHaveLength(2);
    refs = await writer.items(refs, each(gone("1999")), { complete: false });

    expect(refs).toHaveLength(1);
    const names = new Map((await collect(readItems(vault.viewing, refs))).map(({ id, name }) => [id, name]));
    expect([names.size, names.get("0"), names.get("1900")]).toEqual([1999, "other 0", "title 1900"]);
  });

  it("keep strange names as they are", async () => {
    const vault = await sealedVault();
    const names = ["##vso[task.setvariable]x", "line\nbreak", "\u202egnp.exe", "__proto__", "\ud800 lone"];

    const refs = await vault
      .writerOf("s")
      .items([], each(...names.map((name, index) => item(String(index), name))), { complete: true });

    expect((await collect(readItems(vault.viewing, refs))).map(({ name }) => name)).toEqual(names);
  });

  it("name the object when a stored bit changed", async () => {
    const vault = await sealedVault();
    const refs = await vault.writerOf("s").items([], each(item("1", "one")), { complete: true });
    flipBit(vault.store, vault.nameOf(refs[0]!), refs[0]!.n - 3);

    await expect(collect(readItems(vault.viewing, refs))).rejects.toMatchObject({
      code: "OBJECT_DAMAGED",
      context: { object: refs[0]!.o },
    });
  });
});

function item(id: string, name: string): CatalogueItem {
  return { id, name };
}

function gone(id: string): CatalogueItem {
  return { id, del: true };
}
