import * as React from "react";
import { untilVisible } from "../../components/until-visible.ts";
import type { Pipelines, Run } from "../../model/project-services.ts";
import { isSameProgress, pollDelayMs, runProgress, type RunProgress } from "../../model/run-progress.ts";
import { useHub } from "../hub/hub-context.ts";

export interface FollowedRun {
  readonly run: Run | undefined;
  readonly progress: RunProgress | undefined;
  /** Why the newest answer is missing; asking goes on. */
  readonly error: unknown;
}

const unknown: FollowedRun = { run: undefined, progress: undefined, error: undefined };

/** Asks for a run until it has ended, less and less often, and not while nobody looks. */
export function useRun(id: number): FollowedRun {
  const { services, clock } = useHub();
  const [followed, setFollowed] = React.useState(unknown);
  React.useEffect(() => {
    const abort = new AbortController();
    setFollowed(unknown);
    void followRun(id, services.pipelines, {
      signal: abort.signal,
      tell: (next) => {
        if (!abort.signal.aborted) setFollowed((before) => merged(before, next));
      },
      sleep: (ms) => clock.sleep(ms, abort.signal),
    }).catch((error: unknown) => {
      if (!abort.signal.aborted) setFollowed((before) => ({ ...before, error }));
    });
    return () => abort.abort();
  }, [id, services]);
  return followed;
}

/** The same object when nothing has changed, so that nothing is drawn again. */
function merged(before: FollowedRun, next: FollowedRun): FollowedRun {
  if (next.progress === undefined) return { ...before, error: next.error };
  const isSame =
    before.progress !== undefined && isSameProgress(before.progress, next.progress) && before.error === next.error;
  return isSame ? before : next;
}

interface Following {
  readonly signal: AbortSignal;
  readonly tell: (next: FollowedRun) => void;
  readonly sleep: (ms: number) => Promise<void>;
}

async function followRun(id: number, pipelines: Pipelines, { signal, tell, sleep }: Following): Promise<void> {
  let last: RunProgress | undefined;
  let unchanged = 0;
  while (!signal.aborted) {
    const next = await look(id, pipelines);
    tell(next);
    const { progress } = next;
    unchanged = progress !== undefined && last !== undefined && !isSameProgress(last, progress) ? 0 : unchanged + 1;
    last = progress ?? last;
    if (progress?.state === "done") return;
    await untilVisible(signal);
    const delay = pollDelayMs({ unchanged, isHidden: false, state: progress?.state ?? "queued" });
    if (delay !== undefined) await sleep(delay);
  }
}

async function look(id: number, pipelines: Pipelines): Promise<FollowedRun> {
  try {
    const [run, steps] = await Promise.all([pipelines.run(id), pipelines.steps(id)]);
    return { run, progress: runProgress(run, steps), error: undefined };
  } catch (error) {
    return { ...unknown, error };
  }
}
