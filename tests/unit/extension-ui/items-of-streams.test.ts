import { describe, expect, it } from "vitest";
import { collect } from "../../../engine/foundation/concurrency.ts";
import type { StreamLine, VaultSource } from "../../../extension-ui/model/vault-source.ts";
import { itemsOfStreams } from "../../../extension-ui/vault/items-of-streams.ts";
import { someKeys } from "../vault/log/log-vault.ts";
import { aWorld, lastView, never, newestOf, type World } from "./vault-world.ts";

async function threeStreams(): Promise<{
  readonly world: World;
  readonly source: VaultSource;
  readonly lines: readonly StreamLine[];
}> {
  const world = await aWorld();
  const item = (id: string): { readonly id: string; readonly name: string } => ({ id, name: `Item ${id}` });
  await world.snapshot([
    { s: "areas", items: [item("1")] },
    { s: "iterations", items: [item("2"), item("3")] },
    { s: "work-items" },
  ]);
  const source = world.source();
  return { world, source, lines: await source.streams(newestOf(await lastView(source)), world.viewer, never) };
}

describe("the items of many streams", () => {
  it("come stream by stream, in the order of the streams", async () => {
    const { world, source, lines } = await threeStreams();

    const read = await collect(itemsOfStreams(lines, { source, viewer: world.viewer, signal: never }));

    expect(read.map(({ line, items, error }) => [line.s, items.map(({ id }) => id), error])).toEqual([
      ["areas", ["1"], undefined],
      ["iterations", ["2", "3"], undefined],
      ["work-items", [], undefined],
    ]);
  });

  it("are told of the other streams when one list is damaged", async () => {
    const { world, source, lines } = await threeStreams();
    const path = lines[0]?.items?.[0]?.o ?? "";
    const name = [...world.store.objects.keys()].find((stored) => stored.endsWith(path)) ?? "";
    world.store.objects.delete(name);

    const read = await collect(itemsOfStreams(lines, { source, viewer: world.viewer, signal: never }));

    expect(read.map(({ items }) => items.length)).toEqual([0, 2, 0]);
    expect(read[0]?.error).toMatchObject({ code: "OBJECT_MISSING", message: expect.stringContaining("areas") });
  });

  it("end with the key's error when the key does not fit, and with the page", async () => {
    const { world, source, lines } = await threeStreams();
    const other = { identity: (await someKeys()).set.viewerKey };
    const abort = new AbortController();
    abort.abort();

    await expect(collect(itemsOfStreams(lines, { source, viewer: other, signal: never }))).rejects.toMatchObject({
      code: "KEY_MISMATCH",
    });
    const left = collect(itemsOfStreams(lines, { source, viewer: world.viewer, signal: abort.signal }));
    await expect(left).rejects.toMatchObject({ name: "AbortError" });
  });
});
