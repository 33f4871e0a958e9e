import { describe, expect, it } from "vitest";
import type { AzureDevOps } from "../../../../engine/azure-devops/azure-devops.ts";
import { differenceBetween } from "../../../../engine/azure-devops/repos/git-repositories.ts";

describe("the comparison of commits", () => {
  const answer = { baseCommit: "a", targetCommit: "b", behindCount: 1, changeCounts: { Edit: 3, "edit, Rename": 1 } };
  const service = (body: object): AzureDevOps =>
    ({ call: async () => ({ status: 200, body, continuationToken: undefined }) }) as unknown as AzureDevOps;
  const place = { project: "p", repositoryId: "r" };

  it("counts what the service counts, however it writes it", async () => {
    const counts = { Edit: 3, "edit, rename": 1, Rename: 9, "Delete, SourceRename": 9, Delete: 2, add: 4, undelete: 1 };
    const found = await differenceBetween(service({ ...answer, changeCounts: counts }), place, ["a", "b"]);

    expect(found).toEqual({ added: 5, edited: 4, deleted: 2, behind: 1 });
  });

  it.each([
    ["other commits", { baseCommit: "b" }],
    ["no commits", { baseCommit: null, targetCommit: null }],
    ["no number behind", { behindCount: -1 }],
    ["no counts", { changeCounts: [] }],
  ])("tells nothing when the answer names %s", async (_, wrong) => {
    expect(await differenceBetween(service({ ...answer, ...wrong }), place, ["a", "b"])).toBeUndefined();
  });
});
