import { describe, expect, it } from "vitest";
import { utf8 } from "../../../engine/foundation/bytes.ts";
import { collect } from "../../../engine/foundation/concurrency.ts";
import type { ObjectReader } from "../../../engine/store/object-store.ts";
import { logName } from "../../../engine/vault/format/layout.ts";
import { signText } from "../../../engine/vault/format/signed-text.ts";
import type { StreamLine } from "../../../extension-ui/model/vault-source.ts";
import { anIncidentBody, aRef, asOwner, cryptography, someKeys, vaultId } from "../vault/log/log-vault.ts";
import { manyEntries } from "./many-entries.ts";
import { aWorld, checkedChain, lastOf, lastView, never, newestOf, runNumber, viewsOf } from "./vault-world.ts";

const web = "git-repositories/5a3c2f10-64b7-4d0e-9d3b-0b6f1c2a7e01";

describe("watching a vault in storage", () => {
  it("tells the snapshots newest first, and that their chain is checked", async () => {
    const world = await aWorld();
    await world.snapshot([{ s: "work-items" }], { sum: { items: 3 } });
    await world.snapshot([{ s: "work-items" }], { status: "partial", anomaly: [{ code: "mass-delete", n: 7 }] });

    const view = await lastView(world.source());

    expect(view.snapshots.map(({ id }) => id)).toEqual([runNumber(2), runNumber(1)]);
    expect(view.snapshots[0]).toMatchObject({
      seq: 2,
      status: "partial",
      anomalies: [{ code: "mass-delete", n: 7 }],
      build: "Backup_2",
      isRetired: false,
      isDamaged: false,
    });
    expect(checkedChain(view)).toMatchObject({ problems: [], signers: "first-use", isHeadPinned: false });
    expect(view.signers).toEqual([world.keys.agent.signer, world.keys.owner.signer]);
  });

  it("tells the newest ones first and the rest while the chain is being checked", async () => {
    const log = await manyEntries(350);

    const views = await viewsOf(log.source());

    const [first, ...rest] = views;
    expect(first?.chain).toEqual({ state: "checking", read: 0, of: 351 });
    expect(first?.snapshots).toHaveLength(100);
    expect(first?.snapshots[0]?.seq).toBe(350);
    expect(rest.length).toBeGreaterThan(1);
    expect(rest.map(({ snapshots }) => snapshots.length)).toEqual(
      [...rest.map(({ snapshots }) => snapshots.length)].sort((a, b) => a - b),
    );
    expect(lastOf(views).snapshots).toHaveLength(350);
    expect(checkedChain(lastOf(views)).hashes.size).toBe(351);
  });

  it("makes the list anew a few times only, however often it tells how far the check has come", async () => {
    const log = await manyEntries(1200);

    const views = await viewsOf(log.source());

    const checking = views.filter(({ chain }) => chain.state === "checking");
    const lists = new Set(checking.map(({ snapshots }) => snapshots));
    expect(checking.length).toBeGreaterThan(10);
    expect(lists.size).toBeLessThanOrEqual(8);
    expect(lists.size).toBeGreaterThan(4);
  });

  it("reads each entry of the log once, whatever copies it has read before", async () => {
    const log = await manyEntries(250);
    const reads = new Map<string, number>();
    const store: ObjectReader = {
      ...log.store,
      read: (name, options) => {
        reads.set(name, (reads.get(name) ?? 0) + 1);
        return log.store.read(name, options);
      },
    };

    await viewsOf(log.source({ store }));

    const entries = Array.from({ length: 251 }, (_, seq) => logName(vaultId, seq));
    expect([...reads.keys()]).toEqual(expect.arrayContaining(entries));
    expect([...reads].filter(([, times]) => times > 1)).toEqual([]);
  });

  it("joins verifications, retirement and incidents to the snapshots that they name", async () => {
    const world = await aWorld();
    for (let made = 0; made < 3; made += 1) await world.snapshot([{ s: "work-items" }]);
    const level = { level: "stored", sample: "100%", checked: 5, damaged: 0 } as const;
    await world.append({ kind: "verification", verification: { ...level, snapshot: "all" } });
    await world.append({ kind: "verification", verification: { ...level, snapshot: 3, checked: 9 } });
    await world.append({
      kind: "verification",
      verification: { ...level, snapshot: 2, level: "drill", rtoSeconds: 90 },
    });
    await world.append({ kind: "incident", incident: { code: "OBJECT_MISSING", objects: [], snapshots: [2] } });
    await world.append({ kind: "retire", retire: { snapshots: [1], objects: aRef(), runs: [] } }, asOwner(world.keys));
    await world.snapshot([{ s: "work-items" }]);

    const { snapshots } = await lastView(world.source());

    const told = snapshots.map(({ seq, isRetired, isDamaged, verifications }) => ({
      seq,
      isRetired,
      isDamaged,
      verified: verifications.map((one) => `${one.level} ${one.checked} ${one.rtoSeconds ?? ""}`.trim()),
    }));
    expect(told).toEqual([
      { seq: 9, isRetired: false, isDamaged: false, verified: [] },
      { seq: 3, isRetired: false, isDamaged: false, verified: ["stored 9"] },
      { seq: 2, isRetired: false, isDamaged: true, verified: ["stored 5", "drill 5 90"] },
      { seq: 1, isRetired: true, isDamaged: false, verified: ["stored 5"] },
    ]);
  });

  it("tells of a container without a vault that it is empty", async () => {
    const world = await aWorld();
    world.store.objects.clear();

    const view = await lastView(world.source());

    expect(view).toMatchObject({ snapshots: [], signers: [], chain: { state: "checked", head: undefined } });
  });

  it("says whether the signers are those of the settings, and refuses others", async () => {
    const world = await aWorld();
    await world.snapshot([{ s: "work-items" }]);
    const { agent, owner } = world.keys;

    const pinned = await lastView(world.source({ signers: [`agent=${agent.signer}`, `owner=${owner.signer}`] }));
    const others = (await someKeys()).set.signer.split(",");

    expect(checkedChain(pinned).signers).toBe("pinned");
    await expect(viewsOf(world.source({ signers: others }))).rejects.toMatchObject({
      code: "SIGNER_MISMATCH",
      message: expect.stringContaining("the hub's settings"),
    });
  });
});

