/**
 * Damage of every object that the log reaches and of every log entry (docs/fault-plan.md, cases 10 to 18): verification
 * names the stream and the snapshots, restoring refuses just that.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { makeKeySet, parseIdentities, parseSigners, type KeySet } from "../../engine/crypto/keys.ts";
import { systemClock } from "../../engine/foundation/clock.ts";
import { forEachConcurrent } from "../../engine/foundation/concurrency.ts";
import { describeError } from "../../engine/foundation/errors.ts";
import { silentReporter } from "../../engine/foundation/reporter.ts";
import { nodeGitAccess } from "../../engine/git/node-git-access.ts";
import { registry } from "../../engine/kinds/registry.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import { gatherObjects, type UsedObject } from "../../engine/operations/verify/gather-objects.ts";
import type { VerifyResult } from "../../engine/operations/results.ts";
import { verifyBackup } from "../../engine/operations/verify/verify-backup.ts";
import { dataName, logName, logPrefix } from "../../engine/vault/format/layout.ts";
import type { Head } from "../../engine/vault/format/log-entry.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import { keptSnapshots } from "../../engine/vault/snapshots/snapshots.ts";
import { engineOver } from "../support/backup-engine.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { viewOf, type ProjectView } from "../support/project-view.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const cryptography = nodeCryptography();
let azure: TestSimulator;
let small: SmallProject;
let keys: KeySet;
let temporaryFolder: string;
/** Two snapshots, as they were made. */
let sound: MemoryStore;
let head: Head;
/** Ids of the snapshots, oldest first. */
let snapshots: readonly string[];
/** Everything the snapshots reach, and who needs it. */
let used: ReadonlyMap<string, UsedObject>;

beforeAll(async () => {
  temporaryFolder = await mkdtemp(join(tmpdir(), "faults-damage-"));
  azure = await simulator();
  small = await smallProject(azure);
  keys = await makeKeySet(cryptography);
  sound = memoryStore();
  const engine = await engineOver(azure, { store: sound, keys });
  await engine.backUp(small.project);
  small.change();
  await engine.backUp(small.project);
  await engine.close();
  const place = { store: sound, cryptography, vault: small.project.id };
  const log = await readLog(place);
  head = log.head ?? { seq: -1, sha256: "" };
  const kept = keptSnapshots(log);
  snapshots = kept.map(({ entry }) => entry.by.run);
  used = (await gatherObjects({ ...place, identities: parseIdentities(keys.recoveryKey) }, kept, 4)).objects;
});

afterAll(async () => {
  await small.remove();
  await azure.stop();
  await rm(temporaryFolder, { recursive: true, force: true });
});

interface Place {
  /** Counts the objects, for variety. */
  readonly turn: number;
  /** Other objects of the same sort. */
  readonly others: readonly string[];
}

interface Damage {
  readonly name: string;
  readonly isSeenInListing: boolean;
  apply(store: MemoryStore, object: string, place: Place): void;
}

const damages: readonly Damage[] = [
  { name: "one flipped bit", isSeenInListing: false, apply: (store, object, { turn }) => flip(store, object, turn) },
  {
    name: "the loss of the last byte",
    isSeenInListing: true,
    apply: (store, object) => store.overwrite(object, bytesOf(store, object).slice(0, -1)),
  },
  { name: "emptying", isSeenInListing: true, apply: (store, object) => store.overwrite(object, new Uint8Array()) },
  { name: "deletion", isSeenInListing: true, apply: (store, object) => void store.objects.delete(object) },
  {
    name: "swapping it with another",
    isSeenInListing: true,
    apply: (store, object, { others: [other = ""] }) => {
      const [one, two] = [bytesOf(store, object), bytesOf(store, other)];
      store.overwrite(object, two);
      store.overwrite(other, one);
    },
  },
  {
    name: "replacing it by another valid one",
    isSeenInListing: true,
    apply: (store, object, { others }) => store.overwrite(object, bytesOf(store, others.at(-1) ?? "")),
  },
];

function bytesOf(store: MemoryStore, object: string): Uint8Array {
  const bytes = store.objects.get(object);
  if (bytes === undefined) throw new Error(`there is no object ${object}`);
  return bytes;
}

