/**
 * What every kind that can be restored owes to people (docs/adding-a-kind.md): the stories of a restore, told with a
 * thing of each. What is special of a kind stands in `tests/contract/kinds/<name>.ts`.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Place } from "./restoring/declaration.ts";
import { allContracts, storyteller } from "./restoring/stories.ts";
import { entered, failuresOf, idOf, organizations, type Organizations } from "./restoring/world.ts";

let all: Organizations;

beforeAll(async () => {
  all = await organizations();
});

afterEach(() => {
  all.azure.faults.clear();
  all.abroad.faults.clear();
});

afterAll(() => all[Symbol.asyncDispose]());

describe.each(await allContracts())("%s", (kind, contract) => {
  const { remove, beside, namesake, secrets = [], asleep } = contract;
  const { tell, shown, outcomes, secretsOn, expectAsStored } = storyteller(kind, contract, () => all);

  it("is set back where it was changed, and left alone unless it may be overwritten", async () => {
    const story = await tell();
    const { home, thing, other, stored, restore, selector } = story;
    const ofOther = await contract.read(home, other.id);
    await story.backUp();
    await contract.change(home, thing);
    const changed = await contract.read(home, thing.id);
    expect(changed).not.toEqual(stored);

    const careful = await restore([selector()]);
    expect(failuresOf(careful)).toEqual([]);
    expect(outcomes(careful, thing)).toEqual(["skipped"]);
    expect(await contract.read(home, thing.id)).toEqual(changed);

    const bold = await restore([selector()], { conflictPolicy: "overwrite" });
    expect(failuresOf(bold)).toEqual([]);
    expect(bold.worksheet).toEqual([]);
    expect(idOf(bold, story)).toBe(thing.id);
    await expectAsStored(story, { result: bold, place: home, as: "inPlace" });
    if (other !== thing) expect(await contract.read(home, other.id)).toEqual(ofOther);

    const again = await restore([selector()], { conflictPolicy: "overwrite" });
    expect([again.created, again.updated, again.failed]).toEqual([0, 0, 0]);
  });

  it(
    beside === true
      ? "is made beside the changed one by rename, and beside a changed copy of it when asked again"
      : `is left alone by rename, because ${beside.because}`,
    async () => {
      const story = await tell();
      const { home, thing, restore, selector } = story;
      await story.backUp();
      await contract.change(home, thing);
      const [changed, before] = [await contract.read(home, thing.id), await contract.ids(home)];

      const first = await restore([selector()], { conflictPolicy: "rename" });
      expect(failuresOf(first)).toEqual([]);
      expect(await contract.read(home, thing.id)).toEqual(changed);
      if (beside !== true) {
        expect(await contract.ids(home)).toEqual(before);
        return;
      }
      expect(await contract.ids(home)).toHaveLength(before.length + 1);
      await expectAsStored(story, { result: first, place: home, as: "beside" });
      const id = idOf(first, story);
      await contract.change(home, { key: id, id, name: thing.name });
      const changedCopy = await contract.read(home, id);

      const second = await restore([selector()], { conflictPolicy: "rename" });
      expect(failuresOf(second)).toEqual([]);
      expect(await contract.ids(home)).toHaveLength(before.length + 2);
      await expectAsStored(story, { result: second, place: home, as: "beside" });
      expect(await contract.read(home, thing.id)).toEqual(changed);
      expect(await contract.read(home, id)).toEqual(changedCopy);
    },
  );

  it(
    typeof remove === "function"
      ? "comes out of the recycle bin with its id, as it was stored"
      : `is made anew where it was deleted, because ${remove.because}`,
    async () => {
      const story = await tell();
      const { home, thing, restore, selector } = story;
      await story.backUp();
      if (typeof remove !== "function") {
        await contract.purge(home, thing);
        const made = await restore([selector()]);
        expect(outcomes(made, thing)).toEqual(["created"]);
        return;
      }
      const before = await contract.ids(home);
      await contract.change(home, thing);
      remove(home, thing);

      const restored = await restore([selector()]);
      expect(failuresOf(restored)).toEqual([]);
      expect(outcomes(restored, thing)[0]).toBe("undeleted");
      expect(restored.worksheet).toEqual([]);
      expect(idOf(restored, story)).toBe(thing.id);
      expect(await contract.ids(home)).toHaveLength(before.length);
      await expectAsStored(story, { result: restored, place: home, as: "undeleted" });
    },
  );

  it("that was deleted for good is made anew, once; its secrets stand on the worksheet", async () => {
    const story = await tell();
    const { home, thing, restore, selector } = story;
    const before = await contract.ids(home);
    await story.backUp();
    await contract.purge(home, thing);

    const made = await restore([selector()]);
    expect(failuresOf(made)).toEqual([]);
    expect(secretsOn(made)).toEqual(secrets);
    const now = entered(home);
    await expectAsStored(story, { result: made, place: now, as: "anew" });
    expect(await contract.ids(now)).toHaveLength(before.length);

    const again = await restore([selector()], { place: now, conflictPolicy: "overwrite" });
    expect([again.created, again.updated, again.failed]).toEqual([0, 0, 0]);
  });

  it(
    typeof namesake === "function"
      ? "is found in an equal one that somebody else has made, which is changed only where it may be"
      : `is not taken for another one, because ${namesake.because}`,
    async () => {
      const story = await tell();
      const { thing, restore, selector } = story;
      await story.backUp();
      const place = contract.isSingle === true ? story.elsewhere() : story.home;
      if (contract.isSingle !== true) await contract.purge(place, thing);
      const make = typeof namesake === "function" ? namesake : strangerIn;
      const equal = await make(place, thing);
      const [its, before] = [await contract.read(place, equal.id), await contract.ids(place)];

      const careful = await restore([selector()], { place });
      expect(failuresOf(careful)).toEqual([]);
      expect(await contract.read(place, equal.id)).toEqual(its);
      const isOther = typeof namesake !== "function" && contract.isSingle !== true;
      expect(await contract.ids(place)).toHaveLength(before.length + (isOther ? 1 : 0));

      const bold = await restore([selector()], { place, conflictPolicy: "overwrite" });
      expect(failuresOf(bold)).toEqual([]);
      expect(await contract.ids(place)).toHaveLength(before.length + (isOther ? 1 : 0));
      if (typeof namesake !== "function") expect(await contract.read(place, equal.id)).toEqual(its);
      else {
        expect(idOf(bold, story)).toBe(equal.id);
        await expectAsStored(story, { result: bold, place, as: "equal" });
      }
    },
  );

  it.each(["new", "abroad"] as const)("is made in another project, once (%s)", async (where) => {
    const story = await tell();
    const { thing, restore, selector } = story;
    await story.backUp();

    const made = await restore([selector()], { place: story.elsewhere(where) });
    expect(failuresOf(made)).toEqual([]);
    expect(outcomes(made, thing)[0]).toBe("created");
    expect(secretsOn(made)).toEqual(secrets);
    const place = entered(story.places[0] ?? story.home);
    await expectAsStored(story, { result: made, place, as: where === "new" ? "elsewhere" : "abroad" });
    const before = await contract.ids(place);

    for (const conflictPolicy of ["skip", "overwrite"] as const) {
      const again = await restore([selector()], { place, conflictPolicy });
      expect([again.created, again.updated, again.failed]).toEqual([0, 0, 0]);
    }
    expect(await contract.ids(place)).toEqual(before);
  });

  if (asleep !== undefined)
    it("does not work before everything else is there", async () => {
      const story = await tell();
      await story.backUp();
      const place = story.elsewhere();
      all.azure.faults.add({ kind: "status", status: 403, when: asleep.isWaking, times: 999 });

      const halfway = await story.restore([story.selector()], { place });

      expect(halfway.failed).toBe(1);
      const [id] = await contract.ids(place);
      expect(asleep.isAsleep(await shown(place, id ?? ""))).toBe(true);
      all.azure.faults.clear();
      expect(failuresOf(await story.restore([story.selector()], { place }))).toEqual([]);
      expect(asleep.isAsleep(await shown(place, id ?? ""))).toBe(false);
    });

  async function strangerIn(place: Place): Promise<Awaited<ReturnType<typeof contract.make>>> {
    const stranger = await contract.make(place, "Payments");
    await contract.change(place, stranger);
    return stranger;
  }
});
