/**
 * Work items that change at random between backups: each snapshot holds what was there, and brings it back, in place and
 * into another project, as often as one likes. A failing seed is run alone with WORK_ITEM_SEEDS=<seed>.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseIdentities, parseSigners } from "../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { openForRestore } from "../../engine/operations/restore/restore-items.ts";
import type { RestoreResult } from "../../engine/operations/results.ts";
import { randomOf } from "../bench/random.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { faultyStore, StoreKilled } from "../support/faulty-store.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import {
  goneLink,
  inOtherProject,
  projectState,
  shown,
  snapshotState,
  withNewMentions,
  withoutHistoryFile,
  type ItemState,
  type ProjectState,
} from "../support/work-item-oracle.ts";
import { WorkItemWorld } from "../support/work-item-world.ts";

const seeds = (process.env.WORK_ITEM_SEEDS ?? "a b c").split(" ");
const backups = 4;
const changesBetween = 45;

/** What there was when a snapshot was taken. */
interface Then {
  readonly state: ProjectState;
  readonly destroyed: ReadonlySet<number>;
}

describe.each(seeds)("work items that changed at random (seed %s)", (seed) => {
  let azure: TestSimulator;
  let store: MemoryStore;
  let engine: Engine;
  let world: WorkItemWorld;
  const snapshots: (Then & { readonly id: string })[] = [];

  beforeAll(async () => {
    azure = await simulator({ organization: `contoso-${seed}` });
    store = memoryStore();
    engine = await engineOver(azure, { store });
    world = new WorkItemWorld(azure, seed);
    for (let count = 0; count < backups; count += 1) {
      world.change(changesBetween);
      const { snapshot, status, gaps } = await engine.backUp(world.project);
      expect({ status, gaps }).toEqual({ status: "complete", gaps: [] });
      const state = await projectState(azure, world.project);
      snapshots.push({ id: snapshot, state, destroyed: new Set(world.destroyed) });
    }
  });

  afterAll(async () => {
    await engine.close();
    await azure.stop();
  });

  it("stand in each snapshot as they were", async () => {
    for (const { id, state, destroyed } of snapshots) {
      const stored = await stateIn(id);
      // What was destroyed leaves no evidence: its last state is carried.
      for (const gone of destroyed) stored.delete(gone);
      expect(shown(stored)).toEqual(shown(state));
    }
  });

  it("come into another project with links, mentions, images and comments, twice without a duplicate", async () => {
    for (const [index, { id, ...then }] of snapshots.entries()) {
      const copy = azure.state.addProject(`Copy ${seed} ${index}`);
      const target = { snapshot: id, targetProject: { id: copy.id, name: copy.name } };

      const first = await engine.restore(world.project, ["work-items/*"], target);
      const before = stampOf();
      const second = await engine.restore(world.project, ["work-items/*"], { ...target, conflictPolicy: "overwrite" });

      expect(failuresOf(first)).toEqual([]);
      await expectCopy(first, { copy, ...then });
      expect(workOf(second)).toEqual([]);
      expect(stampOf()).toEqual(before);
    }
  });

  it("come into another project whole when the restore is killed on the way and run again", async () => {
    const { id, ...then } = snapshots[1]!;
    const random = randomOf(seed);
    const copy = azure.state.addProject(`Killed ${seed}`);
    const target = { snapshot: id, targetProject: { id: copy.id, name: copy.name } };
    for (let tries = 1; ; tries += 1) {
      const faulty = faultyStore(store, {
        killAt: { operation: 2 + random.below(3), when: random.of(["before", "after"]) },
      });
      const dying = await engineOver(azure, { store: faulty, keys: engine.keys });
      const lose = (): void =>
        azure.faults.add({ kind: "resetAfter", when: ({ method }) => method === "POST", skip: random.below(30) });
      lose();
      const result = await dying.restore(world.project, ["work-items/*"], target).catch((error: unknown) => error);
      azure.faults.clear();
      await dying.close();
      if (!(result instanceof StoreKilled) || tries === 4) break;
    }

    const last = await engine.restore(world.project, ["work-items/*"], target);
    const ids = await engine.restore(world.project, ["work-items/*"], { ...target, conflictPolicy: "overwrite" });

    expect(failuresOf(last)).toEqual([]);
    expect(workOf(ids)).toEqual([]);
    await expectCopy(ids, { copy, ...then });
  });

  it("go back in place to each snapshot, and everything later stays", async () => {
    const ids = new Map<number, number>(); // as all these restores make them
    for (const { id, state, destroyed } of [...snapshots].reverse().slice(1).concat(snapshots.at(-1)!)) {
      const before = await projectState(azure, world.project);

      const first = await engine.restore(world.project, ["work-items/*"], {
        snapshot: id,
        conflictPolicy: "overwrite",
      });
      const stamp = stampOf();
      const second = await engine.restore(world.project, ["work-items/*"], {
        snapshot: id,
        conflictPolicy: "overwrite",
      });

      expect(failuresOf(first)).toEqual([]);
      const after = await projectState(azure, world.project);
      for (const [old, id] of newIdsOf(second)) ids.set(old, id);
      const kept = [...state].filter(([old, item]) => item.place === "live" && ids.get(old) === old);
      const hidden = [...state].flatMap(([old, { place }]) =>
        place === "recycle-bin" ? [old, ids.get(old) ?? old] : [],
      );
      const found = withoutLinksTo(
        [...hidden, ...carried(destroyed, ids)],
        pick(
          after,
          kept.map(([old]) => old),
        ),
      );
      expect(shown(found)).toEqual(shown(withWhatIsLeft(new Map(kept), ids)));
      const later = [...before.keys()].filter((old) => !state.has(old) && ![...ids.values()].includes(old));
      expect(fieldsOnly(pick(after, later))).toEqual(fieldsOnly(pick(before, later)));
      expect(workOf(second)).toEqual([]);
      expect(stampOf()).toEqual(stamp);
    }
  });

  async function stateIn(id: string): Promise<Map<number, NonNullable<ReturnType<ProjectState["get"]>>>> {
    const request = {
      vault: world.project.id,
      snapshot: id,
      recoveryIdentities: parseIdentities(engine.keys.recoveryKey),
      pinnedSigners: parseSigners(engine.keys.signer),
      pin: undefined,
    };
    const { snapshot } = await openForRestore(request, { store: engine.store, cryptography: nodeCryptography() });
    return new Map(await snapshotState(snapshot));
  }

  async function expectCopy(
    result: RestoreResult,
    { copy, state, destroyed }: Then & { readonly copy: { readonly id: string; readonly name: string } },
  ): Promise<void> {
    const ids = newIdsOf(result);
    const where = {
      sourceUrl: azure.organizationUrl,
      source: world.project,
      target: copy,
      ids,
      canLink: (rel: string, end: number, newId: number) => world.hasLink(rel, end, newId),
    };
    const expected = inOtherProject(state, where);
    const found = withoutLinksTo(carried(destroyed, ids), withoutHistoryFile(await projectState(azure, copy)));
    expect(shown(pick(found, [...expected.keys()]))).toEqual(shown(expected));
    expect(found.size).toBe(ids.size);
  }

  /** Restores of what was destroyed before the snapshot, as it was last known. */
  function carried(destroyed: ReadonlySet<number>, ids: ReadonlyMap<number, number>): readonly number[] {
    return [...destroyed].flatMap((id) => ids.get(id) ?? []);
  }

  /** Links and mentions: to what was created anew, to what lies in the recycle bin, to what is gone for good. */
  function withWhatIsLeft(state: ProjectState, ids: ReadonlyMap<number, number>): ProjectState {
    const anew = new Map([...ids].filter(([old, id]) => old !== id));
    const where = { ids: anew, source: world.project, target: world.project, sourceUrl: azure.organizationUrl };
    return relatedBy(withNewMentions(state, where), (relation, old) => {
      const end = old === undefined ? undefined : (ids.get(old) ?? old);
      const item = world.items.find(({ id }) => id === end);
      if (end === undefined || (item !== undefined && item.deleted === undefined))
        return relation.replace(/\|\d+\|/, `|${String(end)}|`);
      return item === undefined
        ? goneLink(relation, { sourceUrl: azure.organizationUrl, source: world.project })
        : undefined;
    });
  }

  /** Grows with every write to work items. */
  function stampOf(): readonly number[] {
    const { feed, linkFeed, discussions, items } = world.wit.tracking;
    return [feed.length, linkFeed.length, discussions.length, items.size];
  }
});

