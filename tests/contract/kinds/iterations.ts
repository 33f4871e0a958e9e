/** Iterations, as the contract suite makes and changes them. */
import { treeContract } from "../restoring/tree-contract.ts";

export const contract = treeContract({
  group: "iterations",
  field: "System.IterationPath",
  make: (wit, project, path) => wit.iteration(project, path, datesIn("03")),
  change: (node) => {
    node.attributes = { startDate: "2026-05-02T00:00:00Z", finishDate: "2026-05-13T00:00:00Z" };
  },
  inPlace: [],
});

function datesIn(month: string): { readonly start: string; readonly finish: string } {
  return { start: `2026-${month}-02T00:00:00Z`, finish: `2026-${month}-13T00:00:00Z` };
}
