/**
 * What every kind that can be restored owes to people when something goes wrong, or is needed by something else
 * (docs/adding-a-kind.md). What is special of a kind stands in `tests/contract/kinds/<name>.ts`.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { BackupResult, RestoreResult } from "../../engine/operations/results.ts";
import { StoreKilled, type FaultPoint } from "../support/faulty-store.ts";
import type { Place } from "./restoring/declaration.ts";
import { allContracts, storyteller } from "./restoring/stories.ts";
import {
  entered,
  failuresOf,
  idOf,
  organizations,
  type Into,
  type Organizations,
  type Story,
} from "./restoring/world.ts";

let all: Organizations;

beforeAll(async () => {
  all = await organizations();
});

afterEach(() => {
  all.azure.faults.clear();
  all.azure.gitFaults.clear();
});

afterAll(() => all[Symbol.asyncDispose]());

describe.each(await allContracts())("%s", (kind, contract) => {
  const { remove, hide, hidden = "gap", dependent, namesake, isSingle = false } = contract;
  const { tell, outcomes, expectAsStored } = storyteller(kind, contract, () => all);
  const own = ({ kinds }: BackupResult): unknown => kinds.find((one) => one.kind === kind);

  it("is not stored again when nothing changed, and is when it did", async () => {
    const { home, thing, backUp } = await tell();
    await backUp();

    const second = await backUp();
    expect([second.status, second.gaps]).toEqual(["complete", []]);
    expect(own(second)).toMatchObject({ changedStreams: 0, newBytes: 0 });
    await contract.change(home, thing);
    expect(own(await backUp())).toMatchObject({ changedStreams: 1 });
  });

  it("that cannot be read is a gap in every run until it can, and keeps what was stored", async () => {
    const story = await tell();
    const { home, thing, backUp, restore, selector } = story;
    await backUp();
    const { item, undo, lost = [] } = await contract.unreadable(home, thing);

    for (const run of ["first", "second"]) {
      const result = await backUp();
      const gaps = result.gaps.filter(({ stream }) => isOf(kind, stream)).map((gap) => gap.item);
      expect([run, result.status, gaps.length]).toEqual([run, "partial", 1]);
      if (run === "first") expect(gaps).toEqual([item]);
      expect(own(result)).toMatchObject({ deleted: 0 });
    }
    undo();
    const made = await restore([selector()], { place: story.elsewhere() });
    expect(failuresOf(made)).toEqual([]);
    if (!isSingle) await expectAsStored(story, { result: made, place: placeOf(story), as: "elsewhere", lost });

    const healed = await backUp();
    expect([healed.status, healed.gaps]).toEqual(["complete", []]);
  });

  it(
    typeof hide === "function"
      ? "that is hidden is missing, never deleted, and keeps what was stored"
      : `that is not listed is deleted, because ${hide.because}`,
    async () => {
      const story = await tell();
      const { home, thing, backUp, restore, selector } = story;
      await backUp();
      if (typeof hide !== "function") {
        await contract.purge(home, thing);
        const after = await backUp();
        expect([after.status, own(after)]).toMatchObject(["complete", { deleted: 1 }]);
        return;
      }
      const show = hide(home, thing);
      for (const run of ["first", "second"]) {
        const result = await backUp();
        expect([run, own(result)]).toMatchObject([run, { deleted: 0 }]);
        expect(result.sum.deleted).toBe(0);
        if (hidden === "gap") expect([run, result.status]).toEqual([run, "partial"]);
        if (hidden === "finding" && run === "first")
          expect(result.findings.filter(({ stream }) => isOf(kind, stream))).toHaveLength(1);
      }
      show();
      const made = await restore([selector()], { place: story.elsewhere() });
      expect(failuresOf(made)).toEqual([]);
      if (!isSingle) await expectAsStored(story, { result: made, place: placeOf(story), as: "elsewhere" });
    },
  );

  if ("because" in dependent)
    it(`is needed by nothing that names it, because ${dependent.because}`, async () => {
      const story = await tell();
      await story.backUp();
      const { plan } = await story.restore(["*"], { place: story.elsewhere("new"), previewOnly: true });
      expect([...plan.steps][0]).toMatchObject({ kind, action: "create" });
    });
  else {
    const { kind: user, needs, make, names, isAsked = false, shown: lost = [] } = dependent;

    it("that something needs is left as it is where it is there, and made again where it is gone", async () => {
      const story = await tell([user, ...needs]);
      const { home, thing, backUp, restore } = story;
      const needing = await make(home, thing);
      await backUp();
      await contract.change(home, thing);
      const changed = await contract.read(home, thing.id);
      const selector = `${user}/${needing.key}`;

      const untouched = await restore([selector], { conflictPolicy: "overwrite" });
      expect(failuresOf(untouched)).toEqual([]);
      expect(await contract.read(home, thing.id)).toEqual(changed);

      await contract.purge(home, thing);
      const asked = isAsked ? [selector, story.selector()] : [selector];
      const made = await restore(asked, { conflictPolicy: "overwrite" });
      expect(failuresOf(made)).toEqual([]);
      expect(await names(home, needing.id)).toBe(idOf(made, story));
      await expectAsStored(story, { result: made, place: home, as: "anew", lost });
    });

    it("that something needs is made with it in another project, once", async () => {
      const story = await tell([user, ...needs]);
      const needing = await make(story.home, story.thing);
      await story.backUp();
      const asked = [`${user}/${needing.key}`, ...(isAsked ? [story.selector()] : [])];

      const made = await story.restore(asked, { place: story.elsewhere("new") });
      expect(failuresOf(made)).toEqual([]);
      const place = entered(placeOf(story));
      const copy = idOf(made, { kind: user, thing: needing });
      expect(await names(place, copy)).toBe(idOf(made, story));
      await expectAsStored(story, { result: made, place, as: "elsewhere", lost });
    });

    if (typeof namesake === "function")
      it("that another project has is used there, and not changed", async () => {
        const story = await tell([user, ...needs]);
        const needing = await make(story.home, story.thing);
        await story.backUp();
        const place = story.elsewhere();
        const there = await namesake(place, story.thing);
        const [its, before] = [await contract.read(place, there.id), await contract.ids(place)];

        const made = await story.restore([`${user}/${needing.key}`], { place, conflictPolicy: "overwrite" });
        expect(failuresOf(made)).toEqual([]);
        expect(await names(place, idOf(made, { kind: user, thing: needing }))).toBe(there.id);
        expect(await contract.read(place, there.id)).toEqual(its);
        expect(await contract.ids(place)).toHaveLength(before.length + (user === kind ? 1 : 0));
      });
  }

  it("is made once by a restore that dies at every step, before and after its effect", async () => {
    const story = await tell();
    await story.backUp();
    const [calm, place] = [
      story.elsewhere(isSingle ? "new" : undefined),
      story.elsewhere(isSingle ? "new" : undefined),
    ];
    await story.restore([story.selector()], { place: calm });

    const restored = await killedAtEachStep(story, { place });

    expect(failuresOf(restored)).toEqual([]);
    const after = entered(place);
    expect(await contract.ids(after)).toHaveLength((await contract.ids(entered(calm))).length);
    await expectAsStored(story, { result: restored, place: after, as: "elsewhere" });
  });

  if (typeof remove === "function")
    it("comes back by a restore that dies at every step", async () => {
      const story = await tell();
      const { home, thing } = story;
      await story.backUp();
      const before = await contract.ids(home);
      await contract.change(home, thing);
      remove(home, thing);

      const restored = await killedAtEachStep(story, { place: home });

      expect(failuresOf(restored)).toEqual([]);
      expect(idOf(restored, story)).toBe(thing.id);
      expect(await contract.ids(home)).toHaveLength(before.length);
      await expectAsStored(story, { result: restored, place: home, as: "undeleted" });
    });

  it("is set right by a restore that dies at every step", async () => {
    const story = await tell();
    const { home, thing } = story;
    await story.backUp();
    await contract.change(home, thing);

    const restored = await killedAtEachStep(story, { place: home, conflictPolicy: "overwrite" });

    expect(failuresOf(restored)).toEqual([]);
    await expectAsStored(story, { result: restored, place: home, as: "inPlace" });
  });

  it("that could not be made does not disturb a later restore of another one, and is made by a third, once", async () => {
    const story = await tell();
    const { other, restore, selector } = story;
    await story.backUp();
    const where = isSingle ? "new" : undefined;
    const [calm, place] = [story.elsewhere(where), story.elsewhere(where)];
    await restore([selector(), selector(other)], { place: calm });
    all.azure.faults.add({ kind: "status", status: 403, when: contract.isMaking, times: 999 });
    const failed = await restore([selector()], { place }).then(failuresOf, (error: unknown) => [String(error)]);
    expect(failed).not.toEqual([]);
    all.azure.faults.clear();

    const second = await restore([selector(other)], { place });
    expect(failuresOf(second)).toEqual([]);
    expect(outcomes(second, other)[0]).toBe("created");
    const now = entered(place);
    const third = await restore([selector()], { place: now });
    expect(failuresOf(third)).toEqual([]);
    await expectAsStored(story, { result: isSingle ? second : third, place: now, as: "elsewhere" });
    expect(await contract.ids(now)).toHaveLength((await contract.ids(entered(calm))).length);

    const fourth = await restore([selector(), selector(other)], { place: now, conflictPolicy: "overwrite" });
    expect([fourth.created, fourth.updated, fourth.failed]).toEqual([0, 0, 0]);
  });
});

/**
 * Each step's intent and each step's result are writings of the journal: runs die in turn after an intent is written,
 * before anything is done, and before a result is written, when it was done.
 */
async function killedAtEachStep(story: Story, into: Into): Promise<RestoreResult> {
  const { plan } = await story.restore([story.selector()], { ...into, previewOnly: true });
  const steps = [...plan.steps].filter(({ action }) => action !== "skip").length;
  let deaths = 0;
  for (let run = 0; run < 2 * steps; run += 1) {
    const isEven = run % 2 === 0;
    // The register and the plan, or the sign of life, are written before.
    const killAt: FaultPoint = isEven ? { operation: 3, when: "after" } : { operation: 2, when: "before" };
    await story.restore([story.selector()], { ...into, killAt }).catch((error: unknown) => {
      expect(error).toBeInstanceOf(StoreKilled);
      deaths += 1;
    });
  }
  expect(deaths).toBeGreaterThan(steps);
  return story.restore([story.selector()], into);
}

/** The last that the story went to. */
function placeOf({ places, home }: Story): Place {
  return places.at(-1) ?? home;
}

function isOf(kind: string, stream: string): boolean {
  return stream.split("/")[0] === kind;
}
