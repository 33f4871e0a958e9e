/**
 * Attacks and ordinary nights through the real parts: git itself behind the simulated service, a backup for each night,
 * the storage's clock moved on. Attacks have to be alarmed, by the right code and since their first night; ordinary
 * nights of one repository among twelve must not be.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeKeySet, parseOwnerKey, parseSigners, type KeySet } from "../../engine/crypto/keys.ts";
import { systemClock, type Clock } from "../../engine/foundation/clock.ts";
import type { ProjectRef } from "../../engine/kinds/kind.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { BackupResult } from "../../engine/operations/results.ts";
import { appendEntry } from "../../engine/vault/log/append.ts";
import type { Anomaly } from "../../engine/vault/format/log-entry.ts";
import { readLog } from "../../engine/vault/log/log.ts";
import type { RepositoryRecord } from "../simulator/repos/repository-store.ts";
import { Wit } from "../simulator/boards/builder.ts";
import { noiseOf, randomOf } from "../bench/random.ts";
import { sentenceOf, vocabularyOf } from "../bench/source-text.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { copyOf, memoryStore, type MemoryStore } from "../support/memory-store.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";
import { setRefs, sourceHistory, type Happening, type Refs, type SourceHistory } from "../support/source-history.ts";

const day = 86_400_000;
const cryptography = nodeCryptography();
const root = mkdtempSync(join(tmpdir(), "attacks-"));

/** Time passes as it does, and nights besides. */
let shiftMs = 0;
let agentAheadMs = 0;
const serviceClock: Clock = {
  ...systemClock,
  now: () => new Date(Date.now() + shiftMs),
  sleep: (ms, signal) => systemClock.sleep(ms / 50, signal),
};
const agentClock: Clock = { ...serviceClock, now: () => new Date(Date.now() + shiftMs + agentAheadMs) };

let azure: TestSimulator;
let keys: KeySet;
let history: SourceHistory;

beforeAll(async () => {
  history = sourceHistory(join(root, "history"));
  azure = await simulator({ stateFolder: join(root, "state"), stateOptions: { clock: serviceClock } });
  keys = await makeKeySet(cryptography);
});
afterAll(async () => {
  await azure.stop();
  rmSync(root, { recursive: true, force: true });
});

interface Night {
  readonly result: BackupResult;
  readonly alarms: readonly Anomaly[];
  readonly notes: readonly Anomaly[];
}

/** One vault of a project, backed up once a night. */
class Nights {
  readonly #project: ProjectRef;
  readonly #store: MemoryStore;
  readonly #kinds: readonly string[];

  constructor(project: ProjectRef, kinds: readonly string[], store = memoryStore({ clock: serviceClock })) {
    this.#project = project;
    this.#kinds = kinds;
    this.#store = store;
  }

