/** Bad days seen through the bundled tasks: the right result, one clear line, a summary that says what to do. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { smallProject, type SmallProject } from "../support/small-project.ts";
import { workplace, type Workplace } from "./workplace.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let place: Workplace;
let small: SmallProject;

beforeAll(async () => {
  place = await workplace();
  small = await smallProject(place.azure, "Shop");
  expect((await place.backUp(small.project)).result).toBe("Succeeded");
  small.change();
});

afterAll(async () => {
  const leaks = await place.leaks();
  await small.remove();
  await place.stop();
  expect(leaks).toEqual([]);
});

afterEach(() => {
  place.azure.faults.clear();
  place.azure.gitFaults.clear();
  Object.assign(place.proxy.faults, { forbid: undefined, full: undefined, status: undefined });
  place.azure.state.signIn.refusal = "401";
});

describe("BackupProject", () => {
  it.each(["401", "203"] as const)("fails in one line when its token ends in the middle (%s)", async (refusal) => {
    place.azure.state.signIn.refusal = refusal;
    const token = place.azure.state.signIn.issue({ kind: "bearer", requests: 12 });
    const before = await place.stored();
    const run = await place.backUp(small.project, {}, { token });
    expect(run.result).toBe("Failed");
    expect(run.errors).toHaveLength(1);
    expect(run.errors[0]).toMatch(/token|sign-in/i);
    const after = await place.stored();
    for (const [name, bytes] of before) expect(after.get(name)?.equals(bytes), name).toBe(true);
    expect((await place.healthy(small.project)).snapshots).toHaveLength(1);
  });

  it.each([
    { name: "the SAS has expired", faults: { forbid: { code: "AuthenticationFailed" } }, says: /SAS|403|sign/i },
    { name: "the account is full", faults: { full: {} }, says: /full/ },
  ])("fails in one line when $name", async ({ faults, says }) => {
    Object.assign(place.proxy.faults, faults);
    const run = await place.backUp(small.project);
    expect(run.result).toBe("Failed");
    expect(run.errors).toHaveLength(1);
    expect(run.errors[0]).toMatch(says);
  });

  it("succeeds with issues when one repository is closed to it, and fails if that is wanted", async () => {
    const closed = {
      kind: "status",
      status: 403,
      text: "TF401027: You need the Git 'GenericRead' permission",
    } as const;
    place.azure.gitFaults.add({ on: "refs", path: small.api.record.id, times: 99, action: closed });
    const issues = await place.backUp(small.project);
    expect(issues).toMatchObject({ result: "SucceededWithIssues", exitCode: 0, errors: [] });
    expect(issues.outputs).toMatchObject({ BackupStatus: "partial" });
    expect(issues.warnings.join("\n")).toMatch(/Api.*TF401027.*permission/);
    expect(issues.summaries[0]?.markdown).toMatch(/partial, 1 gap/);
    const strict = await place.backUp(small.project, { failOnPartial: "true" });
    expect(strict).toMatchObject({ result: "Failed", exitCode: 1 });
    expect(strict.message).toMatch(/partial/);
    const overdue = await place.backUp(small.project, { maxStaleDays: "0" });
    expect(overdue.result).toBe("Failed");
    expect(overdue.message).toMatch(/maxStaleDays.*Api/);
    await place.healthy(small.project);
  });

  it("is complete again once everything can be read", async () => {
    const run = await place.backUp(small.project);
    expect(run).toMatchObject({ result: "Succeeded", errors: [], warnings: [] });
    const { snapshots } = await place.healthy(small.project);
    expect(snapshots.at(-1)?.status).toBe("complete");
  });

  it("prints a title that looks like a command as text", async () => {
    const title = "##vso[task.setvariable variable=evil]yes";
    const evil = small.wit.create(small.project, { type: "Bug", title });
    small.addRepository("Innocent");
    expect((await place.backUp(small.project)).result).toBe("Succeeded");
    const plan = await place.restore(small.project, { items: `work-items/${evil.id}`, conflictPolicy: "overwrite" });
    expect(plan.result).toBe("Succeeded");
    const variables = plan.commands.filter(({ name }) => name === "task.setvariable");
    expect(variables.map(({ properties }) => properties.variable)).not.toContain("evil");
    expect(plan.log.join("\n")).toContain("task.setvariable");
    small.wit.destroy(evil);
  });
});

describe("VerifyBackup and RestoreItem", () => {
  it("name what is damaged, and restore what is not", async () => {
    const container = place.azurite.service().getContainerClient(place.container.name);
    const { snapshots } = await place.healthy(small.project);
    const bundle = [...(await place.stored()).keys()].find((name) => name.endsWith("bundle.age")) ?? "";
    const kept = await container.getBlobClient(bundle).downloadToBuffer();
    const spoilt = Buffer.from(kept);
    spoilt[spoilt.length >> 1] = (spoilt[spoilt.length >> 1] ?? 0) ^ 1;
    await container.uploadBlockBlob(bundle, spoilt, spoilt.length);

    const catalogue = await place.verify(small.project, { level: "catalogue", snapshot: "all" });
    expect(catalogue.result).toBe("Succeeded");
    const stored = await place.verify(small.project, { level: "stored", snapshot: "all" });
    expect(stored.result).toBe("Failed");
    expect(stored.outputs).toMatchObject({ VerifyStatus: "damaged", VerifyDamaged: "1" });
    expect(stored.testResults[0]?.files[0]).toMatch(/failures="1"/);
    const said = stored.log.join("\n");
    expect(said).toContain(bundle.split("/data/")[1]);
    expect(said).toContain(snapshots[0]?.id);
    const damaged = /Damage in git-repositories\/(\S+):/.exec(said)?.[1] ?? "";
    expect(stored.message).toMatch(/Web|Api/);

    const target = place.azure.state.addProject({ name: "Rescued", defaultRepository: false });
    const restored = await place.restore(small.project, { targetProject: target.name });
    expect(restored.result).toBe("SucceededWithIssues");
    expect(restored.outputs).toMatchObject({ RestoreFailed: "1" });
    const names = place.azure.state.repositories.list(target.id).map(({ name }) => name);
    const whole = place.azure.state.repositories.byId(damaged)?.name === "Web" ? "Api" : "Web";
    expect(names).toContain(whole);
    expect(restored.warnings.join("\n")).toContain("damaged");
    await container.uploadBlockBlob(bundle, kept, kept.length);
    const again = await place.restore(small.project, { targetProject: target.name });
    expect(again.outputs).toMatchObject({ RestoreFailed: "0" });
    expect(again.result).toBe("Succeeded");
  });

  it("fails when the newest complete snapshot is too old", async () => {
    const run = await place.verify(small.project, { maxAgeHours: "1" });
    expect(run.result).toBe("Succeeded");
    place.proxy.faults.clockSkewMs = 3 * 3_600_000;
    const late = await place.verify(small.project, { maxAgeHours: "1" });
    place.proxy.faults.clockSkewMs = undefined;
    expect(late.result).toBe("Failed");
    expect(late.message).toMatch(/older than maxAgeHours/);
  });
});

describe("something alarming", () => {
  it("is warned of until it is acknowledged, and fails if that is wanted", async () => {
    const other = await smallProject(place.azure, "Alarmed");
    const many = Array.from({ length: 4 }, (_, index) => other.addRepository(`Service ${index}`).record.id);
    expect((await place.backUp(other.project)).result).toBe("Succeeded");
    const token = place.azure.state.signIn.issue({ kind: "bearer", hides: many });
    const hidden = await place.backUp(other.project, {}, { token });
    expect(hidden).toMatchObject({ result: "SucceededWithIssues", exitCode: 0, errors: [] });
    expect(hidden.message).toMatch(/4 of \d+ repositories cannot be seen any more/);
    expect(hidden.warnings.filter((line) => /4 of \d+ repositories cannot be seen/.test(line))).toHaveLength(1);
    expect(hidden.warnings.join("\n")).toMatch(/Check rights and token; .* or acknowledge it if it was meant\.$/m);
    expect(hidden.summaries[0]?.markdown).toMatch(/Look at this first.*\n>\n> - 4 of/);
    const later = await place.backUp(other.project);
    expect(later).toMatchObject({ result: "SucceededWithIssues", exitCode: 0 });
    expect(later.warnings.join("\n")).toMatch(/repositories cannot be seen .*seen by snapshot/);
    const strict = await place.backUp(other.project, { failOnAlarm: "true" });
    expect(strict).toMatchObject({ result: "Failed", exitCode: 1 });
    expect(strict.outputs.BackupStatus).toBe("complete");
    const verified = await place.verify(other.project, { level: "catalogue" });
    expect(verified.result).toBe("Succeeded");
    expect(verified.warnings.join("\n")).toMatch(/repositories cannot be seen any more/);
    const { snapshots } = await place.healthy(other.project);
    expect(snapshots.at(-1)?.status).toBe("complete");
    await other.remove();
  });
});
