import { beforeAll, describe, expect, it } from "vitest";
import { webCryptography } from "../../../engine/crypto/web-cryptography.ts";
import { collect } from "../../../engine/foundation/concurrency.ts";
import { compareItems, compareStreams } from "../../../extension-ui/model/compare.ts";
import { itemTree } from "../../../extension-ui/model/item-tree.ts";
import { sightingsOf, timelineOf, type TimelineRow } from "../../../extension-ui/model/timeline.ts";
import type { Snapshot, StreamLine, VaultSource } from "../../../extension-ui/model/vault-source.ts";
import { storageSource } from "../../../extension-ui/vault/storage-source.ts";
import { memoryStore } from "../../support/memory-store.ts";
import { sampleRepository, sampleRuns, writeSampleVault } from "../../support/sample-vault.ts";
import { sampleKeys, sampleVault } from "../../support/sealed-vault.ts";
import { testClock } from "../vault/log/log-vault.ts";
import { lastView, never } from "./vault-world.ts";

const viewer = { identity: sampleKeys.viewerKey };
let source: VaultSource;
let oldestFirst: readonly Snapshot[];
let before: readonly StreamLine[];
let after: readonly StreamLine[];

beforeAll(async () => {
  const clock = testClock();
  const store = memoryStore({ clock });
  await writeSampleVault({ store, clock, withLargeFile: false, withRetirement: false });
  const signers = sampleKeys.signer.split(",");
  source = storageSource({ store, cryptography: webCryptography(), vault: sampleVault, signers });
  oldestFirst = [...(await lastView(source)).snapshots].reverse();
  [before = [], after = []] = await Promise.all(oldestFirst.map((one) => source.streams(one, viewer, never)));
});

function lineOf(lines: readonly StreamLine[], stream: string): StreamLine {
  const line = lines.find(({ s }) => s === stream);
  if (line === undefined) throw new Error(`no stream ${stream}`);
  return line;
}

async function changesOf(stream: string): Promise<readonly string[]> {
  const [was, is] = [before, after].map((lines) => source.items(lineOf(lines, stream), viewer, never));
  if (was === undefined || is === undefined) throw new Error("two snapshots are compared");
  return (await collect(compareItems(was, is))).map(({ change, id }) => `${change} ${id}`).sort();
}

async function timelineOfItem(stream: string, itemId: string): Promise<readonly TimelineRow[]> {
  return timelineOf(await collect(sightingsOf({ stream, itemId }, oldestFirst, { source, viewer, signal: never })));
}

describe("a vault that the product's own writers have made, browsed with the viewer key", () => {
  it("shows its snapshots and what is in them", () => {
    expect(oldestFirst.map(({ id }) => id)).toEqual(sampleRuns);
    expect(itemTree(after)).toMatchObject([
      { kind: "git-repositories", isSingle: false, streams: [{ id: sampleRepository, label: "Web" }] },
      { kind: "work-items", isSingle: true, items: 3 },
    ]);
  });

  it("shows what changed from one snapshot to the next, down to branches and work items", async () => {
    expect(compareStreams(before, after).differences.map(({ stream, change }) => [stream, change])).toEqual([
      [sampleRepository, "changed"],
      ["work-items", "changed"],
    ]);
    expect(await changesOf("work-items")).toEqual(["added 4", "changed 1", "deleted 3"]);
    expect(await changesOf(sampleRepository)).toEqual([
      "changed refs/heads/feature/search",
      "changed refs/heads/main",
      "deleted refs/heads/old",
    ]);
  });

  it("shows the states of a work item and of a branch over time", async () => {
    const bug = await timelineOfItem("work-items", "1");
    const branch = await timelineOfItem(sampleRepository, "refs/heads/old");

    expect(bug.map(({ change, item }) => [change, item.name])).toEqual([
      ["changed", "Sign in fails twice"],
      ["first", "Sign in fails"],
    ]);
    expect(branch.map(({ change, snapshot }) => [change, snapshot.id])).toEqual([
      ["deleted", sampleRuns[1]],
      ["first", sampleRuns[0]],
    ]);
  });
});
