/** One change in the sample project for each kind: what a person might do between two nights. A new kind adds a line. */
import { runGit } from "../simulator/git/run-git.ts";
import type { SampleProject } from "../simulator/sample/index.ts";
import type { SimulatorState } from "../simulator/state.ts";
import { Wit } from "../simulator/boards/builder.ts";

export interface SampleOrganization extends SampleProject {
  readonly state: SimulatorState;
}

export const changes: Readonly<Record<string, (sample: SampleOrganization) => void>> = {
  project: ({ project }) => {
    project.description = "Sells, packs, ships, and takes back.";
  },
  areas: ({ state, project }) => {
    new Wit(state).area(project, "Returns");
  },
  iterations: ({ state, project }) => {
    const dates = { start: "2026-03-16T00:00:00Z", finish: "2026-03-29T00:00:00Z" };
    new Wit(state).iteration(project, "Release 1\\Sprint 2", dates);
  },
  "git-repositories": ({ state, repositories }) => {
    const folder = state.repositories.folderOf(repositories.api);
    runGit(["-C", folder, "update-ref", "refs/heads/hotfix", "refs/heads/main~1"]);
  },
  "work-items": ({ state, workItems }) => {
    new Wit(state).edit(workItems.bug, { "System.State": "Active", "System.Tags": "invoice" });
  },
};
