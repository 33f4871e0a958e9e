/** Nothing but the refs requests of many repositories, with our wire client, in a process of its own. */
import { systemClock } from "../../engine/foundation/clock.ts";
import { forEachConcurrent } from "../../engine/foundation/concurrency.ts";
import { silentReporter } from "../../engine/foundation/reporter.ts";
import { nodeGitAccess } from "../../engine/git/node-git-access.ts";
import { offer } from "./child.ts";

export interface RefsWanted {
  readonly urls: readonly string[];
  readonly authorization: string;
  readonly concurrency: number;
  readonly temporaryFolder: string;
}

async function listAll({ urls, authorization, concurrency, temporaryFolder }: RefsWanted): Promise<number> {
  const git = nodeGitAccess({ clock: systemClock, random: Math.random, reporter: silentReporter, temporaryFolder });
  const startedAt = performance.now();
  await forEachConcurrent(urls, concurrency, async (url) => {
    await git.listRefs({ url, authorization: async () => authorization });
  });
  const seconds = (performance.now() - startedAt) / 1000;
  git.close();
  return seconds;
}

const functions = { listAll };
export type RefsFunctions = typeof functions;

export function runRefs(): void {
  offer(functions);
}