describe("a vault that somebody has tampered with", () => {
  it("raises the alarm when newer entries that were seen before are gone", async () => {
    const world = await aWorld();
    await world.snapshot([{ s: "work-items" }]);
    const { head: seen = "" } = checkedChain(await lastView(world.source()));
    world.store.objects.delete(logName(vaultId, 1));

    const chain = checkedChain(await lastView(world.source({ heads: [seen] })));

    expect(chain).toMatchObject({ isHeadPinned: false, lostHeads: [seen] });
    expect(chain.problems).toEqual([
      { code: "LOG_ROLLBACK", message: expect.stringContaining("entry 1 is known to have been written") },
    ]);
  });

  it("knows the heads of earlier visits again, and says which one is not part of the log", async () => {
    const world = await aWorld();
    await world.snapshot([{ s: "work-items" }]);
    const { head: early = "" } = checkedChain(await lastView(world.source()));
    await world.snapshot([{ s: "work-items" }]);
    const { head: late = "" } = checkedChain(await lastView(world.source()));

    const sound = checkedChain(await lastView(world.source({ heads: [early, late, "no head"] })));
    const forked = checkedChain(await lastView(world.source({ heads: [`1:${"0".repeat(64)}`, late] })));

    expect(sound).toMatchObject({ isHeadPinned: true, problems: [], lostHeads: [] });
    expect(forked).toMatchObject({ isHeadPinned: false, problems: [{ code: "LOG_FORK" }] });
    expect(forked.lostHeads).toEqual([`1:${"0".repeat(64)}`]);
  });

  it("never shows an entry that a stranger has signed, not even at first", async () => {
    const world = await aWorld();
    await world.snapshot([{ s: "work-items" }]);
    const stranger = (await someKeys()).agent;
    const genuine = new TextDecoder().decode(world.store.objects.get(logName(vaultId, 1)));
    const forged = { ...JSON.parse(genuine.split("\n")[0] ?? ""), seq: 2 };
    await world.store.create(logName(vaultId, 2), await signText(cryptography, stranger.signingSeed, forged));

    const views = await viewsOf(world.source());

    expect(views.every(({ snapshots }) => snapshots.length === 1)).toBe(true);
    expect(checkedChain(lastOf(views)).problems).toMatchObject([{ code: "LOG_VOID" }]);
  });

  it("shows a signed entry of a pinned key at first, even when the key came in by an older keys entry", async () => {
    const log = await manyEntries(150, { rekeyAt: 10 });

    const unpinned = await viewsOf(log.source());
    const pinned = await viewsOf(log.source({ signers: log.signers }));

    expect(unpinned[0]?.snapshots).toEqual([]);
    expect(pinned[0]?.snapshots).toHaveLength(100);
  });

  it("does not drown in planted entries: the worst problem first, a range of them told as one", async () => {
    const world = await aWorld();
    await world.snapshot([{ s: "work-items" }]);
    await world.snapshot([{ s: "work-items" }]);
    world.store.objects.delete(logName(vaultId, 1));
    for (let seq = 3; seq < 303; seq += 1) await world.store.create(logName(vaultId, seq), utf8("planted\n"));

    const { problems } = checkedChain(await lastView(world.source()));

    expect(problems.map(({ code }) => code)).toHaveLength(2);
    expect(problems[0]?.code).toBe("LOG_CHAIN_BROKEN");
  });

  it("makes control characters visible that an entry brings along", async () => {
    const world = await aWorld();
    await world.append(anIncidentBody());
    await world.snapshot([{ s: "work-items" }], { anomaly: [{ code: "a\u202eb\n<b>", n: 1 }] });

    const { anomalies } = newestOf(await lastView(world.source()));

    expect(anomalies).toEqual([{ code: "a\\u202eb <b>", n: 1 }]);
  });

  it("ends at once when the page is left", async () => {
    const log = await manyEntries(200);
    const abort = new AbortController();
    let reads = 0;
    const store: ObjectReader = {
      ...log.store,
      read: (name, options) => {
        reads += 1;
        return log.store.read(name, options);
      },
    };

    const views = log.source({ store }).watch(abort.signal)[Symbol.asyncIterator]();
    await views.next();
    abort.abort();
    await expect(views.next()).rejects.toMatchObject({ name: "AbortError" });

    expect(reads).toBeLessThan(150);
  });
});

