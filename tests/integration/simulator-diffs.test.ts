/** `diffs/commits` of the simulated service, as the product and as a careless client ask for it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectAzureDevOps, type AzureDevOpsConnection } from "../../engine/azure-devops/connection.ts";
import { differenceBetween } from "../../engine/azure-devops/repos/git-repositories.ts";
import { personalAccessToken } from "../../engine/azure-devops/sign-in.ts";
import { systemClock } from "../../engine/foundation/clock.ts";
import { silentReporter } from "../../engine/foundation/reporter.ts";
import { workRepository, type WorkRepository } from "../support/git-repositories.ts";
import { ask, simulator, type TestSimulator } from "../support/simulator.ts";

describe("two commits compared", () => {
  const folder = mkdtempSync(join(tmpdir(), "diffs-"));
  let azure: TestSimulator;
  let azureDevOps: AzureDevOpsConnection;
  let work: WorkRepository;
  let place: { readonly project: string; readonly repositoryId: string };
  let [first, second, apart] = ["", "", ""];

  beforeAll(async () => {
    azure = await simulator();
    const project = azure.state.addProject({ name: "Shop", defaultRepository: false });
    const record = azure.state.addRepository(project, { name: "Web" });
    work = workRepository(join(folder, "work"), azure.state.repositories.folderOf(record));
    first = work.commit({ "a.txt": "a\n", "b.txt": "b\n", "src/c.txt": "c, long enough to be known again\n" });
    work.git("mv", "src/c.txt", "moved.txt");
    work.git("rm", "--quiet", "b.txt");
    second = work.commit({ "a.txt": "changed\n", "src/d.txt": "d\n", "src/e.txt": "e\n" });
    work.git("switch", "--quiet", "-c", "apart", first);
    apart = work.commit({ "a.txt": "elsewhere\n" });
    work.push("main", "apart");
    record.defaultBranch = "refs/heads/main";
    place = { project: project.id, repositoryId: record.id };
    const shared = { clock: systemClock, random: () => 0.5, reporter: silentReporter };
    const signIn = personalAccessToken(azure.token);
    azureDevOps = await connectAzureDevOps({ ...shared, organizationUrl: azure.organizationUrl, signIn });
  });
  afterAll(async () => {
    azureDevOps.close();
    await azure.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const query = (text: string): Promise<Awaited<ReturnType<typeof ask>>> =>
    ask(azure, `${place.project}/_apis/git/repositories/${place.repositoryId}/diffs/commits?${text}`);

  it("give their numbers of files beyond the page, a moved file counting for nothing", async () => {
    const ahead = await differenceBetween(azureDevOps, place, [first, second]);
    const aside = await differenceBetween(azureDevOps, place, [second, apart]);

    expect(ahead).toEqual({ added: 2, edited: 1, deleted: 1, behind: 0 });
    expect(aside).toEqual({ added: 1, edited: 1, deleted: 2, behind: 1 });
  });

  it("are not known when one of them is no commit of the repository", async () => {
    const unknown = "1".repeat(40);

    await expect(differenceBetween(azureDevOps, place, [unknown, second])).rejects.toMatchObject({
      code: "ADO_NOT_FOUND",
      message: expect.stringContaining("TF401175") as string,
    });
  });

  it("are the default branch with itself for a client whose versions the service does not understand", async () => {
    const { json } = await query("$top=1");

    expect(json).toMatchObject({ baseCommit: second, targetCommit: second, changeCounts: {}, behindCount: 0 });
  });

  it("have folders in their list of changes, not in their numbers", async () => {
    const { json } = await query(
      `baseVersion=${first}&baseVersionType=commit&targetVersion=${second}&targetVersionType=commit&$top=1&diffCommonCommit=false`,
    );

    expect(json).toMatchObject({ allChangesIncluded: false, aheadCount: 1, behindCount: 0, commonCommit: first });
    expect(json.changeCounts).toEqual({ Add: 2, Edit: 1, Delete: 1, Rename: 1, "Delete, SourceRename": 1 });
    expect(json.changes).toHaveLength(1);
  });
});