  /** The same past, another future. */
  branch(): Nights {
    return new Nights(this.#project, this.#kinds, copyOf(this.#store, { clock: serviceClock }));
  }

  async next(token = azure.token): Promise<Night> {
    shiftMs += day;
    const engine: Engine = await engineOver(azure, { store: this.#store, keys, token, clock: agentClock });
    try {
      const ownerKeys = await parseOwnerKey(keys.ownerKey, cryptography);
      const result = await engine.backUp(this.#project, { include: this.#kinds, ownerKeys, parallelism: 6 });
      const { anomalies } = result;
      return {
        result,
        alarms: anomalies.filter(({ note }) => note !== true),
        notes: anomalies.filter(({ note }) => note === true),
      };
    } finally {
      await engine.close();
    }
  }

  /** What the owner announces. */
  async expect(codes: readonly string[]): Promise<void> {
    const vault = this.#project.id.toLowerCase();
    const pinnedSigners = parseSigners(keys.signer);
    const place = { store: this.#store, cryptography, vault, pinnedSigners, pin: undefined, clock: serviceClock };
    const { signingSeed, signer } = await parseOwnerKey(keys.ownerKey, cryptography);
    const by = { tool: "0.0.0", build: "test", run: "expect" };
    const until = new Date(serviceClock.now().getTime() + 2 * day).toISOString();
    await appendEntry({ ...place, by, signing: { signingSeed, signer } }, await readLog(place), async () => ({
      kind: "expect",
      expect: { codes, until },
    }));
  }
}

interface Shop {
  readonly nights: Nights;
  readonly repositories: readonly RepositoryRecord[];
}

/** A project of so many repositories that people have worked on for a week. */
async function shop(count: number): Promise<Shop> {
  const project = azure.state.addProject({ name: `Shop ${count}`, defaultRepository: false });
  const repositories = Array.from({ length: count }, (_, index) =>
    azure.state.addRepository(project, { name: `Service ${index}`, from: history.folder }),
  );
  const nights = new Nights(project, ["git-repositories"]);
  const made: Shop = { nights, repositories };
  for (const [night, refs] of history.nights.entries()) {
    const isLast = night === history.nights.length - 1;
    for (const [index, repository] of repositories.entries()) {
      if (night === 0 || isLast || (night + index) % 3 === 0) move(repository, refs);
    }
    expect((await nights.next()).alarms).toEqual([]);
  }
  return made;
}

function move(repository: RepositoryRecord, refs: Refs): void {
  repository.defaultBranch = "refs/heads/main";
  setRefs(azure.state.repositories.ownFolderOf(repository), refs);
}

/** Lets it happen, night by night, until something is alarmed; the repositories then stand as before. */
async function happens(what: Happening, { nights, repositories }: Shop, hit = repositories): Promise<Night & Began> {
  const own = nights.branch();
  const began = new Date(serviceClock.now().getTime() + day);
  let night: Night | undefined;
  for (const refs of history.then[what]) {
    for (const repository of hit) move(repository, refs);
    night = await own.next();
    if (night.alarms.length > 0) break;
  }
  for (const repository of hit) move(repository, history.nights.at(-1) ?? {});
  if (night === undefined) throw new Error(`nothing happens in ${what}`);
  return { ...night, began };
}

interface Began {
  readonly began: Date;
}

/** Codes, each once. */
const codes = (anomalies: readonly Anomaly[]): readonly string[] => [...new Set(anomalies.map(({ code }) => code))];

/** `night`: of the attack, in which what counts begins. */
function expectAlarm({ alarms, began }: Night & Began, code: string, night: number): void {
  const found = alarms.find((alarm) => alarm.code === code);
  expect(codes(alarms)).toContain(code);
  const sinceMs = Date.parse(found?.since ?? "") - began.getTime() - night * day;
  expect(sinceMs).toBeGreaterThanOrEqual(-2000);
  expect(sinceMs).toBeLessThan(day / 2);
}

/** What happens, its code, and in which of its nights that begins. */
type Attack = readonly [what: Happening, code: string, night: number];
const attacks: readonly Attack[] = [
  ["noise", "content-scrambled", 0],
  ["base64", "content-scrambled", 0],
  ["scrambled", "files-replaced", 0],
  ["deleted", "files-lost", 0],
  ["force push", "history-rewritten", 0],
  ["noise, 1/30 a night", "content-scrambled", 0],
];
const losing: Attack = ["2 % deleted a night", "files-lost", 0];
const beside: Attack = ["noise beside, originals deleted", "content-scrambled", 1];

describe("in a project of twelve repositories", () => {
  let twelve: Shop;
  beforeAll(async () => {
    twelve = await shop(12);
  });
  const one = (): readonly RepositoryRecord[] => twelve.repositories.slice(4, 5);

  it.each([...attacks, losing])("%s in all of them is alarmed as %s", async (what, code, night) => {
    expectAlarm(await happens(what, twelve), code, night);
  });

  it.each([...attacks, beside])("%s in one of them is alarmed as %s", async (what, code, night) => {
    expectAlarm(await happens(what, twelve, one()), code, night);
  });

  it.each(["licence header", "vendored folder added", "vendored folder removed", "branches cleaned up"] as const)(
    "%s in one of them is no alarm",
    async (what) => {
      expect((await happens(what, twelve, one())).alarms).toEqual([]);
    },
  );

  it("a licence header in all of them is alarmed, and is not when it was announced", async () => {
    const header = await happens("licence header", twelve);
    const announced = { ...twelve, nights: twelve.nights.branch() };
    await announced.nights.expect(codes(header.alarms));
    const meant = await happens("licence header", announced);

    expect(codes(header.alarms)).toEqual(["files-replaced"]);
    expect(meant.alarms).toEqual([]);
    expect(codes(meant.notes)).toContain("files-replaced");
  });

  it.each([4, 11])("%i of them hidden from the token are alarmed", async (count) => {
    const hides = twelve.repositories.slice(0, count).map(({ id }) => id);
    const { alarms } = await twelve.nights.branch().next(azure.state.signIn.issue({ hides }));

    expect(alarms).toMatchObject([{ code: "mass-disappearance", n: count }]);
  });

  it("an agent whose clock is a day ahead is alarmed", async () => {
    agentAheadMs = day;
    const { alarms } = await twelve.nights.branch().next();
    agentAheadMs = 0;

    expect(codes(alarms)).toEqual(["clock-skew"]);
  });

  it("ten of them deleted are alarmed", async () => {
    for (const repository of twelve.repositories.slice(0, 10)) azure.state.repositories.delete(repository);
    const { alarms } = await twelve.nights.branch().next();

    expect(alarms).toMatchObject([{ code: "mass-delete", n: 10, of: 12 }]);
  });
});

describe("in a project of one repository", () => {
  let single: Shop;
  beforeAll(async () => {
    single = await shop(1);
  });

  it.each([...attacks, beside, losing])("%s is alarmed as %s", async (what, code, night) => {
    expectAlarm(await happens(what, single), code, night);
  });
});

describe("work items", () => {
  const count = 120;
  const random = randomOf("items");
  const vocabulary = vocabularyOf(random, 500);
  const text = (): string => `<p>${sentenceOf(random, vocabulary, 400)}</p>`;
  let number = 0;

  /** A board with so many items in work, backed up for some nights with a few edits each. */
  async function board(): Promise<{ readonly wit: Wit; readonly nights: Nights; readonly ids: readonly number[] }> {
    const project = azure.state.addProject({ name: `Board ${(number += 1)}`, defaultRepository: false });
    const wit = new Wit(azure.state);
    const items = Array.from({ length: count }, (_, index) =>
      wit.create(project, { type: "Task", title: `Task ${index}`, fields: { "System.Description": text() } }),
    );
    for (const item of items) wit.edit(item, { "System.State": "Active" });
    const nights = new Nights(project, ["work-items"]);
    await nights.next();
    for (let night = 0; night < 2; night += 1) {
      for (const item of items.slice(night * 3, night * 3 + 3)) wit.edit(item, { "System.Title": `Edited ${night}` });
      expect((await nights.next()).alarms).toEqual([]);
    }
    return { wit, nights, ids: items.map(({ id }) => id) };
  }

  type Deed = (wit: Wit, id: number) => void;
  const overwrite: Deed = (wit, id) => void wit.edit(wit.item(id), { "System.Description": text() });
  const scramble: Deed = (wit, id) => {
    const noise = noiseOf(random, 3000).toString("base64");
    wit.edit(wit.item(id), { "System.Description": noise });
  };
  const reset: Deed = (wit, id) => void wit.edit(wit.item(id), { "System.State": "New" });
  const remove: Deed = (wit, id) => wit.remove(wit.item(id));
  const hide: Deed = (wit, id) => void wit.tracking.items.delete(id);

  it.each([
    { name: "59 % overwritten", share: 0.59, deed: overwrite, code: "mass-change" },
    { name: "30 % overwritten by noise", share: 0.3, deed: scramble, code: "content-scrambled" },
    { name: "half deleted", share: 0.5, deed: remove, code: "mass-delete" },
    { name: "40 % put back to their first state", share: 0.4, deed: reset, code: "states-reset" },
    { name: "20 % hidden", share: 0.2, deed: hide, code: "mass-disappearance" },
  ])("$name are alarmed", async ({ share, deed, code }) => {
    const { wit, nights, ids } = await board();
    const hit = Math.round(share * count);
    for (const id of ids.slice(0, hit)) deed(wit, id);
    const { alarms } = await nights.next();

    expect(codes(alarms)).toEqual([code]);
    expect(alarms[0]?.n).toBe(hit);
  });
});
