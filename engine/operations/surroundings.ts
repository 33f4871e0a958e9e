/** What operations hand to kinds, member by member: what else an operation works with (keys, the store) never gets there. */
import { memoizedByKey } from "../foundation/memoized.ts";
import type { Surroundings } from "../kinds/kind.ts";

/** `once` begins empty: one for each connection and run. */
export function surroundingsOf(tools: Omit<Surroundings, "once">): Surroundings {
  const { azureDevOps, git, clock, reporter, signal, parallelism, temporaryFolder } = tools;
  return { azureDevOps, git, clock, reporter, signal, parallelism, temporaryFolder, once: memoizedByKey() };
}