function failuresOf({ steps }: RestoreResult): readonly unknown[] {
  return [...steps]
    .filter(({ result }) => result.outcome === "failed")
    .map(({ name, result }) => [name, result.message]);
}

function workOf({ steps }: RestoreResult): readonly unknown[] {
  return [...steps]
    .filter(({ result }) => result.outcome !== "skipped")
    .map(({ name, action, changes, result }) => [name, action, changes, result]);
}

function newIdsOf({ steps }: RestoreResult): ReadonlyMap<number, number> {
  return new Map(
    [...steps].flatMap(({ kind, key, result }) =>
      kind === "work-items" && result.newId !== undefined ? [[Number(key), Number(result.newId)]] : [],
    ),
  );
}

function pick(state: ProjectState, ids: readonly number[]): ProjectState {
  return new Map([...state].filter(([id]) => ids.includes(id)));
}

function fieldsOnly(state: ProjectState): unknown {
  return Object.fromEntries([...state].map(([id, { place, fields }]) => [id, { place, fields }]));
}

/** Links to items that lay in the recycle bin at the time were hidden; they show when the items are out of it. */
function withoutLinksTo(hidden: readonly number[], state: ProjectState): ProjectState {
  return relatedBy(state, (relation, end) => (end !== undefined && hidden.includes(end) ? undefined : relation));
}

function relatedBy(
  state: ProjectState,
  change: (relation: string, end: number | undefined) => string | undefined,
): ProjectState {
  const endOf = (relation: string): number | undefined => {
    const end = /^[^|]+\|(\d+)\|/.exec(relation)?.[1];
    return end === undefined ? undefined : Number(end);
  };
  const changed = (item: ItemState): ItemState => ({
    ...item,
    relations: item.relations.flatMap((relation) => change(relation, endOf(relation)) ?? []).sort(),
  });
  return new Map([...state].map(([id, item]) => [id, changed(item)]));
}