/** At the beginning, in the middle, at the end: by turns. */
function flip(store: MemoryStore, object: string, turn: number): void {
  const bytes = new Uint8Array(bytesOf(store, object));
  const at = Math.floor(((bytes.length - 1) * (turn % 3)) / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  store.overwrite(object, bytes);
}

function copyOfVault(): MemoryStore {
  const copy = memoryStore();
  for (const [name, bytes] of sound.objects) copy.overwrite(name, bytes);
  return copy;
}

function nameOf(object: string): string {
  return dataName(small.project.id, object);
}

function streamsOf(objects: readonly string[]): readonly string[] {
  const streams = objects.flatMap((object) => [...(used.get(object)?.streams ?? [])]);
  return [...new Set(streams)].sort();
}

function isIndex(object: string): boolean {
  return used.get(object)?.streams.has("index") === true;
}

describe("verification", () => {
  it("finds nothing in the vault as it was made", async () => {
    const result = await verify(copyOfVault(), "stored");
    expect(damagedStreams(result)).toEqual([]);
    expect(result.log).toEqual([]);
    expect(result.headPinned).toBe(true);
    expect(used.size).toBeGreaterThan(30);
  });

  it.each(damages)("names stream and snapshots after $name, whichever object it is", async (damage) => {
    const objects = [...used.keys()].sort();
    await forEachConcurrent(objects.entries(), 4, async ([turn, object]) => {
      const others = otherObjects(objects, turn);
      const store = copyOfVault();
      damage.apply(store, nameOf(object), { turn, others: others.map(nameOf) });
      const touched = damage.name.startsWith("swapping") ? [object, others[0] ?? ""] : [object];
      expectNamed(await verify(store, "stored"), touched);
      if (damage.isSeenInListing) expectNamed(await verify(store, "catalogue"), touched);
    });
  });

  it("fails after damage of any log entry", async () => {
    const entries = [...sound.objects.keys()].filter((name) => name.startsWith(logPrefix(small.project.id))).sort();
    expect(entries).toHaveLength(head.seq + 1);
    for (const [turn, entry] of entries.entries()) {
      const others = [...entries.slice(turn + 1), ...entries.slice(0, turn)];
      for (const damage of damages) {
        const store = copyOfVault();
        damage.apply(store, entry, { turn, others });
        const found = await verify(store, "stored").then(
          ({ log }) => log.filter(({ severity }) => severity === "damage").map(({ message }) => message),
          (error: unknown) => [describeError(error)],
        );
        expect(found, `${damage.name}: ${entry}`).not.toEqual([]);
      }
    }
  });

  it("tells that the newest entry was removed only by a pinned head", async () => {
    const store = copyOfVault();
    store.objects.delete(logName(small.project.id, head.seq));
    expect((await verify(store, "stored", { pin: undefined })).log).toEqual([]);
    expect((await verify(store, "stored")).log.map(({ code }) => code)).toEqual(["LOG_ROLLBACK"]);
  });

  function verify(
    store: MemoryStore,
    level: "catalogue" | "stored",
    { pin }: { readonly pin: Head | undefined } = { pin: head },
  ): Promise<VerifyResult> {
    const { signal } = new AbortController();
    const shared = { clock: systemClock, random: Math.random, reporter: silentReporter, signal, temporaryFolder };
    return verifyBackup(
      {
        vault: small.project.id,
        snapshot: "all",
        level,
        sample: "100%",
        identities: parseIdentities(keys.recoveryKey),
        pinnedSigners: parseSigners(keys.signer),
        pin,
        kinds: registry,
        parallelism: 4,
        maxAgeHours: undefined,
      },
      { ...shared, store, cryptography, git: nodeGitAccess(shared) },
    );
  }

  function damagedStreams({ streams }: VerifyResult): readonly string[] {
    const bad = streams.filter(({ findings }) => findings.some(({ severity }) => severity === "damage"));
    return bad.map(({ stream }) => stream).sort();
  }

  /** Other objects of another length, the next ones first; of other streams, since a damaged state hides what it names. */
  function otherObjects(objects: readonly string[], turn: number): readonly string[] {
    const lengthOf = (object: string): number => bytesOf(sound, nameOf(object)).length;
    const own = streamsOf([objects[turn] ?? ""]);
    const rest = [...objects.slice(turn + 1), ...objects.slice(0, turn)];
    return rest.filter(
      (object) =>
        lengthOf(object) !== lengthOf(objects[turn] ?? "") &&
        !streamsOf([object]).some((stream) => own.includes(stream)),
    );
  }

  /** Each object touched stands in the findings of just the streams that need it, with all snapshots that need it. */
  function expectNamed(result: VerifyResult, touched: readonly string[]): void {
    const indexes = touched.filter(isIndex);
    if (indexes.length === 0) expect(damagedStreams(result), touched.join(", ")).toEqual(streamsOf(touched));
    // What only a damaged index leads to is not known any more.
    else expect(streamsOf(touched)).toEqual(expect.arrayContaining([...damagedStreams(result)]));
    for (const object of indexes.length === 0 ? touched : indexes) {
      for (const stream of streamsOf([object])) {
        const findings = result.streams.find((candidate) => candidate.stream === stream)?.findings ?? [];
        const text = findings.map(({ message, item }) => `${item ?? ""} ${message}`).join("\n");
        expect(text).toContain(object);
        for (const snapshot of used.get(object)?.snapshots ?? []) expect(text).toContain(snapshot);
      }
    }
  }
});

describe("restoring everything", () => {
  it("refuses just the stream that is damaged", async () => {
    const whole = await restored(copyOfVault(), "Whole");
    expect(whole.failed).toEqual([]);
    let refused = 0;
    for (const [turn, object] of samples().entries()) {
      const store = copyOfVault();
      flip(store, nameOf(object), turn);
      const damaged = streamsOf([object]).map((stream) => stream.replace(/\/files$/, ""));
      // A work item cannot be in an area that does not exist.
      const streams = damaged.includes("areas") ? [...damaged, "work-items"] : damaged;
      const part = await restored(store, `Part ${turn}`);
      const of = `${object} of ${streams.join()}`;
      expect(
        part.failed.filter((stream) => !streams.includes(stream)),
        of,
      ).toEqual([]);
      // What is not refused is as it should be: never older, never half.
      if (!part.failed.includes("work-items")) expect(part.view.workItems, of).toEqual(whole.view.workItems);
      for (const [name, repository] of Object.entries(whole.view.repositories)) {
        if (!part.failed.includes(streamOf(name)))
          expect(part.view.repositories[name], `${name} beside damage of ${of}`).toEqual(repository);
      }
      refused += part.failed.length;
    }
    expect(refused).toBeGreaterThan(5);
  });

  it("of an earlier snapshot works when all that only the newest one needs is gone", async () => {
    const newest = snapshots.at(-1) ?? "";
    const store = copyOfVault();
    for (const [object, of] of used)
      if (of.snapshots.size === 1 && of.snapshots.has(newest)) store.objects.delete(nameOf(object));
    const { failed, view } = await restored(store, "Earlier", snapshots[0]);
    expect(failed).toEqual([]);
    expect(Object.keys(view.repositories).sort()).toEqual(["Api", "Empty", "Web"]);
  });

  /** Objects that the newest snapshot needs, one of each sort of each kind. */
  function samples(): readonly string[] {
    const bySort = new Map<string, string>();
    const others = ["iterations", streamOf("Api"), streamOf("Empty")];
    for (const [object, of] of used) {
      if (!of.snapshots.has(snapshots.at(-1) ?? "") || isIndex(object)) continue;
      if ([...of.streams].some((stream) => others.includes(stream))) continue;
      bySort.set(`${[...of.streams].join()} ${object.replace(/^[^.]*/, "")}`, object);
    }
    return [...bySort.values()];
  }

  function streamOf(repository: string): string {
    return `git-repositories/${azure.state.repositories.find(repository, small.project.id)?.id ?? ""}`;
  }

  async function restored(
    store: MemoryStore,
    name: string,
    snapshot = "latest",
  ): Promise<{ readonly failed: readonly string[]; readonly view: ProjectView }> {
    const target = azure.state.addProject({ name, defaultRepository: false });
    const engine = await engineOver(azure, { store, keys });
    try {
      const changes = { snapshot, targetProject: { id: target.id, name } };
      const { steps } = await engine.restore(small.project, ["*"], changes);
      const failed = [...steps].filter(({ result }) => result.outcome === "failed").map(({ stream }) => stream);
      const view = JSON.parse(JSON.stringify(viewOf(azure, target)).replaceAll(name, "(target)")) as ProjectView;
      return { failed: [...new Set(failed)], view };
    } finally {
      await engine.close();
    }
  }
});
