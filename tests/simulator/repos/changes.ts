/** What somebody might change in the sample project between two nights. */
import { runGit } from "../git/run-git.ts";
import type { SampleChanges } from "../sample/index.ts";

export const changes: SampleChanges = {
  "git-repositories": ({ state, repositories }) => {
    const folder = state.repositories.folderOf(repositories.api);
    runGit(["-C", folder, "update-ref", "refs/heads/hotfix", "refs/heads/main~1"]);
  },
};
