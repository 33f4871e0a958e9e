/** What somebody might change in the sample project between two nights. */
import { Wit } from "../boards/builder.ts";
import type { SampleChanges } from "../sample/index.ts";

export const changes: SampleChanges = {
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
};
