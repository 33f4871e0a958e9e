/** Wrong, missing and contradictory inputs: one clear error line, Failed, nothing changed anywhere. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { makeKeySet } from "../../engine/crypto/keys.ts";
import { nodeCryptography } from "../../engine/native/node-cryptography.ts";
import type { HostedRun } from "../support/hosted-task.ts";
import { makeSomeVault } from "./foreign-vault.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";
import { badChoices } from "./bad-input-choices.ts";
import { badKeysAndStorage, type BadInput, type Scene } from "./bad-input-table.ts";
import { workplace, type Workplace } from "./workplace.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let place: Workplace;
let small: SmallProject;
let scene: Scene;
let before: ReadonlyMap<string, Buffer>;
const changes: string[] = [];

beforeAll(async () => {
  place = await workplace();
  small = await smallProject(place.azure, "Shop");
  const [otherKeys, empty, foreign] = await Promise.all([
    makeKeySet(nodeCryptography()),
    place.newContainer(),
    place.newContainer(),
  ]);
  scene = { place, otherKeys, empty, foreign };
  const first = await place.backUp(small.project);
  expect(first.result).toBe("Succeeded");
  await makeSomeVault({ store: place.store(foreign), keys: place.keys, vault: small.project.id });
  before = await place.stored();
  place.azure.faults.add({
    kind: "resetBefore",
    when: ({ method, path }) => {
      const isChange = method !== "GET" && method !== "OPTIONS" && !/workitemsbatch|wiql|reporting/i.test(path);
      if (isChange) changes.push(`${method} ${path}`);
      return false;
    },
  });
});

afterAll(async () => {
  const leaks = await place.leaks();
  await small.remove();
  await place.stop();
  expect(leaks).toEqual([]);
});

describe("a task that is given", () => {
  it.concurrent.each([...badKeysAndStorage, ...badChoices])(
    "$name says so in one line and changes nothing",
    async (bad) => {
      const run = await started(bad);

      expect(run.errors, run.log.join("\n")).toHaveLength(1);
      expect(run.errors[0]).toMatch(bad.says);
      expect(run.errors[0]).not.toContain("\n");
      expect(run.message).toBe(run.errors[0]);
      expect([run.result, run.exitCode]).toEqual(["Failed", 1]);
      // What was found, and then what to do about it.
      expect(run.errors[0]?.split(/[.;] /).length).toBeGreaterThan(1);
      expect(run.log.join("\n")).not.toContain("Please report this");
      const shown = JSON.stringify([run.unmasked, run.summaries, run.attachments]).toLowerCase();
      if (bad.hides !== undefined) expect(shown).not.toContain(bad.hides(scene).slice(0, 14).toLowerCase());
    },
  );

  function started({ task, inputs, options }: BadInput): Promise<HostedRun> {
    const given = inputs(scene);
    const more = options?.(scene) ?? {};
    if (task === "BackupProject") return place.backUp(small.project, given, more);
    return task === "RestoreItem"
      ? place.restore(small.project, given, more)
      : place.verify(small.project, given, more);
  }

  it("none of it has changed anything", async () => {
    expect(changes).toEqual([]);
    expect(await place.stored()).toEqual(before);
    expect(await place.stored(scene.empty)).toEqual(new Map());
    await place.healthy(small.project);
  });
});
