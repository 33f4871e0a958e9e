/**
 * Work item tracking of the simulated Azure DevOps. `workItemRoutes(host)` mounts it, `trackingOf(host)` is its
 * state, `new Wit(host)` the builder that tests and sample content use.
 */
import type { SimHost } from "../service.ts";

/** What work item tracking needs of the simulator's core; the members of its own are switches for tests. */
export interface WitHost extends SimHost {
  /** Largest attachment that one request may carry; beyond it only the chunked upload works. 130 MB unless said. */
  readonly attachmentLimitBytes?: number;
  /** Most rows a WIQL query may find. 20,000 unless said. */
  readonly queryLimit?: number;
  /** Most items that the recycle bin's list may have; beyond it is refused. 20,000 unless said. */
  readonly recycleBinLimit?: number;
  /** Whether pages of the feeds lack their token in the body, or have null there: the link to the next page has it. */
  readonly feedTokens?: "missing" | "null";
  /** Most revisions that REST lets an item have. 10,000 unless said. */
  readonly revisionLimit?: number;
  /** Whether the link feed tells of the links that go and come with their item's stay in the recycle bin. */
  readonly linkFeedTellsOfRecycleBin?: boolean;
}