describe("the streams of a snapshot", () => {
  it("come in order, with names, and are read from storage only once", async () => {
    const world = await aWorld();
    await world.snapshot([
      { s: "work-items", name: "Work items" },
      { s: web, name: "Web", st: "stale", err: "TF401019" },
    ]);
    const source = world.source();
    const snapshot = newestOf(await lastView(source));

    const lines = await source.streams(snapshot, world.viewer, never);
    world.store.objects.clear();
    const again = await source.streams(snapshot, world.viewer, never);

    expect(lines).toMatchObject([
      { s: web, name: "Web", st: "stale", err: "TF401019" },
      { s: "work-items", name: "Work items", st: "ok" },
    ]);
    expect(again).toBe(lines);
  });

  it("stay closed to a key of another vault, also after the right one has opened them", async () => {
    const world = await aWorld();
    await world.snapshot([{ s: "work-items" }]);
    const other = { identity: (await someKeys()).set.viewerKey };
    const source = world.source();
    const snapshot = newestOf(await lastView(source));
    await source.streams(snapshot, world.viewer, never);

    await expect(source.streams(snapshot, other, never)).rejects.toMatchObject({
      code: "KEY_MISMATCH",
      message: "The viewer key does not open the names of this snapshot",
    });
  });

  it("are refused for a retired snapshot, an unknown one, and one whose index is damaged", async () => {
    const world = await aWorld();
    await world.snapshot([{ s: "work-items" }]);
    const source = world.source();
    const snapshot = newestOf(await lastView(source));
    const read = (over: object): Promise<unknown> => source.streams({ ...snapshot, ...over }, world.viewer, never);

    await expect(read({ isRetired: true })).rejects.toMatchObject({ code: "SNAPSHOT_RETIRED" });
    await expect(read({ id: runNumber(77) })).rejects.toMatchObject({ code: "SNAPSHOT_UNKNOWN" });
    for (const [name, bytes] of world.store.objects)
      if (name.includes("/data/"))
        world.store.objects.set(
          name,
          bytes.map((byte) => byte ^ 1),
        );
    await expect(read({})).rejects.toMatchObject({ code: "OBJECT_DAMAGED" });
  });

  it("keep only the beginning of a name of 10 MB", async () => {
    const world = await aWorld();
    await world.snapshot([{ s: "work-items", name: `<script>${"x".repeat(10_000_000)}` }]);
    const source = world.source();

    const [line] = await source.streams(newestOf(await lastView(source)), world.viewer, never);

    expect(line?.name).toHaveLength(401);
    expect(line?.name).toMatch(/^<script>x+…$/);
  });
});

