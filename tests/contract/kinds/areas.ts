/** Areas, as the contract suite makes and changes them. */
import { treeContract } from "../restoring/tree-contract.ts";

export const contract = treeContract({
  group: "areas",
  field: "System.AreaPath",
  make: (wit, project, path) => wit.area(project, path),
  change: (node, wit) => wit.tracking.nodes.rename(node, "Renamed"),
  inPlace: [],
});
