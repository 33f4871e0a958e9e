/** Coverage as the bundled task tells it: result, warnings, summary and attachment of a run. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { registry } from "../../engine/kinds/registry.ts";
import { smallProject, type SmallProject } from "../support/small-project.ts";
import type { HostedRun } from "../support/hosted-task.ts";
import { workplace, type Inputs, type Workplace } from "./workplace.ts";

/** Streams of kinds that have one each; repositories are counted beside. */
const oneStreamKinds = registry.length - 1;

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let place: Workplace;
let small: SmallProject;

beforeAll(async () => {
  place = await workplace();
});

beforeEach(async () => {
  small = await smallProject(place.azure, `Shop ${Math.random().toString(36).slice(2, 8)}`);
  return () => small.remove();
});

afterAll(async () => {
  await place.stop();
});

async function backUp(inputs: Inputs = {}, token?: string): Promise<HostedRun & { readonly coverage: unknown }> {
  const run = await place.backUp(small.project, inputs, token === undefined ? {} : { token });
  const attachment = run.attachments.find(({ type }) => type === "devops-backup.snapshot");
  return { ...run, coverage: (JSON.parse(attachment?.content ?? "{}") as { coverage?: unknown }).coverage };
}

function pageOf({ summaries }: HostedRun): string {
  return summaries.map(({ markdown }) => markdown).join("\n");
}

describe("a backup", () => {
  it("of a project with a disabled repository says what it lacks, and is whole once that is left out", async () => {
    small.api.record.isDisabled = true;
    const partial = await backUp();
    const whole = await backUp({ exclude: "git-repositories/Api" });

    expect([partial.result, partial.outputs.BackupStatus]).toEqual(["SucceededWithIssues", "partial"]);
    expect(partial.warnings.join("\n")).toContain("Repository Api is disabled");
    expect(pageOf(partial)).toContain(
      `${oneStreamKinds + 2} of ${oneStreamKinds + 3} streams stored: 1 disabled and never stored`,
    );
    expect(partial.coverage).toMatchObject({
      inProject: oneStreamKinds + 3,
      stored: oneStreamKinds + 2,
      disabled: 1,
      isWhole: false,
    });
    expect([whole.result, whole.message]).toEqual(["Succeeded", "1 project backed up completely"]);
    expect(pageOf(whole)).toContain(`All ${oneStreamKinds + 2} streams are stored, 1 stream left out by choice`);
    expect(whole.coverage).toMatchObject({
      inProject: oneStreamKinds + 3,
      stored: oneStreamKinds + 2,
      excluded: 1,
      isWhole: true,
    });
  });

  it.each([
    ["by the job", {}],
    ["as an access token", { azureDevOpsAuthentication: "accessToken" }],
  ])("with a job's token (%s) that hides three of four repositories never says completely", async (_, given) => {
    small.addRepository("Fourth");
    place.azure.state.pipelineSettings.change(small.project, { enforceReferencedRepoScopedToken: true });
    const token = place.azure.state.jobTokenOf(small.project, { references: [small.web.record.id] });
    const inputs = "azureDevOpsAuthentication" in given ? { ...given, accessToken: token } : given;
    const run = await backUp(inputs, token);

    expect(run.result).toBe("SucceededWithIssues");
    expect(run.warnings.join("\n")).toMatch(/other than Web may be hidden from this run/);
    expect(pageOf(run)).toContain("more may be hidden of 1 kind");
    expect(run.coverage).toMatchObject({ isWhole: false, unsure: ["git-repositories"] });
  });

  it("of all projects says that a job's token may hide others", async () => {
    place.azure.state.pipelineSettings.change(small.project, { enforceJobAuthScope: true });
    const run = await backUp({ projects: "*" }, place.azure.state.jobTokenOf(small.project));

    expect([run.result, run.message]).toEqual([
      "SucceededWithIssues",
      "1 project backed up; others may be hidden from this run",
    ]);
    expect(run.warnings.join("\n")).toContain('"Limit job authorization scope to current project" is on');
  });

  it("without the scope of a kind warns of it and does not say completely", async () => {
    const token = place.azure.state.signIn.issue({ kind: "bearer", scopes: ["vso.project", "vso.code", "vso.build"] });
    const run = await backUp({}, token);

    expect([run.result, run.outputs.BackupStatus]).toEqual(["Succeeded", "complete"]);
    expect(run.message).toContain("not everything is covered");
    expect(run.warnings.join("\n")).toMatch(/Not covered: .*Work items/);
    expect(pageOf(run)).toContain("### Not covered");
  });
});