describe("the items of a stream", () => {
  async function linesOf(world: Awaited<ReturnType<typeof aWorld>>): Promise<{
    readonly source: ReturnType<typeof world.source>;
    readonly line: StreamLine;
  }> {
    const source = world.source();
    const [line] = await source.streams(newestOf(await lastView(source)), world.viewer, never);
    return { source, line: line! };
  }

  it("are the base with its deltas, kept while people go back and forth", async () => {
    const world = await aWorld();
    const items = [1, 2, 3].map((id) => ({ id: String(id), name: `Bug ${id}`, rev: 1 }));
    await world.snapshot([{ s: "work-items", items }]);
    await world.snapshot([
      {
        s: "work-items",
        delta: [
          { id: "2", name: "Bug 2!", rev: 2 },
          { id: "3", del: true },
        ],
      },
    ]);
    const { source, line } = await linesOf(world);

    const read = await collect(source.items(line, world.viewer, never));
    world.store.objects.clear();
    const again = await collect(source.items(line, world.viewer, never));

    expect(read).toEqual([
      { id: "1", name: "Bug 1", rev: 1 },
      { id: "2", name: "Bug 2!", rev: 2 },
    ]);
    expect(again).toEqual(read);
  });

  it("keep their ids whole and the beginning of their texts", async () => {
    const world = await aWorld();
    const [id, name] = [`refs/heads/${"i".repeat(1000)}`, "n".repeat(5000)];
    await world.snapshot([{ s: web, items: [{ id, name, by: "Mara\u0000Lind" }] }]);
    const { source, line } = await linesOf(world);

    const [item] = await collect(source.items(line, world.viewer, never));

    expect(item).toEqual({ id, name: `${"n".repeat(400)}…`, by: "Mara\\u0000Lind" });
  });

  it("end when the page is left", async () => {
    const world = await aWorld();
    const items = Array.from({ length: 5000 }, (_, id) => ({ id: String(id), name: "x".repeat(100) }));
    await world.snapshot([{ s: "work-items", items }]);
    const { source, line } = await linesOf(world);
    const abort = new AbortController();
    abort.abort();

    await expect(collect(source.items(line, world.viewer, abort.signal))).rejects.toMatchObject({ name: "AbortError" });
  });
});
