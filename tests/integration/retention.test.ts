import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseRetention } from "../../engine/vault/retention/rules.ts";
import type { ProjectRecord } from "../simulator/project/project-store.ts";
import { engineOver, type Engine } from "../support/backup-engine.ts";
import { simulator, type TestSimulator } from "../support/simulator.ts";

describe("retention after a backup without the owner key", () => {
  let azure: TestSimulator;
  let engine: Engine;
  let project: ProjectRecord;
  const retention = parseRetention("last=1");

  beforeEach(async () => {
    azure = await simulator();
    engine = await engineOver(azure);
    project = azure.state.addProject("Shop");
  });

  afterEach(async () => {
    await engine.close();
    await azure.stop();
  });

  it("is a plan, with the key named that would carry it out", async () => {
    await engine.backUp(project);

    const { retention: planned } = await engine.backUp(project, { retention });

    expect(planned).toMatchObject({ kept: 2, retired: 0, carriedOut: false });
    expect(planned?.note).toContain("give the secret input ownerKey to carry it out");
  });

  it("says when no key at all may carry it out in this vault", async () => {
    const { retention: planned } = await engine.backUp(project, { pinnedSigners: [], retention });

    expect(planned?.carriedOut).toBe(false);
    expect(planned?.note).toContain("begun without an owner key");
  });
});
